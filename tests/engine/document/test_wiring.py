"""Gestures: whatever is dragged, dropped or cut, the answer is a sound edit or a refusal with its reason and offers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import flow, wiring
from engine.document.answers import Answer, Refusal
from engine.document.document import Document, new_tree
from engine.document.edits import Edit, Insert, SetView, apply
from engine.document.files import dump
from engine.document.flow import Port, Wire
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, View
from nodes import CATALOGUE
from tests.legal import assert_legal
from tests.strategies import graphs


def judged(graph: Graph, answer: Answer) -> list[Graph]:
    """The graphs that the answer, or each of its offers, leads to; all legal, and all the way back."""
    before = dump(graph)
    if isinstance(answer, Refusal):
        assert answer.reason
        assert answer.code in ("cycle", "second-input", "crosses-frames", "into-itself", "unchanged", "refused")
    reached: list[Graph] = []
    for edit in [offer.edit for offer in answer.offers] if isinstance(answer, Refusal) else [answer]:
        document = Document(graph.copy(), CATALOGUE)
        document.apply(edit, "Gesture")
        assert_legal(document.graph)
        assert dump(document.graph) != before
        reached.append(document.graph.copy())
        document.undo()
        assert dump(document.graph) == before
        document.redo()
        assert dump(document.graph) == dump(reached[-1])
    return reached


def all_wires(graph: Graph) -> list[Wire]:
    inside = [wire for frame in sorted(graph.children) for wire in flow.wires(graph, CATALOGUE, frame)]
    return inside + [w for segments in graph.loose.values() for run in segments for w in flow.segment_wires(run)]


def some_trees(draw: st.DrawFn, graph: Graph) -> tuple[Tree, ...]:
    kinds = draw(st.lists(st.sampled_from(["ReLU", "Chain", "Sum", "UseContext"]), min_size=1, max_size=2))
    return tuple(new_tree(graph, CATALOGUE, kind) for kind in kinds)


@st.composite
def gestures(draw: st.DrawFn, graph: Graph) -> tuple[str, Answer]:
    """A gesture's name, and the answer to it."""
    node = st.sampled_from(sorted(graph.nodes))
    frame = st.sampled_from(sorted(graph.children))
    home = st.sampled_from([CANVAS, *sorted(graph.children)])
    several = st.lists(node, min_size=1, max_size=4, unique=True)
    position = draw(st.none() | st.just((3.0, 4.0)))
    match name := draw(
        st.sampled_from(["connect", "inner", "cut", "on", "into", "park new", "splice", "move", "park", "delete"])
    ):
        case "connect":
            return name, wiring.connect(graph, CATALOGUE, (draw(node), "out"), (draw(node), "in"))
        case "inner":
            start: Port = (draw(frame), "in") if draw(st.booleans()) else (draw(node), "out")
            end: Port = (draw(frame), "out") if draw(st.booleans()) else (draw(node), "in")
            return name, wiring.connect(graph, CATALOGUE, start, end)
        case "cut":
            return name, wiring.cut(graph, CATALOGUE, draw(st.sampled_from(all_wires(graph))))
        case "on":
            wire = draw(st.sampled_from(all_wires(graph)))
            return name, wiring.insert_on(graph, CATALOGUE, wire, some_trees(draw, graph))
        case "into":
            into = draw(frame)
            index = draw(st.integers(0, len(graph.children[into])))
            return name, wiring.insert_into(graph, CATALOGUE, into, index, some_trees(draw, graph))
        case "park new":
            return name, wiring.park_new(graph, draw(home), some_trees(draw, graph), position)
        case "splice":
            return name, wiring.splice(graph, CATALOGUE, draw(several), draw(st.sampled_from(all_wires(graph))))
        case "move":
            into = draw(frame)
            index = draw(st.integers(0, len(graph.children[into])))
            return name, wiring.move_to(graph, CATALOGUE, draw(several), into, index)
        case "park":
            return name, wiring.park(graph, CATALOGUE, draw(several), draw(home), position)
        case _:
            return name, wiring.delete(graph, CATALOGUE, draw(several))


