"""What is left of a session's runs: values, what they cost, and what was told of them."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch

from engine.document.graph import Graph
from engine.messages import Configure, FromWorker, Glanced, InUse, Picture, Preview, Saved, Stale
from engine.runtime import preview
from engine.runtime.cache import Cache
from engine.runtime.measuring import Cost
from engine.runtime.thumbnails import thumbnail
from engine.runtime.value_files import ExportError, export

ROOM = 2 << 30
"""Bytes of values kept between runs, for previews too; the values of watched nodes are kept in any case."""

SHARE = 8
"""They may take this part of the memory of a CUDA device."""


class Results:
    """The values of the last run, those kept for the next one, and what `send` was given of them."""

    def __init__(self, send: Callable[[FromWorker], None]) -> None:
        self.run = 0
        """The number of the last run."""
        self.waited = 0.0
        """Seconds that it stood still in pauses."""
        self.result: object = None
        """What the root returned in it, if it was done."""
        self.values: Mapping[str, object] = {}
        """What the nodes returned in it, as far as it came and as far as that is kept."""
        self.cache = Cache(ROOM)
        self.costs: dict[bytes, Cost] = {}
        """What calls cost when they were measured, by the keys of their values."""
        self.latest: dict[str, object] = {}
        """What the latest values of the nodes were made of."""
        self.present: dict[str, object] = {}
        """What they would be made of now."""
        self.in_use = InUse()
        self.watched: tuple[str, ...] = ()
        self.indices: dict[str, tuple[int, ...]] = {}
        self._stale = Stale(())
        self._send = send

    def drop(self) -> None:
        """Let every value go."""
        self.result, self.values = None, {}
        self.cache.clear()
        self.costs = {}

    def keep_costs(self, found: dict[bytes, Cost], keys: Iterable[bytes]) -> None:
        """Take what a run of calls with these `keys` has found; forget those of values that are kept no more."""
        kept = {key: cost for key, cost in self.costs.items() if key in self.cache}
        self.costs = kept | {key: self.costs[key] for key in keys if key in self.costs} | found

    def tell_stale(self, graph: Graph) -> None:
        """Tell which values are not up to date and which are kept, unless it is the same ones as before."""
        old = tuple(n for n, made in self.latest.items() if n in graph and self.present.get(n) != made)
        kept = (n for n, made in self.present.items() if isinstance(made, bytes) and made in self.cache)
        stale = Stale(old, tuple(n for n in kept if n in graph))
        if stale != self._stale:
            self._stale = stale
            self._send(stale)

    def preview(self, nodes: Iterable[str]) -> None:
        """Show the values of these nodes, where they have one."""
        for node in nodes:
            if node in self.values:
                try:
                    shown = preview.of(self.run, node, self.values[node], self.indices.get(node, ()))
                except Exception as error:  # a preview may run out of memory where the run itself did not
                    shown = Preview(self.run, node, f"no preview: {type(error).__name__}: {error}")
                self._send(shown)

    def show(self, values: Mapping[str, object], nodes: Iterable[str]) -> None:
        """Preview nodes in the middle of a run."""
        self.values = values
        self.preview(nodes)
        self.values = {}

    def glance(self, nodes: Iterable[str]) -> None:
        """Show small pictures of these nodes' values."""
        pictures: dict[str, Picture | None] = dict.fromkeys(nodes)
        for node in pictures:
            with contextlib.suppress(RuntimeError):  # there may be no memory for it
                pictures[node] = thumbnail(self.values[node]) if node in self.values else None
        self._send(Glanced(self.run, pictures))

    def save(self, node: str, path: Path) -> None:
        """Write the value of a node to a file, and say how that went."""
        error = ""
        try:
            if node not in self.values:
                raise ExportError("there is no value of this node: run the graph first")
            export(self.values[node], path)
        except ExportError as failed:
            error = str(failed)
        self._send(Saved(str(path), error))


def room(settings: Configure, device: torch.device) -> int:
    """Bytes for values that are kept."""
    if settings.room is not None:
        return settings.room
    return torch.cuda.get_device_properties(device).total_memory // SHARE if device.type == "cuda" else ROOM
