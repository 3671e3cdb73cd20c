"""The graph of what flows: ports, wires and context links, and the questions asked of it."""

import networkx as nx
import pytest
from hypothesis import given

from engine.document.edits import Insert, SetContexts, apply
from engine.document.flow import Wire, downstream, flow, order, segment_wires, upstream, wires, would_cycle
from engine.document.graph import CANVAS, Graph, Node, Place, Tree
from engine.document.sources import UnsetSource
from nodes import CATALOGUE
from tests.strategies import graphs


def tree(id: str, kind: str, *children: Tree, **params: str) -> Tree:
    node = Node(id, kind, params=dict(params))
    return Tree(node, None, children if kind in CATALOGUE and CATALOGUE[kind].is_frame else None)


def graph_of(*children: Tree) -> Graph:
    graph = Graph(Node("root", "Chain"))
    apply(graph, SetContexts("root", {"c": {"k": UnsetSource()}}))
    apply(graph, Insert(Place("root", 0), children))
    return graph


def wired(graph: Graph, frame: str) -> list[str]:
    return [f"{w.start[0]}.{w.start[1]}>{w.end[0]}.{w.end[1]}" for w in wires(graph, CATALOGUE, frame)]


@pytest.mark.parametrize("kind", ["Chain", "Residual", "Passthrough", "Mystery"])
def test_children_of_a_sequence_are_one_wire(kind):
    graph = graph_of(Tree(Node("f", kind), None, (tree("a", "ReLU"), tree("b", "ReLU"))))
    assert wired(graph, "f") == ["f.in>a.in", "a.out>b.in", "b.out>f.out"]


@pytest.mark.parametrize("kind", ["Sum", "Parallel", "Concatenate", "Matmul", "Distribute"])
def test_children_of_other_frames_are_branches(kind):
    graph = graph_of(tree("f", kind, tree("a", "ReLU"), tree("b", "ReLU")))
    assert wired(graph, "f") == ["f.in>a.in", "a.out>f.out", "f.in>b.in", "b.out>f.out"]


@pytest.mark.parametrize("kind", ["Chain", "Sum"])
def test_an_empty_frame_has_one_wire(kind):
    graph = graph_of(tree("f", kind))
    assert wires(graph, CATALOGUE, "f") == [Wire(("f", "in"), ("f", "out"))]


def test_segments_have_wires_between_neighbours():
    assert segment_wires(["a", "b", "c"]) == [Wire(("a", "out"), ("b", "in")), Wire(("b", "out"), ("c", "in"))]
    assert segment_wires(["a"]) == []


def test_a_residual_carries_its_input_past_its_children():
    for kind, skips in (("Residual", True), ("Passthrough", True), ("Chain", False)):
        graph = graph_of(tree("f", kind, tree("a", "ReLU")))
        assert flow(graph, CATALOGUE).has_edge(("f", "in"), ("f", "out")) == skips


def use(id: str) -> Tree:
    return tree(id, "UseContext", context="c", key="k")


def put(id: str, callback: str = "") -> Tree:
    return tree(id, "SetContext", context="c", key="k", callback=callback)


def links(graph: Graph) -> set[str]:
    edges = flow(graph, CATALOGUE).edges(data="link")
    return {f"{start[0]}>{end[0]}" for start, end, link in edges if link == "context"}


def test_context_links_lead_from_earlier_writers_to_readers():
    graph = graph_of(use("early"), put("w1"), use("r1"), put("w2", "lambda held, x: held.append(x)"), use("r2"))
    assert links(graph) == {"root>early", "w1>r1", "w1>w2", "w1>r2", "w2>r2"}


def test_what_is_parked_does_not_flow():
    graph = graph_of(tree("a", "ReLU"))
    apply(graph, Insert(Place("root", 0, 0, new=True), (use("parked"),)))
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (tree("far", "ReLU"),)))
    assert {node for node, _ in flow(graph, CATALOGUE)} == {"root", "a"}


def test_order_is_depth_first_and_a_frame_after_its_children():
    graph = graph_of(
        tree("s", "Sum", tree("a", "ReLU"), tree("ch", "Chain", put("w"), tree("b", "ReLU"))),
        tree("d", "Residual", use("r")),
    )
    assert order(graph, CATALOGUE) == ["a", "w", "b", "ch", "s", "r", "d", "root"]


def test_what_lies_upstream_and_downstream():
    graph = graph_of(
        tree("p", "Parallel", tree("a", "ReLU"), tree("ch", "Chain", tree("b", "ReLU"), put("w"))),
        tree("dist", "Distribute", tree("x", "ReLU"), use("r")),
        tree("z", "ReLU"),
    )
    assert downstream(graph, CATALOGUE, "a") == {"p", "x", "r", "dist", "z", "root"}
    assert upstream(graph, CATALOGUE, "b") == set(), "frames around it have no result yet"
    assert upstream(graph, CATALOGUE, "x") == {"p", "a", "ch", "b", "w"}
    assert "w" in upstream(graph, CATALOGUE, "r")
    assert downstream(graph, CATALOGUE, "z") == {"root"}


def test_wires_that_would_close_a_cycle():
    graph = graph_of(tree("a", "ReLU"), tree("s", "Sum", tree("b", "ReLU"), tree("c", "ReLU")), tree("d", "ReLU"))
    assert would_cycle(graph, CATALOGUE, "d", "a")
    assert would_cycle(graph, CATALOGUE, "b", "a")
    assert would_cycle(graph, CATALOGUE, "a", "a")
    assert not would_cycle(graph, CATALOGUE, "a", "d")
    assert not would_cycle(graph, CATALOGUE, "b", "c")
    apply(graph, Insert(Place("root", 0, 0, new=True), (tree("parked", "ReLU"),)))
    assert not would_cycle(graph, CATALOGUE, "parked", "a")
    assert not would_cycle(graph, CATALOGUE, "a", "parked")


def test_a_wire_back_along_a_context_would_close_a_cycle():
    graph = graph_of(tree("s", "Sum", put("w"), use("r")))
    assert would_cycle(graph, CATALOGUE, "r", "w")


@given(graphs())
def test_every_node_that_runs_has_its_place_in_the_order(graph):
    found = order(graph, CATALOGUE)
    running = graph.running()
    assert set(running) <= set(found) <= set(graph.walk())
    position = {node: index for index, node in enumerate(found)}
    for frame in running:
        below = [position[child] for child in graph.children.get(frame, ()) if child in position]
        assert all(place < position[frame] for place in below)
        assert below == sorted(below)
    assert nx.is_directed_acyclic_graph(flow(graph, CATALOGUE))


def test_what_a_return_keeps_from_running_is_reached_by_nothing():
    graph = graph_of(
        tree("ch", "Chain", tree("a", "ReLU"), tree("s", "Sum", tree("end", "Return"), tree("b", "ReLU"))),
        put("w"),
        tree("z", "ReLU"),
    )
    apply(graph, Insert(Place("ch", 2), (use("late"),)))
    assert downstream(graph, CATALOGUE, "a") == {"end", "ch", "w", "z", "root"}
    assert upstream(graph, CATALOGUE, "z") == {"a", "end", "ch", "w"}
    assert downstream(graph, CATALOGUE, "late") == set()