@given(graphs(), st.data())
def test_any_gesture_is_a_sound_edit_or_a_refusal_with_its_reason(graph, data):
    before, twin = dump(graph), graph.copy()
    name, answer = data.draw(gestures(graph))
    assert dump(graph) == before
    assert (graph.parents, graph.loose, graph.views) == (twin.parents, twin.loose, twin.views)
    for reached in judged(graph, answer):
        if name != "delete":
            assert graph.nodes.keys() <= reached.nodes.keys(), "only deleting loses nodes"
            lost = [n for n in graph.nodes if graph.nodes[n].params != reached.nodes[n].params]
            assert not lost


@given(graphs(), st.data())
def test_a_drawn_wire_is_there_and_a_cut_one_gone(graph, data):
    node = st.sampled_from(sorted(graph.nodes))
    a, b = data.draw(node), data.draw(node)
    answer = wiring.connect(graph, CATALOGUE, (a, "out"), (b, "in"))
    if not isinstance(answer, Refusal):
        [reached] = judged(graph, answer)
        joined = Wire((a, "out"), (b, "in")) in all_wires(reached)
        assert joined or b in reached.children.get(a, ()) or a in reached.children.get(b, ())
    wire = data.draw(st.sampled_from(all_wires(graph)))
    answer = wiring.cut(graph, CATALOGUE, wire)
    if not isinstance(answer, Refusal):
        [reached] = judged(graph, answer)
        assert wire not in all_wires(reached)


# What each gesture means.


def tree(id: str, kind: str = "ReLU", *children: Tree) -> Tree:
    return Tree(Node(id, kind), None, children if CATALOGUE[kind].is_frame else None)


@pytest.fixture
def graph() -> Graph:
    """root: [a, b, c, sum: [s, t], chain: [u, v]]; on the canvas [p, q]; on the root's shelf [r]."""
    found = Graph(Node("root", "Chain"))
    frames = (tree("sum", "Sum", tree("s"), tree("t")), tree("chain", "Chain", tree("u"), tree("v")))
    apply(found, Insert(Place("root", 0), (tree("a"), tree("b"), tree("c"), *frames)))
    apply(found, Insert(Place(CANVAS, 0, 0, new=True), (tree("p"), tree("q"))))
    apply(found, SetView("p", View(position=(10.0, 20.0))))
    apply(found, Insert(Place("root", 0, 0, new=True), (tree("r"),)))
    return found


def done(graph: Graph, answer: Answer) -> Graph:
    assert not isinstance(answer, Refusal), answer.reason
    [reached] = judged(graph, answer)
    return reached


def refused(graph: Graph, answer: Answer, code: str) -> Refusal:
    assert isinstance(answer, Refusal)
    assert answer.code == code
    judged(graph, answer)
    return answer


def connect(graph: Graph, start: str, end: str) -> Answer:
    return wiring.connect(graph, CATALOGUE, (start, "out"), (end, "in"))


def test_a_wire_passes_over_what_lies_between(graph):
    reached = done(graph, connect(graph, "a", "sum"))
    assert reached.children["root"] == ["a", "sum", "chain"]
    assert ["b", "c"] in reached.segments("root")


def test_a_wire_to_a_parked_node_brings_what_follows_it(graph):
    reached = done(graph, connect(graph, "a", "p"))
    assert reached.children["root"] == ["a", "p", "q", "b", "c", "sum", "chain"]
    assert reached.segments(CANVAS) == []
    assert reached.views == {}


def test_a_wire_from_a_parked_node_brings_what_leads_to_it(graph):
    reached = done(graph, connect(graph, "p", "b"))
    assert reached.children["root"][:3] == ["a", "p", "b"]
    assert reached.segments(CANVAS) == [["q"]]
    assert reached.view("q").position == (10.0, 20.0)


