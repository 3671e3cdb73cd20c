"""The walk of a program's code: each call is made in order, or its value found, and what is done is told."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from engine.document.direct import Direct
from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime.cache import Cache
from engine.runtime.describe import describe_all
from engine.runtime.identity import SIZE
from engine.runtime.liveness import calls_due, inside, last_uses, looked_at, owners
from engine.runtime.loop import Loop
from engine.runtime.measuring import Meter
from engine.runtime.outcome import (
    WITHHELD,
    After,
    Cancelled,
    Emerge,
    Log,
    Moment,
    Outcome,
    RunError,
    Step,
    Values,
    is_memory,
)
from engine.runtime.symbols import UNKNOWN, map_nodes, member, nodes_in
from engine.runtime.timeline import Recorder
from engine.runtime.trusted import called

if TYPE_CHECKING:
    from engine.runtime.program import Given, Mark, Program

AHEAD = 100
"""Calls after a loop that are made as well, at most, to show what is to become of it."""


class Interpreter:
    """One run of a program (what its arguments mean is said at `Program.run`)."""

    def __init__(
        self,
        program: "Program",
        given: "Given",
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
        self.ahead: set[fx.Node] = set()
        """The calls that this run has yet to make."""
        self.owner = ""
        self.refusal: RunError | None = None
        """Why something was withheld, first of all."""
        self.direct = Direct(self._log, member)

    def run(self) -> Outcome:
        """All of the code. Raises RunError, and lets Cancelled through."""
        code = list(self.program.code.nodes)
        due = set(code)
        if self.cache is not None:
            self.keys = self._keys(self.cache)
            due, self.known = calls_due(self, code, self.cache)
        last = last_uses(code, due, self.kept, looked_at(self, code, self.trail))
        self.ahead = due.copy()
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
                        ran.update(owners(node))
                        self.step(owner, done, len(due))
                    self.known[node] = self._found(node)
                    self._keep(node)
                    self.ahead.discard(node)
                    done += 1
                for spent in last.get(node, ()):
                    del self.known[spent]
        if self.refusal is not None:
            self.refusal.values = self._values()
            raise self.refusal
        return Outcome(result, self._values(), len(ran), self.program.total)

    def _keys(self, cache: Cache) -> dict[fx.Node, bytes]:
        """The key of every call in this run: of what is only passed on, in no other."""
        cache.turn += 1
        turn = b"%d" % cache.turn
        passing = self.program.identity.passing
        return {node: key + turn if node in passing else key for node, key in self.program.keys(self.given).items()}

    def _keep(self, node: fx.Node) -> None:
        """Have the cache keep what a call gave, and what those of a loop gave in its last step."""
        for each in (*inside(node), node):
            value = self.known.get(each, WITHHELD)
            if self.cache is not None and value is not WITHHELD:
                self.cache.put(self.keys[each], value)
            if each is not node and each not in self.kept:
                self.known.pop(each, None)

    def _tell(self, trail: list["Mark"], done: int) -> None:
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
        contexts = {key: self._read(value) for key, value in self.held.items()}
        return Moment(self._values(self.known.copy()), contexts)

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

    def spent(self, code: list[fx.Node], needed: Any, trail: Sequence["Mark"]) -> dict[fx.Node, list[fx.Node]]:
        if self.after:
            return {}
        last = last_uses(code, set(code), {*self.kept, *nodes_in(needed)}, looked_at(self, code, trail, early=1))
        own = set(code)
        return {node: [used for used in spent if used in own] for node, spent in last.items()}

    def make(
        self,
        code: Sequence[fx.Node],
        spent: Mapping[fx.Node, Iterable[fx.Node]],
        told: tuple[int, int],
        trail: Sequence["Mark"] = (),
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
        """What nodes would return if a call gave this; what would take long, has an effect or fails is left out."""
        code, effects = list(self.program.code.nodes), self.program.identity.effects
        ahead, needed = list[fx.Node](), set(self.kept)
        for node in reversed(code[code.index(here) + 1 :]):
            if node in needed and node not in self.known and node.op != "output":
                ahead.insert(0, node)
                needed.update(node.all_input_nodes)
        known, self.known = self.known, self.known | {here: value}
        try:
            if len(ahead) <= AHEAD and not any(node in effects or isinstance(node.target, Loop) for node in ahead):
                with suppress(RunError):  # what fails does so when the run gets there
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

    def _values(self, held: Mapping[fx.Node, Any] | None = None) -> Values:
        """What nodes have returned so far; `held` has values of calls, without it those that stay to the end.

        What this run has yet to make is not looked for in the cache. It would be there where another call, made by now,
        gives the same: as long as there is room, that is, and so by chance.
        """
        if held is None:
            held = {node: value for node, value in self.known.items() if node in self.kept}
        ahead = {each for node in self.ahead for each in (node, *inside(node))}
        keys = {node: key for node, key in self.keys.items() if node not in ahead} if ahead else self.keys
        return Values(self.made_of, held, keys, self.cache)
