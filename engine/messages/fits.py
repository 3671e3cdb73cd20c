"""How weights files fit what they are for."""

from msgspec import Struct


class Wanted(Struct, frozen=True):
    """A tensor of the graph: its leaf, its name by present path, and the key that the file should have it under.

    `shape` is the graph's, such as "(3, 5)"; `found` what the file has under that key, where that does not fit.
    """

    node: str
    name: str
    key: str
    shape: str
    found: str = ""


class NearMiss(Struct, frozen=True):
    """A node whose tensors, `count` of them, the file does have, but under `key` instead of `missed`.

    `SetKey(node, key)` takes them.
    """

    node: str
    missed: str
    key: str
    count: int


class WeightsReport(Struct, frozen=True):
    """How one weights file fits what it is for: the nodes below `frame`, which names it, or what `adapter` adds.

    `prefix` is where they start in the file. `nan` names tensors that hold a NaN, as far as they were read; `changed`
    is the hash of the content where that is not the one the graph knows. With an `error`, nothing is taken from it.
    """

    frame: str
    path: str
    prefix: str = ""
    count: int = 0
    missing: tuple[Wanted, ...] = ()
    mismatched: tuple[Wanted, ...] = ()
    unexpected: tuple[str, ...] = ()
    near: tuple[NearMiss, ...] = ()
    nan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    changed: str = ""
    error: str = ""
    adapter: str = ""

    @property
    def exact(self) -> bool:
        """Whether every tensor of the graph has its own in the file, and the other way round."""
        return not (self.error or self.missing or self.mismatched or self.unexpected or self.nan)


class Prefix(Struct, frozen=True):
    """A prefix of keys that a weights file has, and how many tensors would fit there."""

    name: str
    count: int
