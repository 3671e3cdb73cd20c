"""Edits: the only way a graph changes. Each is a small frozen value; applying one gives back the edit that undoes it.

An edit that can't be applied raises `EditError` and leaves the graph as it was.
"""

from msgspec import Struct
from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import CANVAS, Contexts, Graph, Input, Mode, Node, Place, Tree, View, Weights, tree_nodes
from engine.document.kinds import ParamValue
from engine.document.legal import (
    EditError,
    require_adapters,
    require_contexts,
    require_inputs,
    require_name,
    require_tree,
    require_values,
    require_view,
    require_weights,
)

MAX_DEPTH = 200
"""Frames nest at most this deep: far beyond real models, well within what recursion can walk."""


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


def apply(graph: Graph, edit: Edit) -> Edit:
    """Apply `edit` and give back its inverse. Raises EditError, with the graph as it was."""
    match edit:
        case Insert(place, trees):
            return _insert(graph, place, trees)
        case Remove(nodes):
            place, trees = _detach(graph, nodes)
            return Insert(place, trees)
        case Move(nodes, place):
            return _move(graph, nodes, place)
        case SetParam(node, param, value, absent):
            old = _known(graph, node)
            require_values(f"{old.title}.{param}", param, value)
            inverse = SetParam(node, param, old.params.get(param), param not in old.params)
            params = {k: v for k, v in old.params.items() if k != param}
            if not absent:
                params[param] = value
            graph.nodes[node] = replace(old, params=params)
            return inverse
        case SetName(node, name):
            old = _known(graph, node)
            require_name(name)
            graph.nodes[node] = replace(old, name=name)
            return SetName(node, old.name)
        case SetContexts(node, contexts):
            old = _known(graph, node)
            if contexts and not graph.is_frame(node):
                raise EditError(f"{old.title} is a leaf: only frames provide contexts")
            require_contexts(old.title, contexts)
            graph.nodes[node] = replace(old, contexts=contexts)
            return SetContexts(node, old.contexts)
        case SetView(node, view):
            require_view(_known(graph, node).title, view)
            inverse = SetView(node, graph.view(node))
            look = replace(graph.view(node), note=view.note, colour=view.colour, position=view.position)
            _put_view(graph, node, look)
            return inverse
        case Fold(node, collapsed):
            _known(graph, node)
            old = graph.view(node)
            _put_view(graph, node, replace(old, collapsed=collapsed))
            return Fold(node, old.collapsed)
        case FoldRepeats(node, repeats):
            _known(graph, node)
            old = graph.view(node)
            _put_view(graph, node, replace(old, repeats=repeats))
            return FoldRepeats(node, old.repeats)
        case SetInputs(inputs):
            inverse = SetInputs(graph.inputs)
            require_inputs(inputs)
            graph.inputs = inputs
            return inverse
        case SetWeights(node, weights):
            old = _known(graph, node)
            require_weights(old.title, weights)
            graph.nodes[node] = replace(old, weights=weights)
            return SetWeights(node, old.weights)
        case SetKey(node, key):
            old = _known(graph, node)
            require_values(f"{old.title}: its key", key)
            graph.nodes[node] = replace(old, key=key)
            return SetKey(node, old.key)
        case SetShared(node, group):
            old = _known(graph, node)
            if group and graph.is_frame(node):
                raise EditError(f"{old.title} is a frame: only leaves share weights")
            require_values(f"{old.title}: what it shares", group)
            graph.nodes[node] = replace(old, shared=group)
            return SetShared(node, old.shared)
        case SetMode(node, mode):
            old = _known(graph, node)
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


def touched(edit: Edit, inverse: Edit) -> Touched:
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


def _known(graph: Graph, node: str) -> Node:
    if node not in graph.nodes:
        raise EditError(f"there is no node {node!r}")
    return graph.nodes[node]


def _put_view(graph: Graph, node: str, view: View | None) -> None:
    if view is None or view == View():
        graph.views.pop(node, None)
    else:
        graph.views[node] = view


def _depth(graph: Graph, frame: str) -> int:
    return len(graph.ancestors(frame)) + 1


def _tree_depth(tree: Tree) -> int:
    deepest, stack = 0, [(tree, 1)]
    while stack:
        top, depth = stack.pop()
        deepest = max(deepest, depth)
        below = [*(top.children or ()), *(t for segment in top.loose for t in segment)]
        stack.extend((t, depth + 1) for t in below)
    return deepest


