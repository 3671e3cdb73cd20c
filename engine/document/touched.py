"""What an edit has touched, for those who follow a graph."""

from msgspec import Struct

from engine.document.edits import (
    Batch,
    Edit,
    Fold,
    FoldRepeats,
    Insert,
    Move,
    Remove,
    SetAdapter,
    SetAdapterParam,
    SetAdapters,
    SetContexts,
    SetKey,
    SetMode,
    SetName,
    SetParam,
    SetShared,
    SetView,
    SetWeights,
)
from engine.document.graph import tree_nodes


class Touched(Struct):
    """What an edit touched: nodes whose own data changed, frames whose runs changed, nodes that came and went, and
    those that stand elsewhere, with all that is in them."""

    nodes: set[str]
    frames: set[str]
    added: set[str]
    removed: set[str]
    inputs: bool = False
    adapters: bool = False
    modes: bool = False
    moved: set[str] = set()


def touched_by(edit: Edit, inverse: Edit) -> Touched:
    """What applying `edit` (which gave `inverse`) has touched."""
    found = Touched(set(), set(), set(), set())
    _collect(edit, inverse, found)
    return found


def _collect(edit: Edit, inverse: Edit, found: Touched) -> None:
    match edit, inverse:
        case Insert(place, trees), _:
            ids = {t.node.id for top in trees for t in tree_nodes(top)}
            found.frames.add(place.frame)
            found.added |= ids
            found.removed -= ids
        case Remove(), Insert(place, trees):
            ids = {t.node.id for top in trees for t in tree_nodes(top)}
            found.frames.add(place.frame)
            found.removed |= ids - found.added
            found.added -= ids
        case Move(nodes, place), Move(_, origin):
            found.frames |= {place.frame, origin.frame}
            found.moved |= set(nodes)
        case Batch(edits), Batch(inverses):
            for one, other in zip(edits, reversed(inverses), strict=True):
                _collect(one, other, found)
        case (
            (SetParam() | SetName() | SetContexts() | SetView() | Fold() | FoldRepeats() | SetWeights() | SetKey()),
            _,
        ):
            found.nodes.add(edit.node)
        case SetShared(node), _:
            found.nodes.add(node)
        case SetMode(node), _:
            found.nodes.add(node)
            found.modes = True
        case ((SetAdapters() | SetAdapter() | SetAdapterParam()), _):
            found.adapters = True
        case _:
            found.inputs = True
