"""A program: straight-line torch.fx code that runs a graph, eagerly, one call at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import fx

from engine.document.intake import Mismatch
from engine.document.scopes import Key
from engine.runtime.cache import Cache
from engine.runtime.identity import Identity
from engine.runtime.interpreter import Interpreter
from engine.runtime.liveness import owners
from engine.runtime.measuring import Meter
from engine.runtime.outcome import After, Emerge, Log, Outcome, Step
from engine.runtime.symbols import map_nodes
from engine.runtime.timeline import Recorder


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
        return len(set().union(*map(owners, self.code.nodes)))

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
        return Interpreter(self, given, step, log, keep, after, cache, emerge, meter, recorder).run()


def made_of(program: Program, given: Given) -> dict[str, Any]:
    """What the value of each node would be made of in a run: equal things where the values are."""
    keys = program.keys(given)
    return {
        name: keys.get(value) if isinstance(value, fx.Node) else repr(map_nodes(value, keys.get))
        for name, value in program.values.items()
    }


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
