"""Leaves that share their weights: placing again, structural copies, params together, weights of their own again."""

import pytest

from engine.document import files
from engine.document.check import check
from engine.document.document import Document, new_graph
from engine.document.edits import Batch, EditError, Insert, Move, Remove, SetKey, SetParam, SetShared, SetWeights
from engine.document.graph import CANVAS, Node, Place, Tree, View, Weights
from engine.document.history import History
from engine.document.keys import Origin, sources_of
from engine.document.problems import Problem
from engine.document.sharing import has_layers, members, place_again, sharers, unshare
from nodes import CATALOGUE
from nodes.models import MODELS, build

FILE, OTHER = Weights("w.safetensors"), Weights("other.safetensors")


def leaf(node: str, kind: str = "Linear", **params: object) -> Tree:
    return Tree(Node(node, kind, params=params))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def document() -> Document:
    body = Tree(
        Node("body", "Chain", "Body", contexts={"c": {}}),
        View(note="kept", position=(1.0, 2.0)),
        (leaf("a"), leaf("b"), leaf("read", "UseContext", context="c", key="k"), leaf("f", "Lambda", func="abs")),
        ((leaf("parked"),),),
    )
    found = Document(new_graph(), CATALOGUE)
    found.apply(Insert(Place("root", 0), (body, leaf("c", in_features=3))), "Insert")
    found.history = History()
    return found


def placed(document: Document, node: str, place: Place) -> str:
    """The second place of a node, put there through the document."""
    before = set(document.graph.nodes)
    document.apply(place_again(document.graph, CATALOGUE, node, place), "Place again")
    slot = document.graph.slot(place)
    assert slot[place.index] not in before
    return slot[place.index]


def test_a_leaf_placed_again_shares_with_the_first_and_undo_takes_all_back(document):
    start = files.dump(document.graph)
    second = placed(document, "c", Place("root", 2))
    third = placed(document, second, Place("body", 0))
    assert document.graph.nodes[third].params == {"in_features": 3}
    assert {document.graph.nodes[node].shared for node in ("c", second, third)} == {"c"}
    assert sharers(document.graph, "c") == [third, second]
    assert sharers(document.graph, third) == ["c", second]
    assert sharers(document.graph, "a") == []
    document.apply(Remove(("c",)), "Remove")
    assert members(document.graph) == {"c": [third, second]}
    while document.undo():
        pass
    assert files.dump(document.graph) == start


def test_a_structural_copy_has_new_frames_and_the_same_layers(document):
    copy = placed(document, "body", Place("root", 2))
    graph = document.graph
    assert (graph.nodes[copy].name, graph.nodes[copy].contexts) == ("Body", {"c": {}})
    assert graph.view(copy) == View(note="kept")
    assert graph.segments(copy) == []
    first, second, read, function = graph.children[copy]
    assert [sharers(graph, node) for node in (first, second)] == [["a"], ["b"]]
    assert [graph.nodes[node].params for node in (read, function)] == [graph.nodes[n].params for n in ("read", "f")]
    assert sharers(graph, read) == sharers(graph, function) == []


@pytest.mark.parametrize("node", ["read", "f", "root"])
def test_what_has_no_weights_is_not_placed_again(document, node):
    with pytest.raises(EditError, match=r"has no weights to share|the root stands in no place"):
        place_again(document.graph, CATALOGUE, node, Place("root", 0))


def test_params_change_together_and_a_drag_is_one_small_step(document):
    second = placed(document, "c", Place(CANVAS, 0, 0, new=True))
    for value in (4, 5, 6):
        document.apply(SetParam(second, "in_features", value), "Set", "drag")
    document.apply(Batch((SetParam("c", "bias", False), SetParam("a", "bias", False))), "Set")
    params = {"in_features": 6, "bias": False}
    assert document.graph.nodes["c"].params == document.graph.nodes[second].params == params
    document.undo()
    assert document.history.undos[-1].edit == Batch(
        (SetParam("c", "in_features", 3), SetParam(second, "in_features", 3))
    )
    document.undo()
    assert document.graph.nodes["c"].params == document.graph.nodes[second].params == {"in_features": 3}


def test_unsharing_a_leaf_leaves_the_others_as_they_were(document):
    second, third = (placed(document, "c", Place("root", 2)) for _ in range(2))
    document.apply(unshare(document.graph, third), "Unshare")
    assert document.graph.nodes[third].shared == ""
    assert sharers(document.graph, "c") == [second]
    document.apply(unshare(document.graph, "c"), "Unshare")
    graph = document.graph
    assert graph.nodes[second].shared == "c", "its initial weights are those of the group"
    assert graph.nodes["c"].shared not in ("", "c"), "so the first one has others"
    with pytest.raises(EditError, match="Linear shares no weights with others"):
        unshare(graph, "c")
    again = placed(document, "c", Place("root", 0))
    assert sharers(document.graph, "c") == [again]


