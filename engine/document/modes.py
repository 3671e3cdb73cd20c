"""Bypassing and muting: what takes part in runs, without a change of what is there."""

from engine.document.answers import RefusedError, answering
from engine.document.edits import Batch, Edit, SetMode
from engine.document.graph import Graph, Mode
from engine.document.kinds import Catalogue

WORDS: dict[Mode, str] = {"bypass": "bypassed", "mute": "muted"}
"""What a node of a mode is called."""


@answering
def switch(graph: Graph, catalogue: Catalogue, nodes: list[str], mode: Mode) -> Edit:
    """Bypass or mute these nodes; have them run again when all of them are in that mode."""
    del catalogue
    chosen = [node for node in nodes if node != graph.root]
    if not chosen:
        raise RefusedError("refused", "the root always runs: select something in it")
    wanted = "" if all(graph.nodes[node].mode == mode for node in chosen) else mode
    edits = tuple(SetMode(node, wanted) for node in chosen if graph.nodes[node].mode != wanted)
    return edits[0] if len(edits) == 1 else Batch(edits)


def idle(graph: Graph) -> frozenset[str]:
    """The nodes that do nothing because they, or frames around them, are bypassed or muted."""
    found: set[str] = set()
    for node in graph.nodes.having("mode"):
        found.update(graph.walk(node, loose=True))
    return frozenset(found)
