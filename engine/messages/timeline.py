"""What contexts held in the course of a run."""

from typing import Literal

from msgspec import Struct


class Content(Struct, frozen=True):
    """What a context holds, in a line; of a list also its length, and its last elements in order."""

    text: str
    count: int | None = None
    items: tuple[str, ...] = ()


class Touch(Struct, frozen=True):
    """A step reaches a key, by their numbers in the timeline, which holds `content` then.

    At "start" and at the beginning of a turn of a loop values come from outside; "clear" empties a list, or puts back
    what was there before the turn.
    """

    step: int
    track: int
    how: Literal["start", "write", "read", "push", "pop", "clear"]
    content: Content


class Track(Struct, frozen=True):
    """A key in a run: its provider, its label ("context.key"), and after which step the provider is done with it.

    `path` is that of the provider in the graph with its adapters.
    """

    provider: str
    label: str
    path: str
    last: int


class Where(Struct, frozen=True):
    """A node, and its path in the graph with its adapters; what an adapter inserts has the id of its target."""

    node: str
    path: str


class Timeline(Struct, frozen=True, tag=True):
    """What contexts held in a run, as far as it came: `steps` are the nodes in the order in which they were done, as
    numbers of `places`, the start before them.

    `touches` are in order. Steps that were too many to be recorded are only counted (`left_out`).
    """

    run: int
    tracks: tuple[Track, ...]
    places: tuple[Where, ...]
    steps: tuple[int, ...]
    touches: tuple[Touch, ...]
    left_out: int = 0
