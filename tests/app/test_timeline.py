"""The timeline in the window: recorded while it is open, scrubbed by hand and key, marked on the canvas."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.panels.timeline import TimelinePanel
from app.panels.tracks import Tracks
from app.theme import LIGHT
from app.window import Window
from engine.document.edits import Remove
from engine.messages import Content, Timeline, Touch, Track, Where
from tests.app.hands import STARTING, Hands

RESIDUALS = Path("resources/examples/context-residuals.catenary")


def list_of(*items: str) -> Content:
    return Content(f"list of {len(items)}", len(items), items)


PLACES = (Where("", ""), Where("a", "Down.A"), Where("b", "Down.B"), Where("c", "Up.C"), Where("d", "Up.D"))
TIMELINE = Timeline(
    1,
    (Track("root", "c.held", "", 4), Track("down", "own.t", "Down", 2)),
    PLACES,
    (0, 1, 2, 3, 4),
    (
        Touch(0, 0, "start", list_of()),
        Touch(0, 1, "start", Content("3.0")),
        Touch(1, 0, "push", list_of("1.0")),
        Touch(2, 1, "read", Content("3.0")),
        Touch(4, 0, "pop", list_of()),
    ),
)


def test_what_is_held_when() -> None:
    tracks = Tracks(TIMELINE)
    assert [held and held.content.text for held in (tracks.held(0, step) for step in range(5))] == [
        "list of 0", "list of 1", "list of 1", "list of 1", "list of 0",
    ]  # fmt: skip
    assert [bool(tracks.held(1, step)) for step in range(5)] == [True, True, True, False, False], "its provider is done"
    assert tracks.steps() == [0, 1, 2, 4]
    assert tracks.steps(1) == [0, 2]
    assert (tracks.next(0, 1, 1), tracks.next(0, 1, -1), tracks.next(0, 4, 1)) == (4, 0, None)
    assert tracks.names == ["c.held", "own.t"]
    twice = replace(TIMELINE, tracks=(Track("root", "c.held", "", 4), Track("down", "c.held", "Down", 2)))
    assert Tracks(twice).names == ["c.held in root", "c.held in Down"]
    assert tracks.parts([0, 1, 2, 3]) == ["", "Down", "Down", "Up"]


@pytest.fixture
def panel(qtbot: QtBot) -> TimelinePanel:
    panel = TimelinePanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(900, 240)
    panel.show_timeline(TIMELINE)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def test_keys_walk_the_steps_that_are_shown(qtbot: QtBot, panel: TimelinePanel) -> None:
    view = panel.view
    for key, step in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_Right, 4), (Qt.Key.Key_Left, 2)):
        qtbot.keyClick(view, key)
        assert view.step == step
    assert panel.slider.value() == 2
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert "own.t" in panel.value.toPlainText()
    panel.columns.setCurrentText("Steps at this key")
    assert view.columns == [0, 2]
    panel.columns.setCurrentText("All steps")
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert panel.node == "d"
    assert "done with it" in panel.value.toPlainText()
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert view.step == 2, "the step before that reaches this key"


def test_the_mouse_scrubs_and_the_list_is_described(qtbot: QtBot, panel: TimelinePanel) -> None:
    view = panel.view
    at = view.cell(1, 0).center().toPoint()
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert (view.step, view.track) == (1, 0)
    assert "+ [0] 1.0" in panel.value.toPlainText()
    assert panel.place.text() == "Down.A"
    qtbot.mouseMove(view.viewport(), view.cell(3, 0).center().toPoint())
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cell(3, 0).center().toPoint())
    for key, step in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 4)):
        qtbot.keyClick(panel.slider, key)
        assert view.step == step
    assert "− 1.0" in panel.value.toPlainText()
    picture = view.viewport().grab().toImage()
    present = view.cell(view.column, 0).center().toPoint()
    assert picture.pixelColor(present.x(), view.viewport().height() - 4) != LIGHT.panel
    panel.show_timeline(Timeline(2, (), PLACES[:1], (0,), ()))
    assert panel.empty.isVisible(), "a graph without contexts"


def test_a_run_is_recorded_while_the_panel_is_open(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.files.open(RESIDUALS)
    assert not live.link.records
    hands.trigger("panel-timeline")
    qtbot.waitUntil(lambda: live.link.records)
    with qtbot.waitSignal(live.link.timeline, timeout=STARTING):
        hands.run()
    panel, canvas = live.timeline, live.canvas
    panel.view.setFocus()
    for _ in range(3):
        hands.key(Qt.Key.Key_Right)
    assert panel.node == canvas.marked == "push3"
    assert panel.place.text() == "Down.Push_3"
    canvas.set_zoom(2.0)
    canvas.pan_by(-5000, 0)
    hands.click(panel.follow)
    assert canvas.rect().contains(canvas.rect_of("push3").center().toPoint()), "brought into view"
    assert canvas.selection == []
    live.document.apply(Remove(("push3",)), "Delete")
    canvas.grab()
    hands.trigger("panel-timeline")
    qtbot.waitUntil(lambda: not live.link.records)
    assert canvas.marked == ""
