"""What each edit does, what it refuses and why. That all of them can be taken back is in test_laws.py."""

import pytest

from engine.document.edits import (
    Batch,
    Edit,
    EditError,
    Insert,
    Move,
    Remove,
    SetContexts,
    SetInputs,
    SetKey,
    SetName,
    SetParam,
    SetShared,
    SetView,
    SetWeights,
    apply,
)
from engine.document.graph import CANVAS, Contexts, Graph, Input, Node, Place, Tree, View, Weights, same
from engine.document.sources import ListSource, NumberSource, UnsetSource
from engine.document.touched import Touched, touched_by
from engine.document.trees import MAX_DEPTH


def leaf(id: str) -> Tree:
    return Tree(Node(id, "ReLU"))


def frame(id: str, *children: Tree) -> Tree:
    return Tree(Node(id, "Chain"), None, children)


def nested(prefix: str, depth: int) -> Tree:
    """Frames in frames, so many levels of them."""
    found = frame(f"{prefix}{depth}")
    for level in range(depth - 1, 0, -1):
        found = frame(f"{prefix}{level}", found)
    return found


@pytest.fixture
def graph() -> Graph:
    """root: [a, f: [b, c], d], with [[p, q]] parked in f."""
    found = Graph(Node("root", "Chain"))
    apply(found, Insert(Place("root", 0), (leaf("a"), frame("f", leaf("b"), leaf("c")), leaf("d"))))
    apply(found, Insert(Place("f", 0, 0, new=True), (leaf("p"), leaf("q"))))
    return found


def refusal(graph: Graph, edit: Edit) -> str:
    twin = graph.copy()
    with pytest.raises(EditError) as caught:
        apply(graph, edit)
    assert same(graph, twin)
    assert graph.parents == twin.parents
    return str(caught.value)


def test_insert(graph):
    inverse = apply(graph, Insert(Place("f", 1), (leaf("x"), frame("g", leaf("y")))))
    assert graph.children["f"] == ["b", "x", "g", "c"]
    assert graph.children["g"] == ["y"]
    assert inverse == Remove(("x", "g"))


def test_insert_into_a_segment_and_as_a_new_one(graph):
    apply(graph, Insert(Place("f", 1, 0), (leaf("x"),)))
    apply(graph, Insert(Place("f", 0, 0, new=True), (leaf("y"),)))
    assert graph.segments("f") == [["y"], ["p", "x", "q"]]


def test_remove(graph):
    inverse = apply(graph, Remove(("f",)))
    assert set(graph.nodes) == {"root", "a", "d"}
    assert not graph.loose
    apply(graph, inverse)
    assert graph.children["root"] == ["a", "f", "d"]
    assert graph.segments("f") == [["p", "q"]]


def test_a_segment_left_empty_closes_and_comes_back(graph):
    inverse = apply(graph, Remove(("p", "q")))
    assert graph.loose == {}
    apply(graph, inverse)
    assert graph.segments("f") == [["p", "q"]]


def test_move_counts_without_the_moved_run(graph):
    apply(graph, Move(("a",), Place("root", 2)))
    assert graph.children["root"] == ["f", "d", "a"]
    apply(graph, Move(("f", "d"), Place("root", 1)))
    assert graph.children["root"] == ["a", "f", "d"]
    apply(graph, Move(("p", "q"), Place("f", 2)))
    assert graph.children["f"] == ["b", "c", "p", "q"]
    assert graph.loose == {}
    apply(graph, Move(("c", "p"), Place(CANVAS, 0, 0, new=True)))
    assert graph.segments(CANVAS) == [["c", "p"]]
    assert graph.parent("c") is None


def test_set_param(graph):
    assert apply(graph, SetParam("a", "x", 1)) == SetParam("a", "x", None, absent=True)
    assert apply(graph, SetParam("a", "x", [2])) == SetParam("a", "x", 1)
    assert graph.nodes["a"].params == {"x": [2]}
    apply(graph, SetParam("a", "x", absent=True))
    assert graph.nodes["a"].params == {}


