"""Pictures of the canvas through their dialog: each format holds what is drawn, and nothing half-done is left."""

import re
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QProgressDialog, QPushButton
from pytestqt.qtbot import QtBot

from app.canvas import picture
from app.canvas.picture import Form, Picture
from app.picturing import Painting, PictureDialog
from app.theme import DARK
from app.window import Window
from engine.document.edits import Insert
from engine.document.graph import Place
from tests.app.canvas.hands import tree
from tests.app.hands import Hands


@pytest.fixture
def drawn(window: Window) -> Window:
    trees = (tree("ReLU", "a"), tree("Residual", "res", tree("Linear", "lin", name="Widely")), tree("SiLU", "b"))
    window.document.apply(Insert(Place("root", 0), trees), "Draw")
    window.canvas.set_zoom(0.1)
    return window


def export(hands: Hands, form: str, path: Path, **choices: int) -> None:
    """Go through both dialogs."""
    window = hands.window
    hands.trigger("export-picture")
    dialog = cast(PictureDialog, window.findChild(PictureDialog, "picture"))
    dialog.form.setCurrentIndex(dialog.form.findData(form))
    for field, index in choices.items():
        getattr(dialog, field).setCurrentIndex(index)
    hands.click(cast(QPushButton, dialog.findChild(QPushButton, "export")))
    saver = cast(QFileDialog, window.findChild(QFileDialog, "picture-file"))
    assert saver.defaultSuffix() == form
    saver.setDirectory(str(path.parent))
    saver.selectFile(path.name)
    saver.accept()


def test_each_format_holds_the_graph_at_full_size_whatever_the_zoom(
    drawn: Window, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    area = picture.area_of(drawn.canvas)
    paths = {form: tmp_path / f"out.{form}" for form in ("png", "svg", "pdf")}
    for form, path in paths.items():
        export(hands, form, path)
        qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: not drawn.findChildren(Painting))
    assert [path.name for path in sorted(tmp_path.iterdir()) if "out" in path.name] == ["out.pdf", "out.png", "out.svg"]
    image = QImage(str(paths["png"]))
    assert abs(image.width() - area.width()) < 2
    assert len({image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}) > 4
    svg = ElementTree.parse(paths["svg"]).getroot()
    assert not [each for each in svg.iter() if each.tag.endswith(("image", "text"))]
    assert abs(QSvgRenderer(str(paths["svg"])).viewBoxF().width() - area.width()) < 1
    pdf = paths["pdf"].read_bytes()
    [wide, high] = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0]
    assert abs(float(wide) - 0.75 * area.width()) < 2
    assert abs(float(high) - 0.75 * area.height()) < 2
    assert b"/FontFile2" in pdf
    assert b"/ToUnicode" in pdf
    assert b"/Subtype /Image" not in pdf


def test_a_selection_in_another_theme_without_background(
    drawn: Window, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    drawn.canvas.select(["b"])
    made = Picture(picture.area_of(drawn.canvas), "png", DARK, background=False)
    Painting(drawn, made, tmp_path / "b.png").start()
    export(hands, "png", tmp_path / "same.png", theme=2, scale=1)
    for name in ("b.png", "same.png"):
        qtbot.waitUntil((tmp_path / name).exists)
    bare, full = QImage(str(tmp_path / "b.png")), QImage(str(tmp_path / "same.png"))
    box = drawn.canvas.arrangement.boxes["b"]
    assert full.size() == QSize(round(2 * (box.width + 48)), round(2 * (box.height + 48)))
    assert full.pixelColor(1, 1).lightness() < 60
    assert (bare.pixelColor(1, 1).alpha(), full.pixelColor(1, 1).alpha()) == (0, 255)


def test_a_name_of_another_format_or_a_folder_that_is_not_there_is_told(
    drawn: Window, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    for path, words in ((tmp_path / "x.svg", "end it in .png"), (tmp_path / "gone" / "x.png", "another folder")):
        if path.parent.is_dir():
            export(hands, "png", path)
        else:  # it went between the dialog and the painting
            Painting(drawn, Picture(picture.area_of(drawn.canvas), "png", DARK), path).start()
        qtbot.waitUntil(lambda: drawn.findChild(QMessageBox, "file-error") is not None)
        box = cast(QMessageBox, drawn.findChild(QMessageBox, "file-error"))
        assert words in box.informativeText()
        box.close()
        qtbot.waitUntil(lambda: not drawn.findChild(QMessageBox, "file-error"))
        assert not path.exists()


def test_stopping_it_or_changing_the_graph_leaves_what_was(drawn: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "x.svg"
    path.write_text("old")
    made = Picture(picture.area_of(drawn.canvas), "svg", DARK)
    Painting(drawn, made, path).start()
    drawn.document.apply(Insert(Place("root", 0), (tree("ReLU", "new"),)), "Add")
    assert "changed meanwhile" in drawn.status.currentMessage()
    Painting(drawn, made, path).start()
    progress = [each for each in drawn.findChildren(QProgressDialog, "painting") if each.value() == 0][-1]
    QTest.mouseClick(cast(QPushButton, progress.findChild(QPushButton)), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not drawn.findChildren(Painting))
    assert path.read_text() == "old"
    names = lambda: [each.name for each in tmp_path.iterdir() if "x" in each.name and "ini" not in each.name]  # noqa: E731
    qtbot.waitUntil(lambda: names() == ["x.svg"])


def test_what_is_being_written_is_seen_through(drawn: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Painting(drawn, Picture(picture.area_of(drawn.canvas), "png", DARK, 4.0), path).start()
    progress = cast(QProgressDialog, drawn.findChild(QProgressDialog, "painting"))
    progress.show()
    turns = QTimer(drawn)
    turns.timeout.connect(lambda: progress.labelText().startswith("Writing") and (turns.stop(), progress.close()))
    turns.start(0)
    qtbot.waitUntil(lambda: not drawn.findChildren(Painting))
    assert path.exists()
    assert drawn.status.currentMessage() == f"Wrote {path}"


def test_what_is_too_large_for_a_format_says_how_large_it_will_be() -> None:
    area = QRectF(0, 0, 40_000, 30_000)
    words: dict[Form, str] = {"png": "at 20%", "pdf": "at 48%", "svg": "40,000 × 30,000 pixels"}
    for form, expected in words.items():
        assert expected in picture.told(Picture(area, form, DARK, picture.fitting(area, form)), 1.0, 10)


def test_more_nodes_than_a_picture_shows_are_told_with_what_to_do(
    drawn: Window, hands: Hands, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "MOST_NODES", 4)
    drawn.canvas.select(["res"])
    hands.trigger("export-picture")
    dialog = cast(PictureDialog, drawn.findChild(PictureDialog, "picture"))
    assert "nodes" not in dialog.about.text(), "of what is selected there are few"
    dialog.part.setCurrentIndex(0)
    assert "These are 5 nodes, and a picture shows at most 4: the innermost frames stay closed" in dialog.about.text()
    assert "select a part" in dialog.about.text()
    dialog.reject()
