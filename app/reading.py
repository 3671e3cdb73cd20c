"""Reading graph files without holding up the window."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal

from engine.document import files
from engine.document.disk import FileError, Stamp
from engine.document.graph import Graph

SMALL = 128 * 1024
"""Bytes of a file that is read at once, within some ten milliseconds; larger ones are read on a thread of their own."""


class Reader(QObject):
    """Reads one file at a time: asked for another one, it forgets the one before."""

    _read = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0
        self._read.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def read(self, path: Path, then: Callable[[Graph, Stamp], object], failed: Callable[[FileError], object]) -> None:
        """Call `then` with what the file holds, or `failed` with the reason: at once, or when it has been read."""
        self.forget()
        if _is_small(path):
            _outcome(path, then, failed)()
        else:
            Thread(target=self._work, args=(self._number, path, then, failed), name="reader", daemon=True).start()

    def forget(self) -> None:
        """What is being read is not wanted any more."""
        self._number += 1

    def _work(
        self, number: int, path: Path, then: Callable[[Graph, Stamp], object], failed: Callable[[FileError], object]
    ) -> None:
        outcome = _outcome(path, then, failed)
        with suppress(RuntimeError):  # the window is gone
            self._read.emit((number, outcome))

    def _deliver(self, told: tuple[int, Callable[[], object]]) -> None:
        number, outcome = told
        if number == self._number:
            outcome()


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= SMALL
    except OSError:
        return True  # reading it says what is wrong


def _outcome(
    path: Path, then: Callable[[Graph, Stamp], object], failed: Callable[[FileError], object]
) -> Callable[[], object]:
    try:
        return partial(then, *files.load(path))
    except FileError as error:
        return partial(failed, error)
