"""Pinned nodes side by side, zoomed as one; which slice of a tensor is shown."""

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.panels.picture import PictureView
from app.panels.slices import AUTO
from app.window import Window
from engine.document.document import new_tree
from engine.document.edits import Insert, SetInputs, SetParam
from engine.document.graph import Input, Place
from engine.document.sources import NoiseSource
from engine.messages import ALL
from tests.app.hands import STARTING, Hands


def fill(window: Window, *shape: int) -> tuple[str, str]:
    """Noise, times two, times three; gives both Multiplies."""
    document = window.document
    document.apply(SetInputs((Input("x", NoiseSource(list(shape), 3)),)), "Input")
    nodes = []
    for scale in (2.0, 3.0):
        tree = new_tree(document.graph, document.catalogue, "Multiply", scale=scale)
        document.apply(Insert(Place("root", len(nodes)), (tree,)), "Insert")
        nodes.append(tree.node.id)
    return nodes[0], nodes[1]


def roll(view: PictureView, at: QPointF) -> None:
    """Turn the wheel by two notches."""
    left, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    place = view.mapToGlobal(at)
    event = QWheelEvent(at, place, QPoint(), QPoint(0, 240), left, none, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(view, event)


def shown(window: Window) -> np.ndarray:
    picture = window.preview.picture.picture
    assert picture is not None
    return np.frombuffer(picture.values, np.float32).reshape(picture.height, picture.width)


def test_pinned_nodes_stand_side_by_side_and_zoom_as_one(qtbot: QtBot, live: Window, hands: Hands) -> None:
    one, two = fill(live, 1, 1, 8, 8)
    panel = live.preview
    panel.pin_node(one)
    panel.pin_node(two)
    live.canvas.select([])
    hands.run()
    qtbot.waitUntil(lambda: set(panel.previews) >= {"root", one, two}, timeout=STARTING)
    hands.click(panel.beside)
    cells = panel.board.cells
    assert [cell.title.text() for cell in cells] == ["result", "Multiply_1", "Multiply_2"]
    assert not panel.picture.isVisible()
    qtbot.waitUntil(lambda: all(cell.view.image.width() == 8 and cell.view.isVisible() for cell in cells))
    first = cells[0].view
    before = [cell.view.zoom for cell in cells]
    roll(first, QPointF(first.width() / 4, first.height() / 4))
    assert [round(cell.view.zoom / old, 3) for cell, old in zip(cells, before, strict=True)] == [1.433] * 3
    assert len({cell.view.aim for cell in cells}) == 1 or np.allclose(
        [cell.view.aim for cell in cells], first.aim, atol=0.02
    )
    qtbot.mouseMove(first, QPoint(3, 3))
    qtbot.mouseMove(first, (first.rect().center()))
    values = [float(cell.value.text().split()[-1]) for cell in cells]
    assert np.allclose([values[0], values[2]], 3 * values[1], rtol=1e-3)
    hands.click(panel.fit)
    assert all(cell.view.fitted for cell in cells)
    hands.click(cells[1].title)
    assert live.canvas.selection == [one] or list(live.canvas.selection) == [one]
    hands.click(panel.beside)
    assert panel.picture.isVisible()


def test_all_that_stand_side_by_side_follow_a_change(qtbot: QtBot, live: Window, hands: Hands) -> None:
    one, two = fill(live, 1, 1, 8, 8)
    panel = live.preview
    panel.pin_node(one)
    live.canvas.select([])
    hands.click(panel.beside)
    hands.run()
    qtbot.waitUntil(lambda: len([c for c in panel.board.cells if c.view.picture]) == 2, timeout=STARTING)
    before = [cell.view.picture for cell in panel.board.cells]
    live.document.apply(SetParam(two, "scale", 7.0), "Set")
    qtbot.waitUntil(lambda: panel.board.cells[0].view.picture is not before[0], timeout=STARTING)


def test_a_channel_and_an_item_are_chosen(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live, 3, 5, 4, 4)
    hands.run()
    slices = live.preview.slices
    qtbot.waitUntil(slices.isVisible, timeout=STARTING)
    item, channel, _ = slices.boxes
    assert [name.text() for name in slices.names[:2]] == ["item", "channel"]
    assert (item.value(), channel.value()) == (AUTO, AUTO)
    assert live.preview.caption.text().startswith("[0, 0, :, :]")
    default = shown(live)
    hands.write(channel, "4")
    qtbot.waitUntil(lambda: live.preview.caption.text().startswith("[0, 4, :, :]"), timeout=STARTING)
    assert not np.allclose(shown(live), default)
    hands.write(item, "2")
    qtbot.waitUntil(lambda: live.preview.caption.text().startswith("[2, 4, :, :]"), timeout=STARTING)
    hands.write(channel, "all")
    qtbot.waitUntil(lambda: "5 side by side" in live.preview.caption.text(), timeout=STARTING)
    assert live.preview.indices["root"] == (2, ALL)
    sheet = shown(live)
    assert np.isfinite(sheet).sum() == 5 * 4 * 4
    hands.run()
    qtbot.waitUntil(lambda: "5 side by side" in live.preview.caption.text(), timeout=STARTING)
    hands.write(channel, "auto")
    hands.write(item, "auto")
    qtbot.waitUntil(lambda: live.preview.caption.text().startswith("[0, 0, :, :]"), timeout=STARTING)
    assert np.array_equal(shown(live), default)


def test_values_have_no_slices_where_there_is_one(live: Window, hands: Hands) -> None:
    fill(live, 1, 1, 4, 4)
    hands.run()
    assert not live.preview.slices.isVisible()


def test_enlarged_pixels_are_sharp_or_blended(live: Window, hands: Hands) -> None:
    fill(live, 1, 1, 2, 2)
    hands.run()
    view = live.preview.picture

    def colours() -> int:
        image = view.grab(view.shown_rect().toRect().adjusted(2, 2, -2, -2)).toImage()
        return len({image.pixelColor(x, image.height() // 2).rgb() for x in range(image.width())})

    assert colours() <= 3
    hands.click(live.preview.smooth)
    assert colours() > 10
