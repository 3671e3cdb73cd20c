"""Edits: the only way a graph changes. Each is a small frozen value; applying one gives back the edit that undoes it.

An edit that can't be applied raises `EditError` and leaves the graph as it was.
"""

from msgspec import Struct
from msgspec.structs import replace

from engine.document import trees
from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Graph, Input, Mode, Place, Tree, View, Weights, tree_nodes
from engine.document.kinds import ParamValue
from engine.document.legal import (
    EditError,
    require_adapters,
    require_contexts,
    require_inputs,
    require_name,
    require_values,
    require_view,
    require_weights,
)


class Insert(Struct, frozen=True, tag=True):
    """Put detached trees side by side at a place."""

    place: Place
    trees: tuple[Tree, ...]


class Remove(Struct, frozen=True, tag=True):
    """Take out a run of neighbours with everything below them."""

    nodes: tuple[str, ...]


class Move(Struct, frozen=True, tag=True):
    """Take a run of neighbours to another place; the place's indices count without the run."""

    nodes: tuple[str, ...]
    place: Place


class SetParam(Struct, frozen=True, tag=True):
    """Give one param a value, or take it out of the node's params with `absent`."""

    node: str
    param: str
    value: ParamValue = None
    absent: bool = False


class SetName(Struct, frozen=True, tag=True):
    """Call a node something; empty falls back to its kind."""

    node: str
    name: str


class SetContexts(Struct, frozen=True, tag=True):
    """Declare what a provider provides, all contexts at once; none makes the frame a plain one."""

    node: str
    contexts: Contexts


class SetView(Struct, frozen=True, tag=True):
    """Show a node differently: note, colour, where it is parked. What is folded stays as it is."""

    node: str
    view: View


class Fold(Struct, frozen=True, tag=True):
    """Fold or unfold a frame. An edit of its own, so that undoing a note never folds anything."""

    node: str
    collapsed: bool


class FoldRepeats(Struct, frozen=True, tag=True):
    """Show the neighbours in a frame that are built alike as one, or each for itself."""

    node: str
    repeats: bool


class SetInputs(Struct, frozen=True, tag=True):
    """Name the root's arguments and their sources, all at once."""

    inputs: tuple[Input, ...]


class SetWeights(Struct, frozen=True, tag=True):
    """Name the file that a node and all below it have their weights from; None for that of the frames around it."""

    node: str
    weights: Weights | None


class SetKey(Struct, frozen=True, tag=True):
    """Say what the weights file calls a node; empty for the name that follows from its frame's."""

    node: str
    key: str


class SetShared(Struct, frozen=True, tag=True):
    """Have a leaf share its weights with those of the same group; empty for weights of its own."""

    node: str
    group: str


class SetMode(Struct, frozen=True, tag=True):
    """Bypass or mute a node; empty has it run again."""

    node: str
    mode: Mode


class SetAdapters(Struct, frozen=True, tag=True):
    """Give the graph this stack of adapters: to add, remove and reorder them."""

    adapters: tuple[Adapter, ...]


class SetAdapter(Struct, frozen=True, tag=True):
    """Change one adapter of the stack, the one with the same id: to switch it on and off, among others."""

    adapter: Adapter


class SetAdapterParam(Struct, frozen=True, tag=True):
    """Give one param of an adapter a value, or the default again with `absent`."""

    adapter: str
    param: str
    value: ParamValue = None
    absent: bool = False


class Batch(Struct, frozen=True, tag=True):
    """Several edits as one, all or nothing."""

    edits: tuple["Edit", ...]


Edit = (
    Insert
    | Remove
    | Move
    | SetParam
    | SetName
    | SetContexts
    | SetView
    | Fold
    | FoldRepeats
    | SetInputs
    | SetWeights
    | SetKey
    | SetShared
    | SetMode
    | SetAdapters
    | SetAdapter
    | SetAdapterParam
    | Batch
)


