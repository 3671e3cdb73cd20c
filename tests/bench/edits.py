"""Typical edits of a large model, for the benches: each with what takes it back."""

from collections.abc import Iterator

from engine.document.edits import Edit, Fold, Insert, Move, Remove, SetContexts, SetName, SetParam
from engine.document.graph import Graph, Node, Place, Tree

SPREAD = 12
"""Of each sort, so many edits, at places all over the graph."""


def typical(graph: Graph) -> Iterator[tuple[str, list[Edit]]]:
    """The sorts of edits, each with some edits that can be applied to the graph as it is."""
    order = list(graph.walk())
    leaves = _some([node for node in order if "bias" in graph.nodes[node].params])
    frames = _some([node for node in order if graph.is_frame(node) and node != graph.root])
    users = _some([node for node in order if graph.nodes[node].kind == "UseContext"])
    big = sorted(frames, key=lambda node: -sum(1 for _ in graph.walk(node)))
    root = graph.nodes[graph.root]
    yield "set a param of a leaf", [SetParam(leaf, "bias", False) for leaf in leaves]
    yield "set a param that does not fit", [SetParam(leaf, "bias", 3) for leaf in leaves]
    yield "name a frame", [SetName(frame, "Renamed") for frame in frames]
    yield "read another context", [SetParam(user, "context", "elsewhere") for user in users]
    yield "insert a leaf", [Insert(Place(frame, 0), (Tree(Node("new", "SiLU")),)) for frame in frames]
    yield "remove a leaf", [Remove((leaf,)) for leaf in leaves]
    yield "remove a frame", [Remove((frame,)) for frame in big]
    yield "move a leaf to the root", [Move((leaf,), Place(graph.root, 0)) for leaf in leaves]
    yield "the root provides nothing", [SetContexts(graph.root, {})]
    yield "the root provides more", [SetContexts(graph.root, {**root.contexts, "more": {}})]
    yield "fold a frame", [Fold(frame, not graph.view(frame).collapsed) for frame in frames]


def _some(nodes: list[str]) -> list[str]:
    return nodes[:: max(1, len(nodes) // SPREAD)][:SPREAD]
