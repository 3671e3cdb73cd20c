"""Cyclic garbage is collected on the GUI thread, between two turns of its event loop.

Python collects when it likes and in whichever thread it is. Widgets in a cycle would then be deleted in a thread that
is not theirs, or while Qt walks over all widgets to dress them, and the process would end there.
"""

import gc

from PySide6.QtCore import QTimer

from engine.document.document import Change, Document

EVERY = 400
"""Milliseconds between two looks at how much there may be."""


class Collector(QTimer):
    """Collects from now on, and nothing else does. What outlives the opening of a document is walked over no more,
    until the next one is opened: of a hundred thousand nodes that alone would hold up the window."""

    def __init__(self, document: Document) -> None:
        super().__init__(interval=EVERY)
        self._opened = True
        document.listeners.append(self._changed)
        self.timeout.connect(self.collect)
        gc.disable()
        self.start()

    def _changed(self, change: Change) -> None:
        self._opened = self._opened or change.touched is None

    def collect(self) -> None:
        """Collect what Python's own thresholds ask for by now; everything, when another document was opened."""
        due = [age for age in range(3) if gc.get_count()[age] > gc.get_threshold()[age]]
        if self._opened:
            self._opened = False
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        elif due:
            gc.collect(max(due))