def _check_place(graph: Graph, place: Place) -> None:
    if place.frame != CANVAS:
        node = _known(graph, place.frame)
        if not graph.is_frame(place.frame):
            raise EditError(f"{node.title} is a leaf: it can't hold other nodes")
    elif place.segment is None:
        raise EditError("only loose segments stand on the canvas")
    segments = len(graph.segments(place.frame))
    if place.new:
        fits = place.segment is not None and 0 <= place.segment <= segments and place.index == 0
    elif place.segment is not None:
        fits = 0 <= place.segment < segments and 0 <= place.index <= len(graph.slot(place))
    else:
        fits = 0 <= place.index <= len(graph.slot(place))
    if not fits:
        raise EditError(f"there is no place {place.index} (segment {place.segment}) in {place.frame or 'the canvas'}")


def _check_trees(graph: Graph, place: Place, trees: tuple[Tree, ...]) -> None:
    if not trees:
        raise EditError("nothing to insert")
    base = 0 if place.frame == CANVAS else _depth(graph, place.frame)
    seen: set[str] = set()
    for top in trees:
        if base + _tree_depth(top) > MAX_DEPTH:
            raise EditError(f"frames nest at most {MAX_DEPTH} deep")
        for tree in tree_nodes(top):
            node = tree.node
            if not node.id or node.id in seen or node.id in graph.nodes:
                raise EditError(f"the id {node.id!r} is empty or already taken")
            seen.add(node.id)
            require_tree(tree)


def _insert(graph: Graph, place: Place, trees: tuple[Tree, ...]) -> Edit:
    _check_place(graph, place)
    _check_trees(graph, place, trees)
    _put_run(graph, place, [tree.node.id for tree in trees])
    for top in trees:
        for tree in tree_nodes(top):
            node = tree.node.id
            graph.nodes[node] = tree.node
            if tree.children is not None:
                graph.children[node] = [t.node.id for t in tree.children]
            if tree.loose:
                graph.loose[node] = [[t.node.id for t in segment] for segment in tree.loose]
            for below in (*(tree.children or ()), *(t for segment in tree.loose for t in segment)):
                graph.parents[below.node.id] = node
            _put_view(graph, node, tree.view)
    return Remove(tuple(tree.node.id for tree in trees))


def _run_place(graph: Graph, nodes: tuple[str, ...]) -> Place:
    """Where the run starts. Raises EditError unless the nodes are neighbours, in order."""
    if not nodes:
        raise EditError("no nodes named")
    for node in nodes:
        if _known(graph, node).id == graph.root:
            raise EditError("the root stays where it is")
    place = graph.place_of(nodes[0])
    if tuple(graph.slot(place)[place.index : place.index + len(nodes)]) != nodes:
        raise EditError("the nodes are not neighbours")
    return place


def _put_run(graph: Graph, place: Place, run: list[str]) -> None:
    if place.new:
        assert place.segment is not None
        graph.loose.setdefault(place.frame, []).insert(place.segment, [])
    graph.slot(place)[place.index : place.index] = run
    for node in run:
        graph.parents[node] = place.frame


def _take_run(graph: Graph, place: Place, count: int) -> Place:
    """Take `count` nodes out at `place`; a segment left empty closes. Gives the place to put them back."""
    slot = graph.slot(place)
    del slot[place.index : place.index + count]
    if slot or place.segment is None:
        return place
    segments = graph.loose[place.frame]
    del segments[place.segment]
    if not segments:
        del graph.loose[place.frame]
    return Place(place.frame, 0, place.segment, new=True)


def _detach(graph: Graph, nodes: tuple[str, ...]) -> tuple[Place, tuple[Tree, ...]]:
    place = _run_place(graph, nodes)
    trees = tuple(graph.tree(node) for node in nodes)
    back = _take_run(graph, place, len(nodes))
    for top in trees:
        for tree in tree_nodes(top):
            node = tree.node.id
            for store in (graph.nodes, graph.children, graph.loose, graph.parents, graph.views):
                store.pop(node, None)
    return back, trees


def _move(graph: Graph, nodes: tuple[str, ...], place: Place) -> Edit:
    origin = _run_place(graph, nodes)
    if place.frame in nodes or any(a in nodes for a in _ancestry(graph, place.frame)):
        raise EditError("a frame can't be moved into itself")
    if place.frame != CANVAS and place.frame in graph.nodes:
        deepest = max(_tree_depth(graph.tree(node)) for node in nodes)
        if _depth(graph, place.frame) + deepest > MAX_DEPTH:
            raise EditError(f"frames nest at most {MAX_DEPTH} deep")
    back = _take_run(graph, origin, len(nodes))
    try:
        _check_place(graph, place)
    except EditError:
        _put_run(graph, back, list(nodes))
        raise
    _put_run(graph, place, list(nodes))
    return Move(nodes, back)


def _ancestry(graph: Graph, frame: str) -> list[str]:
    return graph.ancestors(frame) if frame != CANVAS else []
