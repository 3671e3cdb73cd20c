"""Files that are none, through the open dialog: refused by name and reason; document and window are as they were."""

import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.document import files
from tests.app.hands import STARTING, Hands

MB = 2**20
HEAD = b'{"catenary": 2, "root": "r", "nodes": ['
ROOT = b'{"id": "r", "kind": "Chain", "children": []}'


def graph_with_a_note(size: int) -> bytes:
    """A sound graph whose only node has a long remark."""
    note = b"a" * size
    return HEAD + ROOT + b'], "view": [{"id": "r", "note": "' + note + b'"}]}'


def sparse(path: Path, size: int) -> None:
    path.touch()
    os.truncate(path, size)


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a graph of 100 MB": (
        lambda p: p.write_bytes(graph_with_a_note(100 * MB)),
        "has 100 MB, but a graph file has at most 16",
    ),
    "garbage of 100 MB": (lambda p: sparse(p, 100 * MB), "has 100 MB, but a graph file has at most 16"),
    "garbage below the limit": (lambda p: p.write_bytes(b"x" * (7 * MB)), "this is not JSON"),
    "a list of two million numbers": (lambda p: p.write_bytes(b"[" + b"1, " * (2 * MB) + b"1]"), "must be an object"),
    "lists in lists": (lambda p: p.write_bytes(HEAD + b"[" * (3 * MB) + b"]" * (3 * MB) + b"]}"), "nest too deep"),
    "a graph cut off": (lambda p: p.write_bytes(HEAD + (ROOT + b", ") * (MB // 10)), "the file ends in the middle"),
    "a pipe": (os.mkfifo, "is a device or pipe, not a file"),
    "a link to itself": (lambda p: p.symlink_to(p), "its links lead in a circle"),
}


def choose(window: Window, hands: Hands, path: Path) -> None:
    """Choose a file in the open dialog."""
    hands.trigger("open")
    dialog = window.findChild(QFileDialog, "open")
    assert dialog is not None
    dialog.setDirectory(str(path.parent))
    dialog.fileSelected.emit(str(path))  # its list leaves out what it takes for no file
    dialog.reject()


def complaint(qtbot: QtBot, window: Window) -> str:
    """What the box says that comes."""

    def boxes() -> list[QMessageBox]:
        return [box for box in window.findChildren(QMessageBox, "file-error") if box.isVisible()]

    qtbot.waitUntil(lambda: bool(boxes()), timeout=STARTING)
    (box,) = boxes()
    return box.informativeText()


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_graph_file(qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path, case: str) -> None:
    make, words = CASES[case]
    path = tmp_path / "bad.catenary"
    make(path)
    window.canvas.add_kind("ReLU")
    before = files.dump(window.document.graph)
    choose(window, hands, path)
    said = complaint(qtbot, window)
    assert words in said
    assert "bad.catenary" in said
    assert len(said) < 400
    assert files.dump(window.document.graph) == before
    assert window.files.path is None


def test_a_folder_is_none(qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path) -> None:
    (tmp_path / "folder.catenary").mkdir()
    choose(window, hands, tmp_path / "folder.catenary")
    assert "is a folder, not a file" in complaint(qtbot, window)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read anything")
def test_a_file_that_may_not_be_read(qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "secret.catenary"
    path.write_bytes(HEAD + ROOT + b"]}")
    path.chmod(0)
    choose(window, hands, path)
    assert "ask for access to it" in complaint(qtbot, window)


def test_the_window_lives_while_a_large_file_is_read(
    qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path
) -> None:
    path = tmp_path / "long.catenary"
    path.write_bytes(HEAD + (ROOT + b", ") * (MB // 10) + b'{"id": 3}]}')
    beats: list[float] = []
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(perf_counter()))
    heart.start(0)
    choose(window, hands, path)
    turns = len(beats)
    assert "nodes" in complaint(qtbot, window)
    assert len(beats) > turns + 10, "the event loop went round while it was read"
