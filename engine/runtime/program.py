"""A program: straight-line torch.fx code that runs a graph, eagerly, one call at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import fx

from engine.document.direct import Direct
from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime.describe import describe_all
from engine.runtime.mismatch import Mismatch
from engine.runtime.symbols import UNKNOWN, map_nodes, member, nodes_in
from engine.runtime.trusted import called

WITHHELD: Any = type("Withheld", (), {"__repr__": lambda _: "?"})()
"""Stands for a value that can't be had in a run, since code that it takes is not trusted or can't be imported."""

Step = Callable[[str, int, int], None]
"""Called before each call with its node's id, the calls done and their total. May raise Cancelled."""

Log = Callable[[str, str], None]
"""Called with a node's id and the text that it printed."""


@dataclass(frozen=True)
class Given:
    """Values from outside, loaded and on their device: root inputs by name, provider entries by key. None is unset."""

    inputs: dict[str, Any] = field(default_factory=dict)
    contexts: dict[Key, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """Where a node is done: before the call of this index. `held` is what contexts hold from here on, where that may
    be something else than before."""

    index: int
    node: str
    held: Mapping[Key, Any]


@dataclass(frozen=True)
class Moment:
    """What is known in the middle of a run: what nodes have returned, and what every context holds."""

    values: dict[str, Any]
    contexts: dict[Key, Any]


After = Callable[[str, Callable[[], Moment]], None]
"""Called after each node with its id and what tells the moment. May raise Cancelled."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave: the root's value, and of each node kept what it returned."""

    result: Any
    values: dict[str, Any]


class Cancelled(Exception):
    """The run was called off."""


class RunError(Exception):
    """A node failed. `values` holds what the nodes before it returned."""

    def __init__(self, fault: Fault, values: dict[str, Any] | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.values = values or {}


@dataclass
class Program:
    """Code with what leads back from it to the graph.

    `modules` are those the code calls, by path. `origins` says which placeholder holds which outside value, `values`
    how each node's return is made of fx nodes, and `signature` what outside values the code holds for. `explain` says
    why an operation of a node failed, from the error and the arguments. `trail` says where each node is done, in order.
    """

    code: fx.Graph
    modules: Mapping[str, torch.nn.Module]
    origins: Mapping[fx.Node, str | Key]
    values: Mapping[str, Any]
    paths: Mapping[str, str]
    signature: Any
    explain: Callable[[str, Exception, tuple[Any, ...]], Mismatch]
    exact: bool = False
    trail: Sequence[Mark] = ()

    @cached_property
    def bytes(self) -> int:
        """The memory that all values of a run take together, as far as their shapes are known."""
        examples = (node.meta["example"] for node in self.code.nodes if node.op != "output")
        return sum(e.numel() * e.element_size() for e in examples if isinstance(e, torch.Tensor))

    def accepts(self, given: Given) -> bool:
        """Whether the code is right for these values as well, so that nothing need be lowered again."""
        return signature(given, self.exact) == self.signature

    def run(
        self, given: Given, step: Step, log: Log, keep: frozenset[str] | None = None, after: After | None = None
    ) -> Outcome:
        """Run the code. `keep` names the nodes whose values are wanted afterwards; None keeps all.

        Raises RunError for a node that fails, with the values known by then, and lets Cancelled through.
        """
        return _Run(self, given, step, log, keep, after).all()


class _Run:
    def __init__(
        self, program: Program, given: Given, step: Step, log: Log, keep: frozenset[str] | None, after: After | None
    ) -> None:
        self.program = program
        self.given = given
        self.step = step
        self.log = log
        self.after = after
        self.trail = list(reversed(program.trail)) if after else []
        self.held: dict[Key, Any] = {}
        self.wanted = {n: v for n, v in program.values.items() if keep is None or n in keep}
        self.known: dict[fx.Node, Any] = {}
        self.owner = ""
        self.refusal: RunError | None = None
        """Why something was withheld, first of all."""
        self.direct = Direct(self._log, member)

    def all(self) -> Outcome:
        code = list(self.program.code.nodes)
        kept = [*self.wanted.values(), *(value for mark in self.trail for value in mark.held.values())]
        last = _last_uses(code, {n for value in kept for n in nodes_in(value)})
        result: Any = None
        owner = None
        with torch.inference_mode():
            for done, node in enumerate(code):
                self._tell(done)
                if node.op == "output":
                    result = self._read(node.args[0])
                    continue
                if node.meta["owner"] != owner and node.op != "placeholder":
                    owner = node.meta["owner"]
                    self.step(owner, done, len(code))
                self.known[node] = self._found(node)
                for spent in last.get(node, ()):
                    del self.known[spent]
        if self.refusal is not None:
            self.refusal.values = self._values()
            raise self.refusal
        return Outcome(result, self._values())

    def _tell(self, done: int) -> None:
        """Tell of the nodes that are done before the call of this index."""
        while self.trail and self.trail[-1].index <= done:
            mark = self.trail.pop()
            self.held.update(mark.held)
            if self.after and mark.node:
                self.after(mark.node, lambda: Moment(self._values(), {k: self._read(v) for k, v in self.held.items()}))

    def _found(self, node: fx.Node) -> Any:
        """The value of a node: `WITHHELD` for what needs code of others that can't be had."""
        if node.meta["function"] != "withheld" and not any(
            self.known[used] is WITHHELD for used in node.all_input_nodes
        ):
            return self._compute(node)
        if self.refusal is None:
            try:
                self._compute(node)
            except RunError as error:
                self.refusal = error
        return WITHHELD

    def _compute(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            origin = self.program.origins[node]
            return (self.given.inputs if isinstance(origin, str) else self.given.contexts)[origin]  # pyright: ignore[reportArgumentType]
        self.owner = node.meta["owner"]
        arguments = self._read(node.args)
        keywords = {name: self._read(value) for name, value in node.kwargs.items()}
        try:
            result = self._perform(node, arguments, keywords)
        except (Cancelled, RunError) as stopped:
            if isinstance(stopped, RunError):
                stopped.values = self._values()
            raise
        except Exception as error:  # whatever a layer raises is this node's fault
            found = self.program.explain(self.owner, error, arguments)
            code = "out-of-memory" if isinstance(error, torch.OutOfMemoryError | MemoryError) else "failed"
            path = self.program.paths.get(self.owner, "")
            fault = Fault(self.owner, code, found.message, path, describe_all(arguments), found.param, found.value)
            raise RunError(fault, self._values()) from error
        if node.meta["example"] is UNKNOWN and isinstance(result, tuple) and node.meta["function"] != "foreign":
            message = f"returned {len(result)} values where one was foreseen; how many must not depend on values"
            path = self.program.paths.get(self.owner, "")
            raise RunError(Fault(self.owner, "structure", message, path, describe_all(arguments)), self._values())
        return result

    def _perform(self, node: fx.Node, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        target: Any = node.target
        if node.meta["function"] == "foreign":
            function = self.program.modules[target] if node.op == "call_module" else target
            return called(node.meta["what"], function, arguments, self._log)
        if node.op == "call_module":
            return self.program.modules[target](*arguments, **keywords)
        if node.op == "call_method":
            return self.direct.method(arguments[0], target, list(arguments[1:]), keywords)
        match node.meta["function"]:
            case "" | "withheld":
                return target(*arguments, **keywords)
            case "decide":
                return target(self._log, *arguments)
            case function:
                return self.direct.call(function, list(arguments), keywords)

    def _log(self, text: str) -> None:
        self.log(self.owner, text)

    def _read(self, value: Any) -> Any:
        return map_nodes(value, self.known.__getitem__)

    def _values(self) -> dict[str, Any]:
        def is_known(value: Any) -> bool:
            return all(self.known.get(node, WITHHELD) is not WITHHELD for node in nodes_in(value))

        return {n: self._read(v) for n, v in self.wanted.items() if is_known(v)}


def signature(given: Given, exact: bool) -> Any:
    """What a program depends on of the values given: shapes and kinds of most, all of lists and texts.

    With `exact`, of numbers too.
    """

    def of(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return "tensor", value.shape, value.dtype, value.device
        if isinstance(value, int | float) and not exact:
            return type(value)
        return type(value), repr(value)

    return {k: of(v) for k, v in given.inputs.items()}, {k: of(v) for k, v in given.contexts.items()}


def _last_uses(code: list[fx.Node], kept: set[fx.Node]) -> dict[fx.Node, list[fx.Node]]:
    """After which node each value is needed no more."""
    seen: set[fx.Node] = set(kept)
    found: dict[fx.Node, list[fx.Node]] = {}
    for node in reversed(code):
        for used in node.all_input_nodes:
            if used not in seen:
                seen.add(used)
                found.setdefault(node, []).append(used)
    return found
