"""Weights written to a .safetensors file, by present paths, tensor after tensor."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from engine.document import disk
from engine.document.graph import CANVAS, Graph, paths
from engine.document.keys import Origin, below_key, sources_of
from engine.runtime.checkpoints import ALIGNED, DTYPES, Checkpoint, Stored
from engine.runtime.modules import Modules
from engine.runtime.weights import needs

CPU = torch.device("cpu")
HEADER = 64
"""The first tensor starts at a multiple of so many bytes."""
NAMES = {dtype: name for name, dtype in DTYPES.items()} | {torch.uint8: "U8"}


class SaveError(ValueError):
    """Weights that can't be written as they were asked for; the message says why, and what to do."""


class Entry(NamedTuple):
    """A tensor to write: what it will be in the file, and how to get it."""

    stored: Stored
    get: Callable[[], Tensor]


class Contents(NamedTuple):
    """What is to be written, by its key in the new file, and what that file calls nodes otherwise than by their paths:
    those that are parked, and those that share the weights of another."""

    entries: dict[str, Entry]
    keys: dict[str, str]


def contents(
    graph: Graph, frame: str, modules: Modules, file_of: Callable[[str], Checkpoint], dtype: torch.dtype
) -> Contents:
    """The weights of all below `frame`: those of files as they are there, the others as they are drawn.

    Floats become `dtype`. Leaves that share their weights have one entry. What has no module, such as what is parked or
    not trusted, keeps the tensors that its file has for it. `file_of` gives the file that a node names.
    """
    path_of = paths(graph)
    inside = {node: path_of[node][len(path_of[frame]) :].removeprefix(".") for node in graph.walk(frame)}
    entries: dict[str, Entry] = {}
    keys: dict[str, str] = {}
    initial = lru_cache(maxsize=1)(modules.initial)
    for need in needs(graph, modules.tensors):
        here = [leaf for leaf in need.leaves if leaf in inside]
        if not here:
            continue
        leaf = here[0]
        keys |= dict.fromkeys(here[1:], inside[leaf])
        takes = modules.takes.get(leaf, {})
        for name, tensor in need.tensors.items():
            take = takes.get(name)
            get = _from(take.file, take.key) if take else _drawn(initial, leaf, name)
            entries[below_key(inside[leaf], name)] = Entry(_as(dtype, tuple(tensor.shape), tensor.dtype), get)

    def keep(origin: Origin, new: str, held: Mapping[str, Stored]) -> None:
        file = file_of(origin.owner)
        for rest, stored in held.items():
            entry = Entry(_as(dtype, stored.shape, stored.dtype), _from(file, below_key(origin.key, rest)))
            entries.setdefault(below_key(new, rest), entry)

    for node, origin in sources_of(graph).items():
        if node in inside and node not in modules.tensors:
            keep(origin, inside[node], _held(file_of(origin.owner), origin.key))
    for node, origin in _parked(graph, frame):
        held = _held(file_of(origin.owner), origin.key)
        taken = any(below_key(origin.key, rest) in entries for rest in held)
        keys[node] = f"{origin.key}~{node}" if taken else origin.key
        keep(origin, keys[node], held)
    return Contents(entries, keys)


def _held(file: Checkpoint, key: str) -> dict[str, Stored]:
    """What a file has below a key."""
    below = f"{key}." if key else ""
    return {at[len(below) :]: stored for at, stored in file.tensors.items() if at.startswith(below)}


def write(path: Path, entries: Mapping[str, Entry]) -> str:
    """Write a .safetensors file, all of it or nothing; gives its sha256. Only one tensor is in memory at a time.

    Raises SaveError, CheckpointError and disk.FileError; the file is then as it was.
    """
    if path.suffix.lower() != ".safetensors":
        raise SaveError(f"can't write {path}: weights are saved as .safetensors, so its name must end in that")
    if not entries:
        raise SaveError(f"can't write {path}: there are no weights to save")
    return disk.write_parts(path, _parts(entries)).digest


def _parts(entries: Mapping[str, Entry]) -> Iterator[bytes | memoryview]:
    # What would put its followers out of line comes last, so that nearly all can be used where it lies.
    ordered = sorted(entries, key=lambda key: (entries[key].stored.nbytes % ALIGNED != 0, key))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for key in ordered:
        stored = entries[key].stored
        start, end = end, end + stored.nbytes
        header[key] = {"dtype": NAMES[stored.dtype], "shape": list(stored.shape), "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % HEADER)
    yield len(text).to_bytes(8, "little") + text
    for key in ordered:
        stored, get = entries[key]
        found = get()
        written = found.to(stored.dtype).contiguous()
        if written.dtype != found.dtype and written.isinf().sum() > found.isinf().sum():
            high = found[found.isfinite()].abs().max().item()
            raise SaveError(
                f"{key} holds {high:g}, more than {NAMES[stored.dtype]} can hold ({torch.finfo(stored.dtype).max:g}): "
                "save in another precision"
            )
        yield written.reshape(-1).view(torch.uint8).numpy().data


def _as(dtype: torch.dtype, shape: tuple[int, ...], own: torch.dtype) -> Stored:
    return Stored(shape, dtype if own.is_floating_point else own)


def _from(file: Checkpoint, key: str) -> Callable[[], Tensor]:
    return lambda: file.read(key, CPU, file.tensors[key].dtype)


def _drawn(initial: Callable[[str], Mapping[str, Tensor]], leaf: str, name: str) -> Callable[[], Tensor]:
    return lambda: initial(leaf)[name]


def _parked(graph: Graph, frame: str) -> Iterator[tuple[str, Origin]]:
    """The parked nodes below `frame` that have a key in a file."""
    owners: dict[str, str] = {}
    for node in graph.walk(None, loose=True):
        above = graph.parents.get(node, "") or (graph.root if node != graph.root else CANVAS)
        held = graph.nodes[node]
        owners[node] = node if held.weights else owners.get(above, "")
        inside = node == frame or frame in graph.ancestors(node) or frame == graph.root
        if inside and held.key and not held.weights and owners[node] and graph.is_loose(node):
            yield node, Origin(owners[node], held.key)
