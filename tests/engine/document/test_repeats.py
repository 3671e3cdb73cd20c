"""Repeats: runs built alike are found and followed through edits, they differ in what is listed, and are made equal."""

from hypothesis import given
from hypothesis import strategies as st

from engine.document import edits, files, parsing
from engine.document.answers import Refusal
from engine.document.arrange import Arrangement
from engine.document.document import Document, new_graph
from engine.document.edits import EditError, FoldRepeats, Insert, Remove, SetMode, SetName, SetParam
from engine.document.graph import Graph, Node, Place, Tree, paths
from engine.document.repeats import Repeats, differences, equalise
from engine.document.touched import touched_by
from nodes import CATALOGUE
from tests.strategies import edits_of, ids


def block(number: int, width: int = 8, name: str = "Block") -> Tree:
    """A Chain of a Conv2d and an activation in a Chain."""
    conv = Tree(Node(f"c{number}", "Conv2d", params={"in_channels": 4, "out_channels": width}))
    inner = Tree(Node(f"i{number}", "Chain"), children=(Tree(Node(f"r{number}", "ReLU")),))
    return Tree(Node(f"b{number}", "Chain", name), children=(conv, inner))


def stacked(count: int = 3, frame: str = "Chain") -> Graph:
    """root: [a, f: [b0, b1, ...]], with the repeats of f folded."""
    graph = new_graph()
    blocks = tuple(block(number, 8 * 2**number) for number in range(count))
    trees = (Tree(Node("a", "ReLU")), Tree(Node("f", frame), children=blocks))
    edits.apply(graph, Insert(Place("root", 0), trees))
    edits.apply(graph, FoldRepeats("f", repeats=True))
    return graph


def test_frames_built_alike_are_a_run_until_one_is_built_otherwise() -> None:
    graph = stacked(4)
    assert Repeats(graph, CATALOGUE).runs("f") == [["b0", "b1", "b2", "b3"]]
    assert Repeats(graph, CATALOGUE).runs("root") == []
    edits.apply(graph, SetMode("r1", "mute"))
    assert Repeats(graph, CATALOGUE).runs("f") == [["b2", "b3"]]
    assert Repeats(stacked(frame="Sum"), CATALOGUE).runs("f") == []


def test_differences_name_param_values_and_place() -> None:
    graph = stacked()
    assert [str(each) for each in differences(graph, CATALOGUE, ["b0", "b1", "b2"])] == [
        "out_channels 8, 16, 32 (Conv2d)"
    ]
    edits.apply(graph, SetName("b2", "Last"))
    edits.apply(graph, SetName("r2", "Act"))
    assert [str(each) for each in differences(graph, CATALOGUE, ["b0", "b1", "b2"])] == [
        "name 2 × Block, Last",
        "out_channels 8, 16, 32 (Conv2d)",
        "name 2 × ReLU, Act (Chain.ReLU)",
    ]


def test_one_stands_for_a_run_and_the_wire_after_it_leaves_the_last() -> None:
    arrangement = Arrangement(graph := stacked(), CATALOGUE, lambda _: 100.0)
    assert arrangement.shown("f") == ["b0"]
    assert [(r.wire.start, r.wire.end) for r in arrangement.routes("f") if r.wire] == [
        (("f", "in"), ("b0", "in")),
        (("b2", "out"), ("f", "out")),
    ]
    opened = Arrangement(graph, CATALOGUE, lambda _: 100.0)
    edit = FoldRepeats("f", repeats=False)
    opened.update(touched_by(edit, edits.apply(graph, edit)))
    assert opened.shown("f") == ["b0", "b1", "b2"]
    assert opened.boxes["f"].width > arrangement.boxes["f"].width


@given(st.data())
def test_runs_follow_edits_within_them(data: st.DataObject) -> None:
    graph, fresh = stacked(), ids("m")
    arrangement = Arrangement(graph, CATALOGUE, lambda _: 100.0)
    near = st.sampled_from(["r0", "r1", "i0", "i1", "b0", "b1", "b2"])
    own = st.builds(Remove, st.tuples(near)) | st.builds(SetMode, near, st.sampled_from(["mute", ""]))
    for _ in range(4):
        edit = data.draw(own | edits_of(graph, fresh))
        try:
            inverse = edits.apply(graph, edit)
        except EditError:
            continue
        arrangement.update(touched_by(edit, inverse))
        afresh = Arrangement(graph, CATALOGUE, lambda _: 100.0)
        assert (arrangement.stacks, arrangement.hidden) == (afresh.stacks, afresh.hidden)


def test_repeats_are_made_equal_in_one_step_and_what_stays_keeps_its_id() -> None:
    graph = stacked()
    document = Document(graph, CATALOGUE)
    document.apply(Insert(Place("b1", 1), (Tree(Node("new", "SiLU")),)), "Add")
    document.apply(SetParam("c1", "out_channels", 5), "Set")
    before = files.dump(graph)
    answer = equalise(Repeats(graph, CATALOGUE), "b1")
    assert not isinstance(answer, Refusal)
    document.apply(answer, "Equal")
    assert Repeats(graph, CATALOGUE).runs("f") == [["b0", "b1", "b2"]]
    assert differences(graph, CATALOGUE, ["b0", "b1", "b2"]) == []
    assert graph.children["b2"][0] == "c2"
    assert graph.nodes["c2"].params["out_channels"] == 5
    assert "Chain.Block_3.Conv2d" in paths(graph).values()
    document.undo()
    assert files.dump(graph) == before


def test_what_has_no_repeats_or_equal_ones_is_refused() -> None:
    alone = equalise(Repeats(stacked(1), CATALOGUE), "b0")
    assert isinstance(alone, Refusal)
    assert "no repeats" in alone.reason
    same = new_graph()
    edits.apply(same, Insert(Place("root", 0), (block(0), block(1))))
    answer = equalise(Repeats(same, CATALOGUE), "b0")
    assert isinstance(answer, Refusal)
    assert answer.code == "unchanged"


def test_counterparts_are_what_stands_at_the_same_place_in_each() -> None:
    repeats = Repeats(stacked(), CATALOGUE)
    assert repeats.counterparts("r1") == ["r0", "r1", "r2"]
    assert repeats.counterparts("b2") == ["b0", "b1", "b2"]
    assert repeats.counterparts("a") == ["a"]


def test_folded_repeats_are_kept_in_the_file_and_leave_no_step() -> None:
    document = Document(stacked(), CATALOGUE)
    assert '{"id": "f", "repeats": true}' in files.dump(document.graph).decode()
    assert parsing.parse(files.dump(document.graph)).view("f").repeats
    document.fold_repeats(["f", "root"], repeats=False)
    assert (document.graph.views, document.modified, document.history.undos) == ({}, False, [])
