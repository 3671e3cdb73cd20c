"""The camera: zoom at the pointer, pan in every way, reveal what is hidden."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.view import Canvas
from app.window import Window
from engine.document.flow import Wire
from engine.document.graph import Graph
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, middle, order, tree, wire_point

ALT, CONTROL, NONE, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def nest() -> Graph:
    inner = tree("Chain", "inner", tree("Linear", "deep"), tree("ReLU", "last"))
    return graph_of(tree("Linear", "a"), tree("Residual", "r", inner), tree("SiLU", "b"))


def wheel(
    canvas: Canvas, at: QPointF, turn: int = 0, pixels: QPoint | None = None, keys: Qt.KeyboardModifier = NONE
) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        pixels or QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("turn", [120, -240])
def test_the_wheel_zooms_and_keeps_the_point_under_it(open_canvas: Open, turn: int) -> None:
    canvas, _ = open_canvas(nest())
    at = canvas.rect_of("b").center()
    before = canvas.zoom
    wheel(canvas, at, turn)
    assert (canvas.zoom > before) == (turn > 0)
    after = canvas.rect_of("b").center()
    assert abs(after.x() - at.x()) < 1e-6
    assert abs(after.y() - at.y()) < 1e-6


def test_what_is_under_the_pointer_is_another_thing_once_the_wheel_has_turned(open_canvas: Open) -> None:
    canvas, hand = open_canvas(nest())
    at = wire_point(canvas, Wire(("deep", "out"), ("last", "in")))
    hand.move(at, Qt.MouseButton.NoButton)
    assert canvas.mouse.hover.kind == "wire"
    wheel(canvas, at, -2400)
    assert canvas.mouse.hover.node == "root"
    canvas.frame_all()
    hand.drag(middle(canvas, "b"), at := middle(canvas, "last"), release=False)
    wheel(canvas, at, -2400)
    assert list(canvas.scene.by_node) == ["root"]
    canvas.grab()  # nothing is shown where it was
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert canvas.selection == ["b"], "the drag goes on"
    wheel(canvas, at, 2400)
    hand.release(at)
    assert "b" in order(canvas, "inner")


def test_a_trackpad_pans_and_with_control_zooms(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    before = canvas.rect_of("a").topLeft()
    wheel(canvas, QPointF(300, 300), 40, QPoint(12, -30))
    assert canvas.rect_of("a").topLeft() - before == QPointF(12, -30)
    zoom = canvas.zoom
    wheel(canvas, QPointF(300, 300), 40, QPoint(0, 40), CONTROL)
    assert canvas.zoom > zoom


@pytest.mark.parametrize(("mode", "keys", "pans"), [
    ("zoom", NONE, False), ("pan", NONE, True), ("pan", CONTROL, False), ("pan", SHIFT, True),
])  # fmt: skip
def test_the_wheel_does_what_is_chosen(open_canvas: Open, mode: str, keys: Qt.KeyboardModifier, pans: bool) -> None:
    canvas, _ = open_canvas(nest())
    canvas.mouse.wheel_mode = mode
    at, before, zoom = QPointF(300, 300), canvas.rect_of("a").topLeft(), canvas.zoom
    wheel(canvas, at, 120, QPoint(0, 30), keys)
    assert (canvas.zoom == zoom) == pans
    if pans:
        assert canvas.rect_of("a").topLeft() - before == (QPointF(30, 0) if keys else QPointF(0, 30))
        wheel(canvas, at, 120, keys=keys)  # of a mouse, which tells no pixels
        assert canvas.rect_of("a").topLeft() - before == (QPointF(90, 0) if keys else QPointF(0, 90))


def test_the_wheel_that_is_chosen_is_remembered(window: Window) -> None:
    canvas, at = window.canvas, QPointF(300, 300)
    canvas.set_zoom(1.0)
    assert canvas.mouse.wheel_mode == "auto"
    window.actions_by_id["wheel-pan"].trigger()
    wheel(canvas, at, 120)
    assert (canvas.zoom, window.settings.value("wheel")) == (1.0, "pan")
    window.actions_by_id["wheel-zoom"].trigger()
    wheel(canvas, at, 120, QPoint(0, 40))
    assert canvas.zoom > 1.0
    assert window.settings.value("wheel") == "zoom"


def test_dragging_pans_with_the_middle_button_alt_or_space(open_canvas: Open) -> None:
    canvas, hand = open_canvas(nest())
    start = canvas.rect_of("a").center()
    hand.drag(start, start + QPointF(40, 24), Qt.MouseButton.MiddleButton)
    assert (canvas.rect_of("a").center() - start).toPoint() == QPoint(40, 24)
    hand.drag(QPointF(20, 20), QPointF(60, 44), keys=ALT)
    assert (canvas.rect_of("a").center() - start).toPoint() == QPoint(80, 48)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    hand.drag(start, start + QPointF(40, 24))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert (canvas.rect_of("a").center() - start).toPoint() == QPoint(120, 72)
    assert not canvas.document.history.undos


def test_frame_all_shows_everything_and_set_zoom_is_exact(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.set_zoom(3.0)
    assert canvas.zoom == 3.0
    canvas.pan_by(-9000, 0)
    canvas.frame_all()
    assert canvas.rect().contains(canvas.rect_of("root").toRect())
    canvas.select(["inner"])
    canvas.frame_selection()
    assert canvas.rect().contains(canvas.rect_of("inner").toRect())


def test_resizing_keeps_everything_in_view_until_the_user_moves(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.resize(420, 300)
    assert canvas.rect().contains(canvas.rect_of("root").toRect())
    canvas.pan_by(7, 7)
    before = canvas.rect_of("root")
    canvas.resize(500, 400)
    assert canvas.rect_of("root") == before


def test_reveal_opens_what_hides_a_node_and_selects_it(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.toggle_collapsed(["r", "inner"])
    assert canvas.rect_of("deep") == canvas.rect_of("r")
    canvas.pan_by(5000, 5000)
    canvas.reveal("deep")
    assert canvas.selection == ["deep"]
    assert not canvas.document.graph.view("r").collapsed
    assert not canvas.document.graph.view("inner").collapsed
    assert canvas.rect().contains(canvas.rect_of("deep").toRect())
    assert canvas.scene.by_node["deep"].state == "leaf"


def test_reveal_zooms_in_on_what_is_too_small_to_see(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.set_zoom(0.02)
    canvas.reveal("deep")
    assert canvas.rect_of("deep").height() > 12
    assert canvas.hit(canvas.rect_of("deep").center().x(), canvas.rect_of("deep").center().y()).node == "deep"


def test_closing_a_frame_keeps_it_where_it_is(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    before = canvas.rect_of("r").topLeft()
    canvas.toggle_collapsed(["r"])
    after = canvas.rect_of("r").topLeft()
    assert abs(after.x() - before.x()) < 1e-6
    assert abs(after.y() - before.y()) < 1e-6


def test_a_bar_that_comes_or_goes_above_leaves_the_graph_where_it_is_on_the_screen(window: Window) -> None:
    canvas = window.canvas
    canvas.set_zoom(0.8)
    before, top = canvas.mapToGlobal(canvas.rect_of("root").topLeft()), canvas.y()
    window.notice.tell("Two of the file not used", "info")
    QApplication.processEvents()
    assert canvas.y() > top
    assert canvas.mapToGlobal(canvas.rect_of("root").topLeft()) == before
    window.notice.hide()
    QApplication.processEvents()
    assert canvas.y() == top
    assert canvas.mapToGlobal(canvas.rect_of("root").topLeft()) == before
