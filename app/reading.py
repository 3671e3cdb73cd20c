"""Graphs on their way into the window: read or made, laid out and checked on a thread, so that it is free meanwhile."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

from msgspec import Struct
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.canvas.texts import Texts
from app.canvas.widths import Widths
from engine.document import disk, files, parsing
from engine.document.arrange import Arrangement
from engine.document.check import Checker
from engine.document.disk import FileError, Stamp
from engine.document.document import Prepared
from engine.document.graph import Graph
from nodes import CATALOGUE

SMALL = 128 * 1024
"""Bytes of a file that is read at once, within some ten milliseconds; larger ones are read on a thread of their own."""
AGAIN = 100
"""Milliseconds after which a graph that has to wait for a dialog looks whether that is closed."""
STAGES = {"Reading it": 0.0, "Laying it out": 0.3, "Checking it": 0.5}
"""What is done one after the other, and how much of the time is over when each begins."""


class Opened(Struct, frozen=True):
    """A graph to be taken by the window. One without a file has no stamp; a small one is not prepared."""

    graph: Graph
    stamp: Stamp | None = None
    prepared: Prepared | None = None


Source = Callable[[], tuple[Graph, Stamp | None, bytes]]
"""Gives a graph, the stamp of its file, if it has one, and a file's text of it. Raises FileError."""
Then = Callable[[Opened], object]
Failed = Callable[[FileError], object]


class _ForgottenError(Exception):
    """Nobody wants the graph any more."""


class Reader(QObject):
    """Brings one graph at a time: asked for another one, it forgets the one before."""

    told = Signal(str, str, float)
    """What is being opened, what is done to it, and how much of that is over, from 0 to 1."""
    rested = Signal()
    """Nothing is being opened any more, or nothing was."""
    _told = Signal(int, str)
    _ready = Signal(int, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0
        self.title = ""
        """What is being opened, or was."""
        self.path: Path | None = None
        """The file that is being read."""
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._ready.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def read(self, path: Path, then: Then, failed: Failed) -> None:
        """Call `then` with what a file holds, or `failed` with the reason: at once, or when it has been read."""
        if _is_small(path):
            self.forget()
            try:
                opened = Opened(*files.load(path))
            except FileError as error:
                failed(error)
                return
            then(opened)
            return

        def load() -> tuple[Graph, Stamp, bytes]:
            data, stamp = disk.read(path)
            return parsing.parse(data, str(path)), stamp, data

        self._begin(path.name, load, then, failed)
        self.path = path

    def make(self, title: str, build: Callable[[], Graph], then: Then) -> None:
        """Call `then` with a graph that is built now."""

        def made() -> tuple[Graph, None, bytes]:
            graph = build()
            return graph, None, files.dump(graph)

        self._begin(title, made, then, lambda _: None)

    def forget(self) -> None:
        """What is being opened is not wanted any more."""
        self._number += 1
        self.path = None
        self.rested.emit()

    def _begin(self, title: str, source: Source, then: Then, failed: Failed) -> None:
        self.forget()
        self.title = title
        family = QApplication.font().family()
        work = (self._number, source, family, then, failed)
        Thread(target=self._work, args=work, name="reader", daemon=True).start()

    def _work(self, number: int, source: Source, family: str, then: Then, failed: Failed) -> None:
        def tell(stage: str) -> None:
            if number != self._number:
                raise _ForgottenError
            self._told.emit(number, stage)

        try:
            opened = _prepared(source, family, tell)
        except _ForgottenError:
            return
        except FileError as error:
            deliver = partial(failed, error)
        except Exception as error:  # a fault of ours: told in the window's thread, as any other there
            deliver = partial(_raise, error)
        else:
            deliver = partial(then, opened)
        with suppress(RuntimeError):  # the window is gone
            self._ready.emit(number, deliver)

    def _tell(self, number: int, stage: str) -> None:
        if number == self._number:
            self.told.emit(self.title, stage, STAGES[stage])

    def _deliver(self, number: int, deliver: Callable[[], object]) -> None:
        if number != self._number:
            return
        if QApplication.activeModalWidget():  # what that asks is about the document that is there
            QTimer.singleShot(AGAIN, self, lambda: self._deliver(number, deliver))
            return
        self.forget()
        deliver()


def _prepared(source: Source, family: str, tell: Callable[[str], None]) -> Opened:
    reading, laying, checking = STAGES
    tell(reading)
    graph, stamp, text = source()
    tell(laying)
    arrangement = Arrangement(graph, CATALOGUE, Widths(graph, CATALOGUE, Texts(family)))
    tell(checking)
    checker = Checker(graph, CATALOGUE)
    checker.problems()
    return Opened(graph, stamp, Prepared(text, arrangement, checker))


def _raise(error: Exception) -> None:
    raise error


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= SMALL
    except OSError:
        return True  # reading it says what is wrong
