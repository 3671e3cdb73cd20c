"""A bar across the top of the canvas that asks whether Python code may be imported."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout

from engine.document.graph import Graph
from engine.document.problems import named
from engine.document.references import Reference

TALLEST = 130
"""Pixels of the list of names; a longer one scrolls."""
MOST_NODES = 4
"""Nodes that are named behind each name."""

NEW = (
    "<b>This graph would import Python code.</b> It can do whatever you can: read and change files, use the "
    "network. Trust it only if you know where it comes from; until then all that does without it works."
)
ALTERED = (
    "<b>Python code of this graph has changed.</b> Trust it as it is now, and it is imported again; "
    "until then the graph runs with what was imported before."
)


class Consent(QFrame):
    """Tells what would be imported and for which nodes, name by name. `shown` carries the nodes to show."""

    granted = Signal()
    shown = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("consent")
        self._nodes: tuple[str, ...] = ()
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.names = QLabel()
        self.names.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.names.setWordWrap(True)
        self.names.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setWidget(self.names)
        self._area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.trust_button = QPushButton("Trust")
        self.later_button = QPushButton("Not now")
        self.show_button = QPushButton("Show nodes")
        buttons = QHBoxLayout()
        buttons.addWidget(self.trust_button)
        buttons.addWidget(self.later_button)
        buttons.addWidget(self.show_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.label)
        column.addWidget(self._area)
        column.addLayout(buttons)
        self.trust_button.clicked.connect(self.granted)
        self.later_button.clicked.connect(self.hide)
        self.show_button.clicked.connect(lambda: self.shown.emit(self._nodes))
        self.hide()

    def ask(self, references: Sequence[Reference], graph: Graph) -> None:
        """Ask about these names of a graph; about none, the bar goes away."""
        self._nodes = tuple(dict.fromkeys(node for each in references for node in each.nodes))
        self.label.setText(ALTERED if all(each.altered for each in references) else NEW)
        self.names.setText("<br>".join(_told(each, graph) for each in references))
        self.setVisible(bool(references))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The list is as tall as its lines take, up to a limit."""
        self._area.setFixedHeight(min(TALLEST, self.names.heightForWidth(self._area.width()) + 2))


def _told(reference: Reference, graph: Graph) -> str:
    users = [named(graph, node) for node in reference.nodes] + [f"the adapter {name}" for name in reference.adapters]
    nodes = [escape(user) for user in users[:MOST_NODES]]
    more = len(users) - len(nodes)
    listed = ", ".join([*nodes, *([f"{more} more"] if more else [])])
    return f"<code>{escape(reference.name)}</code> – for {listed}"
