"""Notes: how they begin is written at the node, and all of it is in its tooltip."""

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip

from app.canvas.view import Canvas
from engine.document.edits import SetView
from engine.document.graph import View
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree

NOTE = "keeps the sign <br> of what comes in"


def seen(canvas: Canvas) -> QImage:
    return canvas.grab().toImage()


@pytest.mark.parametrize(("node", "below"), [("a", True), ("f", False)])
def test_a_note_is_written_below_a_leaf_and_on_the_header_of_a_frame(open_canvas: Open, node: str, below: bool) -> None:
    canvas, _ = open_canvas(graph_of(tree("Linear", "a"), tree("Chain", "f", tree("ReLU", "b"), tree("Linear", "c"))))
    canvas.set_zoom(1.0)
    canvas.set_shapes({"a": ("float32 (2, 8)",)}, {})
    bare = seen(canvas)
    canvas.document.apply(SetView(node, View(note=NOTE)), "Set note")
    noted = seen(canvas)
    rect = canvas.rect_of(node).toRect()
    strip = QRect(rect.left(), rect.bottom() + 2, rect.width(), 14) if below else QRect(rect.topLeft(), rect.size() / 2)
    assert bare.copy(strip) != noted.copy(strip)
    assert bare.copy(canvas.rect_of("c").toRect()) == noted.copy(canvas.rect_of("c").toRect()), "nothing moves for it"
    canvas.document.undo()
    assert seen(canvas) == bare


def test_all_of_a_note_is_in_the_tooltip(open_canvas: Open) -> None:
    canvas, _ = open_canvas(graph_of(tree("Linear", "a")))
    canvas.document.apply(SetView("a", View(note=NOTE)), "Set note")
    at = canvas.rect_of("a").center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, canvas.mapToGlobal(at) + QPoint()))
    assert "keeps the sign &lt;br&gt; of what comes in" in QToolTip.text()
    QToolTip.hideText()
