"""Lowering: a graph becomes straight-line torch.fx code.

The tree runs once, symbolically, depth first in child order. Leaves become calls, containers vanish, and contexts live
only while lowering. Nothing with an effect happens here: what a graph prints, it prints when it runs. Whatever can't
work is a fault with its place; the program then stops there, with the same fault.
"""

import ast
import contextlib
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch
from msgspec import structs
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.document import expressions
from engine.document.direct import Direct
from engine.document.expressions import Expression, ExpressionError
from engine.document.graph import Graph, paths
from engine.document.intake import Mismatch
from engine.document.kinds import Catalogue, NodeKind, Role, miscounted
from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime.describe import describe_all
from engine.runtime.foreign import ForeignError
from engine.runtime.loop import Loop, as_condition
from engine.runtime.mismatch import explain
from engine.runtime.program import Given, Mark, Program, RunError, signature
from engine.runtime.symbols import UNKNOWN, LoweringError, Symbolic, example_of, has_list, member, nodes_in, snapshot
from engine.runtime.trusted import Trusted, Untrusted

logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)  # faults are reported, not logged

_CHOICES = (ast.IfExp, ast.BoolOp, ast.Not, ast.In, ast.NotIn)


TIMESTEP = ("diffusion", "timestep")
"""Context and key by which a Sample tells its children the time step."""


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
    return _Lowering(graph, catalogue, modules, given, fake, trusted).run()


@dataclass(frozen=True)
class Decision:
    """An expression that chooses by values, to be evaluated when those are known."""

    expression: Expression
    __name__ = "decide"

    def __call__(self, log: Callable[[str], object], *values: Any) -> Any:
        return expressions.evaluate(self.expression, values, Direct(log, member))


class _Stop(Exception):
    """Nothing after this can be lowered."""


