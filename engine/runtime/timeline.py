"""What contexts hold as a run goes on, step by step, in words: no tensor is kept for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

from engine.document import scopes
from engine.document.expand import Expanded, home
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import Key
from engine.messages import Content, Timeline, Touch, Track, Where
from engine.runtime.describe import describe

MOST_STEPS, MOST_TOUCHES = 50_000, 20_000
"""What comes after so many is counted, but not recorded."""

LISTED = 64
"""Of a longer list, so many of the last elements are described."""
LONGEST = 80
"""Texts are cut after this many characters."""

NOTHING = Content("nothing")


class Recorder:
    """Takes down one run of a graph. The first step is the start, where contexts have their first values."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        """`graph` is the one that runs, with all that its adapters insert."""
        self.graph = graph
        self.catalogue = catalogue
        self._steps = [""]
        self._touches: list[tuple[Key, Touch]] = []
        self._left_out = 0
        self._now: dict[Key, Content] = {}
        self._undone: dict[Key, Content] = {}
        """What contexts hold again since a step of a loop is over, as far as that is not told yet."""
        self._begins = False
        self._told: WeakIdKeyDictionary = WeakIdKeyDictionary()

    @property
    def full(self) -> bool:
        return len(self._steps) >= MOST_STEPS or len(self._touches) >= MOST_TOUCHES

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A step of a loop: at its end contexts hold what they did before."""
        before, self._begins = self._now.copy(), True
        yield
        self._undone |= {key: before.get(key, NOTHING) for key, now in self._now.items() if before.get(key) != now}
        self._now = before

    def note(self, node: str, held: Mapping[Key, Any]) -> None:
        """A node is done, and contexts hold this from here on; without a node, the run or a turn begins with it."""
        if node or self._begins:
            if self.full:
                self._left_out += 1
                return
            self._steps.append(node or next(iter(held)).provider)
        self._begins = False
        for key, content in self._undone.items():
            if key not in held or node:
                self._touch(key, Touch(len(self._steps) - 1, 0, "clear", content))
        self._undone = {}
        for key, value in held.items():
            content = self._content(value)
            self._touch(key, Touch(len(self._steps) - 1, 0, self._how(node, key, content), content))
            self._now[key] = content

    def timeline(self, run: int, whole: Expanded) -> Timeline:
        """All that was taken down."""
        keys = list(dict.fromkeys(key for key, _ in self._touches))
        steps = {node: index for index, node in enumerate(dict.fromkeys(self._steps))}
        last: dict[str, int] = {}
        frames = {node: (node, *self.graph.ancestors(node)) for node in steps if node}
        for step, node in enumerate(self._steps):
            last.update(dict.fromkeys(frames.get(node, ()), step))
        tracks = {
            key: Track(home(whole, key.provider), key.label, whole.paths[key.provider], last.get(key.provider, 0))
            for key in keys
        }
        number = {key: index for index, key in enumerate(keys)}
        return Timeline(
            run,
            tuple(tracks.values()),
            tuple(Where(home(whole, node), whole.paths[node]) if node else Where("", "") for node in steps),
            tuple(steps[node] for node in self._steps),
            tuple(Touch(t.step, number[key], t.how, t.content) for key, t in self._touches),
            self._left_out,
        )

    def _touch(self, key: Key, touch: Touch) -> None:
        self._touches.append((key, touch))

    def _how(self, node: str, key: Key, content: Content) -> Any:
        """What has been done to a key whose content is this now."""
        before = self._now.get(key, NOTHING)
        if not node:
            return "start" if len(self._steps) == 1 else "write"
        if before.count is not None and content.count is not None and before.count != content.count:
            if content.count > before.count:
                return "push"
            return "pop" if content.count or before.count == 1 else "clear"
        return "write" if scopes.role_of(self.graph, self.catalogue, node) == "set" else "read"

    def _content(self, value: Any) -> Content:
        if isinstance(value, list | tuple):
            items = tuple(self._words(item) for item in value[-LISTED:])
            return Content(f"{type(value).__name__} of {len(value)}", len(value), items)
        return Content(self._words(value))

    def _words(self, value: Any) -> str:
        """A value in a line: of a tensor, its mean and standard deviation."""
        if isinstance(value, torch.Tensor):
            if value not in self._told:
                self._told[value] = _figures(value)
            return self._told[value]
        if isinstance(value, bool | int | float | complex | str):
            text = repr(value)
            return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        return describe(value)


def _figures(value: torch.Tensor) -> str:
    if value.numel() == 1:
        return f"{describe(value)} = {value.item():.6g}"
    if not value.numel() or value.is_complex():
        return describe(value)
    numbers = value.detach().to(torch.promote_types(value.dtype, torch.float32))
    return f"{describe(value)}, mean {numbers.mean().item():.4g}, std {numbers.std(correction=0).item():.4g}"
