"""Names of nodes too small to say them, under the pointer; and what a wire carries."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from app.canvas.nametag import words
from app.canvas.view import Canvas
from engine.document.flow import Wire
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree, wire_point


def tagged(canvas: Canvas, node: str) -> bool:
    """Whether something stands above a node while the pointer is on it."""
    rect = canvas.rect_of(node)
    above = QRect(round(rect.center().x()) - 10, round(rect.top()) - 20, 20, 12)
    QTest.mouseMove(canvas, QPoint(5, 5))
    before = canvas.grab(above).toImage()
    QTest.mouseMove(canvas, rect.center().toPoint())
    return canvas.grab(above).toImage() != before


def test_a_small_node_tells_its_name_at_once(open_canvas: Open) -> None:
    inner = tree("Chain", "held", tree("ReLU", "r"), tree("SiLU", "s"), name="Held")
    canvas, _ = open_canvas(graph_of(tree("Linear", "a", in_features=3, out_features=5), inner))
    assert not tagged(canvas, "a"), "it says its name itself"
    canvas.toggle_collapsed(["held"])
    canvas.zoom_by(0.25, QPointF(600, 400))
    assert tagged(canvas, "a")
    assert words(canvas.arrangement, canvas.scene.by_node["a"]) == ("Linear", "3 → 5")
    assert words(canvas.arrangement, canvas.scene.by_node["held"]) == ("Held", "ReLU, SiLU")
    assert tagged(canvas, "held")


def test_a_wire_tells_from_where_it_comes_and_what_it_carries(open_canvas: Open) -> None:
    canvas, _ = open_canvas(graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("ReLU", "c")))
    canvas.set_shapes({"b": ("float32 (1, 64)",)}, {})
    at = wire_point(canvas, Wire(("b", "out"), ("c", "in"))).toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    wire = QToolTip.text()
    node = canvas.rect_of("b").center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, node, canvas.mapToGlobal(node)))
    assert "max(x, 0)<br>" in QToolTip.text(), "of what a kind does, the first sentence"
    assert wire == "<b>ReLU_1 → ReLU_2</b><br>float32 (1, 64)"
    QToolTip.hideText()
