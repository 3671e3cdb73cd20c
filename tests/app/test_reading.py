"""Large files are read beside the window: it turns on meanwhile, and what the user does last counts."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app import reading
from app.reading import SMALL
from app.window import Window
from engine.document import files
from engine.document.arrange import Arrangement
from engine.document.document import new_graph
from engine.document.graph import Graph
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.app.hands import Hands


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.catenary"
    files.save(build(MODELS["sdxl-unet"]), path, None)
    assert path.stat().st_size > SMALL
    return path


def box(window: Window, name: str) -> QMessageBox | None:
    return next((each for each in window.findChildren(QMessageBox, name) if each.isVisible()), None)


def test_the_window_turns_while_a_large_file_is_read(qtbot: QtBot, window: Window, large: Path) -> None:
    turned: list[bool] = []
    with qtbot.waitSignal(window.files.moved):
        window.files.open(large)
        QTimer.singleShot(0, lambda: turned.append(window.files.path is None))
    assert turned == [True], "events came before the file"
    assert files.dump(window.document.graph) == large.read_bytes()
    assert window.files.path == large
    assert large in window.files.recent
    window.refresh()
    assert window.problems == []
    qtbot.waitUntil(lambda: window.inspector.page is not None)


def test_what_is_opened_last_counts(qtbot: QtBot, window: Window, hands: Hands, large: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.catenary"
    other.write_bytes(large.read_bytes())
    moved: list[Path | None] = []
    window.files.moved.connect(lambda: moved.append(window.files.path))
    window.files.open(large)
    window.files.open(other)
    qtbot.waitUntil(lambda: len(moved) > 0)
    window.files.open(large)
    hands.trigger("new")
    window.files.open(other)
    qtbot.waitUntil(lambda: len(moved) > 2)
    assert moved == [other, None, other]


def test_changes_made_while_a_file_is_read_are_asked_about(
    qtbot: QtBot, window: Window, hands: Hands, large: Path
) -> None:
    window.files.open(large)
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    qtbot.waitUntil(lambda: box(window, "unsaved") is not None)
    assert node in window.document.graph
    found = box(window, "unsaved")
    button = found.findChild(QPushButton, "discard") if found else None
    assert button is not None
    with qtbot.waitSignal(window.files.moved):
        hands.click(button)
    assert window.files.path == large


def test_a_broken_large_file_is_told(qtbot: QtBot, window: Window, large: Path) -> None:
    large.write_bytes(large.read_bytes()[:-100])
    before = window.document.graph
    window.files.open(large)
    qtbot.waitUntil(lambda: box(window, "file-error") is not None)
    found = box(window, "file-error")
    assert found is not None
    assert "large.catenary" in found.informativeText()
    assert window.document.graph is before


def test_escape_and_the_button_stop_opening_and_what_is_open_stays(
    qtbot: QtBot, window: Window, hands: Hands, large: Path, tmp_path: Path
) -> None:
    held = tmp_path / "held.catenary"
    files.save(new_graph(), held, None)
    window.files.open(held)
    graph, content = window.document.graph, large.read_bytes()
    told: list[str] = []
    bar = window.opening_bar

    def stop(title: str, stage: str, share: float) -> None:
        told.append(f"{title}: {stage}")
        assert 0 <= share < 1
        if len(told) == 1:
            hands.key(Qt.Key.Key_Escape)
        else:
            bar.show()  # as it does by itself where it takes longer
            hands.click(bar.stop)

    window.files.reader.told.connect(stop)
    for _ in range(2):
        window.files.open(large)
        with qtbot.waitSignal(window.files.reader.rested):
            pass
        qtbot.waitUntil(lambda: all(thread.name != "reader" for thread in threading.enumerate()))
        QApplication.processEvents()
        assert "Stopped opening large.catenary" in window.status.currentMessage()
    assert told == ["large.catenary: Reading it"] * 2, "what comes later is not told any more"
    assert (window.files.path, window.document.graph) == (held, graph)
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    hands.trigger("save")
    assert node.encode() in held.read_bytes()
    assert large.read_bytes() == content


def test_what_is_done_while_a_file_is_read_is_done_to_what_is_open(
    qtbot: QtBot, window: Window, hands: Hands, large: Path, tmp_path: Path
) -> None:
    held = tmp_path / "held.catenary"
    files.save(new_graph(), held, None)
    window.files.open(held)
    content = large.read_bytes()
    shown: list[tuple[bool, str]] = []

    def work(title: str, stage: str, share: float) -> None:
        del title, share
        shown.append((window.files.path == held, stage))
        if stage.startswith("Checking"):
            window.canvas.add_kind("ReLU")
            hands.trigger("save")

    window.files.reader.told.connect(work)
    window.opening_bar._waiting.setInterval(0)
    window.files.open(large)
    qtbot.waitUntil(window.opening_bar.isVisible)
    with qtbot.waitSignal(window.files.moved):  # it was saved
        pass
    assert b"ReLU" in held.read_bytes()
    qtbot.waitUntil(lambda: window.files.path == large)
    assert shown == [(True, "Reading it"), (True, "Laying it out"), (True, "Checking it")]
    assert large.read_bytes() == content == files.dump(window.document.graph)
    assert window.opening_bar.isHidden()
    boxes = window.canvas.arrangement.boxes
    assert boxes == Arrangement(window.document.graph, CATALOGUE, window.canvas.arrangement.measure).boxes
    window.canvas.add_kind("ReLU")
    window.files.open(held)
    qtbot.waitUntil(lambda: box(window, "unsaved") is not None)
    assert window.files.path == large


def test_a_file_that_is_written_meanwhile_is_not_taken_as_it_was(
    qtbot: QtBot, window: Window, hands: Hands, large: Path
) -> None:
    node = window.canvas.add_kind("ReLU")
    window.files.reader.told.connect(lambda *_: window.document.modified and window.files.save_to(large))
    window.files.open(large)
    assert node is not None
    qtbot.waitUntil(lambda: window.files.path == large)
    qtbot.waitUntil(lambda: all(thread.name != "reader" for thread in threading.enumerate()))
    QApplication.processEvents()
    assert node in window.document.graph
    hands.trigger("save")
    assert box(window, "changed-on-disk") is None


def test_closing_while_a_file_is_read(qtbot: QtBot, window: Window, large: Path) -> None:
    moved: list[object] = []
    window.files.moved.connect(lambda: moved.append(None))
    window.files.open(large)
    window.close()
    assert not window.isVisible()
    qtbot.waitUntil(lambda: all(thread.name != "reader" for thread in threading.enumerate()))
    QApplication.processEvents()
    assert moved == [], "a window that is closed takes no file any more"


def test_what_is_read_does_not_take_the_place_of_what_a_dialog_is_about(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "SMALL", 0)
    other, copy = tmp_path / "other.catenary", tmp_path / "copy.catenary"
    files.save(new_graph(), other, None)
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    window.document.mark_saved()
    with qtbot.waitSignal(window.files.reader.told, check_params_cb=lambda *told: told[1] == "Checking it"):
        window.files.open(other)
        window.files.save_as()
    [dialog] = [each for each in window.findChildren(QFileDialog) if each.isVisible()]
    qtbot.waitUntil(lambda: all(thread.name != "reader" for thread in threading.enumerate()))
    QApplication.processEvents()
    assert node in window.document.graph
    dialog.fileSelected.emit(str(copy))
    dialog.close()
    assert node.encode() in copy.read_bytes()
    qtbot.waitUntil(lambda: window.files.path == other)


def test_a_fault_while_a_graph_is_made_is_told_and_ends_that(qtbot: QtBot, window: Window) -> None:
    def build() -> Graph:
        raise RuntimeError("a fault of ours")

    window.files.reader.make("a model", build, lambda _: None)
    with qtbot.capture_exceptions() as raised, qtbot.waitSignal(window.files.reader.rested):
        pass
    assert [str(error) for _, error, _ in raised] == ["a fault of ours"]
