"""Where a run has paused: what the node made, what the contexts that it can see hold, and how to go on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from engine.messages import Paused

LONGEST = 200
"""What a context holds is cut after this many characters; the tooltip says all of it."""


class PauseBox(QFrame):
    """Stands above the preview while a run is paused."""

    resumed = Signal(bool)
    """Go on; true for one node only."""
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pause")
        self.place = QLabel()
        self.place.setProperty("tone", "strong")
        self.value = QLabel()
        self.contexts = QLabel()
        self.contexts.setProperty("tone", "muted")
        for label in (self.place, self.value, self.contexts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.go_on = QPushButton("Continue")
        self.step = QPushButton("Step")
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("End this run")
        foot = QHBoxLayout()
        for button in (self.go_on, self.step, self.stop):
            foot.addWidget(button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        for label in (self.place, self.value, self.contexts):
            column.addWidget(label)
        column.addLayout(foot)
        self.go_on.clicked.connect(lambda: self.resumed.emit(False))
        self.step.clicked.connect(lambda: self.resumed.emit(True))
        self.stop.clicked.connect(self.cancelled)
        self.hide()

    def show_pause(self, paused: Paused | None) -> None:
        """Show a pause, or that there is none."""
        self.setVisible(paused is not None)
        if paused:
            held = [f"{each.label} = {each.text}" for each in paused.contexts]
            self.place.setText(f"Paused at {paused.path}")
            self.value.setText(paused.value)
            self.contexts.setText("\n".join(line if len(line) <= LONGEST else line[:LONGEST] + " …" for line in held))
            self.contexts.setToolTip("\n".join(held))
            self.contexts.setVisible(bool(held))
