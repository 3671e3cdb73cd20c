"""What a graph answers about its tree."""

import pytest

from engine.document.edits import Insert, apply
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, misnamed, path_of, paths, same, unique_names
from engine.document.kinds import unfit


def tree(id: str, *children: Tree, kind: str = "Chain", loose: tuple[tuple[Tree, ...], ...] = ()) -> Tree:
    return Tree(Node(id, kind), None, children, loose)


def leaf(id: str, kind: str = "ReLU", name: str = "") -> Tree:
    return Tree(Node(id, kind, name))


@pytest.fixture
def graph() -> Graph:
    """root: [a, block: [b, c] with [[p, q: [r]]] parked, d], and [[e], [f]] on the canvas."""
    found = Graph(Node("root", "Chain"))
    parked = (leaf("p"), tree("q", leaf("r")))
    block = tree("block", leaf("b"), leaf("c", name="Conv"), kind="Sum", loose=(parked,))
    apply(found, Insert(Place("root", 0), (leaf("a"), block, leaf("d"))))
    apply(found, Insert(Place(CANVAS, 0, 0, new=True), (leaf("e"),)))
    apply(found, Insert(Place(CANVAS, 0, 1, new=True), (leaf("f"),)))
    return found


def test_where_nodes_stand(graph):
    assert graph.place_of("d") == Place("root", 2)
    assert graph.place_of("q") == Place("block", 1, 0)
    assert graph.place_of("f") == Place(CANVAS, 0, 1)
    with pytest.raises(KeyError):
        graph.place_of("root")
    assert graph.siblings("c") == ["b", "c"]
    assert graph.siblings("p") == ["p", "q"]
    assert graph.slot(Place(CANVAS, 0, 1)) == ["f"]


def test_who_is_around_a_node(graph):
    assert graph.parent("b") == "block"
    assert graph.parent("p") == "block"
    assert graph.parent("root") is None
    assert graph.parent("e") is None
    assert graph.ancestors("r") == ["q", "block", "root"]
    assert graph.ancestors("e") == []
    assert graph.is_frame("q")
    assert not graph.is_frame("a")


def test_what_is_parked_and_all_below_it_is_loose(graph):
    assert {node for node in graph.nodes if graph.is_loose(node)} == {"p", "q", "r", "e", "f"}


def test_walking_is_depth_first_in_child_order(graph):
    assert list(graph.walk()) == ["root", "a", "block", "b", "c", "d"]
    assert list(graph.walk("block")) == ["block", "b", "c"]
    assert list(graph.walk("block", loose=True)) == ["block", "b", "c", "p", "q", "r"]
    assert list(graph.walk(loose=True)) == ["root", "a", "block", "b", "c", "p", "q", "r", "d", "e", "f"]
    assert len(list(graph.walk(loose=True))) == len(graph)


def test_names_among_siblings_are_unique_as_in_fluxion():
    assert unique_names(["Linear", "ReLU", "Linear"]) == ["Linear_1", "ReLU", "Linear_2"]
    assert unique_names([]) == []


def test_paths(graph):
    assert paths(graph) == {
        "root": "",
        "a": "ReLU_1",
        "block": "Sum",
        "b": "Sum.ReLU",
        "c": "Sum.Conv",
        "d": "ReLU_2",
    }
    assert all(path_of(graph, node) == path for node, path in paths(graph).items())
    assert path_of(graph, "r") == "Sum.Chain.ReLU"


def test_a_detached_tree_holds_all_below_it(graph):
    found = graph.tree("block")
    assert found.node == graph.node("block")
    assert [child.node.id for child in found.children or ()] == ["b", "c"]
    assert [[t.node.id for t in segment] for segment in found.loose] == [["p", "q"]]
    assert graph.tree("a").children is None


def test_a_copy_is_the_same_and_independent(graph):
    twin = graph.copy()
    assert same(twin, graph)
    assert twin.parents == graph.parents
    apply(twin, Insert(Place("block", 0, 0), (leaf("new"),)))
    assert not same(twin, graph)
    assert "new" not in graph


@pytest.mark.parametrize("name", ["x", "Block_1", "Größe", "_"])
def test_names(name):
    assert misnamed(name) is None


@pytest.mark.parametrize("name", ["", "1x", "a b", "a.b", "a-b", "é!"])
def test_what_is_no_name(name):
    assert "use letters, digits and underscores" in str(misnamed(name))


@pytest.mark.parametrize("value", [None, True, 0, -(2**63), 2**63 - 1, 1.5, "é", [], [[1, "x"], None]])
def test_values_that_a_graph_may_hold(value):
    assert unfit(value) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2**63, "more than 64 bits"),
        ([float("nan")], "is nan, but must be a finite number"),
        (float("-inf"), "is -inf"),
        (["\udc80"], "half a character"),
        ({"a": 1}, "holds dict"),
        ((1, 2), "holds tuple"),
        (object(), "holds object"),
    ],
)
def test_values_that_no_file_could_hold(value, reason):
    assert reason in str(unfit(value))


def test_lists_nest_only_so_deep():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert "nests more than 32 deep" in str(unfit(deep))
