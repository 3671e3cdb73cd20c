"""Cyclic garbage is collected on the GUI thread, between two turns of its event loop.

Python collects when it likes and in whichever thread it is. Widgets in a cycle would then be deleted in a thread that
is not theirs, or while Qt walks over all widgets to dress them, and the process would end there. What was freed then
goes back to the system.
"""

import ctypes
import gc
import sys
from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer

from engine.document.document import Change, Document

EVERY = 400
"""Milliseconds between two looks at how much there may be."""
BIT, PAUSE = 4000, 20
"""Of what is left behind so many things go at a time, so many milliseconds apart."""


class Collector(QTimer):
    """Collects from now on, and nothing else does. What is there already has come with the program, and stays: it is
    never walked over, which would hold up the window for longer than a document of ten thousand nodes."""

    def __init__(self, document: Document) -> None:
        super().__init__(interval=EVERY)
        self._opened = self._worked = False
        document.listeners.append(self._changed)
        self.timeout.connect(self.collect)
        gc.disable()
        gc.freeze()
        self.start()

    def _changed(self, change: Change) -> None:
        self._opened = self._opened or change.touched is None

    def collect(self) -> None:
        """Collect what Python's own thresholds ask for by now; everything, when another document was opened. Once there
        is nothing to collect, what was freed goes back to the system."""
        due = [age for age in range(3) if gc.get_count()[age] > gc.get_threshold()[age]]
        if self._opened or due:
            gc.collect(2 if self._opened else max(due))
            self._opened, self._worked = False, True
        elif self._worked:  # and now there is little to do
            self._worked = False
            _give_back()


def _give_back() -> None:
    """Hand freed memory back to the system, which takes a few milliseconds. By itself the C library of Linux gives back
    only what lies at the end of its heap; layout and paint leave holes all over it: 29 of 234 MB after two minutes."""
    if hasattr(_LIBRARY, "malloc_trim"):
        _LIBRARY.malloc_trim(0)


_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


class Leaving(QTimer):
    """Lets go of what a document was made of, bit by bit: all at once it would hold up the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, interval=PAUSE)
        self._held: list[object] = []
        self.timeout.connect(self._let_go)

    def hold(self, *parts: Iterable[object]) -> None:
        """Keep these until whoever has them now has others."""
        for part in parts:
            self._held.extend(part)
        self.start()

    def _let_go(self) -> None:
        del self._held[-BIT:]
        if not self._held:
            self.stop()
