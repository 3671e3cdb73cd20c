"""The document: edits with listeners, saved or not, and what new documents and nodes are made of."""

import pytest

from engine.document.document import Change, Document, new_graph, new_tree
from engine.document.edits import EditError, Fold, Insert, SetName, SetParam, SetView, apply
from engine.document.graph import Node, Place, Tree, View
from engine.document.ids import new_ids
from nodes import CATALOGUE


@pytest.fixture
def document() -> Document:
    return Document(new_graph(), CATALOGUE)


@pytest.fixture
def heard(document: Document) -> list[Change]:
    changes: list[Change] = []
    document.listeners.append(changes.append)
    return changes


def test_listeners_hear_every_change_and_no_refused_one(document, heard):
    edit = SetParam("root", "p", 1)
    document.apply(edit, "Set")
    document.undo()
    document.redo()
    assert [change.edit for change in heard] == [edit, SetParam("root", "p", None, absent=True), edit]
    assert all(change.touched and change.touched.nodes == {"root"} for change in heard)
    with pytest.raises(EditError):
        document.apply(SetName("root", "no name"), "Rename")
    assert len(heard) == 3
    assert document.history.revision == 1


def test_a_listener_may_leave_while_it_is_told(document):
    told: list[str] = []

    def once(_: Change) -> None:
        told.append("once")
        document.listeners.remove(once)

    document.listeners += [once, lambda _: told.append("always")]
    document.apply(SetParam("root", "p", 1), "Set")
    document.apply(SetParam("root", "p", 2), "Set")
    assert told == ["once", "always", "always"]


def test_modified_means_other_than_saved(document):
    assert not document.modified
    document.apply(SetParam("root", "p", 1), "Set")
    assert document.modified
    document.undo()
    assert not document.modified
    document.redo()
    document.mark_saved()
    assert not document.modified
    document.undo()
    assert document.modified
    document.apply(SetParam("root", "p", 1), "Set")
    assert document.modified, "the saved state can't be reached by undoing any more"


def test_another_graph_starts_afresh(document, heard):
    document.apply(SetParam("root", "p", 1), "Set")
    document.replace(new_graph())
    assert heard[-1] == Change(None, None)
    assert document.undo() is None
    assert not document.modified


def test_folding_is_heard_but_is_no_step(document, heard):
    apply(document.graph, SetView("root", View(note="n", position=(1.0, 2.0))))
    document.set_collapsed("root", True)
    assert document.graph.view("root") == View(True, "n", "", (1.0, 2.0))
    assert heard[-1].edit == Fold("root", True)
    assert not document.modified
    assert document.undo() is None


def test_ids_are_short_and_fresh():
    graph = new_graph()
    ids = new_ids(graph)
    for _ in range(200):
        fresh = next(ids)
        assert fresh not in graph
        assert len(fresh) == 5
        apply(graph, Insert(Place("root", 0), (Tree(Node(fresh, "ReLU")),)))
    assert len(graph) == 201
    assert len({next(ids) for _ in range(200)} - set(graph.nodes)) == 200


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_new_nodes_have_their_kinds_shape_and_defaults(kind):
    tree = new_tree(new_graph(), CATALOGUE, kind)
    assert (tree.children is not None) == CATALOGUE[kind].is_frame
    assert set(tree.node.params) == {param.name for param in CATALOGUE[kind].params}


def test_new_nodes_take_params():
    tree = new_tree(new_graph(), CATALOGUE, "Linear", in_features=3)
    assert tree.node.params == {"in_features": 3, "out_features": 64, "bias": True}


def test_an_empty_graph_is_a_root_chain():
    assert new_graph().nodes == {"root": Node("root", "Chain")}


def test_undoing_a_note_leaves_frames_folded_as_they_are(document):
    document.apply(SetView("root", View(note="n")), "Set note")
    document.set_collapsed("root", True)
    document.undo()
    assert document.graph.view("root") == View(collapsed=True)
