"""The pictures that a graph takes from files, wherever it names them."""

from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engine.document.edits import Batch, Edit, SetAdapter, SetContexts, SetInputs
from engine.document.graph import Graph
from engine.document.sources import ImageSource, Source
from engine.document.stack import given, with_sources


class Spot(Struct, frozen=True):
    """Where a picture is named: an input of the root, or an entry "context.key" of a node or of an adapter."""

    sort: Literal["input", "context", "adapter"]
    owner: str
    name: str


def pictures(graph: Graph) -> dict[tuple[Spot, ...], str]:
    """The paths of all pictures, by the spots that name them: the same file is one picture. Empty ones are apart."""
    found: dict[str | Spot, list[Spot]] = {}
    for spot, source in _sources(graph):
        if isinstance(source, ImageSource):
            found.setdefault(source.path or spot, []).append(spot)
    return {tuple(spots): path if isinstance(path, str) else "" for path, spots in found.items()}


def shown_as(spots: Collection[Spot]) -> str:
    """What a picture is called: by the names it goes under, each once."""
    return ", ".join(dict.fromkeys(spot.name for spot in spots))


def redrawn(graph: Graph, spots: Collection[Spot], path: str) -> Edit:
    """Take the picture from another file, at every one of these spots."""
    source = ImageSource(path)
    edits: list[Edit] = []
    names = {spot.name for spot in spots if spot.sort == "input"}
    if names:
        inputs = (replace(each, source=source) if each.name in names else each for each in graph.inputs)
        edits.append(SetInputs(tuple(inputs)))
    for owner in dict.fromkeys(spot.owner for spot in spots if spot.sort == "context"):
        here = {spot.name for spot in spots if (spot.sort, spot.owner) == ("context", owner)}
        contexts = {
            context: {key: source if f"{context}.{key}" in here else each for key, each in entries.items()}
            for context, entries in graph.nodes[owner].contexts.items()
        }
        edits.append(SetContexts(owner, contexts))
    for adapter in graph.adapters:
        here = {spot.name for spot in spots if (spot.sort, spot.owner) == ("adapter", adapter.id)}
        if here:
            edits.append(SetAdapter(with_sources(adapter, lambda n, s, here=here: source if n in here else s)))
    return edits[0] if len(edits) == 1 else Batch(tuple(edits))


def _sources(graph: Graph) -> Iterator[tuple[Spot, Source]]:
    for adapter in graph.adapters:
        for name, source in given(adapter).items():
            yield Spot("adapter", adapter.id, name), source
    for each in graph.inputs:
        yield Spot("input", graph.root, each.name), each.source
    for node in graph.in_order(graph.nodes.having("contexts")):
        for context, entries in graph.nodes[node].contexts.items():
            for key, source in entries.items():
                yield Spot("context", node, f"{context}.{key}"), source