def test_parked_nodes_join_in_one_segment(graph):
    reached = done(graph, connect(graph, "q", "r"))
    assert reached.segments(CANVAS) == [["p", "q", "r"]]
    assert reached.view("p").position == (10.0, 20.0)


def test_a_wire_to_a_branch_makes_a_chain_of_it(graph):
    reached = done(graph, connect(graph, "p", "t"))
    chain = reached.children["sum"][1]
    assert reached.nodes[chain].kind == "Chain"
    assert reached.children[chain] == ["p", "t"]
    assert reached.segments(CANVAS) == [["q"]]


def test_a_branch_saved_as_a_leaf_of_a_chains_kind_is_wrapped(graph):
    apply(graph, Insert(Place("sum", 0), (Tree(Node("odd", "Chain")),)))
    reached = done(graph, connect(graph, "odd", "p"))
    assert reached.children[reached.children["sum"][0]] == ["odd", "p", "q"]


def test_what_is_parked_closes_no_cycle(graph):
    refused(graph, connect(graph, "r", "t"), "crosses-frames")
    refused(graph, connect(graph, "t", "r"), "crosses-frames")


def test_wires_to_the_frames_own_ports(graph):
    inlet = done(graph, wiring.connect(graph, CATALOGUE, ("root", "in"), ("c", "in")))
    assert inlet.children["root"] == ["c", "sum", "chain"]
    assert ["a", "b"] in inlet.segments("root")
    outlet = done(graph, wiring.connect(graph, CATALOGUE, ("b", "out"), ("root", "out")))
    assert outlet.children["root"] == ["a", "b"]
    branch = done(graph, wiring.connect(graph, CATALOGUE, ("sum", "in"), ("p", "in")))
    chain = branch.children["sum"][2]
    assert branch.children[chain] == ["p", "q"]
    through = done(graph, wiring.connect(graph, CATALOGUE, ("chain", "in"), ("chain", "out")))
    assert through.children["chain"] == []
    assert through.segments("chain") == [["u", "v"]]


def test_refused_wires_say_why_and_what_else_to_do(graph):
    back = refused(graph, connect(graph, "c", "a"), "cycle")
    assert "would close a cycle" in back.reason
    assert [offer.label for offer in back.offers] == ["Move ReLU to right after ReLU"]
    assert "can't feed itself" in refused(graph, connect(graph, "a", "a"), "cycle").reason
    branches = refused(graph, connect(graph, "s", "t"), "second-input")
    assert "already receives its input" in branches.reason
    assert len(branches.offers) == 2
    across = refused(graph, connect(graph, "a", "u"), "crosses-frames")
    assert "can't cross a frame's edge" in across.reason
    assert any("by context" in offer.label for offer in across.offers)
    assert "already feeds" in refused(graph, connect(graph, "a", "b"), "unchanged").reason
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (tree("far", "Chain"),)))
    ports: list[tuple[Port, Port]] = [(("root", "out"), ("far", "out")), (("far", "in"), ("root", "in"))]
    for start, end in ports:
        assert "the root stands alone" in refused(graph, wiring.connect(graph, CATALOGUE, start, end), "refused").reason
    assert "one inside the other" in refused(graph, connect(graph, "s", "sum"), "refused").reason


def test_carrying_by_context_declares_writes_and_reads(graph):
    answer = refused(graph, connect(graph, "a", "u"), "crosses-frames")
    [offer] = [offer for offer in answer.offers if "by context" in offer.label]
    apply(graph, offer.edit)
    assert graph.nodes["root"].contexts
    kinds = [graph.nodes[node].kind for node in graph.walk()]
    assert kinds.count("SetContext") == kinds.count("UseContext") == 1
    assert kinds.index("SetContext") < kinds.index("UseContext")


