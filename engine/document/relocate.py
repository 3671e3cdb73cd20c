"""Relative paths of a graph that moves to another folder: rewritten so that they lead to the same files."""

import os
from pathlib import Path, PurePath

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.edits import Batch, Edit, SetAdapters, SetContexts, SetInputs, SetWeights
from engine.document.graph import Graph
from engine.document.sources import ImageSource, Source, TensorSource
from engine.document.stack import with_sources


def relocate(graph: Graph, old: Path, new: Path) -> Edit | None:
    """The edit that keeps the graph's files reachable from folder `new`; None when nothing has to change."""
    if old == new:
        return None
    edits: list[Edit] = []
    inputs = tuple(replace(i, source=_moved(i.source, old, new)) for i in graph.inputs)
    if inputs != graph.inputs:
        edits.append(SetInputs(inputs))
    for node in graph.in_order({*graph.nodes.having("contexts"), *graph.nodes.having("weights")}):
        contexts = graph.nodes[node].contexts
        moved = {c: {k: _moved(s, old, new) for k, s in entries.items()} for c, entries in contexts.items()}
        if moved != contexts:
            edits.append(SetContexts(node, moved))
        weights = graph.nodes[node].weights
        if weights and (path := _path(weights.path, old, new)) != weights.path:
            edits.append(SetWeights(node, replace(weights, path=path)))
    adapters = tuple(relocated(each, old, new) for each in graph.adapters)
    if adapters != graph.adapters:
        edits.append(SetAdapters(adapters))
    return Batch(tuple(edits)) if edits else None


def relocated(adapter: Adapter, old: Path, new: Path) -> Adapter:
    """The adapter with paths that lead from folder `new` to the files that they lead to from `old`."""
    weights = adapter.weights and replace(adapter.weights, path=_path(adapter.weights.path, old, new))
    return with_sources(replace(adapter, weights=weights), lambda _, source: _moved(source, old, new))


def _moved(source: Source, old: Path, new: Path) -> Source:
    if isinstance(source, ImageSource | TensorSource):
        path = _path(source.path, old, new)
        return source if path == source.path else replace(source, path=path)
    return source


def _path(path: str, old: Path, new: Path) -> str:
    if not path or PurePath(path).is_absolute():
        return path
    try:
        return Path(os.path.relpath(old / path, new)).as_posix()
    except ValueError:  # another drive of Windows
        return (old / path).as_posix()
