"""Wiring without a mouse."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.window import Window
from engine.document.edits import Insert
from engine.document.graph import Place
from tests.app.canvas.hands import graph_of, order, tree

KEY = Qt.Key


def press(window: Window, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(window.canvas, key)


def test_a_wire_is_drawn_by_keys_as_by_hand(window: Window) -> None:
    window.document.replace(graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("SiLU", "c")))
    window.refresh()
    canvas = window.canvas
    canvas.setFocus()
    canvas.select(["a"])
    press(window, KEY.Key_W, KEY.Key_Right, KEY.Key_Right)
    assert canvas.wire_walk.under_way
    assert window.status.currentMessage() == "Enter connects"
    press(window, KEY.Key_Return)
    assert not canvas.wire_walk.under_way
    assert order(canvas)[:2] == ["a", "c"]
    window.document.undo()
    assert order(canvas) == ["a", "b", "c"]

    canvas.select(["c"])
    press(window, KEY.Key_W, KEY.Key_Left)
    assert "cycle" in window.status.currentMessage()
    before = canvas.grab().toImage()
    press(window, KEY.Key_Escape)
    assert canvas.selection == ["b"]
    assert canvas.grab().toImage() != before
    press(window, KEY.Key_W, KEY.Key_Up, KEY.Key_Return)  # to the outlet of the frame around
    assert order(canvas) == ["a", "b"]


def test_a_wire_drawn_by_keys_is_one_of_the_graph_as_it_is(window: Window) -> None:
    window.document.replace(graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("SiLU", "c")))
    canvas, control = window.canvas, Qt.KeyboardModifier.ControlModifier
    canvas.setFocus()
    window.document.apply(Insert(Place("root", 1), (tree("Tanh", "new"),)), "Add")
    canvas.select(["a"])
    press(window, KEY.Key_W, KEY.Key_Right, KEY.Key_Right, KEY.Key_Right)
    QTest.keyClick(canvas, KEY.Key_Z, control)
    assert canvas.wire_walk.under_way
    press(window, KEY.Key_Return)
    assert (order(canvas), canvas.document.graph.segments("root")) == (["a", "c"], [["b"]])

    window.document.apply(Insert(Place("root", 0), (tree("Tanh", "new"),)), "Add")
    canvas.select(["new"])
    press(window, KEY.Key_W, KEY.Key_Right)
    QTest.keyClick(canvas, KEY.Key_Z, control)
    assert not canvas.wire_walk.under_way
    canvas.grab()


def test_a_wire_drawn_by_keys_ends_where_a_stack_of_repeats_begins(window: Window) -> None:
    repeats = (tree("Chain", f"c{i}", tree("ReLU", f"r{i}")) for i in range(3))
    window.document.replace(graph_of(tree("Linear", "a"), tree("SiLU", "b"), *repeats))
    canvas = window.canvas
    window.document.fold_repeats(["root"], True)
    canvas.setFocus()
    canvas.select(["a"])
    press(window, KEY.Key_W, KEY.Key_Right, KEY.Key_Right, KEY.Key_Return)
    assert order(canvas) == ["a", "c0", "c1", "c2"]
