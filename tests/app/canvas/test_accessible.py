"""What a screen reader is told of the canvas, asked as it asks: through Qt's own interface."""

import gc

import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.view import Canvas
from app.theme import LIGHT
from engine.document.document import Document
from engine.document.edits import Insert, Remove
from engine.document.graph import CANVAS, Graph, Place
from engine.document.problems import Problem
from nodes import CATALOGUE
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree

NAME, DESCRIPTION, HELP = QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Help


def nest() -> Graph:
    inner = tree("Chain", "inner", tree("Linear", "deep", name="Wide"), tree("ReLU", "last"))
    return graph_of(tree("Linear", "a"), tree("Residual", "r", inner), tree("SiLU", "b"))


def root_of(canvas: Canvas) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(canvas).child(0)


def names(item: QAccessibleInterface) -> list[str]:
    return [item.child(i).text(NAME) for i in range(item.childCount())]


def test_nodes_are_a_tree_below_the_canvas(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    top = QAccessible.queryAccessibleInterface(canvas)
    assert (top.role(), top.text(NAME), top.text(DESCRIPTION)) == (QAccessible.Role.Tree, "Graph", "7 nodes")
    root = root_of(canvas)
    assert (root.role(), root.text(NAME)) == (QAccessible.Role.TreeItem, "Chain")
    assert root.parent() == top
    assert names(root) == ["Linear", "Residual", "SiLU"]
    inner = root.child(1).child(0)
    assert names(inner) == ["Linear Wide", "ReLU"]
    assert inner.child(0).parent() == inner
    assert [inner.indexOfChild(inner.child(i)) for i in range(2)] == [0, 1]
    assert root.indexOfChild(inner) == -1
    assert root.child(3) is None
    assert inner.child(0).text(DESCRIPTION).startswith("64 → 64")
    assert inner.child(0).text(HELP) == CATALOGUE["Linear"].doc
    assert inner.text(DESCRIPTION) == "Wide, ReLU"


def test_items_say_what_signs_and_colours_say(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.set_problems([Problem("shadowed", "warning", "a", "something is odd")])
    canvas.set_shapes({"a": ("float32 (1, 3)",)}, {})
    canvas.staleness.nodes = frozenset({"a"})
    canvas.document.apply(Insert(Place(CANVAS, 0, 0, new=True), (tree("ReLU", "free"),)), "Park")
    item = root_of(canvas).child(0)
    words = item.text(DESCRIPTION)
    assert words.endswith("something is odd; its value is of the graph before it was changed; returns 1×3")
    free = QAccessible.queryAccessibleInterface(canvas).child(1)
    assert "not wired" in free.text(DESCRIPTION)
    canvas.set_running("a")
    assert item.state().busy
    assert not free.state().busy


def test_a_stack_of_repeats_says_how_many_and_how_they_differ(open_canvas: Open) -> None:
    sizes = enumerate((64, 32))
    blocks = [tree("Chain", f"b{n}", tree("Linear", f"l{n}", out_features=size), name="Block") for n, size in sizes]
    canvas, _ = open_canvas(graph_of(tree("ReLU", "a"), *blocks))
    block = root_of(canvas).child(1)
    assert block.text(NAME) == "Chain Block"
    canvas.document.fold_repeats(["root"], True)
    assert block.text(NAME) == "Chain Block × 2"
    words = block.text(DESCRIPTION)
    assert "× 2, built alike, but for: " in words
    assert "out_features" in words
    assert root_of(canvas).child(2).state().invisible


def test_states_and_places_follow_the_canvas(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.setFocus()
    root = root_of(canvas)
    residual, leaf = root.child(1), root.child(2)
    deep = residual.child(0).child(0)
    QTest.keyClick(canvas, Qt.Key.Key_Down)  # the root
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.selection == ["r"]
    assert (residual.state().selected, residual.state().focused, residual.state().expanded) == (1, 1, 1)
    assert (leaf.state().selected, leaf.state().focused, leaf.state().expandable) == (0, 0, 0)
    assert QAccessible.queryAccessibleInterface(canvas).focusChild() == residual
    assert (deep.state().invisible, deep.state().offscreen) == (0, 0)
    assert deep.rect().translated(-canvas.mapToGlobal(QPoint())) == canvas.rect_of("deep").toAlignedRect()
    at = deep.rect().center()
    top = QAccessible.queryAccessibleInterface(canvas)
    assert top.childAt(at.x(), at.y()) == deep
    assert residual.childAt(at.x(), at.y()) == deep
    assert deep.childAt(at.x(), at.y()) is None
    assert leaf.childAt(at.x(), at.y()) is None
    canvas.pan_by(9000, 0)
    assert deep.state().offscreen


def test_actions_select_and_fold(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    root = root_of(canvas)
    assert root.valueInterface() is None
    residual, deep = root.child(1).actionInterface(), root.child(1).child(0).child(0)
    assert root.child(0).actionInterface().actionNames() == ["Press", "SetFocus"]
    assert residual.actionNames() == ["Press", "SetFocus", "Toggle"]
    residual.doAction("Toggle")
    assert canvas.document.graph.view("r").collapsed
    assert (root.child(1).state().collapsed, deep.state().invisible) == (1, 1)
    deep.actionInterface().doAction("SetFocus")
    assert canvas.selection == ["deep"]
    assert canvas.hasFocus()
    assert not deep.state().invisible


def test_items_go_with_their_nodes(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    inner = root_of(canvas).child(1).child(0)
    deep = inner.child(0)
    number = QAccessible.uniqueId(deep)
    canvas.document.apply(Remove(("inner",)), "Remove")
    assert not shiboken6.isValid(deep)
    assert not shiboken6.isValid(inner)
    assert QAccessible.accessibleInterface(number) is None
    canvas.document.undo()
    assert names(root_of(canvas).child(1).child(0)) == ["Linear Wide", "ReLU"]


def test_items_go_with_their_canvas(qapp: QApplication) -> None:
    del qapp
    canvas = Canvas(Document(nest(), CATALOGUE), LIGHT)
    top, root = QAccessible.queryAccessibleInterface(canvas), root_of(canvas)
    number = QAccessible.uniqueId(root)
    shiboken6.delete(canvas)
    gc.collect()
    assert not shiboken6.isValid(top)
    assert not shiboken6.isValid(root)
    assert QAccessible.accessibleInterface(number) is None
