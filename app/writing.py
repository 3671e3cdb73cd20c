"""Graphs on their way into files: large ones are written on a thread, from a copy, while the window goes on."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal

from engine.document import files
from engine.document.disk import FileError, Stamp
from engine.document.graph import Graph

LARGE = 5000
"""Graphs of fewer nodes are written at once, within some ten milliseconds."""

Outcome = Stamp | FileError


class Writer(QObject):
    """Writes one graph at a time. What has to wait until it is written is given to `after`."""

    _written = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: Thread | None = None
        self._waiting: list[Callable[[], object]] = []
        self._written.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a graph is being written."""
        return self._thread is not None

    def write(
        self, graph: Graph, path: Path, expected: Stamp | None, then: Callable[[Outcome], object], wait: bool
    ) -> None:
        """Write a graph as `files.save` does, and call `then` with how that went: at once if it is small, or where one
        is to `wait` for it, else when it is written."""
        if wait or len(graph) < LARGE:
            then(_outcome(graph, path, expected))
            return
        copy = graph.copy()

        def work() -> None:
            try:
                tell = partial(then, _outcome(copy, path, expected))
            except Exception as error:  # a fault of ours: told in the window's thread, where nobody waits any more
                tell = partial(_raise, error)
            with suppress(RuntimeError):  # the window is gone
                self._written.emit(tell)

        self._thread = Thread(target=work, name="writer")  # a program that ends waits for it
        self._thread.start()

    def after(self, then: Callable[[], object]) -> None:
        """Call `then` once what is being written is: at once if that is nothing."""
        self._waiting.append(then)
        self._go_on()

    def _finish(self, tell: Callable[[], object]) -> None:
        self._thread = None
        try:
            tell()
        finally:
            self._go_on()

    def _go_on(self) -> None:
        while self._waiting and not self.busy:
            self._waiting.pop(0)()


def _outcome(graph: Graph, path: Path, expected: Stamp | None) -> Outcome:
    try:
        return files.save(graph, path, expected)
    except FileError as error:
        return error


def _raise(error: Exception) -> None:
    raise error
