"""Changes that are not saved outlive a crash."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.recovery import Recovery
from app.window import Window
from engine.document import files
from engine.document.edits import SetName
from tests.app.canvas.hands import graph_of, tree
from tests.app.hands import Hands

CRASH = """
import os, signal, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.__main__ import edit
from app.recovery import home
from app.window import Window
from engine.document.edits import SetName

def look():
    [window] = [each for each in QApplication.topLevelWidgets() if isinstance(each, Window)]
    if any(home().glob("*/graph.catenary")):
        os.kill(os.getpid(), signal.SIGKILL)
    elif "a" in window.document.graph and not window.document.modified:
        window.document.apply(SetName("a", "Mine"), "Rename")

looking = QTimer(interval=20)
looking.timeout.connect(look)
QTimer.singleShot(0, looking.start)
edit(Path(sys.argv[1]), "light")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mine.catenary"
    files.save(graph_of(tree("ReLU", "a")), path, None)
    return path


@pytest.fixture
def kept(window: Window, tmp_path: Path) -> Iterator[Recovery]:
    recovery = Recovery(window, tmp_path / "unsaved", wait=1)
    yield recovery
    recovery.close()


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("*/graph.catenary"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process can't be killed like that here")
def test_what_a_killed_window_had_not_saved_is_offered_and_opened(
    window: Window, hands: Hands, path: Path, tmp_path: Path
) -> None:
    surroundings = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", CRASH, str(path)]
    done = subprocess.run(command, env={**os.environ, **surroundings}, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL
    recovery = Recovery(window, tmp_path / "catenary" / "unsaved", wait=1)
    recovery.offer()
    assert "changes to mine.catenary were" in window.notice.label.text()
    hands.click(window.notice.button)
    assert window.document.graph.nodes["a"].name == "Mine"
    assert window.document.modified
    assert window.files.path == path
    assert files.load(path)[0].nodes["a"].name == ""  # nobody has saved it
    hands.trigger("save")
    assert files.load(path)[0].nodes["a"].name == "Mine"
    hands.qtbot.waitUntil(lambda: not copies(recovery.folder))
    recovery.close()


def test_there_is_a_copy_while_something_is_not_saved(window: Window, hands: Hands, kept: Recovery, path: Path) -> None:
    window.files.open(path)
    kept.keep()
    assert not copies(kept.folder)
    window.document.apply(SetName("a", "Mine"), "Rename")
    kept.keep()
    hands.qtbot.waitUntil(lambda: bool(copies(kept.folder)))
    hands.trigger("undo")
    hands.qtbot.waitUntil(lambda: not copies(kept.folder))


def test_copies_of_windows_that_are_there_are_not_offered(window: Window, hands: Hands, kept: Recovery) -> None:
    window.document.replace(graph_of(tree("ReLU", "a")))
    window.document.apply(SetName("a", "Mine"), "Rename")
    kept.keep()
    hands.qtbot.waitUntil(lambda: bool(copies(kept.folder)))
    other = Recovery(window, kept.folder)
    other.offer()
    assert not window.notice.isVisible()
    kept.close()
    assert not copies(kept.folder)


def test_a_copy_without_its_origin_is_offered_as_well(window: Window, hands: Hands, kept: Recovery) -> None:
    (kept.folder / "one").mkdir(parents=True)
    (kept.folder / "one" / "origin.json").write_text("{")
    (kept.folder / "one" / "graph.catenary").write_bytes(files.dump(graph_of(tree("ReLU", "a"))))
    kept.offer()
    assert "changes to a graph were" in window.notice.label.text()
    hands.click(window.notice.button)
    assert "a" in window.document.graph
    assert window.files.path is None


def test_what_is_left_can_be_discarded(window: Window, hands: Hands, kept: Recovery) -> None:
    for name in ("one", "two"):
        (kept.folder / name).mkdir(parents=True)
        (kept.folder / name / "origin.json").write_text(
            f'{{"title": "{name}", "path": null, "stamp": null, "folder": "."}}'
        )
        (kept.folder / name / "graph.catenary").write_bytes(files.dump(graph_of(tree("ReLU", name))))
    os.utime(kept.folder / "one" / "graph.catenary", (0, 0))
    kept.offer()
    assert "changes to two were" in window.notice.label.text()
    hands.click(window.notice.other_button)
    assert "changes to one were" in window.notice.label.text()
    hands.click(window.notice.close_button)
    assert [path.parent.name for path in copies(kept.folder)] == ["one"]  # for the next start
    kept.offer()
    hands.click(window.notice.button)
    assert "one" in window.document.graph
    assert window.document.modified