def apply(graph: Graph, edit: Edit) -> Edit:
    """Apply `edit` and give back its inverse. Raises EditError, with the graph as it was."""
    match edit:
        case Insert(place, put):
            return Remove(trees.insert(graph, place, put))
        case Remove(nodes):
            return Insert(*trees.detach(graph, nodes))
        case Move(nodes, place):
            return Move(nodes, trees.move(graph, nodes, place))
        case SetParam(node, param, value, absent):
            old = trees.known(graph, node)
            require_values(f"{old.title}.{param}", param, value)
            inverse = SetParam(node, param, old.params.get(param), param not in old.params)
            params = {k: v for k, v in old.params.items() if k != param}
            if not absent:
                params[param] = value
            graph.nodes[node] = replace(old, params=params)
            return inverse
        case SetName(node, name):
            old = trees.known(graph, node)
            require_name(name)
            graph.nodes[node] = replace(old, name=name)
            return SetName(node, old.name)
        case SetContexts(node, contexts):
            old = trees.known(graph, node)
            if contexts and not graph.is_frame(node):
                raise EditError(f"{old.title} is a leaf: only frames provide contexts")
            require_contexts(old.title, contexts)
            graph.nodes[node] = replace(old, contexts=contexts)
            return SetContexts(node, old.contexts)
        case SetView(node, view):
            require_view(trees.known(graph, node).title, view)
            inverse = SetView(node, graph.view(node))
            look = replace(graph.view(node), note=view.note, colour=view.colour, position=view.position)
            trees.put_view(graph, node, look)
            return inverse
        case Fold(node, collapsed):
            trees.known(graph, node)
            old = graph.view(node)
            trees.put_view(graph, node, replace(old, collapsed=collapsed))
            return Fold(node, old.collapsed)
        case FoldRepeats(node, repeats):
            trees.known(graph, node)
            old = graph.view(node)
            trees.put_view(graph, node, replace(old, repeats=repeats))
            return FoldRepeats(node, old.repeats)
        case SetInputs(inputs):
            inverse = SetInputs(graph.inputs)
            require_inputs(inputs)
            graph.inputs = inputs
            return inverse
        case SetWeights(node, weights):
            old = trees.known(graph, node)
            require_weights(old.title, weights)
            graph.nodes[node] = replace(old, weights=weights)
            return SetWeights(node, old.weights)
        case SetKey(node, key):
            old = trees.known(graph, node)
            require_values(f"{old.title}: its key", key)
            graph.nodes[node] = replace(old, key=key)
            return SetKey(node, old.key)
        case SetShared(node, group):
            old = trees.known(graph, node)
            if group and graph.is_frame(node):
                raise EditError(f"{old.title} is a frame: only leaves share weights")
            require_values(f"{old.title}: what it shares", group)
            graph.nodes[node] = replace(old, shared=group)
            return SetShared(node, old.shared)
        case SetMode(node, mode):
            old = trees.known(graph, node)
            if node == graph.root:
                raise EditError(f"{old.title} is the root, which always runs: select something in it")
            graph.nodes[node] = replace(old, mode=mode)
            return SetMode(node, old.mode)
        case SetAdapters(adapters):
            require_adapters(adapters)
            inverse = SetAdapters(graph.adapters)
            graph.adapters = tuple(map(_settled, adapters))
            return inverse
        case SetAdapter(adapter):
            old = _adapter(graph, adapter.id)
            return _put_adapter(graph, old, adapter, SetAdapter(old))
        case SetAdapterParam(adapter, param, value, absent):
            old = _adapter(graph, adapter)
            values = {k: v for k, v in old.values.items() if k != param} | ({} if absent else {param: value})
            inverse = SetAdapterParam(adapter, param, old.values.get(param), param not in old.values)
            return _put_adapter(graph, old, replace(old, values=values), inverse)
        case Batch(edits):
            return _batch(graph, edits)


def _batch(graph: Graph, edits: tuple[Edit, ...]) -> Batch:
    inverses: list[Edit] = []
    try:
        inverses.extend(apply(graph, edit) for edit in edits)  # keeps those applied before one that fails
    except EditError:
        for inverse in reversed(inverses):
            apply(graph, inverse)
        raise
    return Batch(tuple(reversed(inverses)))


def _adapter(graph: Graph, adapter: str) -> Adapter:
    for each in graph.adapters:
        if each.id == adapter:
            return each
    raise EditError(f"there is no adapter {adapter!r}")


def _put_adapter(graph: Graph, old: Adapter, new: Adapter, inverse: Edit) -> Edit:
    require_adapters((new,))
    graph.adapters = tuple(_settled(new) if each is old else each for each in graph.adapters)
    return inverse


def _settled(adapter: Adapter) -> Adapter:
    """The adapter as a file keeps it: nodes that look like any other have no view."""
    if all(tree.view != View() for patch in adapter.patches for tree in tree_nodes(patch.tree)):
        return adapter
    return replace(adapter, patches=tuple(replace(patch, tree=_plain(patch.tree)) for patch in adapter.patches))


def _plain(tree: Tree) -> Tree:
    children = None if tree.children is None else tuple(map(_plain, tree.children))
    loose = tuple(tuple(map(_plain, segment)) for segment in tree.loose)
    return Tree(tree.node, None if tree.view == View() else tree.view, children, loose)
