"""Small graphs and adapters, written as trees."""

from itertools import count

from engine.document import edits
from engine.document.adapters import Adapter, Patch
from engine.document.document import new_graph
from engine.document.graph import Graph, Place, Tree
from engine.document.kinds import Param
from engine.document.templates import complete, with_ids
from nodes import CATALOGUE
from nodes.tree import node

SCALE = Param(name="scale", type="float", default=1.0, live=True)
RANK = Param(name="rank", type="int", default=2, low=1)


def graph_of(*trees: Tree) -> Graph:
    """A graph with these nodes in its root; ids count them from n1."""
    graph = new_graph()
    ids = (f"n{number}" for number in count(1))
    edits.apply(graph, edits.Insert(Place("root", 0), tuple(with_ids(complete(t, CATALOGUE), ids) for t in trees)))
    return graph


def adapter(id: str, *patches: tuple[str, Tree] | tuple[str, Tree, str], **more: object) -> Adapter:
    """An adapter with a scale and a rank; its nodes count from a1."""
    ids = (f"a{number}" for number in count(1))
    drawn = (Patch(selector, with_ids(complete(tree, CATALOGUE), ids), *place) for selector, tree, *place in patches)  # pyright: ignore[reportArgumentType]
    return Adapter(id, id.title(), tuple(drawn), (SCALE, RANK), **more)  # pyright: ignore[reportArgumentType]


def lora() -> Tree:
    """Two layers beside the target."""
    down = node("Linear", in_features="=target.in_features", out_features="=rank", bias=False)
    up = node("Linear", in_features="=rank", out_features="=target.out_features", bias=False)
    return node("Sum", node("Target"), node("Chain", down, up, node("Multiply", scale="=scale"), name="Lora"))


def with_adapters(graph: Graph, *adapters: Adapter) -> Graph:
    """The graph with this stack."""
    twin = graph.copy()
    edits.apply(twin, edits.SetAdapters(adapters))
    return twin