def test_unsharing_a_frame_keeps_what_it_shares_within(document):
    placed(document, "a", Place("body", 4))
    copy = placed(document, "body", Place("root", 2))
    document.apply(unshare(document.graph, copy), "Unshare")
    graph = document.graph
    inside = set(graph.walk(copy))
    assert all(set(leaves) <= inside or inside.isdisjoint(leaves) for leaves in members(graph).values())
    assert [len(leaves) for leaves in members(graph).values() if set(leaves) <= inside] == [2]
    assert len(sharers(graph, "a")) == 1


# Under a weights file.


def test_a_second_place_has_the_key_of_the_first_so_either_may_go(document):
    document.apply(SetWeights("root", FILE), "Weights")
    second = placed(document, "c", Place("root", 0))
    assert sources_of(document.graph)["c"] == sources_of(document.graph)[second] == Origin("root", "Linear")
    document.apply(Remove(("c",)), "Remove")
    assert sources_of(document.graph)[second].key == "Linear"
    assert document.graph.nodes[second].key == "", "the path is that of the first again"


def test_a_structural_copy_takes_one_key(document):
    document.apply(SetWeights("root", FILE), "Weights")
    copy = placed(document, "body", Place("root", 1))
    keys = {node.id: node.key for node in document.graph.nodes.values() if node.key}
    assert keys == {"body": "Body", copy: "Body"}
    document.apply(Remove(("body",)), "Remove")
    assert [o.key for o in sources_of(document.graph).values()][:2] == ["Body.Linear_1", "Body.Linear_2"]


def test_a_second_place_under_another_file_keeps_to_the_first(document):
    document.apply(SetWeights("body", OTHER), "Weights")
    second = placed(document, "a", Place("root", 0))
    origin = sources_of(document.graph)[second]
    assert origin == Origin(second, "Linear_1")
    assert document.graph.nodes[second].weights == OTHER


def test_unshared_leaves_have_the_values_of_the_file_still(document):
    document.apply(SetWeights("root", FILE), "Weights")
    document.apply(SetKey("c", "Old"), "Key")
    second = placed(document, "c", Place("root", 0))
    document.apply(unshare(document.graph, second), "Unshare")
    document.apply(Move((second,), Place("body", 0)), "Move")
    origins = sources_of(document.graph)
    assert origins["c"] == origins[second] == Origin("root", "Old")


# What a file may bring.


def told(document: Document) -> list[Problem]:
    return [p for p in check(document.graph, CATALOGUE) if p.code == "shared-differs"]


def test_sharers_with_other_params_are_told_and_either_fix_helps(document):
    document.apply(Insert(Place("root", 0), (leaf("odd", in_features=3, out_features=7, extra=1),)), "Insert")
    document.apply(Batch((SetShared("odd", "c"), SetShared("c", "c"))), "Share")
    (problem,) = told(document)
    assert problem.node == "c"
    assert problem.message.startswith("Linear_2 shares the weights of Linear_1, but its out_features is 64, not 7")
    for fix in problem.fixes:
        document.apply(fix.edit, fix.label)
        assert told(document) == []
        document.undo()
    document.apply(problem.fixes[0].edit, "Take")
    assert document.graph.nodes["c"].params == document.graph.nodes["odd"].params


def test_defaults_count_as_written_out(document):
    document.apply(Insert(Place("root", 0), (leaf("plain"), leaf("full", in_features=64, bias=True))), "Insert")
    document.apply(Batch((SetShared("plain", "g"), SetShared("full", "g"))), "Share")
    assert told(document) == []


def test_sharers_of_another_kind_are_told(document):
    document.apply(Batch((Insert(Place("root", 0), (leaf("n", "LayerNorm"),)), SetShared("n", "c"))), "Share")
    document.apply(SetShared("c", "c"), "Share")
    (problem,) = told(document)
    assert "a Linear can't have those of a LayerNorm" in problem.message
    (fix,) = problem.fixes
    document.apply(fix.edit, fix.label)
    assert told(document) == []


def test_a_structural_copy_of_a_large_model_is_alike():
    found = Document(build(MODELS["sdxl-unet"]), CATALOGUE)
    graph = found.graph
    for child in [child for child in graph.children["root"] if has_layers(graph, CATALOGUE, child)]:
        found.apply(place_again(graph, CATALOGUE, child, Place("root", len(graph.children["root"]))), "")
    assert sum(len(leaves) for leaves in members(graph).values()) > 2000
    assert not [problem for problem in check(graph, CATALOGUE) if problem.code == "shared-differs"]
