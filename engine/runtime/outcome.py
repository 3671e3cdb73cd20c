"""What a run tells while it goes on, and what it gives in the end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from engine.document.scopes import Key
from engine.messages import Fault
from engine.runtime.cache import MISSING, Cache
from engine.runtime.symbols import map_nodes, nodes_in

WITHHELD: Any = type("Withheld", (), {"__repr__": lambda _: "?"})()
"""Stands for a value that can't be had in a run, since code that it takes is not trusted or can't be imported."""

Step = Callable[[str, int, int], None]
"""Called before each call with its node's id, the calls done and their total. May raise Cancelled."""

Log = Callable[[str, str], None]
"""Called with a node's id and the text that it printed."""


@dataclass(frozen=True)
class Moment:
    """What is known in the middle of a run: what nodes have returned, and what every context holds."""

    values: Mapping[str, Any]
    contexts: dict[Key, Any]


After = Callable[[str, Callable[[], Moment]], None]
"""Called after each node with its id and what tells the moment. May raise Cancelled."""


Emerge = Callable[[Callable[[], Mapping[str, Any]]], None]
"""Called after each step of a loop with what tells the values that nodes would have if it ended now."""


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


def is_memory(error: BaseException | None) -> bool:
    """Whether memory ran out. On the CPU, torch says so in words only."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
