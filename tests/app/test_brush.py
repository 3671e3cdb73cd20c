"""Drawing in the preview: what the hand draws becomes the picture that the graph takes."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.document.document import new_tree
from engine.document.edits import Insert, SetContexts, SetInputs
from engine.document.graph import Input, Place
from engine.document.pictures import Spot, pictures, redrawn
from engine.document.sources import ImageSource, NoiseSource, NumberSource
from tests.app.hands import STARTING, Hands


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data, in a place of their own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def guided(window: Window, path: str = "") -> None:
    """A graph that gives back the picture it takes; a context names the same file."""
    document = window.document
    document.apply(SetInputs((Input("guide", ImageSource(path)), Input("t", NumberSource(1)))), "Inputs")
    tree = new_tree(document.graph, document.catalogue, "GetArg", index=0)
    document.apply(Insert(Place("root", 0), (tree,)), "Insert")


def draw(qtbot: QtBot, window: Window, *points: tuple[float, float]) -> None:
    """A stroke through these points, in shares of the picture."""
    pad = window.preview.box.pad
    rect = pad.shown_rect()
    at = [QPoint(round(rect.left() + x * rect.width()), round(rect.top() + y * rect.height())) for x, y in points]
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=at[0])
    for point in at[1:]:
        qtbot.mouseMove(pad, point)
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=at[-1])


def source(window: Window) -> ImageSource:
    found = window.document.graph.inputs[0].source
    assert isinstance(found, ImageSource)
    return found


def made(window: Window) -> np.ndarray:
    """What the preview shows, as rows of grey."""
    preview = window.preview.previews.get("root")
    if preview is None or preview.picture is None or not preview.picture.values:
        return np.zeros((1, 1))
    picture = preview.picture
    return np.frombuffer(picture.values, np.float32).reshape(picture.height, picture.width, -1)[:, :, 0]


def test_a_stroke_is_what_the_graph_takes_and_is_undone(qtbot: QtBot, live: Window, hands: Hands, data: Path) -> None:
    guided(live)
    box = live.preview.box
    hands.click(live.preview.brush)
    assert box.isVisible()
    assert box.picture.currentText() == "guide"
    box.columns.setValue(16)
    box.rows.setValue(16)
    blank = source(live).path
    assert QImage(blank).size() == box.pad.image.size()
    steps = len(live.document.history.undos)
    draw(qtbot, live, (0.1, 0.5), (0.9, 0.5))
    drawn = Path(source(live).path)
    assert drawn.parent == data / "catenary" / "drawings"
    assert len(live.document.history.undos) == steps + 1
    qtbot.waitUntil(lambda: made(live).shape == (16, 16) and made(live).max() == 1, timeout=STARTING)
    shown = made(live)
    assert set(np.unique(shown)) == {0, 1}, "pixels are all or nothing"
    assert shown[8, 3:13].all()
    assert not shown[:5].any()
    hands.trigger("undo")
    assert source(live).path == blank
    assert box.pad.image.pixelColor(8, 8).red() == 0, "the pad shows what the graph has"
    qtbot.waitUntil(lambda: not made(live).any(), timeout=STARTING)
    hands.trigger("redo")
    assert source(live).path == str(drawn)
    assert box.pad.image.pixelColor(8, 8).red() == 255


def test_the_result_follows_a_stroke_that_goes_on(qtbot: QtBot, live: Window, hands: Hands) -> None:
    guided(live)
    hands.click(live.preview.brush)
    pad = live.preview.box.pad
    steps = len(live.document.history.undos)
    rect = pad.shown_rect()
    left, right = rect.left() + rect.width() * 0.2, rect.left() + rect.width() * 0.8
    y = round(rect.center().y())
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(round(left), y))
    qtbot.waitUntil(lambda: made(live).sum() > 0, timeout=STARTING)
    begun = made(live).sum()
    qtbot.mouseMove(pad, QPoint(round(right), y))
    qtbot.waitUntil(lambda: made(live).sum() > begun, timeout=STARTING)
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(round(right), y))
    assert len(live.document.history.undos) == steps + 1
    assert "stroke" not in source(live).path


def test_the_eraser_and_clear_draw_black(qtbot: QtBot, window: Window, hands: Hands) -> None:
    guided(window)
    hands.click(window.preview.brush)
    box = window.preview.box
    draw(qtbot, window, (0.5, 0.5))
    middle = box.pad.image.width() // 2
    assert box.pad.image.pixelColor(middle, middle).red() == 255
    hands.click(box.eraser)
    draw(qtbot, window, (0.5, 0.5))
    assert box.pad.image.pixelColor(middle, middle).red() == 0
    hands.click(box.brush)
    box.size_slider.setValue(8)
    draw(qtbot, window, (0.2, 0.2), (0.8, 0.8))
    hands.click(box.clear)
    assert QImage(source(window).path).convertToFormat(box.pad.image.format()) == box.pad.image
    assert all(box.pad.image.pixelColor(at, at).red() == 0 for at in range(box.pad.image.width()))


def test_drawings_of_a_saved_graph_lie_beside_it(qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path) -> None:
    photo = QImage(12, 8, QImage.Format.Format_RGB888)
    photo.fill(Qt.GlobalColor.darkGray)
    photo.save(str(tmp_path / "mask.png"))
    window.files.save_to(tmp_path / "paint.catenary")
    guided(window, "mask.png")
    window.document.apply(SetContexts("root", {"known": {"mask": ImageSource("mask.png")}}), "Provide")
    hands.click(window.preview.brush)
    box = window.preview.box
    assert box.picture.currentText() == "guide, known.mask", "one file is one picture"
    assert (box.columns.value(), box.rows.value()) == (12, 8)
    draw(qtbot, window, (0.5, 0.5))
    path = source(window).path
    assert path.startswith("paint-drawings/guide-")
    assert window.document.graph.nodes["root"].contexts["known"]["mask"] == ImageSource(path)
    drawn = QImage(str(tmp_path / path))
    assert drawn.pixelColor(6, 4).red() == 255
    assert drawn.pixelColor(0, 0) == photo.pixelColor(0, 0), "the rest is as it was"
    hands.trigger("undo")
    assert source(window).path == "mask.png"


def test_what_can_not_be_written_is_said_and_taken_back(qtbot: QtBot, window: Window, hands: Hands, data: Path) -> None:
    guided(window)
    data.write_text("a file where a folder should be")
    hands.click(window.preview.brush)
    draw(qtbot, window, (0.5, 0.5))
    assert "can't be written" in window.preview.box.message.text()
    assert source(window).path == ""


def test_a_graph_without_pictures_says_what_to_do(window: Window, hands: Hands) -> None:
    hands.click(window.preview.brush)
    assert "image file" in window.preview.box.message.text()
    assert not window.preview.box.brush.isVisible()


def test_pictures_are_found_by_file_and_changed_everywhere(window: Window) -> None:
    guided(window, "a.png")
    graph = window.document.graph
    window.document.apply(SetContexts("root", {"c": {"x": ImageSource("a.png"), "y": ImageSource("b.png")}}), "Set")
    one, other = Spot("input", "root", "guide"), Spot("context", "root", "c.x")
    assert pictures(graph) == {(one, other): "a.png", (Spot("context", "root", "c.y"),): "b.png"}
    window.document.apply(redrawn(graph, (one, other), "n.png"), "Draw")
    assert pictures(graph) == {(one, other): "n.png", (Spot("context", "root", "c.y"),): "b.png"}
    assert graph.inputs[1].source == NumberSource(1)


def test_what_the_graph_takes_instead_of_pictures_is_said(window: Window, hands: Hands) -> None:
    window.preview.brush.click()
    assert window.preview.box.message.text().startswith("The graph takes no picture: give an input")
    window.document.apply(SetInputs((Input("x", NoiseSource([1, 8, 8], 0)), Input("t", NumberSource(1)))), "Inputs")
    assert "only x (random numbers), whose values have no black and white" in window.preview.box.message.text()
