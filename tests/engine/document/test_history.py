"""The two stacks, by what a document's user sees of them."""

import pytest

from engine.document.document import Document, new_graph
from engine.document.edits import Batch, SetName, SetParam
from nodes import CATALOGUE


@pytest.fixture
def document() -> Document:
    return Document(new_graph(), CATALOGUE)


def value(document: Document, param: str = "p") -> object:
    return document.graph.nodes["root"].params.get(param)


def test_undo_and_redo_walk_the_steps(document):
    for number in (1, 2, 3):
        document.apply(SetParam("root", "p", number), f"Set {number}")
    assert [document.undo(), document.undo()] == ["Set 3", "Set 2"]
    assert value(document) == 1
    assert [document.redo(), document.redo(), document.redo()] == ["Set 2", "Set 3", None]
    assert value(document) == 3


def test_a_new_edit_forgets_what_was_undone(document):
    document.apply(SetParam("root", "p", 1), "One")
    document.undo()
    document.apply(SetParam("root", "p", 2), "Two")
    assert document.redo() is None
    assert document.undo() == "Two"
    assert document.undo() is None


def test_a_drag_is_one_step(document):
    document.apply(SetParam("root", "p", 0), "Start")
    for number in range(1, 100):
        document.apply(SetParam("root", "p", number), "Drag", "p")
    assert len(document.history.undos) == 2
    assert document.history.undos[-1].edit == SetParam("root", "p", 0), "a drag keeps no trail"
    document.undo()
    assert value(document) == 0
    document.redo()
    assert value(document) == 99


def test_a_drag_over_several_values_is_one_step(document):
    document.apply(SetParam("root", "p", 1), "Drag", "both")
    document.apply(SetParam("root", "q", 1), "Drag", "both")
    document.apply(Batch((SetParam("root", "p", 2), SetName("root", "Net"))), "Drag", "both")
    document.undo()
    assert (value(document), value(document, "q"), document.graph.nodes["root"].name) == (None, None, "")
    document.redo()
    assert (value(document), value(document, "q"), document.graph.nodes["root"].name) == (2, 1, "Net")


@pytest.mark.parametrize("between", ["end", "save", "other", "undo"])
def test_what_ends_a_drag(document, between):
    document.apply(SetParam("root", "p", 1), "Drag", "p")
    match between:
        case "end":
            document.end_gesture()
        case "save":
            document.mark_saved()
        case "other":
            document.apply(SetParam("root", "q", 1), "Other", "q")
        case _:
            document.undo()
            document.redo()
    document.apply(SetParam("root", "p", 2), "Drag", "p")
    document.undo()
    assert value(document) == 1


def test_revisions_name_states(document):
    seen = [document.history.revision]
    for number in (1, 2):
        document.apply(SetParam("root", "p", number), "Set")
        seen.append(document.history.revision)
    assert len(set(seen)) == 3
    document.undo()
    assert document.history.revision == seen[1]
    document.redo()
    assert document.history.revision == seen[2]
    document.undo()
    document.apply(SetParam("root", "p", 2), "Set")
    assert document.history.revision not in seen
