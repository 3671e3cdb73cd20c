"""What a Return keeps from running: it ends the nearest sequence around it, leaving the branches on its way there."""

from engine.document.graph import Graph
from engine.document.kinds import SEQUENCES, Catalogue
from engine.document.scopes import role_of


def ends(graph: Graph, catalogue: Catalogue, node: str) -> str:
    """The sequence that a Return ends: the nearest Chain, Residual or Passthrough around it."""
    around = graph.ancestors(node)
    return next((frame for frame in around if role_of(graph, catalogue, frame) in SEQUENCES), graph.root)


def unreached(graph: Graph, catalogue: Catalogue, node: str) -> list[str]:
    """The nodes that never run because of a Return, in order; of a frame that never runs, the frame alone."""
    end = ends(graph, catalogue, node)
    found: list[str] = []
    while node != end:
        frame = graph.parents[node]
        run = graph.children[frame]
        found.extend(run[run.index(node) + 1 :])
        node = frame
    return found


def all_unreached(graph: Graph, catalogue: Catalogue) -> frozenset[str]:
    """Every node that never runs because of a Return."""
    kinds = [kind.name for kind in catalogue.values() if kind.role == "return"]
    found: set[str] = set()
    for node in graph.nodes.of_kinds(kinds):
        if not graph.runs(node):
            continue
        found.update(below for late in unreached(graph, catalogue, node) for below in graph.walk(late))
    return frozenset(found)
