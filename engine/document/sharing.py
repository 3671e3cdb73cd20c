"""Sharing: leaves of one group have their weights, and so their params, in common; in Fluxion, one module stands twice.

No member is above the others, so deleting any leaves the rest as they were. A group's name decides the initial weights,
and is the id of its first member: sharing a leaf changes nothing of what it computes.
"""

from msgspec.structs import replace

from engine.document.edits import Batch, Edit, EditError, Insert, SetParam, SetShared
from engine.document.graph import Graph, Place, Tree
from engine.document.ids import new_ids
from engine.document.kinds import Catalogue, has_weights


def sharers(graph: Graph, node: str) -> list[str]:
    """The other leaves that share the weights of `node`, in the order of running, parked ones last."""
    return [other for other in members(graph).get(graph.nodes[node].shared, []) if other != node]


def has_layers(graph: Graph, catalogue: Catalogue, node: str) -> bool:
    """Whether a node may have weights, or what is in it."""
    return any(_is_layer(graph, catalogue, each) for each in graph.walk(node))


def shares_outside(graph: Graph, node: str) -> bool:
    """Whether a leaf, or one in a frame, shares its weights with others, outside of the frame."""
    inside = set(graph.walk(node, loose=True)) if graph.is_frame(node) else {node}
    return any(0 < sum(leaf in inside for leaf in leaves) < len(leaves) for leaves in members(graph).values())


def members(graph: Graph) -> dict[str, list[str]]:
    """The leaves of every group, in the order of running, parked ones included."""
    found: dict[str, list[str]] = {}
    for node in graph.in_order(graph.nodes.having("shared")):
        found.setdefault(graph.nodes[node].shared, []).append(node)
    return found


def by_leaf(graph: Graph) -> dict[str, list[str]]:
    """By leaf, all that have its weights, itself included; leaves that share with nobody are left out."""
    return {leaf: leaves for leaves in members(graph).values() if len(leaves) > 1 for leaf in leaves}


def together(graph: Graph, edit: Edit) -> Edit:
    """The edit, with what it does to the params of a leaf done to those that share its weights."""
    if isinstance(edit, Batch):
        edits = tuple(together(graph, each) for each in edit.edits)
        return edit if edits == edit.edits else Batch(edits)
    if not isinstance(edit, SetParam) or edit.node not in graph or not graph.nodes[edit.node].shared:
        return edit
    kind = graph.nodes[edit.node].kind
    others = [other for other in sharers(graph, edit.node) if graph.nodes[other].kind == kind]
    return Batch((edit, *(replace(edit, node=other) for other in others))) if others else edit


def place_again(graph: Graph, catalogue: Catalogue, node: str, place: Place) -> Edit:
    """Put a node into a second place, with the same weights.

    Of a frame it is a structural copy as Fluxion's: frames are new, the layers in them are the same. What is parked in
    it is left out. Raises EditError for what has no weights to share.
    """
    ids = new_ids(graph)
    sharing: list[Edit] = []

    def again(old: str) -> Tree:
        held, view = graph.nodes[old], graph.views.get(old)
        group = ""
        if _is_layer(graph, catalogue, old):
            group = held.shared or old
            if not held.shared:
                sharing.append(SetShared(old, group))
        key = held.key if held.weights else ""
        children = tuple(map(again, graph.children[old])) if graph.is_frame(old) else None
        return Tree(replace(held, id=next(ids), shared=group, key=key), view and replace(view, position=None), children)

    if node == graph.root:
        raise EditError("the root stands in no place, so it can't stand in a second one")
    tree = again(node)
    if not has_layers(graph, catalogue, node):
        raise EditError(f"{graph.nodes[node].title} has no weights to share: copy it instead")
    return Batch((*sharing, Insert(place, (tree,))))


def unshare(graph: Graph, node: str) -> Edit:
    """Give a leaf, or the leaves in a frame, weights of their own from now on; raises EditError where they have them.

    Leaves of one group that lie in the frame go on sharing among themselves. Every leaf keeps its key, so the values of
    a file stay; otherwise they are new initial ones.
    """
    inside = set(graph.walk(node, loose=True))
    ids, groups = new_ids(graph), members(graph)
    edits: list[Edit] = []
    for leaves in groups.values():
        leaving = [leaf for leaf in leaves if leaf in inside]
        if leaving and len(leaving) < len(leaves):
            # A group called after the leaf goes on without it, and has the initial weights that its id gives.
            group = next(ids) if len(leaving) > 1 or leaving[0] in groups else ""
            edits.extend(SetShared(leaf, group) for leaf in leaving)
    if not edits:
        raise EditError(f"{graph.nodes[node].title} shares no weights with others")
    return edits[0] if len(edits) == 1 else Batch(tuple(edits))


def _is_layer(graph: Graph, catalogue: Catalogue, node: str) -> bool:
    return not graph.is_frame(node) and has_weights(catalogue, graph.nodes[node].kind)
