"""Large graphs are written beside the window: what follows waits for that, and what is done meanwhile is not lost."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app import writing
from app.window import Window
from engine.document import files
from engine.document.document import new_graph
from tests.app.hands import Hands


@pytest.fixture
def held(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is open, which counts as large."""
    path = tmp_path / "held.catenary"
    files.save(new_graph(), path, None)
    window.files.open(path)
    monkeypatch.setattr(writing, "LARGE", 1)
    return path


def box(window: Window, name: str) -> QMessageBox | None:
    return next((each for each in window.findChildren(QMessageBox, name) if each.isVisible()), None)


def test_what_is_done_while_a_graph_is_written_is_a_change_of_it(
    qtbot: QtBot, window: Window, hands: Hands, held: Path, tmp_path: Path
) -> None:
    window.canvas.add_kind("ReLU")
    hands.trigger("save")
    assert window.files.writer.busy
    assert window.document.modified
    window.canvas.add_kind("Tanh")
    hands.trigger("save")  # again, as soon as the first is through
    hands.trigger("undo")
    qtbot.waitUntil(lambda: not window.files.writer.busy)
    assert b"ReLU" in held.read_bytes()
    assert b"Tanh" not in held.read_bytes(), "when the second began, that was undone"
    assert not window.document.modified
    hands.trigger("redo")
    assert window.document.modified
    hands.trigger("undo")
    assert not window.document.modified
    other = tmp_path / "other.catenary"
    window.files.save_to(other)
    assert window.files.path == held, "until it is written"
    qtbot.waitUntil(lambda: window.files.path == other)
    assert other.read_bytes() == files.dump(window.document.graph)


def test_what_replaces_the_document_waits_until_it_is_written(
    qtbot: QtBot, window: Window, hands: Hands, held: Path
) -> None:
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    hands.trigger("save")
    hands.trigger("new")
    assert node in window.document.graph
    assert box(window, "unsaved") is None, "it is being saved: there is nothing to ask"
    qtbot.waitUntil(lambda: node not in window.document.graph)
    assert (window.files.path, window.document.modified) == (None, False)
    assert node.encode() in held.read_bytes()


def test_changes_made_while_it_is_written_are_asked_about_before_the_window_closes(
    qtbot: QtBot, window: Window, hands: Hands, held: Path
) -> None:
    window.canvas.add_kind("ReLU")
    window.close()
    found = box(window, "unsaved")
    button = found.findChild(QPushButton, "save") if found else None
    assert button is not None
    hands.click(button)
    window.canvas.add_kind("Tanh")
    qtbot.waitUntil(lambda: not window.files.writer.busy)
    assert window.isVisible()
    assert b"Tanh" not in held.read_bytes()
    found = next(each for each in window.findChildren(QMessageBox, "unsaved") if each.isVisible())
    button = found.findChild(QPushButton, "save")
    assert button is not None
    hands.click(button)
    window.close()  # while it is written: it closes when that is done
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert b"Tanh" in held.read_bytes()


def test_a_large_graph_that_can_not_be_written_stays_as_it_was(
    qtbot: QtBot, window: Window, hands: Hands, held: Path
) -> None:
    window.canvas.add_kind("ReLU")
    held.write_bytes(held.read_bytes() + b"\n")
    hands.trigger("save")
    qtbot.waitUntil(lambda: box(window, "changed-on-disk") is not None)
    assert window.document.modified
    assert b"ReLU" not in held.read_bytes()
    window.files.save_to(held.parent / "gone" / "x.catenary")
    qtbot.waitUntil(lambda: box(window, "file-error") is not None)
    assert window.files.path == held


def test_a_fault_while_a_graph_is_written_is_told_and_nobody_waits_for_it(
    qtbot: QtBot, window: Window, held: Path
) -> None:
    waited: list[bool] = []
    with qtbot.capture_exceptions() as raised:
        window.files.save_to(held.with_name("no\0name"))
        window.files.when_safe(lambda: waited.append(window.files.writer.busy))
        qtbot.waitUntil(lambda: len(waited) > 0)
    assert waited == [False]
    assert [error for error, *_ in raised] == [ValueError]
