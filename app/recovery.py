"""Changes that are not saved, for after a crash: copies in a folder of their own, never in the user's file.

The next start offers to open what was left.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import platformdirs
from msgspec import Struct
from PySide6.QtCore import QEvent, QLockFile, QObject, Qt, QTimer, Signal

from app import dialogs
from app.reading import Opened
from engine.document import disk, files
from engine.document.disk import FileError, Stamp
from engine.document.document import Change
from engine.document.graph import Graph

if TYPE_CHECKING:
    from app.window import Window

WAIT = 2000
"""Milliseconds from an edit to the copy that has it."""
LEFT = "left behind"
"""What the notice is about."""


class Origin(Struct):
    """What a copy is of: the document's title, its file as it was read or saved last, and where its paths start."""

    title: str
    path: str | None
    stamp: Stamp | None
    folder: str


def home() -> Path:
    """Where copies are kept."""
    return Path(platformdirs.user_state_dir("catenary", appauthor=False)) / "unsaved"


class Recovery(QObject):
    """Keeps a copy of a window's document while that is not saved, in a folder of its own below `folder`.

    A lock tells other windows, and later starts, whether whoever keeps a copy is still there.
    """

    _written = Signal(str)

    def __init__(self, window: "Window", folder: Path, wait: int = WAIT) -> None:
        super().__init__(window)
        self.window = window
        self.folder = folder
        self._own = folder / uuid4().hex
        self._locks: dict[Path, QLockFile] = {}
        self._opened: list[Path] = []
        """Copies that were opened again: they go once there is another one."""
        self._thread: Thread | None = None
        self._failed = False
        self._waiting = QTimer(self, singleShot=True, interval=wait)
        self._waiting.timeout.connect(self.keep)
        self._written.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        window.document.listeners.append(self._changed)
        window.installEventFilter(self)

    def keep(self) -> None:
        """Bring the copy up to date, on a thread; there is none of what is saved."""
        if self._thread:
            self._waiting.start()
        elif not self.window.document.modified:
            self._discard_own()
        else:
            opened = self.window.files
            path = str(opened.path) if opened.path else None
            origin = Origin(opened.title, path, opened.stamp, str(opened.folder))
            work = (self.window.document.graph.copy(), origin)
            self._thread = Thread(target=self._work, args=work, name="recovery", daemon=True)
            self._thread.start()

    def offer(self) -> None:
        """Ask what is to become of what was left behind, the latest first."""
        left = sorted(self._left(), key=lambda each: (each / "graph.catenary").stat().st_mtime)
        if not left:
            return
        folder = left[-1]
        origin = _origin(folder)
        when = datetime.fromtimestamp((folder / "graph.catenary").stat().st_mtime).astimezone()
        text = f"Catenary ended before changes to {origin.title} were saved: they are of {when:%d %B, %H:%M}."
        other = ("Discard them", lambda: (self._discard(folder), self.offer()))
        self.window.notice.tell(text, "warning", "Open them", lambda: self._open(folder, origin), LEFT, other)

    def close(self) -> None:
        """The window has closed, with everything saved or given up."""
        self._waiting.stop()
        if self._thread:
            self._thread.join()
        self._discard_own()
        for lock in self._locks.values():
            lock.unlock()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ModifiedChange and not self._waiting.isActive():
            self._waiting.start()
        return super().eventFilter(watched, event)

    def _changed(self, change: Change) -> None:
        del change
        if not self._waiting.isActive():
            self._waiting.start()

    def _work(self, graph: Graph, origin: Origin) -> None:
        problem = ""
        try:
            self._own.mkdir(parents=True, exist_ok=True)
            self._lock(self._own)
            disk.write(self._own / "origin.json", msgspec.json.encode(origin), None, backup=False)
            disk.write(self._own / "graph.catenary", files.dump(graph), None, backup=False)
        except Exception as error:  # whatever it is: the next change is to be kept again
            problem = str(error) or repr(error)
        with suppress(RuntimeError):  # the window is gone
            self._written.emit(problem)

    def _finish(self, problem: str) -> None:
        self._thread = None
        if problem and not self._failed:
            self.window.say(f"No copy of the changes can be kept for after a crash: {problem}")
        self._failed = bool(problem)
        if not problem:
            self._discard_opened()

    def _left(self) -> Iterator[Path]:
        """Copies of windows that are gone."""
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder == self._own or folder in self._opened or not self._lock(folder):
                continue
            if (folder / "graph.catenary").is_file():
                yield folder
            else:
                self._discard(folder)

    def _lock(self, folder: Path) -> bool:
        """Whether a copy is ours, now."""
        if folder not in self._locks:
            lock = QLockFile(str(folder / "lock"))
            lock.setStaleLockTime(0)  # stale is only what a process left that is gone
            if not lock.tryLock(0):
                return False
            self._locks[folder] = lock
        return True

    def _open(self, folder: Path, origin: Origin) -> None:
        opened = self.window.files

        def hold(found: Opened) -> None:
            path = Path(origin.path) if origin.path else None
            opened.hold_unsaved(found, path, origin.stamp, Path(origin.folder))
            self._opened.append(folder)
            self.window.notice.settle(LEFT)
            self.offer()

        def complain(error: FileError) -> None:
            dialogs.complain(self.window, "These changes can't be opened.", error)

        opened.reader.read(folder / "graph.catenary", lambda found: opened.when_safe(lambda: hold(found)), complain)

    def _discard_own(self) -> None:
        self._discard(self._own)
        self._discard_opened()

    def _discard_opened(self) -> None:
        while self._opened:
            self._discard(self._opened.pop())

    def _discard(self, folder: Path) -> None:
        if lock := self._locks.pop(folder, None):
            lock.unlock()
        shutil.rmtree(folder, ignore_errors=True)


def _origin(folder: Path) -> Origin:
    """What a copy is of, as far as that can be read."""
    try:
        return msgspec.json.decode((folder / "origin.json").read_bytes(), type=Origin)
    except (OSError, msgspec.DecodeError):
        return Origin("a graph", None, None, str(Path.home()))
