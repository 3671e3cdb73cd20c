"""A program: straight-line torch.fx code that runs a graph, eagerly, one call at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import torch
from torch import fx

from engine.document.direct import Direct
from engine.document.intake import Mismatch
from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime.cache import MISSING, Cache
from engine.runtime.describe import describe_all
from engine.runtime.identity import SIZE, Identity
from engine.runtime.loop import Loop, within
from engine.runtime.measuring import Meter
from engine.runtime.symbols import UNKNOWN, map_nodes, member, nodes_in
from engine.runtime.timeline import Recorder
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

    values: Mapping[str, Any]
    contexts: dict[Key, Any]


After = Callable[[str, Callable[[], Moment]], None]
"""Called after each node with its id and what tells the moment. May raise Cancelled."""


Emerge = Callable[[Callable[[], Mapping[str, Any]]], None]
"""Called after each step of a loop with what tells the values that nodes would have if it ended now."""

AHEAD = 100
"""Calls after a loop that are made as well, at most, to show what is to become of it."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave: the root's value, what nodes returned, and how many of them had something to do and did it."""

    result: Any
    values: Mapping[str, Any]
    ran: int
    total: int


class Cancelled(Exception):
    """The run was called off."""


class RunError(Exception):
    """A node failed. `values` holds what the nodes before it returned."""

    def __init__(self, fault: Fault, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.values = values or {}


@dataclass
class Program:
    """Code with what leads back from it to the graph.

    `modules` are those the code calls, by path, and `stamps` tell two states of one apart. `origins` says which
    placeholder holds which outside value, `values` how each node's return is made of fx nodes, and `signature` what
    outside values the code holds for. `explain` says why an operation of a node failed, from the error and the
    arguments. `trail` says where each node is done, in order.
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
    stamps: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def identity(self) -> Identity:
        """What the values of its calls are functions of."""
        return Identity(self.code)

    @cached_property
    def total(self) -> int:
        """How many nodes have something to do in a run."""
        return len(set().union(*map(_owners, self.code.nodes)))

    def accepts(self, given: Given) -> bool:
        """Whether the code is right for these values as well, so that nothing need be lowered again."""
        return signature(given, self.exact) == self.signature

    def keys(self, given: Given) -> Mapping[fx.Node, bytes]:
        """The key of every call for these values."""
        return self.identity.keys(lambda node: self.outside(given, node), self.stamps)

    def end(self, cache: Cache, given: Given) -> None:
        """Tell the cache that a run for these values is over."""
        moved, self.identity.moved = frozenset(self.identity.moved), set()
        cache.end(moved, self.keys(given).values())

    def outside(self, given: Given, node: fx.Node) -> Any:
        origin = self.origins[node]
        return given.inputs[origin] if isinstance(origin, str) else given.contexts[origin]

    def run(
        self,
        given: Given,
        step: Step,
        log: Log,
        keep: frozenset[str] | None = None,
        after: After | None = None,
        cache: Cache | None = None,
        emerge: Emerge | None = None,
        meter: Meter | None = None,
        recorder: Recorder | None = None,
    ) -> Outcome:
        """Run the code. `keep` names the nodes whose values are wanted afterwards; None wants all.

        With a `cache`, only those calls are made whose values are not in it, or that have an effect; those values that
        nothing needs are left out. The values of other nodes are at hand while the cache has them. With a `meter`,
        which takes a cache, calls are measured, and those are made as well that it does not know.
        With a `recorder`, which is told what contexts hold, so are loops that reach contexts.

        Raises RunError for a node that fails, with the values known by then, and lets Cancelled through.
        """
        return _Run(self, given, step, log, keep, after, cache, emerge, meter, recorder).all()


class Values(Mapping[str, Any]):
    """What nodes returned, as far as it is still there: held here, or in the cache."""

    def __init__(
        self,
        made_of: Mapping[str, Any],
        held: Mapping[fx.Node, Any],
        keys: Mapping[fx.Node, bytes],
        cache: Cache | None,
    ) -> None:
        """`made_of` says what calls each node's value is made of, and `held` has values of calls."""
        self._made_of = made_of
        self._held = held
        self._keys = keys
        self._cache = cache

    def __getitem__(self, name: str) -> Any:
        made_of = self._made_of[name]
        found = {node: self._found(node) for node in nodes_in(made_of)}
        if any(value is MISSING for value in found.values()):
            raise KeyError(name)
        return map_nodes(made_of, found.__getitem__)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._made_of if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self, node: fx.Node) -> Any:
        value = self._held.get(node, MISSING)
        if value is MISSING and self._cache is not None and node in self._keys:
            value = self._cache.get(self._keys[node])
        return MISSING if value is WITHHELD else value


