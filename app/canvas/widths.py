"""What nodes take for their words, measured once for all that are alike."""

import msgspec

from app.canvas import scene as scenes
from app.canvas.texts import Texts
from engine.document.graph import Graph
from engine.document.kinds import Catalogue

MOST = 20_000
_PACKED = msgspec.msgpack.Encoder().encode
"""Params as something that can be looked up; what is told apart by its type stays so."""


class Widths:
    """Answers an `Arrangement` how wide the words of each node are. Many nodes of a model are alike."""

    def __init__(self, graph: Graph, catalogue: Catalogue, texts: Texts) -> None:
        self._graph = graph
        self._catalogue = catalogue
        self._texts = texts
        self._known: dict[tuple[object, ...], float] = {}
        """By all that the words are made of."""

    def __call__(self, node: str) -> float:
        graph = self._graph
        found, frame = graph.nodes[node], node in graph.children
        if found.contexts or (frame and graph.view(node).collapsed):  # its words depend on what is in it
            return scenes.measure(graph, self._catalogue, self._texts, node)
        looks = (frame, found.kind, found.name, _PACKED(found.params) if found.params else b"")
        known = self._known.get(looks)
        if known is None:
            if len(self._known) > MOST:
                self._known.clear()
            known = self._known[looks] = scenes.measure(graph, self._catalogue, self._texts, node)
        return known