def test_set_name_contexts_view_inputs_and_weights(graph):
    contexts: Contexts = {"c": {"k": NumberSource(1)}}
    inputs = (Input("x", UnsetSource()), Input("y", ListSource([1])))
    several = Batch(
        (
            SetName("f", "Block"),
            SetContexts("f", contexts),
            SetView("f", View(note="n")),
            SetInputs(inputs),
            SetWeights("f", Weights("w.safetensors", "ab")),
            SetKey("f", "Old"),
            SetShared("d", "g"),
        )
    )
    inverse = apply(graph, several)
    assert graph.nodes["f"] == Node("f", "Chain", "Block", {}, contexts, "", Weights("w.safetensors", "ab"), "Old")
    assert graph.nodes["d"].shared == "g"
    assert graph.view("f").note == "n"
    assert graph.inputs == inputs
    apply(graph, SetView("f", View()))
    assert graph.views == {}
    apply(graph, SetView("f", View(note="n")))
    apply(graph, inverse)
    assert graph.nodes["f"] == Node("f", "Chain")
    assert graph.views == {}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Insert(Place("root", 0), ()), "nothing to insert"),
        (Insert(Place("nobody", 0), (leaf("x"),)), "there is no node 'nobody'"),
        (Insert(Place("a", 0), (leaf("x"),)), "ReLU is a leaf: it can't hold other nodes"),
        (Insert(Place("root", 9), (leaf("x"),)), "there is no place 9"),
        (Insert(Place("root", -1), (leaf("x"),)), "there is no place -1"),
        (Insert(Place("f", 0, 3), (leaf("x"),)), "segment 3"),
        (Insert(Place("f", 1, 0, new=True), (leaf("x"),)), "there is no place 1"),
        (Insert(Place("f", 0, None, new=True), (leaf("x"),)), "there is no place 0"),
        (Insert(Place(CANVAS, 0), (leaf("x"),)), "only loose segments stand on the canvas"),
        (Insert(Place("root", 0), (leaf("a"),)), "the id 'a' is empty or already taken"),
        (Insert(Place("root", 0), (leaf("x"), frame("g", leaf("x")))), "the id 'x' is empty or already taken"),
        (Insert(Place("root", 0), (leaf(""),)), "the id '' is empty"),
        (Insert(Place("root", 0), (Tree(Node("x", "Re LU")),)), "'Re LU' is no name"),
        (Insert(Place("root", 0), (Tree(Node("x", "ReLU", "1x")),)), "'1x' is no name"),
        (Insert(Place("root", 0), (Tree(Node("x", "ReLU", params={"p": 2**70})),)), "ReLU.p is a whole number of more"),
        (Insert(Place("root", 0), (Tree(Node("x", "ReLU"), View(note="\ud800")),)), "ReLU: its view is text with half"),
        (Insert(Place("root", 0), (Tree(Node("x", "ReLU", contexts={"c": {}})),)), "or provide contexts"),
        (Insert(Place("root", 0), (Tree(Node("x", "ReLU"), loose=((leaf("y"),),)),)), "ReLU is a leaf"),
        (Insert(Place("root", 0), (Tree(Node("x", "Chain"), children=(), loose=((),)),)), "an empty loose segment"),
        (Remove(()), "no nodes named"),
        (Remove(("root",)), "the root stays where it is"),
        (Remove(("nobody",)), "there is no node 'nobody'"),
        (Remove(("a", "d")), "the nodes are not neighbours"),
        (Remove(("f", "a")), "the nodes are not neighbours"),
        (Remove(("a", "a")), "the nodes are not neighbours"),
        (Move(("f",), Place("f", 0)), "a frame can't be moved into itself"),
        (Move(("a", "f"), Place("f", 0, 0)), "a frame can't be moved into itself"),
        (Move(("a",), Place("root", 3)), "there is no place 3"),
        (Move(("p", "q"), Place("f", 0, 0)), "there is no place 0 (segment 0)"),
        (SetParam("nobody", "p", 1), "there is no node"),
        (SetParam("a", "p", float("nan")), "ReLU.p is nan, but must be a finite number"),
        (SetName("a", "no name"), "'no name' is no name"),
        (SetContexts("a", {"c": {}}), "ReLU is a leaf: only frames provide contexts"),
        (SetContexts("f", {"": {}}), "every context and key needs a name"),
        (SetContexts("f", {"c": {"k": NumberSource(float("inf"))}}), "Chain: c.k is inf"),
        (SetView("f", View(position=(0.0, float("nan")))), "its view is nan"),
        (SetInputs((Input("", UnsetSource()),)), "an input needs a name"),
        (SetInputs((Input("a b", UnsetSource()),)), "'a b' is no name"),
        (SetInputs((Input("x", UnsetSource()), Input("x", UnsetSource()))), "two inputs are called 'x'"),
        (SetInputs((Input("x", NumberSource(2**64)),)), "the input x is a whole number of more"),
        (SetWeights("f", Weights("\ud800")), "its weights is text with half a character"),
        (SetWeights("f", Weights("")), "Chain: its weights have no path"),
        (SetWeights("ghost", None), "there is no node"),
        (SetKey("a", "\ud800"), "ReLU: its key is text with half a character"),
        (SetShared("f", "a"), "Chain is a frame: only leaves share weights"),
    ],
)
def test_what_is_refused_changes_nothing_and_says_why(graph, edit, reason):
    assert reason in refusal(graph, edit)


def test_a_batch_is_all_or_nothing(graph):
    batch = Batch((Remove(("a",)), SetName("f", "Block"), Batch((Remove(("d",)), Remove(("ghost",))))))
    assert "ghost" in refusal(graph, batch)


def test_frames_nest_only_so_deep(graph):
    apply(graph, Insert(Place("root", 0), (nested("n", MAX_DEPTH - 1),)))
    assert "nest at most" in refusal(graph, Insert(Place(f"n{MAX_DEPTH - 1}", 0), (leaf("x"),)))
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (nested("m", MAX_DEPTH),)))
    assert "nest at most" in refusal(graph, Move(("m1",), Place("root", 0)))
    assert "nest at most" in refusal(graph, Insert(Place(CANVAS, 0, 1, new=True), (nested("o", MAX_DEPTH + 1),)))


def test_what_edits_say_they_touched(graph):
    def touched(edit: Edit) -> Touched:
        return touched_by(edit, apply(graph, edit))

    assert touched(SetParam("a", "x", 1)) == Touched({"a"}, set(), set(), set())
    assert touched(SetInputs((Input("x", UnsetSource()),))).inputs
    assert touched(Move(("b",), Place("root", 0))) == Touched(set(), {"f", "root"}, set(), set(), moved={"b"})
    both = touched(Batch((Insert(Place("root", 0), (leaf("x"),)), Remove(("x",)), Remove(("f",)))))
    assert both == Touched(set(), {"root"}, set(), {"f", "c", "p", "q"})
