"""The part of a node's page that tells with whom it shares its weights."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton

from app.panels.flow import Flow
from app.panels.form import Section
from engine.document import sharing
from engine.document.document import Document
from engine.document.problems import named

MOST = 12
"""So many of the others are named."""


class SharingSection(Section):
    """Buttons that lead to the others, and one to have weights of its own. Hidden while it shares with nobody.

    `chosen` carries the node to go to; `unshared` says that this one is to have weights of its own.
    """

    chosen = Signal(str)
    unshared = Signal()

    def __init__(self, document: Document, node: str) -> None:
        super().__init__("Shared weights")
        self.document = document
        self.node = node
        self.others: dict[str, QPushButton] = {}
        """The buttons that lead to the others, by node."""
        self.body.addWidget(QLabel("Shares its weights, and so its params, with"))
        self._row = Flow()
        self.body.addLayout(self._row)
        self.more = QLabel()
        self.more.setProperty("tone", "muted")
        self.body.addWidget(self.more)
        self.unshare = QPushButton("Unshare")
        self.unshare.setProperty("tone", "small")
        self.unshare.setToolTip("Give it weights of its own from now on")
        self.unshare.clicked.connect(self.unshared)
        row = Flow()
        row.addWidget(self.unshare)
        self.body.addLayout(row)
        self.refresh()

    def refresh(self) -> None:
        """Show who shares with the node now."""
        graph = self.document.graph
        found = sharing.sharers(graph, self.node)
        self.setVisible(bool(found))
        shown = found[:MOST]
        if shown != list(self.others):
            for button in self.others.values():
                self._row.removeWidget(button)
                button.deleteLater()
            self.others = {other: self._button(other) for other in shown}
        for other, button in self.others.items():
            button.setText(named(graph, other))
        self.more.setText(f"and {len(found) - MOST} more")
        self.more.setVisible(len(found) > MOST)

    def _button(self, other: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("tone", "small")
        button.setToolTip("Go there")
        button.clicked.connect(lambda: self.chosen.emit(other))
        self._row.addWidget(button)
        return button
