"""What went wrong in the last run."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from engine.messages import Fault


class FaultBox(QFrame):
    """Where the last run failed, what the node had received, and the message."""

    shown = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("fault")
        self.fault: Fault | None = None
        self.place = QLabel()
        self.place.setProperty("tone", "strong")
        self.place.setWordWrap(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.received = QLabel()
        self.received.setProperty("tone", "muted")
        self.received.setWordWrap(True)
        self.button = QPushButton("Show node")
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        for widget in (self.place, self.message, self.received):
            column.addWidget(widget)
        column.addLayout(foot)
        self.button.clicked.connect(lambda: self.fault and self.shown.emit(self.fault.node))
        self.hide()

    def show_fault(self, fault: Fault | None) -> None:
        self.fault = fault
        self.setVisible(fault is not None)
        if fault:
            self.place.setText(f"The run failed at {fault.path}" if fault.path else "The run failed")
            self.message.setText(fault.message)
            self.received.setText("received " + ", ".join(fault.inputs))
            self.received.setVisible(bool(fault.inputs))
            self.button.setVisible(bool(fault.node))
