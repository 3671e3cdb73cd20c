"""One frame of a graph as a graph of its own."""

from msgspec.structs import replace

from engine.document import edits
from engine.document.graph import Graph, Place
from engine.document.kinds import Catalogue
from engine.document.scopes import accesses
from engine.document.sources import UnsetSource


def part(graph: Graph, catalogue: Catalogue, frame: str) -> Graph:
    """The graph whose root is `frame`. What it reads of contexts that are declared outside, it declares unset."""
    if frame == graph.root:
        return graph
    tree = graph.tree(frame)
    contexts = dict(tree.node.contexts)
    below = set(graph.walk(frame))
    for leaf in accesses(graph, catalogue):
        if leaf.node in below and leaf.key and leaf.key.provider not in below:
            contexts[leaf.context] = {leaf.name: UnsetSource()} | contexts.get(leaf.context, {})
    found = Graph(replace(tree.node, contexts=contexts))
    if tree.children:
        edits.apply(found, edits.Insert(Place(frame, 0), tree.children))
    if tree.view:
        found.views[frame] = tree.view
    return found
