"""Trees in a graph: put into it, taken out, moved within it."""

from engine.document.graph import CANVAS, Graph, Node, Place, Tree, View, tree_nodes
from engine.document.legal import EditError, require_tree

MAX_DEPTH = 200
"""Frames nest at most this deep: far beyond real models, well within what recursion can walk."""


def known(graph: Graph, node: str) -> Node:
    """The node with this id. Raises EditError for an unknown one."""
    if node not in graph.nodes:
        raise EditError(f"there is no node {node!r}")
    return graph.nodes[node]


def put_view(graph: Graph, node: str, view: View | None) -> None:
    """Show a node so; what looks like any other has no view."""
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
        node = known(graph, place.frame)
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


def insert(graph: Graph, place: Place, trees: tuple[Tree, ...]) -> tuple[str, ...]:
    """Put trees side by side at a place; gives their ids. Raises EditError, with the graph as it was."""
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
            put_view(graph, node, tree.view)
    return tuple(tree.node.id for tree in trees)


def _run_place(graph: Graph, nodes: tuple[str, ...]) -> Place:
    """Where the run starts. Raises EditError unless the nodes are neighbours, in order."""
    if not nodes:
        raise EditError("no nodes named")
    for node in nodes:
        if known(graph, node).id == graph.root:
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


def detach(graph: Graph, nodes: tuple[str, ...]) -> tuple[Place, tuple[Tree, ...]]:
    """Take out a run of neighbours with all below them; gives where to put them back. Raises EditError."""
    place = _run_place(graph, nodes)
    trees = tuple(graph.tree(node) for node in nodes)
    back = _take_run(graph, place, len(nodes))
    for top in trees:
        for tree in tree_nodes(top):
            node = tree.node.id
            for store in (graph.nodes, graph.children, graph.loose, graph.parents, graph.views):
                store.pop(node, None)
    return back, trees


def move(graph: Graph, nodes: tuple[str, ...], place: Place) -> Place:
    """Take a run of neighbours to another place; gives where they came from. Raises EditError."""
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
    return back


def _ancestry(graph: Graph, frame: str) -> list[str]:
    return graph.ancestors(frame) if frame != CANVAS else []
