"""Lowering: a graph becomes straight-line torch.fx code.

The tree runs once, symbolically, depth first in child order. Leaves become calls, containers vanish, and contexts live
only while lowering. Nothing with an effect happens here: what a graph prints, it prints when it runs. Whatever can't
work is a fault with its place; the program then stops there, with the same fault.
"""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch
from msgspec import structs
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.document.expressions import ExpressionError
from engine.document.graph import Graph, paths
from engine.document.intake import Mismatch
from engine.document.kinds import Catalogue, NodeKind, Role
from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime import lower_frames, lower_leaves
from engine.runtime.describe import describe_all
from engine.runtime.foreign import ForeignError
from engine.runtime.mismatch import explain
from engine.runtime.outcome import RunError
from engine.runtime.program import Given, Mark, Program, signature
from engine.runtime.symbols import UNKNOWN, LoweringError, Symbolic, example_of, snapshot
from engine.runtime.trusted import Trusted, Untrusted

logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)  # faults are reported, not logged


@dataclass
class Lowered:
    """A program with what is known of every node: what it receives and returns, by id, in words."""

    program: Program
    returns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    receives: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def lower(
    graph: Graph,
    catalogue: Catalogue,
    modules: Mapping[str, torch.nn.Module],
    given: Given,
    fake: FakeTensorMode | None = None,
    trusted: Trusted | None = None,
) -> Lowered:
    """Lower what runs of `graph` for values such as `given`.

    `modules` holds the built module of every leaf that has one, by node id; those with fake tensors for weights were
    made under `fake`, and the program needs real ones to run. The program keeps to the shapes, dtypes and
    devices given; see `Program.accepts`. Of Python code of others, only what is `trusted` is called.
    """
    fake = fake or FakeTensorMode(allow_non_fake_inputs=True)
    return Lowering(graph, catalogue, modules, given, fake, trusted).run()


class _Stop(Exception):
    """Nothing after this can be lowered."""


_RELAYING: frozenset[Role] = frozenset({"chain", "passthrough", "parallel", "distribute"})
"""Frames that compute nothing of their own."""


