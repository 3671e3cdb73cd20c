"""The pace of runs that follow changes: when the next one begins."""

from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

SHORTEST, LONGEST = 0.2, 1.0
"""Seconds that a run in progress is given before a newer one replaces it: a drag over a quick graph shows pictures all
along, and one over a slow graph does not wait for results that nobody wants any more."""


SHARE, OFTEN = 8, 0.5
"""Whatever else is asked for gets a turn between runs that follow each other: after the time of so many of them, and
not before so many seconds. So most pictures of a drag are as quick as they are without it."""


class Pace(QObject):
    """Knows how long runs take, and how long the next one has to wait. `due` tells that its time has come."""

    due = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._began = 0.0
        self._seconds = 0.0
        self._yielded = 0.0
        """When something else had a turn."""
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self.due)

    @property
    def waits(self) -> bool:
        """Whether a run is to come."""
        return self._next.isActive()

    @property
    def patience(self) -> float:
        """Seconds that whatever is under way is given."""
        return min(max(SHORTEST, 1.5 * self._seconds), LONGEST)

    def begin(self) -> None:
        """A run begins; none waits any more."""
        self._next.stop()
        self._began = monotonic()

    def end(self, seconds: float) -> None:
        """The run in progress took so long: what waited for it is due."""
        self._seconds = seconds
        self.hurry()

    def want(self) -> None:
        """A run is to follow the one in progress, when that has ended or has had its time."""
        if not self.waits:
            wait = self._began + self.patience - monotonic()
            self._next.start(max(0, round(wait * 1000)))

    def yields(self) -> bool:
        """Have the run that waits let something else have a turn, if that has waited for long. It gets the time of a
        run."""
        owed = self.waits and monotonic() - self._yielded > max(OFTEN, SHARE * self._seconds)
        if owed:
            self._yielded = monotonic()
            self._next.start(round(self.patience * 1000))
        return owed

    def hurry(self) -> None:
        """A run that waits need not wait any more."""
        if self.waits:
            self._next.start(0)

    def stop(self) -> None:
        """No run is to come."""
        self._next.stop()
