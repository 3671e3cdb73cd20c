"""The outline: the graph as a tree of lines, in step with the canvas; nodes are moved by dragging and renamed in it."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from app.panels.outline_model import OutlineModel
from app.theme import Theme
from engine.document.document import Document
from engine.document.graph import CANVAS

COMMANDS = ("bypass", "mute", "cut", "copy", "paste", "duplicate", "unwrap", "wrap-chain", "delete")
"""The commands on the canvas's selection that have their keys here too."""


class Outline(QTreeView):
    """The view of the outline. What is selected here is selected on the canvas, and the other way round."""

    chosen = Signal(object)
    """The user has selected these nodes."""
    entered = Signal(str)
    """A node was double-clicked, or Enter was pressed on it."""

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self._showing = self._resting = False
        self._waiting: list[str] = []
        self._widest = 0
        self.nodes = OutlineModel(document, theme)
        self.setModel(self.nodes)
        self.setObjectName("outline")
        self.setAccessibleName("Outline")
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setResizeContentsPrecision(0)  # by the lines in view
        self.verticalScrollBar().valueChanged.connect(self._forget_widest)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setExpandsOnDoubleClick(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show)
        self.nodes.modelReset.connect(self._unfold_root)
        self.selectionModel().selectionChanged.connect(self._choose)
        self.doubleClicked.connect(lambda index: self.entered.emit(self.nodes.node(index)))
        self._unfold_root()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.header().setMinimumSectionSize(self.viewport().width())  # lines are as wide as the panel, at least

    def show_selection(self, nodes: Sequence[str]) -> None:
        """Select these nodes, once the events at hand are through."""
        self._waiting = list(nodes)
        self._soon.start(0)

    def set_theme(self, theme: Theme) -> None:
        self.nodes.set_theme(theme)

    def selected(self) -> list[str]:
        """The nodes selected here, in their order, the one that the keys move from last."""
        chosen = [self.nodes.node(index) for index in self.selectionModel().selectedIndexes()]
        current = self.nodes.node(self.currentIndex())
        return [*(node for node in chosen if node != current), *([current] if current in chosen else [])]

    def _choose(self) -> None:
        if not self._showing:
            self._soon.stop()
            self.chosen.emit(self.selected())

    def _unfold_root(self) -> None:
        self.expand(self.nodes.index_of(self.nodes.document.graph.root))

    # Behind another tab it follows neither edits nor the selection, which would cost each of them some milliseconds.
    # To Qt it is visible there as well, but nothing paints it.

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._resting:
            self._resting = False
            super().doItemsLayout()
            self._soon.start(0)
        super().paintEvent(event)

    def doItemsLayout(self) -> None:
        self._resting = self.visibleRegion().isEmpty()
        if not self._resting:
            self._forget_widest()
            super().doItemsLayout()

    # The horizontal scroll bar may cover the very line that it is for. Were the column narrower then, the bar would go,
    # and come again for the line, without end.

    def sizeHintForColumn(self, column: int) -> int:
        self._widest = max(self._widest, super().sizeHintForColumn(column))
        return self._widest

    def _forget_widest(self) -> None:
        self._widest = 0

    def _show(self) -> None:
        if self.visibleRegion().isEmpty():
            self._resting = True
            return
        nodes = [node for node in self._waiting if node in self.nodes.document.graph]
        self._showing = True
        try:
            flag = QItemSelectionModel.SelectionFlag
            self.selectionModel().clearSelection()  # not at once: Qt compares every span of before with every new one
            self.selectionModel().select(self._spans(nodes), flag.Select)
            if nodes:
                last = self.nodes.index_of(nodes[-1])
                self.selectionModel().setCurrentIndex(last, flag.NoUpdate)
                self.scrollTo(last)
        finally:
            self._showing = False

    def _spans(self, nodes: Iterable[str]) -> QItemSelection:
        """The lines of these nodes, neighbours together."""
        rows: dict[str, list[int]] = {}
        parents = self.nodes.document.graph.parents
        for node in nodes:
            rows.setdefault(parents.get(node, CANVAS), []).append(self.nodes.index_of(node).row())
        found = QItemSelection()
        for frame, numbers in rows.items():
            parent = self.nodes.index_of(frame)
            numbers.sort()
            start = numbers[0]
            for number, following in zip(numbers, [*numbers[1:], -1], strict=True):
                if following != number + 1:
                    first, last = self.nodes.index(start, 0, parent), self.nodes.index(number, 0, parent)
                    found.select(first, last)
                    start = following
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, node = event.key(), self.nodes.node(self.currentIndex())
        editing = self.state() == QAbstractItemView.State.EditingState
        up_or_down = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 2}.get(Qt.Key(key))
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not editing and node:
            self.entered.emit(node)
        elif up_or_down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move_by(node, up_or_down)
        else:
            super().keyPressEvent(event)

    def _move_by(self, node: str, step: int) -> None:
        graph = self.nodes.document.graph
        frame = graph.parent(node) if node in graph else None
        if frame and node in graph.children[frame]:
            row = graph.children[frame].index(node) + step
            if 0 <= row <= len(graph.children[frame]):
                self.nodes.move([node], frame, row)
