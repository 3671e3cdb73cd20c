"""Under a weights file, whatever is done to the structure, every leaf keeps the key it has there."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import files
from engine.document.answers import Refusal
from engine.document.document import Document, new_graph, new_tree
from engine.document.edits import (
    Batch,
    Edit,
    EditError,
    Insert,
    Move,
    Remove,
    SetKey,
    SetName,
    SetShared,
    SetWeights,
)
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, Weights
from engine.document.keys import Origin, renamed, sources_of
from engine.document.kinds import has_weights
from engine.document.rewrites import swap
from engine.document.sharing import place_again
from engine.document.templates import rebuild
from nodes import CATALOGUE
from tests.strategies import edits_of, graphs, ids

FILE, OTHER = Weights("w.safetensors"), Weights("other.safetensors", "ab")


def leaf(node: str, kind: str = "Linear", name: str = "", key: str = "") -> Tree:
    return Tree(Node(node, kind, name, key=key))


def frame(node: str, *children: Tree, name: str = "", weights: Weights | None = None, key: str = "") -> Tree:
    return Tree(Node(node, "Chain", name, weights=weights, key=key), children=children)


def document(*trees: Tree, weights: Weights | None = FILE) -> Document:
    found = Document(new_graph(), CATALOGUE)
    found.apply(SetWeights("root", weights), "")
    found.apply(Insert(Place("root", 0), trees), "")
    return found


def keys(graph: Graph) -> dict[str, str]:
    """The keys of the leaves that have weights."""
    found = sources_of(graph).items()
    return {node: origin.key for node, origin in found if has_weights(CATALOGUE, graph.nodes[node].kind)}


def own_keys(graph: Graph) -> dict[str, str]:
    return {node.id: node.key for node in graph.nodes.values() if node.key}


def test_keys_follow_the_paths_below_the_owner():
    inner = frame("f", leaf("b"), frame("g", leaf("c"), weights=OTHER, key="unet.down"), name="Body")
    graph = document(leaf("a"), inner, leaf("d", key="Old")).graph
    assert sources_of(graph) == {
        "a": Origin("root", "Linear_1"),
        "b": Origin("root", "Body.Linear"),
        "c": Origin("g", "unet.down.Linear"),
        "d": Origin("root", "Old"),
    }
    assert renamed(graph) == [("Linear_2", "Old")]


def test_without_a_file_nothing_has_a_key():
    graph = document(leaf("a"), leaf("b"), weights=None).graph
    assert sources_of(graph) == {}
    assert own_keys(graph) == {}


WRAPPED = Batch((Insert(Place("root", 0), (frame("new"),)), Move(("a", "b"), Place("new", 0))))
WRAPPED_INSIDE = Batch((Insert(Place("f", 0), (frame("new"),)), Move(("c", "relu"), Place("new", 0))))


@pytest.mark.parametrize(
    ("edit", "overrides"),
    [
        (Insert(Place("root", 0), (leaf("x"),)), {"a": "Linear_1", "b": "Linear_2", "x": "Linear_1~x"}),
        (Insert(Place("root", 3), (leaf("x"),)), {}),
        (Insert(Place("root", 3), (leaf("x", name="Head"),)), {}),
        (Remove(("a",)), {"b": "Linear_2"}),
        (SetName("f", "Head"), {"f": "Body"}),
        (SetName("a", "Head"), {"a": "Linear_1", "b": "Linear_2"}),
        (Move(("c",), Place("root", 0)), {"a": "Linear_1", "b": "Linear_2", "c": "Body.Linear"}),
        (Move(("b",), Place("root", 0)), {"a": "Linear_1", "b": "Linear_2"}),
        (WRAPPED, {"a": "Linear_1", "b": "Linear_2"}),
        (WRAPPED_INSIDE, {"new": "Body"}),
        (Move(("f",), Place(CANVAS, 0, 0, new=True)), {"f": "Body"}),
        (Move(("a",), Place("f", 0, 0, new=True)), {"a": "Linear_1", "b": "Linear_2"}),
    ],
)
def test_structural_edits_keep_keys(edit: Edit, overrides: dict[str, str]):
    found = document(leaf("a"), leaf("b"), frame("f", leaf("c"), leaf("relu", "ReLU"), name="Body"))
    before, data = keys(found.graph), files.dump(found.graph)
    found.apply(edit, "")
    after = keys(found.graph)
    assert {node: key for node, key in after.items() if node in before}.items() <= before.items()
    assert own_keys(found.graph) == overrides
    found.undo()
    assert files.dump(found.graph) == data
    found.redo()
    assert keys(found.graph) == after


def test_keys_that_follow_again_are_dropped():
    found = document(leaf("a"), leaf("b"), frame("f", leaf("c"), name="Body"))
    data = files.dump(found.graph)
    for there, back in [
        (Insert(Place("root", 0), (leaf("x"),)), Remove(("x",))),
        (Move(("b",), Place("root", 0)), Move(("a",), Place("root", 0))),
        (SetName("f", "Head"), SetName("f", "Body")),
        (Move(("a",), Place(CANVAS, 0, 0, new=True)), Move(("a",), Place("root", 0))),
        (Move(("c",), Place("root", 1)), Move(("c",), Place("f", 0))),
    ]:
        found.apply(there, "")
        assert own_keys(found.graph)
        found.apply(back, "")
        assert files.dump(found.graph) == data


def test_a_parked_leaf_comes_back_with_its_key():
    found = document(leaf("a"), leaf("b"), leaf("c"))
    before = keys(found.graph)
    found.apply(Move(("b",), Place(CANVAS, 0, 0, new=True)), "")
    found.apply(Remove(("a",)), "")
    found.apply(Move(("b",), Place("root", 1)), "")
    assert keys(found.graph) == {"c": before["c"], "b": before["b"]}


def test_what_leaves_the_frame_of_its_file_takes_the_file_along():
    found = document(frame("f", leaf("a"), frame("g", leaf("b")), weights=OTHER, key="unet"), weights=None)
    data = files.dump(found.graph)
    found.apply(Move(("g",), Place("root", 0)), "")
    found.apply(Move(("a",), Place("root", 0)), "")
    assert sources_of(found.graph) == {"a": Origin("a", "unet.Linear"), "b": Origin("g", "unet.Chain.Linear")}
    assert found.graph.nodes["a"].weights == found.graph.nodes["g"].weights == OTHER
    found.apply(Move(("a",), Place("f", 0)), "")
    found.apply(Move(("g",), Place("f", 1)), "")
    assert files.dump(found.graph) == data


def test_a_new_frame_of_layers_gets_one_key_where_another_has_its():
    found = document(frame("f", leaf("a"), leaf("b")))
    found.apply(Insert(Place("root", 1), (frame("g", leaf("c"), leaf("d")),)), "")
    found.apply(Remove(("f",)), "")
    assert own_keys(found.graph) == {"g": "Chain_2"}
    found.apply(Insert(Place("root", 0), (frame("h"),)), "")
    found.apply(Insert(Place("root", 2), (frame("i"),)), "")
    assert own_keys(found.graph) == {}, "the second of three again"
    found.apply(Remove(("i",)), "")
    found.apply(Remove(("h",)), "")
    found.apply(Insert(Place("root", 0), (frame("h", leaf("x")),)), "")
    found.apply(Insert(Place("root", 2), (frame("i", leaf("y"), leaf("z")),)), "")
    assert own_keys(found.graph) == {}
    found.apply(Move(("g",), Place("root", 0)), "")
    assert own_keys(found.graph) == {"g": "Chain_2", "h": "Chain_1"}


def test_new_leaves_never_have_the_key_of_another():
    found = document(frame("f", leaf("a"), leaf("b")), frame("g", leaf("c")))
    found.apply(Move(("g",), Place("root", 0)), "")
    found.apply(Remove(("f",)), "")
    found.apply(Insert(Place("root", 1), (frame("h", leaf("x"), leaf("y", "LayerNorm")),)), "")
    assert keys(found.graph) == {"c": "Chain_2.Linear", "x": "Chain_2~h.Linear", "y": "Chain_2~h.LayerNorm"}


def test_a_new_leaf_in_the_place_of_a_sharer_leaves_the_others_theirs():
    found = document(leaf("a"), leaf("b"))
    again = place_again(found.graph, CATALOGUE, "a", Place("root", 2))
    found.apply(again, "")
    found.apply(Batch((Remove(("a",)), Insert(Place("root", 0), (leaf("x"),)))), "")
    _, *others = found.graph.children["root"]
    assert keys(found.graph) == {"x": "Linear_1~x", **dict(zip(others, ["Linear_2", "Linear_1"], strict=True))}


def test_another_kind_has_the_file_and_the_key_of_what_it_replaces():
    found = document(leaf("a", key="Old"), frame("f", leaf("b"), weights=OTHER, key="unet"), leaf("c"))
    for node, kind in (("a", "Conv2d"), ("f", "Residual")):
        answer = swap(found.graph, CATALOGUE, node, kind)
        assert not isinstance(answer, Refusal)
        found.apply(answer, "")
    first, second, _ = found.graph.children["root"]
    assert sources_of(found.graph) == {
        first: Origin("root", "Old"),
        "b": Origin(second, "unet.Linear"),
        "c": Origin("root", "Linear_2"),
    }


def test_an_edit_that_sets_keys_is_taken_as_it_is():
    found = document(leaf("a"), leaf("b"))
    found.apply(Batch((Remove(("a",)), SetKey("b", "Tail"))), "")
    assert keys(found.graph) == {"b": "Tail"}
    found.apply(SetKey("b", ""), "")
    assert keys(found.graph) == {"b": "Linear"}


def test_frames_that_are_made_anew_keep_the_keys_of_what_they_had_before():
    found = document(leaf("a"))
    made = new_tree(found.graph, CATALOGUE, "MultiLinear", input_dim=8, inner_dim=8, num_layers=2)
    found.apply(Insert(Place("root", 1), (made,)), "")
    found.apply(SetName(made.node.id, "Head"), "")
    found.apply(Insert(Place(made.node.id, 0), (leaf("x"),)), "")
    found.apply(Remove(("x",)), "")
    before = keys(found.graph)
    assert list(before.values()) == ["Linear", "MultiLinear.Linear_1", "MultiLinear.Linear_2"]
    found.apply(rebuild(found.graph, CATALOGUE, made.node.id, "num_layers", 3), "")
    after = keys(found.graph)
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()
    assert own_keys(found.graph) == {made.node.id: "MultiLinear"}


def explicit(edit: Edit) -> bool:
    """Whether an edit says itself where weights come from."""
    if isinstance(edit, Batch):
        return any(map(explicit, edit.edits))
    return isinstance(edit, SetKey | SetWeights | SetShared)


@given(graphs(), st.data())
def test_no_leaf_loses_its_weights(graph, data):
    for node in graph.nodes.values():
        graph.nodes[node.id] = replace(node, weights=FILE if node.id == graph.root else None, key="", shared="")
    found, fresh = Document(graph, CATALOGUE), ids("m")
    start = files.dump(graph)
    known: dict[str, tuple[Weights, str]] = {}

    def look():
        kinds = {node.id: node.kind for node in graph.nodes.values()}
        origins = {node: o for node, o in sources_of(graph).items() if has_weights(CATALOGUE, kinds[node])}
        spots = {node: (graph.nodes[o.owner].weights, o.key) for node, o in origins.items()}
        assert {node: known.get(node, spot) for node, spot in spots.items()} == spots
        known.update(spots)
        holders: dict[str, set[str]] = {}
        for node, origin in origins.items():
            if origin.owner == graph.root:
                holders.setdefault(origin.key, set()).add(graph.nodes[node].shared or node)
        assert all(len(each) == 1 for each in holders.values())

    look()
    for _ in range(data.draw(st.integers(1, 8))):
        edit = data.draw(edits_of(graph, fresh).filter(lambda edit: not explicit(edit)))
        with suppress(EditError):
            found.apply(edit, "Edit")
        look()
    while found.undo():
        look()
    assert files.dump(graph) == start
