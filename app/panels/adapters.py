"""The adapters panel: the stack in order, a card for each. What it takes to apply an adapter is in `app.adapters`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.canvas.adapting import ADAPTER_MIME
from app.panels.adapter_card import AdapterCard
from app.panels.adapter_grip import MOVE_MIME
from app.theme import Theme
from engine.document.adapters import Adapter
from engine.document.document import Change, Document
from engine.document.expand import Expanded
from engine.document.problems import Problem
from engine.document.stack import given, moved
from engine.messages import InUse, WeightsReport

NOTHING = (
    "No adapters yet. Drag one from **Nodes > Adapters** onto a node, a frame or here, or press Add. "
    "An adapter changes what the graph does without changing the graph."
)


class AdaptersPanel(QScrollArea):
    """A card for each adapter of the stack; the selected one is shown in full.

    `dropped` carries the text of adapters and the place in the stack; `asked` what is wanted ("new", "add" or "compare"
    of all; see `AdapterCard.asked`) and of which adapter; `shown` nodes to select on the canvas.
    """

    dropped = Signal(bytes, int)
    asked = Signal(str, str)
    shown = Signal(object)
    selected = Signal(str)

    def __init__(self, document: Document, theme: Theme, folder: Callable[[], Path]) -> None:
        super().__init__()
        self.folder = folder
        self.document = document
        self.theme = theme
        self.cards: list[AdapterCard] = []
        self.current = ""
        """The selected adapter, or none."""
        self._made_of: list[tuple[object, ...]] = []
        self._expanded: Expanded | None = None
        self._problems: Sequence[Problem] = ()
        self._reports: tuple[WeightsReport, ...] = ()
        self._in_use = InUse()
        self._line = QFrame()
        """Where a drop would go."""
        self._line.setObjectName("dropline")
        self._line.setFixedHeight(3)
        self._line.hide()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAcceptDrops(True)
        self.setAccessibleName("Adapters")
        self._build()
        document.listeners.append(self._changed)

    def _build(self) -> None:
        body = QWidget()
        self.setWidget(body)
        self.column = QVBoxLayout(body)
        self.column.setContentsMargins(10, 8, 10, 10)
        self.column.setSpacing(6)
        row = QHBoxLayout()
        self.compare = _button("A/B", "Eject all that is in force; again: inject it")
        self.add = _button("Add…", "An adapter that comes along, or one from a file")
        self.new = _button("New…", "Draw an adapter of your own")
        for button, what in ((self.compare, "compare"), (self.add, "add"), (self.new, "new")):
            button.clicked.connect(lambda _, what=what: self.asked.emit(what, ""))
        row.addWidget(self.compare)
        row.addStretch(1)
        row.addWidget(self.add)
        row.addWidget(self.new)
        self.column.addLayout(row)
        self.empty = QLabel(NOTHING)
        self.empty.setTextFormat(Qt.TextFormat.MarkdownText)
        self.empty.setWordWrap(True)
        self.empty.setProperty("tone", "muted")
        self.column.addWidget(self.empty)
        self.stack = QVBoxLayout()
        self.stack.setSpacing(6)
        self.column.addLayout(self.stack)
        self.column.addStretch(1)
        self._rebuild()

    def card(self, adapter: str) -> AdapterCard:
        """The card of an adapter."""
        return next(card for card in self.cards if card.adapter == adapter)

    def select(self, adapter: str) -> None:
        """Show one adapter in full, and bring it into view; "" for none."""
        if adapter != self.current:
            self.current = adapter
            self.selected.emit(adapter)
        for card in self.cards:
            card.set_unfolded(card.adapter == adapter)
            if card.adapter == adapter:
                self._bring_into_view(card)

    def _bring_into_view(self, card: AdapterCard) -> None:
        """Scroll to a card: to all of it if there is room, else to where it begins."""
        if (holder := self.widget()) and (column := holder.layout()):
            column.activate()  # others have been folded above it
        self.ensureWidgetVisible(card, 0, 20)
        bar = self.verticalScrollBar()
        bar.setValue(min(bar.value(), max(0, card.y() - 8)))

    def show_expanded(self, expanded: Expanded, problems: Sequence[Problem]) -> None:
        """Show where the adapters go, and what is wrong with them."""
        self._expanded, self._problems = expanded, problems
        for card in self.cards:
            card.show_expanded(expanded, problems)

    def show_reports(self, reports: tuple[WeightsReport, ...]) -> None:
        """Show how the weights files fit."""
        self._reports = reports
        for card in self.cards:
            card.show_reports(reports)

    def show_in_use(self, in_use: InUse) -> None:
        """Show what the last run read."""
        self._in_use = in_use
        for card in self.cards:
            card.show_in_use(in_use)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._rebuild()

    def _changed(self, change: Change) -> None:
        if change.touched is None or change.touched.adapters:
            if change.touched is None:
                self._expanded, self._problems, self._reports = None, (), ()
            if self._made_of != [_form(adapter) for adapter in self.document.graph.adapters]:
                self._rebuild()
            else:
                for card in self.cards:
                    card.refresh()

    def _rebuild(self) -> None:
        """Make the cards anew."""
        self.stack.removeWidget(self._line)
        while item := self.stack.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._made_of = [_form(adapter) for adapter in self.document.graph.adapters]
        self.cards = [
            AdapterCard(self.document, each, self.theme, self.folder) for each in self.document.graph.adapters
        ]
        for card in self.cards:
            card.chosen.connect(self.select)
            card.shown.connect(self.shown)
            card.asked.connect(self.asked)
            self.stack.addWidget(card)
            if self._expanded:
                card.show_expanded(self._expanded, self._problems)
            card.show_reports(self._reports)
            card.show_in_use(self._in_use)
        self.empty.setVisible(not self.cards)
        self.compare.setEnabled(bool(self.cards))
        self.select(self.current if any(card.adapter == self.current for card in self.cards) else "")

    # Drops: adapters from the palette, and cards that go elsewhere.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ADAPTER_MIME) or event.mimeData().hasFormat(MOVE_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        self._show_line(self._index_at(event.position()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._show_line(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_line(None)
        index = self._index_at(event.position())
        data = event.mimeData()
        event.acceptProposedAction()
        if data.hasFormat(MOVE_MIME):
            self.put(bytes(data.data(MOVE_MIME).data()).decode(), index)
        else:
            self.dropped.emit(bytes(data.data(ADAPTER_MIME).data()), index)

    def put(self, adapter: str, index: int) -> None:
        """Put an adapter before the one that is at an index of the stack now."""
        ids = [each.id for each in self.document.graph.adapters]
        if adapter not in ids:
            return
        at = ids.index(adapter)
        to = min(max(0, index - (1 if index > at else 0)), len(ids) - 1)
        if to != at:
            self.document.apply(moved(self.document.graph, adapter, to), "Reorder the adapters")

    def _index_at(self, at: QPointF) -> int:
        y = at.toPoint().y() + self.verticalScrollBar().value()
        return sum(y > card.geometry().center().y() for card in self.cards)

    def _show_line(self, index: int | None) -> None:
        self.stack.removeWidget(self._line)
        self._line.setVisible(index is not None)
        if index is not None:
            self.stack.insertWidget(index, self._line)


def _form(adapter: Adapter) -> tuple[object, ...]:
    """What a card is made of; all else is shown by refreshing it."""
    return adapter.id, adapter.params, adapter.doc, list(given(adapter))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("tone", "small")
    button.setToolTip(tip)
    return button
