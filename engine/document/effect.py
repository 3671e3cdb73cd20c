"""What an edit means for a run."""

from engine.document.edits import Batch, Edit, Fold, FoldRepeats, SetParam, SetView
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import role_of


def runs_differently(edit: Edit, graph: Graph, catalogue: Catalogue) -> bool:
    """Whether an edit that `graph` has been through can change what a run gives: looks and Breakpoints do not."""
    match edit:
        case Batch(several):
            return any(runs_differently(each, graph, catalogue) for each in several)
        case SetView() | Fold() | FoldRepeats():
            return False
        case SetParam(node):
            return node not in graph or role_of(graph, catalogue, node) != "breakpoint"
        case _:
            return True