class Lowering:
    """The state of one lowering: the code so far, what contexts hold at this point, and what is known of each node."""

    def __init__(
        self,
        graph: Graph,
        catalogue: Catalogue,
        modules: Mapping[str, torch.nn.Module],
        given: Given,
        fake: FakeTensorMode,
        trusted: Trusted | None,
    ) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.modules = modules
        self.given = given
        self.paths = paths(graph)
        self.code = fx.Graph()
        self.fake = fake
        self.symbols = Symbolic(self.code, self.fake, self._report, trusted)
        self.stores: dict[str, dict[str, dict[str, Any]]] = {}
        self.providers: dict[str, list[str]] = {}
        self.origins: dict[fx.Node, str | Key] = {}
        self.used: dict[str, torch.nn.Module] = {}
        self.values: dict[str, Any] = {}
        self.receives: dict[str, tuple[str, ...]] = {}
        self.returns: dict[str, tuple[str, ...]] = {}
        self.faults: list[Fault] = []
        self.trail: list[Mark] = []

    def run(self) -> Lowered:
        arguments = tuple(self._entry(name, name, self.given.inputs.get(name)) for name in self._input_names())
        for key, value in self.given.contexts.items():
            store = self.stores.setdefault(key.provider, {}).setdefault(key.context, {})
            store[key.key] = self._entry(key, f"{key.context}_{key.key}", value)
            self.trail.append(Mark(self.symbols.made, "", {key: snapshot(store[key.key])}))
        result: Any = None
        with contextlib.suppress(_Stop):
            result = self.call(self.graph.root, arguments)
        self.code.output(snapshot(result))
        program = Program(
            code=self.code,
            modules=self.used,
            origins=self.origins,
            values=self.values,
            paths=self.paths,
            signature=signature(self.given, exact=self.symbols.exact),
            exact=self.symbols.exact,
            explain=self._explain,
            trail=self.trail,
        )
        return Lowered(program, self.returns, self.receives, tuple(self.faults))

    def _input_names(self) -> list[str]:
        return [entry.name for entry in self.graph.inputs]

    def _entry(self, origin: str | Key, name: str, value: Any) -> Any:
        """A value that comes from outside: a placeholder for tensors and numbers, itself for the rest."""
        if isinstance(value, list):
            return [self._item(v) for v in value]
        if not isinstance(value, torch.Tensor | int | float):
            return value
        label = "".join(c if c.isalnum() else "_" for c in name)
        node = self.code.placeholder(f"{label}_{len(self.origins)}")
        is_tensor = isinstance(value, torch.Tensor)
        example = self.fake.from_tensor(value) if is_tensor else value
        node.meta.update(owner="", function="", numeric=not is_tensor, varying=not is_tensor, example=example)
        self.origins[node] = origin
        return node

    def _item(self, value: Any) -> Any:
        return [self._item(v) for v in value] if isinstance(value, list) else value

    def call(self, node: str, arguments: tuple[Any, ...]) -> Any:
        if self.graph.nodes[node].mode == "bypass":
            return self._pass(node, arguments)
        owner, self.symbols.owner = self.symbols.owner, node
        self.receives[node] = describe_all(arguments, example_of)
        try:
            kind = self.catalogue.get(self.graph.nodes[node].kind)
            if kind is None:
                raise LoweringError("unknown-kind", f"nobody knows how to run a {self.graph.nodes[node].kind}")
            if kind.is_frame != self.graph.is_frame(node):
                raise LoweringError("kind-shape", f"a {kind.name} {'needs' if kind.is_frame else 'has no'} children")
            result = (
                lower_frames.frame(self, node, kind, arguments)
                if kind.is_frame
                else lower_leaves.leaf(self, node, kind, arguments)
            )
            self.values[node] = snapshot(result)
        except (LoweringError, ExpressionError) as error:
            code = error.code if isinstance(error, LoweringError) else "bad-expression"
            self._stop(code, str(error))
        except RecursionError:
            self._stop("failed", "its lists are nested too deep")
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            self._stop("failed", f"{type(error).__name__}: {error}")
        self.returns[node] = describe_all(result if isinstance(result, tuple) else (result,), example_of)
        self.symbols.owner = owner
        if kind.role not in _RELAYING:
            self.trail.append(Mark(self.symbols.made, node, self._changed(node, kind)))
        if kind.role == "return":
            raise lower_frames.Returned(result)
        return result

    def _pass(self, node: str, arguments: tuple[Any, ...]) -> Any:
        """What a bypassed node gives: what it is given."""
        result = lower_frames.passed_on(arguments)
        self.values[node] = snapshot(result)
        self.receives[node] = self.returns[node] = describe_all(arguments, example_of)
        return result

    def _changed(self, node: str, kind: NodeKind) -> dict[Key, Any]:
        """What the context that a node has just reached holds now, if it may be something else than before."""
        if kind.role not in ("use", "set"):
            return {}
        store, context, key = lower_leaves.store_of(self, node)
        return {Key(self.providers[context][-1], context, key): snapshot(store[key])}

    def _stop(self, code: str, message: str) -> NoReturn:
        """Note a fault and end the program with it."""
        fault = self._fault(code, message)
        self.faults.append(fault)

        def fail() -> None:
            raise RunError(fault)

        stop = self.symbols.graph.call_function(fail)
        stop.meta.update(owner=self.symbols.owner, function="", numeric=False, varying=False, example=None)
        raise _Stop

    def withhold(self, error: ForeignError) -> fx.Node:
        """Note that code of others can't be had: all that does not need its result can still be lowered, and run."""
        fault = self._fault("failed", str(error))
        if isinstance(error, Untrusted):  # whatever it was given
            fault = structs.replace(fault, code="untrusted", inputs=())
        self.faults.append(fault)

        def withhold() -> None:
            raise RunError(fault)

        node = self.symbols.graph.call_function(withhold)
        node.meta.update(owner=self.symbols.owner, function="withheld", numeric=False, varying=False, example=UNKNOWN)
        return node

    def _report(self, error: Exception, arguments: tuple[Any, ...]) -> None:
        """Note that an operation will fail for values such as these; lowering goes on with an unknown result."""
        found = self._explain(self.symbols.owner, error, arguments)
        self.faults.append(structs.replace(self._fault("shape", found.message), param=found.param, value=found.value))

    def _explain(self, node: str, error: Exception, arguments: tuple[Any, ...]) -> Mismatch:
        return explain(self.graph, self.catalogue, node, error, arguments)

    def _fault(self, code: str, message: str) -> Fault:
        node = self.symbols.owner
        return Fault(node, code, message, self.paths.get(node, ""), self.receives.get(node, ()))
