"""The strip: values of one number, or of two, tried without touching the document; a click sets them."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from app import viewing
from app.panels.strip_view import LEAST, Edge, StripView
from app.panels.sweep import span, spread
from app.theme import LIGHT
from app.window import Window
from engine.document import files
from engine.document.dials import Dial, Reading
from engine.document.edits import SetAdapterParam, SetParam
from engine.messages import Picture
from tests.app.hands import STARTING, Hands
from tests.app.test_compare import fill, values

FACTOR = Dial("adapter", "a", "factor")
SEED = Dial("input", "root", "x")


def shown(window: Window, column: int, row: int = 0) -> np.ndarray:
    preview = window.sweep.view.answers[column, row].preview
    assert preview is not None
    assert isinstance(preview.picture, Picture)
    return values(preview.picture)


def swept(qtbot: QtBot, window: Window, tiles: int) -> None:
    """Wait until every tile is there."""
    qtbot.waitUntil(lambda: len(window.sweep.view.answers) == tiles, timeout=STARTING)


def test_seven_strengths_of_an_adapter_beside_one_another(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    before = files.dump(live.document.graph)
    viewing.sweep(live, FACTOR)
    swept(qtbot, live, 7)
    hands.write(live.sweep.across.last, "3")
    hands.click(live.sweep.run)
    assert live.sweep.run.text() == "Cancel"
    swept(qtbot, live, 7)
    assert live.sweep.view.across.values == (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
    assert live.sweep.view.across.now == 4, "the graph has 2"
    one = shown(live, 2)
    for column, value in enumerate(live.sweep.view.across.values):
        assert np.allclose(shown(live, column), value * one)
    assert files.dump(live.document.graph) == before
    assert np.array_equal(shown(live, 4), values(live.preview.picture.picture))


def test_a_click_on_a_tile_is_one_edit(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    viewing.sweep(live, FACTOR)
    swept(qtbot, live, 7)
    steps = len(live.document.history.undos)
    half = live.sweep.view.tile_rect(2, 0).center().toPoint()
    hands.click(live.sweep.view, half)
    assert live.document.graph.adapters[0].values == {"factor": live.sweep.view.across.values[2]}
    assert live.sweep.view.across.now == 2
    assert len(live.document.history.undos) == steps + 1
    assert live.document.history.undos[-1].label == "Set Doubled: factor = 1.33333"
    qtbot.waitUntil(lambda: np.allclose(values(live.preview.picture.picture), shown(live, 2)), timeout=STARTING)
    assert "changed" not in live.sweep.state.text()
    hands.trigger("undo")
    assert live.document.graph.adapters[0].values == {}
    live.sweep.view.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Return):
        hands.key(key)
    assert live.document.graph.adapters[0].values != {}


def test_two_numbers_make_a_grid(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    hands.click(live.preview.strip)
    panel = live.sweep
    hands.choose(panel.across.combo, "Doubled: factor")
    hands.choose(panel.down.combo, "x: seed")
    panel.across.steps.setValue(3)
    panel.down.steps.setValue(2)
    hands.click(panel.run)
    swept(qtbot, live, 6)
    assert panel.view.down.title == "x: seed"
    assert not np.allclose(shown(live, 1, 0), shown(live, 1, 1))
    assert np.allclose(2 * shown(live, 1, 1), shown(live, 2, 1))
    tile = panel.view.tile_rect(1, 1).center().toPoint()
    hands.click(panel.view, tile)
    assert len(live.document.history.undos[-1].label.split(",")) == 2
    qtbot.waitUntil(lambda: np.allclose(values(live.preview.picture.picture), shown(live, 1, 1)), timeout=STARTING)
    hands.trigger("undo")
    assert live.document.graph.adapters[0].values == {}


def test_all_rows_are_seen_where_there_is_room(qtbot: QtBot) -> None:
    view = StripView(LIGHT)
    qtbot.addWidget(view)
    view.resize(900, 300)
    blank = view.grab().toImage()
    assert len({blank.pixel(x, y) for x in range(0, 900, 9) for y in range(0, 300, 3)}) == 1, "nothing asked for"
    view.begin(Edge("scale", (0.0, 0.5, 1.0)), Edge("seed", (1.0, 2.0)))
    view.set_room(300)
    assert 280 < view.tile_rect(0, 1).bottom() <= 300
    view.set_room(100)
    assert view.tile_rect(0, 1).height() == LEAST


def test_cancel_leaves_the_rest_empty_and_another_change_says_so(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = fill(live)
    hands.run()
    viewing.sweep(live, FACTOR)
    hands.click(live.sweep.run)
    assert live.sweep.run.text() == "Run"
    assert len(live.sweep.view.answers) < 7
    live.document.apply(SetAdapterParam("a", "factor", 1.0), "Set")
    assert "changed" not in live.sweep.state.text()
    hands.click(live.sweep.run)
    swept(qtbot, live, 7)
    live.document.apply(SetParam(node, "scale", 5.0), "Set")
    assert live.sweep.state.text() == "The graph has changed: run the strip again"


def test_what_fails_is_said_in_its_tile(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    viewing.sweep(live, FACTOR)
    swept(qtbot, live, 7)
    live.preview.pin_node("root")
    live.document.apply(SetAdapterParam("a", "factor", 1.0), "Set")
    panel = live.sweep
    panel.across.first.show_value(1.0)
    panel.start("not a node")
    swept(qtbot, live, 7)
    assert all(answer.error for answer in panel.view.answers.values())


def test_the_menu_of_a_number_leads_to_its_strip(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = fill(live)
    hands.run()
    live.canvas.select([node])
    page = live.inspector.page
    field = page.fields["scale"]  # pyright: ignore
    qtbot.waitUntil(field.isVisible)
    at = field.mapTo(live, QPoint(4, field.height() // 2))
    QApplication.sendEvent(live, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, live.mapToGlobal(at)))
    menu = live.findChild(QMenu, "number")
    assert menu is not None
    assert [each.text() for each in menu.actions()] == ["Strip of its values", "Compare with 1"]
    menu.actions()[0].trigger()
    menu.close()
    swept(qtbot, live, 7)
    assert live.sweep.view.across.title == "Multiply: scale"


def test_the_strip_is_saved_as_a_picture(qtbot: QtBot, live: Window, hands: Hands, tmp_path) -> None:
    fill(live)
    hands.run()
    viewing.sweep(live, FACTOR)
    swept(qtbot, live, 7)
    hands.click(live.sweep.save)
    dialog = live.findChild(QFileDialog, "strip")
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "strip.png"))
    image = QImage(str(tmp_path / "strip.png"))
    assert image.width() >= 2 * 7 * 72
    dialog.close()


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Reading("scale", 1.0, low=0, high=2), (0.0, 1.5)),
        (Reading("scale", 0.0, low=-2, high=2), (0.0, 1.5)),
        (Reading("seed", 3, True, 0), (3, 9)),
        (Reading("steps", 48, True, 1, 50), (48, 50)),
        (Reading("guidance", 7.5), (0.0, 15.0)),
        (Reading("shift", -2.0), (-2.0, 4.0)),
        (Reading("angle", 0.0, low=-1, high=1), (-1, 1)),
    ],
)
def test_spans_suggest_themselves(reading: Reading, expected: tuple[float, float]) -> None:
    assert span(reading) == expected


def test_whole_numbers_come_once_each() -> None:
    assert spread(1, 3, 7, True) == (1, 2, 3)
    assert spread(0, 1.5, 7, False) == (0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
