"""The stroke that cuts wires."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.theme import LIGHT
from engine.document.flow import Wire
from engine.document.graph import Graph, same
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import LEFT, graph_of, middle, order, tree, wire_point

CONTROL, RIGHT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.RightButton


def rows() -> Graph:
    branch = tree("Chain", "t", tree("Tanh", "y"), tree("SiLU", "z"))
    return graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("Sum", "s", tree("Identity", "x"), branch))


@pytest.mark.parametrize("by_key", [False, True])
def test_a_stroke_cuts_what_it_crosses_in_one_step(open_canvas: Open, by_key: bool) -> None:
    canvas, hand = open_canvas(rows())
    before = canvas.document.graph.copy()
    hints: list[str] = []
    asked: list[object] = []
    canvas.hint.connect(hints.append)
    canvas.menu_requested.connect(lambda *told: asked.append(told))
    left = (canvas.rect_of("s").left() + canvas.rect_of("x").left()) / 2 + 4
    top, bottom = canvas.rect_of("x").top() - 4, canvas.rect_of("z").center().y() + 12
    button, keys = (LEFT, Qt.KeyboardModifier.NoModifier) if by_key else (RIGHT, CONTROL)
    if by_key:
        QTest.keyPress(canvas, Qt.Key.Key_Y)
    start, end = QPointF(left, top), QPointF(left, bottom)
    hand.drag(start, end, button, keys, release=False)
    assert hints[-1] == "Release to cut these 2 wires; Esc gives up"
    image = canvas.grab().toImage()
    line = range(round(canvas.rect_of("s").left()), round(canvas.rect_of("x").left()))
    lit = [image.pixelColor(x, round(canvas.port_of("x", "in").y())) for x in line]
    assert LIGHT.refusal in lit
    hand.release(end, button, keys)
    menu = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, end.toPoint(), canvas.mapToGlobal(end.toPoint()), keys)
    if not by_key:
        QApplication.sendEvent(canvas, menu)
    assert not asked
    assert order(canvas, "s") == []
    assert canvas.document.graph.segments("s") == [["x"], ["t"]]
    assert [step.label for step in canvas.document.history.undos] == ["Cut 2 wires"]
    canvas.document.undo()
    assert same(canvas.document.graph, before)


def test_escape_gives_up_a_stroke_and_the_menu_opens_again_later(open_canvas: Open) -> None:
    canvas, hand = open_canvas(rows())
    at = canvas.port_of("a", "out") + QPointF(12, 0)
    hand.drag(at - QPointF(0, 40), at + QPointF(0, 40), RIGHT, CONTROL, release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(at + QPointF(0, 40), RIGHT, CONTROL)
    assert not canvas.document.history.undos
    asked: list[object] = []
    canvas.menu_requested.connect(lambda *told: asked.append(told))
    spot = middle(canvas, "b").toPoint()
    QTest.mouseClick(canvas, RIGHT, pos=spot)
    QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, canvas.mapToGlobal(spot)))
    assert len(asked) == 1


def test_what_can_not_be_cut_is_told_and_the_rest_is_cut(open_canvas: Open) -> None:
    canvas, hand = open_canvas(
        graph_of(tree("Residual", "r", tree("Linear", "a"), tree("ReLU", "b")), tree("Sum", "e"))
    )
    said: list[str] = []
    canvas.refused.connect(said.append)
    at = canvas.port_of("a", "out") + QPointF(10, 0)
    top = canvas.rect_of("r").top() + 34
    hand.drag(QPointF(at.x(), top), at + QPointF(0, 10), RIGHT, CONTROL)
    assert order(canvas, "r") == ["a"]
    assert said == ["the skip of Residual stays: it is what a Residual does. Replace or unwrap it"]
    at = wire_point(canvas, Wire(("e", "in"), ("e", "out")))
    hand.drag(at - QPointF(0, 9), at + QPointF(0, 9), RIGHT, CONTROL)
    assert said[1:] == ["the wire of Sum, which is empty, can't be cut"]
    assert len(canvas.document.history.undos) == 1