class _Run:
    def __init__(
        self,
        program: Program,
        given: Given,
        step: Step,
        log: Log,
        keep: frozenset[str] | None,
        after: After | None,
        cache: Cache | None,
        emerge: Emerge | None,
        meter: Meter | None,
        recorder: Recorder | None,
    ) -> None:
        self.program = program
        self.given = given
        self.step = step
        self.log = log
        self.after = after
        self.cache = cache
        self.emerge = emerge
        self.meter = meter
        self.recorder = recorder
        self.trail = list(reversed(program.trail)) if after or recorder else []
        self.held: dict[Key, Any] = {}
        wanted = {name: value for name, value in program.values.items() if keep is None or name in keep}
        self.made_of = wanted if cache is None else program.values
        """What can be told afterwards."""
        told = self.trail if after else []
        kept = [*wanted.values(), *(value for mark in told for value in mark.held.values())]
        self.kept = {node for value in kept for node in nodes_in(value)}
        """The calls whose values stay to the end."""
        self.known: dict[fx.Node, Any] = {}
        self.keys: Mapping[fx.Node, bytes] = {}
        self.owner = ""
        self.refusal: RunError | None = None
        """Why something was withheld, first of all."""
        self.direct = Direct(self._log, member)

    def all(self) -> Outcome:
        code = list(self.program.code.nodes)
        due = set(code) if self.cache is None else self._due(code, self.cache)
        last = _last_uses(code, due, self.kept, self._looked_at(code, self.trail))
        result: Any = None
        owner = None
        ran: set[str] = set()
        done = 0
        with torch.inference_mode():
            for index, node in enumerate(code):
                self._tell(self.trail, index)
                if node.op == "output":
                    result = self._read(node.args[0])
                elif node in due:
                    if node.meta["owner"] != owner and node.op != "placeholder":
                        owner = node.meta["owner"]
                        ran.update(_owners(node))
                        self.step(owner, done, len(due))
                    self.known[node] = self._found(node)
                    self._keep(node)
                    done += 1
                for spent in last.get(node, ()):
                    del self.known[spent]
        if self.refusal is not None:
            self.refusal.values = self._values()
            raise self.refusal
        return Outcome(result, self._values(), len(ran), self.program.total)

    def _looked_at(self, code: Sequence[fx.Node], trail: Iterable[Mark], early: int = 0) -> dict[int, list[fx.Node]]:
        """The values of this code that are wanted where nodes are done, by the index of the call that comes then, or so
        many `early`; those that a recorder wants of contexts in a loop, by the index of that."""
        found: dict[int, list[fx.Node]] = {}
        for mark in trail:
            value = self.program.values[mark.node] if self.after and mark.node else None
            held = mark.held.values() if self.recorder else ()
            found.setdefault(max(mark.index - early, 0), []).extend(nodes_in([value, *held]))
        if self.recorder:
            for index, node in enumerate(code):
                found.setdefault(index, []).extend(_held_in(node))
        own = set(code)
        return {index: [node for node in nodes if node in own] for index, nodes in found.items()}

    def _due(self, code: list[fx.Node], cache: Cache) -> set[fx.Node]:
        """The calls to make, from the last backwards; the values they need and that are at hand become known.

        A call that nobody needs the value of is made nonetheless, the first time: it may fail.
        """
        identity = self.program.identity
        cache.turn += 1
        turn = b"%d" % cache.turn
        keys = self.program.keys(self.given)
        self.keys = {node: key + turn if node in identity.passing else key for node, key in keys.items()}
        needed = set(self.kept)
        if self.after:
            needed.update(node for value in self.program.values.values() for node in nodes_in(value))
        if self.recorder:
            needed.update(node for mark in self.trail for value in mark.held.values() for node in nodes_in(value))
        due: set[fx.Node] = set()
        for node in reversed(code):
            if node.op == "output" or node in identity.effects:
                due.add(node)
                needed.update(node.all_input_nodes)
            elif node in needed or not node.users or not needed.isdisjoint(_inside(node)):
                inside = needed.intersection(_inside(node))
                found = {each: cache.get(self.keys[each]) for each in (node, *inside)}
                unmeasured = self.meter is not None and self.keys[node][:SIZE] not in self.meter.known
                unrecorded = self.recorder is not None and isinstance(node.target, Loop)
                if unrecorded:
                    needed.update(_held_in(node))
                if unmeasured or unrecorded or any(value is MISSING for value in found.values()):
                    due.add(node)
                    needed.update(node.all_input_nodes)
                else:
                    self.known.update(found)
        return due

    def _keep(self, node: fx.Node) -> None:
        """Have the cache keep what a call gave, and what those of a loop gave in its last step."""
        for each in (*_inside(node), node):
            value = self.known.get(each, WITHHELD)
            if self.cache is not None and value is not WITHHELD:
                self.cache.put(self.keys[each], value)
            if each is not node and each not in self.kept:
                self.known.pop(each, None)

    def _tell(self, trail: list[Mark], done: int) -> None:
        """Tell of the nodes that are done before the call of this index, the last ones of a trail."""
        while trail and trail[-1].index <= done:
            mark = trail.pop()
            self.held.update(mark.held)
            if self.recorder:
                with self._unmeasured():
                    self.recorder.note(mark.node, {key: self._read(value) for key, value in mark.held.items()})
            if self.after and mark.node:
                with self._unmeasured():
                    self.after(mark.node, self._moment)

    def _moment(self) -> Moment:
        values = Values(self.made_of, dict(self.known), self.keys, self.cache)
        return Moment(values, {key: self._read(value) for key, value in self.held.items()})

    def _found(self, node: fx.Node) -> Any:
        """The value of a node: `WITHHELD` for what needs code of others that can't be had."""
        if node.meta["function"] != "withheld" and not any(
            self.known[used] is WITHHELD for used in node.all_input_nodes
        ):
            return self._measured(node) if self.meter else self._compute(node)
        if self.refusal is None:
            try:
                self._compute(node)
            except RunError as error:
                self.refusal = error
        return WITHHELD

    def _measured(self, node: fx.Node) -> Any:
        assert self.meter is not None
        arguments = [self.known[used] for used in node.all_input_nodes]
        return self.meter.call(self.keys[node][:SIZE], arguments, partial(self._compute, node))

    def _unmeasured(self) -> AbstractContextManager[None]:
        return self.meter.aside() if self.meter else nullcontext()

    def _compute(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return self.program.outside(self.given, node)
        self.owner = node.meta["owner"]
        arguments = self._read(node.args)
        keywords = {name: self._read(value) for name, value in node.kwargs.items()}
        try:
            result = self._tried(node, arguments, keywords)
        except (Cancelled, RunError) as stopped:
            if isinstance(stopped, RunError):
                stopped.values = self._values()
            raise
        except Exception as error:  # whatever a layer raises is this node's fault
            self.owner = node.meta["owner"]
            found = self.program.explain(self.owner, error, arguments)
            code = "out-of-memory" if is_memory(error) else "failed"
            path = self.program.paths.get(self.owner, "")
            fault = Fault(self.owner, code, found.message, path, describe_all(arguments), found.param, found.value)
            raise RunError(fault, self._values()) from error
        if node.meta["example"] is UNKNOWN and isinstance(result, tuple) and node.meta["function"] != "foreign":
            message = f"returned {len(result)} values where one was foreseen; how many must not depend on values"
            path = self.program.paths.get(self.owner, "")
            raise RunError(Fault(self.owner, "structure", message, path, describe_all(arguments)), self._values())
        return result

    def _tried(self, node: fx.Node, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What a call gives. Where there is no room for it, what is kept from before makes room."""
        try:
            return self._perform(node, arguments, keywords)
        except Exception as error:
            if self.cache is None or not self.cache or not is_memory(error) or node in self.program.identity.effects:
                raise
            self.cache.clear()
        return self._perform(node, arguments, keywords)

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
            case "loop":
                return target(self, node, *arguments)
            case function:
                return self.direct.call(function, list(arguments), keywords)

    # What loops ask for (`engine.runtime.loop`).

    def solver(self, path: str) -> Any:
        return self.program.modules[path]

    def spent(self, code: list[fx.Node], needed: Any, trail: Sequence[Mark]) -> dict[fx.Node, list[fx.Node]]:
        if self.after:
            return {}
        last = _last_uses(code, set(code), {*self.kept, *nodes_in(needed)}, self._looked_at(code, trail, early=1))
        own = set(code)
        return {node: [used for used in spent if used in own] for node, spent in last.items()}

    def make(
        self,
        code: Sequence[fx.Node],
        spent: Mapping[fx.Node, Iterable[fx.Node]],
        told: tuple[int, int],
        trail: Sequence[Mark] = (),
        keep: Iterable[fx.Node] | None = None,
    ) -> None:
        marks, held = list(reversed(trail)) if self.after or self.recorder else [], self.held.copy()
        owner = None
        looks = self.meter is not None and self.meter.looks
        if self.meter:
            self.meter.looks = keep is not None
        with self.recorder.turn() if self.recorder and trail else nullcontext():
            for done, node in enumerate(code):
                if node.meta["owner"] != owner:
                    owner = node.meta["owner"]
                    self.step(owner, told[0] + done, told[1])
                self.known[node] = self._found(node)
                if keep is not None:
                    self._keep(node)
                self._tell(marks, done + 1)
                for used in spent.get(node, ()):
                    del self.known[used]
            self._tell(marks, len(code))
        for node in keep or ():
            self._keep(node)
        if self.meter:
            self.meter.looks = looks
        self.held = held

    def foresee(self, here: fx.Node, value: torch.Tensor) -> None:
        if self.emerge and here.graph is self.program.code:
            with self._unmeasured():
                self.emerge(lambda: self._foreseen(here, value))

    def _foreseen(self, here: fx.Node, value: torch.Tensor) -> Values:
        """What nodes would return if a call gave this; what would take long or has an effect is left out."""
        code, effects = list(self.program.code.nodes), self.program.identity.effects
        ahead, needed = list[fx.Node](), set(self.kept)
        for node in reversed(code[code.index(here) + 1 :]):
            if node in needed and node not in self.known and node.op != "output":
                ahead.insert(0, node)
                needed.update(node.all_input_nodes)
        known, self.known = self.known, self.known | {here: value}
        try:
            if len(ahead) <= AHEAD and not any(node in effects or isinstance(node.target, Loop) for node in ahead):
                for node in ahead:
                    self.known[node] = self._compute(node)
            held = {node: found for node, found in self.known.items() if node in self.kept}
            return Values(self.made_of, held, {}, None)
        finally:
            self.known = known

    def is_withheld(self, value: Any) -> bool:
        return value is WITHHELD

    def _log(self, text: str) -> None:
        self.log(self.owner, text)

    def _read(self, value: Any) -> Any:
        return map_nodes(value, self.known.__getitem__)

    def _values(self) -> Values:
        held = {node: value for node, value in self.known.items() if node in self.kept}
        return Values(self.made_of, held, self.keys, self.cache)


def _inside(node: fx.Node) -> list[fx.Node]:
    """All that has a value in a loop; of any other call nothing."""
    return within(node.target) if isinstance(node.target, Loop) else []


def _held_in(node: fx.Node) -> list[fx.Node]:
    """All that contexts hold in the course of a loop; of any other call nothing."""
    if not isinstance(node.target, Loop):
        return []
    held = [value for mark in node.target.trail for value in mark.held.values()]
    return [*nodes_in(held), *(each for inner in node.target.calls for each in _held_in(inner))]


def _owners(node: fx.Node) -> set[str]:
    """The nodes that a call is made for."""
    if node.op in ("placeholder", "output"):
        return set()
    return {node.meta["owner"], *(inner.meta["owner"] for inner in _inside(node) if inner.op != "placeholder")}


def made_of(program: Program, given: Given) -> dict[str, Any]:
    """What the value of each node would be made of in a run: equal things where the values are."""
    keys = program.keys(given)
    return {
        name: keys.get(value) if isinstance(value, fx.Node) else repr(map_nodes(value, keys.get))
        for name, value in program.values.items()
    }


def is_memory(error: BaseException | None) -> bool:
    """Whether memory ran out. On the CPU, torch says so in words only."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


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


def _last_uses(
    code: list[fx.Node], due: set[fx.Node], kept: set[fx.Node], looked_at: Mapping[int, Sequence[fx.Node]]
) -> dict[fx.Node, list[fx.Node]]:
    """After which node each value is needed no more: `kept` ones never, those `looked_at` before the call of an index
    not before that."""
    seen: set[fx.Node] = set(kept)
    found: dict[fx.Node, list[fx.Node]] = {}
    for index in range(len(code) - 1, -1, -1):
        node = code[index]
        uses = [*looked_at.get(index, ()), *(node.all_input_nodes if node in due else ())]
        for used in uses:
            if used not in seen:
                seen.add(used)
                found.setdefault(node, []).append(used)
    return found
