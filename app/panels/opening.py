"""A bar above the canvas while something large is opened: how far it is, and a button that stops it."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

PATIENCE = 300
"""Milliseconds that opening takes before the bar comes; for less it would only flicker."""


class OpeningBar(QFrame):
    """Shown from `tell` to `rest`. Escape stops what is being opened, wherever in the window the focus is."""

    stopped = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self.setObjectName("opening")
        self.title, self.stage = QLabel(), QLabel()
        self.title.setProperty("tone", "strong")
        self.stage.setProperty("tone", "muted")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(160, 6)
        self.bar.setAccessibleName("How far opening is")
        self.stop = QPushButton("Stop (Esc)")
        self.stop.setToolTip("Stop opening it; what is open stays")
        self.stop.setProperty("tone", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(10)
        for widget in (self.title, self.stage, self.bar):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.stop)
        self._escape = QShortcut(Qt.Key.Key_Escape, window)
        self._escape.setEnabled(False)
        self._waiting = QTimer(self, singleShot=True, interval=PATIENCE)
        self._waiting.timeout.connect(self.show)
        self._escape.activated.connect(self.stopped)
        self.stop.clicked.connect(self.stopped)
        self.hide()

    def tell(self, title: str, stage: str, share: float) -> None:
        """What is opened, what is done to it at present, and how much of all that is over."""
        self.title.setText(f"Opening {title}")
        self.stage.setText(f"{stage} …")
        self.bar.setValue(round(100 * share))
        self._escape.setEnabled(True)
        if self.isHidden() and not self._waiting.isActive():
            self._waiting.start()

    def rest(self) -> None:
        """Nothing is being opened."""
        self._waiting.stop()
        self._escape.setEnabled(False)
        self.hide()
