"""Values kept between runs, by the key of what they are functions of; of too many, the least recently used go."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import torch

MISSING: Any = type("Missing", (), {"__repr__": lambda _: "missing"})()
"""What there is for a key without a value."""

ENTRY = 256
"""Bytes that anything kept counts for, beside the memory of its tensors."""

POSITIONS = 3
"""So many runs of a series in which the same things moved, by a slider maybe, leave their values behind. Where it began
they are kept too. Each more would cost memory that has not been touched yet, which is slower than what is hot."""

Shared = tuple[int, int]
"""A piece of memory that several tensors may lie in: where it starts, and its bytes."""


class Cache:
    """Values by key. Memory that several of them share counts once; a value larger than `room` is not kept."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.bytes = 0
        self.turn = 0
        """Counts runs, so that a value can be kept for one only."""
        self._entries: OrderedDict[bytes, tuple[Any, list[Shared], int]] = OrderedDict()
        self._owners: dict[int, int] = {}
        self._made: set[bytes] = set()
        self._moved: frozenset[object] = frozenset()
        self._series: list[set[bytes]] = []

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> Any:
        """The value of a key, which thereby is the one used last; `MISSING` if there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return MISSING
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: bytes, value: Any) -> None:
        """Keep a value, at the cost of those that have not been used for longest."""
        if key in self._entries:
            self._drop(key)
        own, shared = _measured(value)
        if own + sum(size for _, size in shared) > self.room:
            return
        self._entries[key] = (value, shared, own)
        self._made.add(key)
        self.bytes += own
        for start, size in shared:
            owners = self._owners[start] = self._owners.get(start, 0) + 1
            if owners == 1:
                self.bytes += size
        while self.bytes > self.room:
            self._drop(next(iter(self._entries)))

    def end(self, moved: frozenset[object], keys: Iterable[bytes]) -> None:
        """A run is over, before which these had moved; its values have these keys."""
        if moved != self._moved:
            self._moved, self._series = moved, []
        self._series.append(self._made)
        self._made = set()
        if len(self._series) > POSITIONS:
            for key in self._series.pop(0).difference(keys).intersection(self._entries):
                self._drop(key)

    def resize(self, room: int) -> None:
        """Keep this many bytes at most from now on."""
        self.room = room
        while self.bytes > room:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Let go of everything."""
        self._entries.clear()
        self._owners.clear()
        self._made, self._series = set(), []
        self.bytes = 0

    def _drop(self, key: bytes) -> None:
        _, shared, own = self._entries.pop(key)
        self.bytes -= own
        for start, size in shared:
            self._owners[start] -= 1
            if not self._owners[start]:
                del self._owners[start]
                self.bytes -= size


def _measured(value: Any) -> tuple[int, list[Shared]]:
    """The bytes of a value itself, and the memory its tensors lie in."""
    return ENTRY + (32 * sum(1 for _ in _items(value)) if isinstance(value, list | tuple | dict) else 0), pieces(value)


def pieces(value: Any) -> list[Shared]:
    """The memory that the tensors of a value lie in, each piece once."""
    if isinstance(value, torch.Tensor):
        return [_memory(value)]
    if not isinstance(value, list | tuple | dict):
        return []
    return list({_memory(item) for item in _items(value) if isinstance(item, torch.Tensor)})


def _memory(tensor: torch.Tensor) -> Shared:
    if tensor.layout != torch.strided:
        return id(tensor), tensor.numel() * tensor.element_size()
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def _items(value: Any) -> Iterator[Any]:
    """What a container holds, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _items(item)
    else:
        yield value
