"""The minimap: when it is there, what it shows, and what a hand does with it."""

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.minimap import Minimap
from app.canvas.view import Canvas
from app.theme import DARK, LIGHT
from engine.document.edits import Remove
from engine.document.problems import Problem
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import LEFT, graph_of, tree


@pytest.fixture
def canvas(open_canvas: Open) -> Canvas:
    """Four frames of leaves in a row, at 100 %: not all of it is in view."""
    frames = [tree("Chain", f"c{i}", *(tree("Linear", f"l{i}{j}") for j in range(12))) for i in range(4)]
    canvas, _ = open_canvas(graph_of(*frames))
    return canvas


@pytest.fixture
def minimap(qtbot: QtBot, canvas: Canvas) -> Minimap:
    minimap = Minimap(canvas)
    assert not minimap.isVisible(), "everything is in view"
    canvas.set_zoom(1.0)
    qtbot.waitUntil(minimap.isVisible)
    return minimap


def colours_near(minimap: Minimap, at: QPointF, reach: int = 7) -> set[str]:
    image = minimap.grab().toImage()
    xs, ys = (range(round(v) - reach, round(v) + reach + 1) for v in (at.x(), at.y()))
    return {QColor(image.pixel(x, y)).name() for x in xs for y in ys if image.rect().contains(x, y)}


def point_of(minimap: Minimap, node: str) -> QPointF:
    """Where the middle of a node is, in the minimap."""
    view, canvas = minimap.view_rect(), minimap.canvas
    middle = canvas.rect_of(node).center()
    x, y = middle.x() / canvas.width() * view.width(), middle.y() / canvas.height() * view.height()
    return view.topLeft() + QPointF(x, y)


def middle_of(canvas: Canvas) -> QPointF:
    return QPointF(canvas.width() / 2, canvas.height() / 2)


def test_a_click_moves_the_view_there_and_a_drag_takes_it_along(canvas: Canvas, minimap: Minimap) -> None:
    assert minimap.geometry().right() < canvas.width()
    assert minimap.geometry().bottom() < canvas.height()
    for node in ("l00", "l311"):
        QTest.mouseClick(minimap, LEFT, pos=point_of(minimap, node).toPoint())
        far = canvas.rect_of(node).center() - middle_of(canvas)
        assert far.manhattanLength() < 2 / minimap.scale * canvas.zoom, "as exact as a pixel of the minimap"
    before = canvas.rect_of("l00").topLeft()
    start = minimap.view_rect().center().toPoint()
    QTest.mousePress(minimap, LEFT, pos=start)
    assert canvas.rect_of("l00").topLeft() == before, "it is taken where it is"
    QTest.mouseMove(minimap, start + QPoint(-10, 0))
    QTest.mouseRelease(minimap, LEFT, pos=start + QPoint(-10, 0))
    assert canvas.rect_of("l00").left() - before.x() == pytest.approx(10 / minimap.scale * canvas.zoom, rel=0.1)
    canvas.travels.back()
    assert canvas.rect_of("l00").topLeft() == before


def test_the_wheel_zooms_and_what_lies_under_it_is_left_alone(canvas: Canvas, minimap: Minimap) -> None:
    asked: list[object] = []
    canvas.menu_requested.connect(lambda *found: asked.append(found))
    zoom, at = canvas.zoom, QPointF(20, 20)
    where = minimap.mapToGlobal(at)
    none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, where, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, none, phase, False)
    QApplication.sendEvent(minimap, event)
    assert canvas.zoom > zoom
    QTest.mouseClick(minimap, Qt.MouseButton.RightButton, pos=at.toPoint())
    assert not asked
    assert not canvas.selection


def test_it_comes_and_goes_with_what_is_out_of_view(qtbot: QtBot, canvas: Canvas, minimap: Minimap) -> None:
    canvas.frame_all()
    assert not minimap.isVisible()
    canvas.set_zoom(1.0)
    assert minimap.isVisible()
    minimap.set_wanted(False)
    assert not minimap.isVisible()
    minimap.set_wanted(True)
    qtbot.waitUntil(minimap.isVisible)
    canvas.resize(200, 150)
    qtbot.waitUntil(lambda: not minimap.isVisible())


def test_it_marks_the_selection_and_problems_and_follows_edits_and_themes(
    qtbot: QtBot, canvas: Canvas, minimap: Minimap
) -> None:
    at = point_of(minimap, "c1")
    assert not {LIGHT.selection.name(), LIGHT.error.name()} & colours_near(minimap, at, 40)
    canvas.select(["c1"])
    assert LIGHT.selection.name() in colours_near(minimap, at, 40)
    canvas.select([])
    canvas.set_problems([Problem("x", "error", "c1", "wrong")])
    assert LIGHT.error.name() in colours_near(minimap, at)
    canvas.set_problems([])
    assert LIGHT.error.name() not in colours_near(minimap, at)
    before = minimap.size()
    canvas.document.apply(Remove(("c2", "c3")), "Delete")
    qtbot.waitUntil(lambda: minimap.size() != before)
    canvas.set_theme(DARK)
    assert DARK.text.name() in colours_near(minimap, QPointF(minimap.rect().center()), 200), "the edge of the view"


def test_problems_out_of_view_are_seen_at_once(qtbot: QtBot, canvas: Canvas, minimap: Minimap) -> None:
    painted: list[str] = []

    class Ear(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append("minimap")
            return False

    ear = Ear()
    canvas.set_zoom(2.0)
    assert not canvas.rect().intersects(canvas.rect_of("l311").toAlignedRect())
    QApplication.processEvents()
    minimap.installEventFilter(ear)
    canvas.set_problems([Problem("x", "error", "l311", "wrong")])
    qtbot.waitUntil(lambda: bool(painted))


def test_of_very_many_selected_nodes_some_are_marked_all_over(
    canvas: Canvas, minimap: Minimap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.canvas.minimap.MOST_MARKED", 4)
    canvas.select([f"l{i}{j}" for i in range(4) for j in range(12)])
    for frame in range(4):
        assert any(
            LIGHT.selection.name() in colours_near(minimap, point_of(minimap, f"l{frame}{j}")) for j in range(12)
        )