class _Returned(Exception):
    """A Return was met: `result` is what the sequence around it gives."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


_RELAYING: frozenset[Role] = frozenset({"chain", "passthrough", "parallel", "distribute"})
"""Frames that compute nothing of their own."""


class _Lowering:
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
            result = self._call(self.graph.root, arguments)
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

    def _call(self, node: str, arguments: tuple[Any, ...]) -> Any:
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
            result = self._frame(node, kind, arguments) if kind.is_frame else self._leaf(node, kind, arguments)
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
            raise _Returned(result)
        return result

    def _pass(self, node: str, arguments: tuple[Any, ...]) -> Any:
        """What a bypassed node gives: what it is given."""
        result = _passed_on(arguments)
        self.values[node] = snapshot(result)
        self.receives[node] = self.returns[node] = describe_all(arguments, example_of)
        return result

    def _changed(self, node: str, kind: NodeKind) -> dict[Key, Any]:
        """What the context that a node has just reached holds now, if it may be something else than before."""
        if kind.role not in ("use", "set"):
            return {}
        store, context, key = self._store(node)
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

    def _withhold(self, error: ForeignError) -> fx.Node:
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

    # Frames, each as the `forward` of its Fluxion class.

    def _frame(self, node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
        declared = self.graph.nodes[node].contexts
        for context in declared:
            self.stores.setdefault(node, {}).setdefault(context, {})
            self.providers.setdefault(context, []).append(node)
        if wrong := miscounted(kind, len(self.graph.active(node))):
            raise LoweringError("wrong-child-count", wrong)
        try:
            return self._forward(node, kind, arguments)
        finally:
            for context in declared:
                self.providers[context].pop()

    def _forward(self, node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
        children = self.graph.active(node)
        match kind.role:
            case "chain":
                return self._sequence(children, arguments)
            case "residual":
                if len(arguments) != 1:
                    raise LoweringError("argument-count", f"a Residual takes one input, was given {len(arguments)}")
                result = self._sequence(children, arguments)
                return self.symbols.call("operator.add", [result, arguments[0]], {})
            case "passthrough":
                self._sequence(children, arguments)
                return arguments
            case "sum":
                return self._sum(children, arguments)
            case "parallel":
                return tuple([self._call(child, arguments) for child in children])
            case "distribute":
                if len(arguments) != len(children):
                    raise LoweringError(
                        "wrong-child-count",
                        f"a Distribute needs a child for each argument: {len(arguments)} arguments, "
                        f"{len(children)} children",
                    )
                return tuple([self._call(c, (a,)) for c, a in zip(children, arguments, strict=True)])
            case "concatenate":
                parts = [part for part in [self._call(child, arguments) for child in children] if part is not None]
                dim = self.graph.nodes[node].params.get("dim", 0)
                return self.symbols.call("torch.cat", [parts], {"dim": dim})
            case "sample":
                return self._sample(node, children, arguments)
            case "matmul":
                return self.symbols.call("torch.matmul", [self._call(child, arguments) for child in children], {})
            case _:
                raise AssertionError(kind.role)

    def _sequence(self, children: list[str], arguments: tuple[Any, ...]) -> Any:
        """Children in order, up to a Return. An empty frame passes its input on."""
        owner = self.symbols.owner
        result = _passed_on(arguments)
        try:
            for child in children:
                result = self._call(child, arguments)
                arguments = result if isinstance(result, tuple) else (result,)
        except _Returned as returned:
            self.symbols.owner = owner
            return returned.result
        return result

    def _sum(self, children: list[str], arguments: tuple[Any, ...]) -> Any:
        total: Any = None
        for child in children:
            output = self._call(child, arguments)
            if isinstance(output, tuple):
                output = self.symbols.call("sum", [output], {})
            total = output if total is None else self.symbols.call("operator.add", [total, output], {})
        return total

    def _sample(self, node: str, children: list[str], arguments: tuple[Any, ...]) -> Any:
        """The children once, as the code of one step. Each step finds the contexts as they are now."""
        noise = arguments[0] if len(arguments) == 1 else None
        example = example_of(noise)
        if not isinstance(noise, fx.Node) or not (example is UNKNOWN or isinstance(example, torch.Tensor)):
            given = ", ".join(self.receives[node]) or "nothing"
            raise LoweringError("argument-count", f"a Sample takes one tensor, noise; it was given {given}")
        module = self.modules.get(node)
        if module is None:
            raise LoweringError("not-built", "its solver could not be made from these params")
        timestep = Key(node, *TIMESTEP)
        if TIMESTEP[0] not in self.graph.nodes[node].contexts:
            raise LoweringError("context-undeclared", f"it must declare {timestep.label}, which it provides")
        loop, outside, trail = Loop(self.paths[node]), self.stores, self.trail
        self.used[loop.path] = module
        self.stores = _copied(outside)
        device = torch.device("cpu") if example is UNKNOWN else example.device
        self._placed(loop.x, example, "x")
        with self.fake:
            self._placed(loop.time, torch.zeros(1, device=device), timestep)
        self.stores[node][TIMESTEP[0]][TIMESTEP[1]] = loop.time
        loop.trail.append(Mark(0, "", {timestep: loop.time}))
        given = self._condition(loop, str(self.graph.nodes[node].params.get("condition") or ""), device)
        self.symbols.graphs += [loop.prelude, loop.body]
        self.trail = loop.trail
        try:
            loop.prediction = self._sequence(children, (loop.x,))
        finally:  # a loop that can't be lowered to its end is run up to there
            self.stores, self.trail = outside, trail
            del self.symbols.graphs[-2:]
            self.symbols.owner = node
            result = self.symbols.loop(loop, noise, given)
        if wrong := _unfit(loop.prediction, noise):
            raise LoweringError("sample-prediction", wrong)
        return result

    def _condition(self, loop: Loop, label: str, device: torch.device) -> Any:
        """Have what guidance varies be a value of the loop's; gives the value that there is. None without guidance."""
        if not label:
            return None
        context, _, name = label.partition(".")
        providers = self.providers.get(context)
        if not providers:
            raise LoweringError(
                "context-undeclared", f"its condition is {label}, but no frame around its children declares it"
            )
        store = self.stores[providers[-1]][context]
        given = store.get(name)
        if example_of(given) is not UNKNOWN and not isinstance(example_of(given), torch.Tensor | int | float):
            raise LoweringError(
                "context-unset", f"its condition is {label}, which holds neither number nor tensor there"
            )
        with self.fake:
            example = UNKNOWN if example_of(given) is UNKNOWN else as_condition(example_of(given), device)
        key = Key(providers[-1], context, name)
        store[name] = self._placed(loop.conditioned(), example, key)
        loop.trail.append(Mark(0, "", {key: store[name]}))
        return given

    def _placed(self, node: fx.Node, example: Any, origin: str | Key) -> fx.Node:
        """What a loop changes, as values of the graph are."""
        node.meta.update(owner="", function="", numeric=False, varying=False, example=example)
        self.origins[node] = origin
        return node

    # Leaves.

    def _leaf(self, node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
        try:
            return self._returned(node, kind, arguments)
        except ForeignError as error:
            return self._withhold(error)

    def _returned(self, node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
        params = self.graph.nodes[node].params
        match kind.role:
            case "module":
                return self._module(node, arguments)
            case "foreign":
                return self._foreign(node, arguments)
            case "lambda":
                return self._evaluate(str(params.get("func") or ""), arguments)
            case "use":
                store, context, key = self._store(node)
                value = store.get(key)
                if value is None:
                    raise LoweringError("context-unset", f"{context}.{key} is unset when this node reads it")
                compose = params.get("compose")
                return self._evaluate(str(compose), (value,)) if compose else value
            case "set":
                return self._write(node, arguments)
            case "return":
                if len(arguments) != 1:
                    raise LoweringError("argument-count", f"a Return takes one argument, was given {len(arguments)}")
                return arguments[0]
            case "breakpoint":
                return _passed_on(arguments)
            case _:
                raise AssertionError(kind.role)

    def _module(self, node: str, arguments: tuple[Any, ...]) -> Any:
        module = self.modules.get(node)
        if module is None:
            raise LoweringError("not-built", "its layer could not be built from these params")
        try:
            inspect.signature(module.forward).bind(*arguments)
        except TypeError:
            wanted = len(inspect.signature(module.forward).parameters)
            raise LoweringError(
                "argument-count", f"takes {wanted} argument{'s' * (wanted != 1)}, was given {len(arguments)}"
            ) from None
        path = self.paths[node]
        self.used[path] = module
        return self.symbols.module(path, module, arguments)

    def _foreign(self, node: str, arguments: tuple[Any, ...]) -> Any:
        name = str(self.graph.nodes[node].params.get("constructor") or "")
        module = self.modules.get(node)
        if module is None:
            self.symbols.trusted.find(name)  # says why not
            raise ForeignError(f"{name} could not be made from these arguments")
        path = self.paths[node]
        self.used[path] = module
        return self.symbols.foreign("call_module", path, name, module, arguments)

    def _write(self, node: str, arguments: tuple[Any, ...]) -> Any:
        if len(arguments) != 1:
            raise LoweringError("argument-count", f"a SetContext takes one argument, was given {len(arguments)}")
        store, context, key = self._store(node)
        callback = self.graph.nodes[node].params.get("callback")
        if not callback:
            store[key] = arguments[0]
        elif key not in store:
            raise LoweringError("context-unset", f"{context}.{key} holds nothing that the callback could change")
        elif expressions.parse(str(callback)).reference:
            store[key] = self._changed_by(str(callback), store[key], arguments[0])
        else:
            self._evaluate(str(callback), (store[key], arguments[0]))
        return arguments[0]

    def _changed_by(self, callback: str, held: Any, given: Any) -> Any:
        """What a context holds once code of others has changed it. A tensor is copied first: it may be from outside."""
        try:
            if isinstance(held, fx.Node) and isinstance(held.meta["example"], torch.Tensor):
                held = self.symbols.call("torch.clone", [held], {})
            self._evaluate(callback, (held, given))
        except ForeignError as error:
            return self._withhold(error)
        return held

    def _store(self, node: str) -> tuple[dict[str, Any], str, str]:
        """What the nearest provider holds in the node's context, and the names of context and key."""
        params = self.graph.nodes[node].params
        context, key = str(params.get("context") or ""), str(params.get("key") or "")
        providers = self.providers.get(context)
        if not providers:
            raise LoweringError("context-undeclared", f"no frame around it declares the context {context!r}")
        return self.stores[providers[-1]][context], context, key

    def _evaluate(self, source: str, arguments: tuple[Any, ...]) -> Any:
        expression = expressions.parse(source)
        if nodes_in(arguments) and not has_list(arguments) and self._chooses(expression, arguments):
            return self._decide(expression, arguments)
        return expressions.evaluate(expression, arguments, self.symbols)

    def _chooses(self, expression: Expression, arguments: tuple[Any, ...]) -> bool:
        """Whether what an expression does may depend on values that only the run knows."""
        for part in ast.walk(expression.body):
            if isinstance(part, _CHOICES) or (isinstance(part, ast.Compare) and len(part.ops) > 1):
                return True
            if isinstance(part, ast.Is | ast.IsNot) and example_of(arguments) is UNKNOWN:
                return True
        return False

    def _decide(self, expression: Expression, arguments: tuple[Any, ...]) -> Any:
        """An expression that chooses by values: one call that evaluates it when those are known."""
        direct = Direct(lambda _: None, member)

        def imitate(*values: Any) -> Any:
            return expressions.evaluate(expression, values, direct)

        return self.symbols.opaque(Decision(expression), arguments, imitate)


def _copied(stores: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """What contexts hold, so that changes are made to the copy alone."""
    return {
        provider: {context: {key: snapshot(value) for key, value in store.items()} for context, store in held.items()}
        for provider, held in stores.items()
    }


def _unfit(prediction: Any, noise: fx.Node) -> str | None:
    """Why the children of a Sample give no prediction, as far as that is known before a run."""
    found, wanted = example_of(prediction), noise.meta["example"]
    if isinstance(prediction, fx.Node) and (
        found is UNKNOWN or wanted is UNKNOWN or getattr(found, "shape", None) == getattr(wanted, "shape", None)
    ):
        return None
    held = prediction if isinstance(prediction, tuple) else (prediction,)
    what = describe_all(held, example_of)[0] if len(held) == 1 else f"{len(held)} values"
    what = "nothing" if prediction is None else what
    needed = describe_all((noise,), example_of)[0]
    return f"its children return {what}, but must return what the noise is: {needed}"


def _passed_on(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 else arguments or None
