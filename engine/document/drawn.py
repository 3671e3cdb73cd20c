"""The tree of an adapter as a graph to be edited, and what weights files go on calling the nodes in it."""

from collections.abc import Iterator
from itertools import count

from msgspec.structs import replace

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.edits import Edit
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, Weights, tree_nodes, unique_names
from engine.document.keeping import keep
from engine.document.keys import below_key
from engine.document.kinds import Catalogue
from engine.document.sharing import together

HERE = "target"
"""What keys in a tree call the target: the file has the node "target.Lora.Linear" there, whatever the target's name."""

_STAND_IN = "stand-in"
"""The id of the Chain that a tree which is a leaf stands in while it is edited."""


def graph_of(tree: Tree) -> Graph:
    """A tree as a graph to be edited; one that is a leaf stands in a Chain."""
    if tree.children is not None:
        root, inner = tree.node, tree.children
    else:
        root = Node(next(name for name in _names() if name != tree.node.id), "Chain")
        inner = (replace(tree, node=replace(tree.node, key=tree.node.key or HERE)),)
    graph = Graph(root)
    if tree.children is not None and tree.view:
        graph.views[root.id] = tree.view
    if inner:
        edits.apply(graph, edits.Insert(Place(root.id, 0), inner))
    for index, segment in enumerate(tree.loose):
        edits.apply(graph, edits.Insert(Place(root.id, 0, index, new=True), segment))
    return graph


def tree_of(graph: Graph) -> Tree:
    """What a drawn graph is as a tree; what is parked beside its root is parked in it."""
    tree = graph.tree(graph.root)
    beside = tuple(tuple(graph.tree(node) for node in segment) for segment in graph.segments(CANVAS))
    tree = replace(tree, loose=(*tree.loose, *beside))
    if tree.node.id.startswith(_STAND_IN) and not tree.loose and len(inner := tree.children or ()) == 1:
        (leaf,) = inner
        if leaf.children is None:
            return replace(leaf, node=replace(leaf.node, key="" if leaf.node.key == HERE else leaf.node.key))
    return tree


def keep_drawn(graph: Graph, catalogue: Catalogue, edit: Edit, named: bool) -> Edit:
    """An edit of a drawn graph with what it entails: for leaves that share their weights, and, where a file is `named`
    that knows its nodes, for the keys that they keep in there (`engine.document.keeping`). Raises EditError.
    """
    edit = together(graph, edit)
    if not named:
        return edit
    twin = graph.copy()
    for node in twin.nodes.having("weights"):
        twin.nodes[node] = replace(twin.nodes[node], weights=None)
    root = twin.nodes[twin.root]
    twin.nodes[twin.root] = replace(root, weights=Weights(HERE), key=root.key or HERE)  # whichever file it is
    return keep(twin, catalogue, edit)


def keys_in(adapter: Adapter) -> dict[str, str]:
    """What a weights file calls every node of the adapter's trees: "target", "target.Lora.Linear".

    It is the path in the tree, or, in `Node.key`, what that was before the tree was edited.
    """
    found: dict[str, str] = {}
    for patch in adapter.patches:
        waiting = [(patch.tree, HERE)]
        while waiting:
            tree, key = waiting.pop()
            key = found[tree.node.id] = tree.node.key or key
            names = unique_names([child.node.title for child in tree.children or ()])
            waiting += [(child, f"{key}.{name}") for child, name in zip(tree.children or (), names, strict=True)]
    return found


def at_target(key: str, target: str) -> str:
    """What a file calls a node with this key in its tree, at a target that it calls so."""
    if key != HERE and not key.startswith(f"{HERE}."):
        return key
    return below_key(target, key.removeprefix(HERE).removeprefix("."))


def by_path(adapter: Adapter) -> Adapter:
    """The adapter for a file that calls everything by its path as it is now."""
    patches = tuple(replace(patch, tree=_by_path(patch.tree)) for patch in adapter.patches)
    return replace(adapter, keys={}, patches=patches)


def _by_path(tree: Tree) -> Tree:
    if not any(each.node.key for each in tree_nodes(tree)):
        return tree
    children = None if tree.children is None else tuple(map(_by_path, tree.children))
    return replace(tree, node=replace(tree.node, key=""), children=children)


def _names() -> Iterator[str]:
    yield _STAND_IN
    yield from (f"{_STAND_IN}-{number}" for number in count(2))