def test_cutting(graph):
    reached = done(graph, wiring.cut(graph, CATALOGUE, Wire(("b", "out"), ("c", "in"))))
    assert reached.children["root"] == ["a", "b"]
    assert ["c", "sum", "chain"] in reached.segments("root")
    branch = done(graph, wiring.cut(graph, CATALOGUE, Wire(("sum", "in"), ("s", "in"))))
    assert branch.children["sum"] == ["t"]
    parked = done(graph, wiring.cut(graph, CATALOGUE, Wire(("p", "out"), ("q", "in"))))
    assert parked.segments(CANVAS) == [["p"], ["q"]]
    apply(graph, wiring_edit(wiring.delete(graph, CATALOGUE, ["u", "v"])))
    empty = Wire(("chain", "in"), ("chain", "out"))
    assert "can't be cut" in refused(graph, wiring.cut(graph, CATALOGUE, empty), "refused").reason


def test_cutting_many_is_cutting_one_after_another_what_is_still_there(graph):
    wires = [Wire(("b", "out"), ("c", "in")), Wire(("chain", "out"), ("root", "out")), Wire(("sum", "in"), ("s", "in")),
             Wire(("s", "out"), ("sum", "out"))]  # fmt: skip
    reached = done(graph, wiring.cut_all(graph, CATALOGUE, wires))
    assert reached.children["root"] == ["a", "b"]
    assert ["c", "sum", "chain"] in reached.segments("root")  # its last wire went with the first cut
    assert reached.children["sum"] == ["t"]
    assert reached.segments("sum") == [["s"]]


def wiring_edit(answer: Answer) -> Edit:
    assert not isinstance(answer, Refusal)
    return answer


def test_dropping_new_nodes(graph):
    new = new_tree(graph, CATALOGUE, "SiLU")
    on = done(graph, wiring.insert_on(graph, CATALOGUE, Wire(("a", "out"), ("b", "in")), (new,)))
    assert on.children["root"][:3] == ["a", new.node.id, "b"]
    into = done(graph, wiring.insert_into(graph, CATALOGUE, "sum", 1, (new,)))
    assert into.children["sum"] == ["s", new.node.id, "t"]
    parked = done(graph, wiring.park_new(graph, CANVAS, (new,), (5.0, 6.0)))
    assert parked.segments(CANVAS)[-1] == [new.node.id]
    assert parked.view(new.node.id).position == (5.0, 6.0)


def test_dragging_nodes(graph):
    moved = done(graph, wiring.move_to(graph, CATALOGUE, ["a", "c"], "chain", 1))
    assert moved.children["chain"] == ["u", "a", "c", "v"]
    spliced = done(graph, wiring.splice(graph, CATALOGUE, ["c"], Wire(("a", "out"), ("b", "in"))))
    assert spliced.children["root"][:3] == ["a", "c", "b"]
    out = done(graph, wiring.park(graph, CATALOGUE, ["b", "u"], CANVAS, (1.0, 2.0)))
    assert out.segments(CANVAS) == [["p", "q"], ["b"], ["u"]]
    assert (out.view("b").position, out.view("u").position) == ((1.0, 2.0), (1.0, 82.0))
    again = wiring.park(graph, CATALOGUE, ["p", "q"], CANVAS, (1.0, 2.0))
    assert done(graph, again).view("p").position == (1.0, 2.0)
    refused(graph, wiring.move_to(graph, CATALOGUE, ["sum"], "sum", 0), "into-itself")
    refused(graph, wiring.move_to(graph, CATALOGUE, ["b"], "root", 2), "unchanged")
    refused(graph, wiring.splice(graph, CATALOGUE, ["a"], Wire(("a", "out"), ("b", "in"))), "unchanged")


def test_deleting(graph):
    reached = done(graph, wiring.delete(graph, CATALOGUE, ["b", "sum", "s", "p"]))
    assert reached.children["root"] == ["a", "c", "chain"]
    assert reached.segments(CANVAS) == [["q"]]
    assert reached.view("q").position == (10.0, 20.0)
    refused(graph, wiring.delete(graph, CATALOGUE, ["root"]), "refused")
