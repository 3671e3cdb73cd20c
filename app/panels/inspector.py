"""The inspector: one selected node shows its form, none or the root the graph, several a summary."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QScrollBar, QWidget

from app.drawing import DrawnDocument
from app.panels.adapter_page import AdapterPage
from app.panels.graph_page import GraphPage
from app.panels.node_page import NodePage
from app.panels.summary_page import SummaryPage
from app.theme import Theme
from engine.document.document import Change, Document
from engine.document.problems import Problem
from engine.messages import WeightsReport

Descriptions = Mapping[str, tuple[str, ...]]


LATEST = 100
"""Milliseconds after which a page is built anew even if nobody has checked the graph."""


class QuietBar(QScrollBar):
    """A scroll bar that has its place always, and is seen when there is something to scroll: a page that grows by a
    message keeps its width, and all that is on it its place."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.maximum() > self.minimum():
            super().paintEvent(event)


class Inspector(QScrollArea):
    """Shows the page of the selection and keeps it true to the document."""

    weights_asked = Signal(str, str)
    """What is wanted of the weights (load, save, report), and of which node."""
    chosen = Signal(str)
    """A node to go to."""
    unshared = Signal(str)
    """A node that is to have weights of its own."""

    def __init__(self, document: Document, theme: Theme, folder: Callable[[], Path]) -> None:
        super().__init__()
        self.setAccessibleName("Inspector")
        self.document = document
        self.theme = theme
        self.folder = folder
        self.nodes: list[str] = []
        self.page: NodePage | GraphPage | AdapterPage | SummaryPage | None = None
        self._problems: Sequence[Problem] = ()
        self._reports: tuple[WeightsReport, ...] = ()
        self._shapes: tuple[Descriptions, Descriptions] = ({}, {})
        self._graph_page: GraphPage | None = None
        """It is kept while other pages are shown: to make it takes long, and nothing is selected often."""
        self._building = QTimer(self, singleShot=True)
        self._building.timeout.connect(self._build)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(QuietBar())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        document.listeners.append(self._changed)
        self.show_nodes([])

    def set_document(self, document: Document) -> None:
        """Show the pages of another document."""
        self.document.listeners.remove(self._changed)
        self.document = document
        document.listeners.append(self._changed)
        self._changed(Change(None, None))

    def refresh(self) -> None:
        """Show what the document says."""
        if self.page is not None:
            self.page.refresh()

    def show_nodes(self, nodes: Sequence[str]) -> None:
        """Show the page for a selection."""
        nodes = [node for node in nodes if node in self.document.graph]
        if self.page is None or list(nodes) != self.nodes:
            self.nodes = list(nodes)
            self._build()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Problems of the whole document; those of the page's node are shown at their fields."""
        self._problems = problems
        if self.page is None:
            self._building.start(0)  # the check has taken its time: not in the same turn
        if isinstance(self.page, NodePage | GraphPage):
            of_graph = isinstance(self.page, GraphPage)
            self.page.set_problems([p for p in problems if p.node == self.page.node or (of_graph and not p.node)])

    def set_shapes(self, returns: Descriptions, receives: Descriptions) -> None:
        """What every node returns and receives."""
        self._shapes = (returns, receives)
        if isinstance(self.page, NodePage):
            self.page.set_shapes(receives.get(self.page.node), returns.get(self.page.node))

    def set_weights(self, reports: tuple[WeightsReport, ...]) -> None:
        """How the weights files fit."""
        self._reports = reports
        if isinstance(self.page, NodePage | GraphPage) and self.page.weights:
            self.page.weights.show_reports(reports)

    def focus_first(self) -> None:
        """Put the focus where typing changes the node: its first param, or its name."""
        if isinstance(self.page, NodePage):
            fields = [*self.page.fields.values(), self.page.name]
            fields[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_note(self) -> None:
        """Put the focus where a remark about the node is written."""
        if isinstance(self.page, NodePage):
            self.page.note.setFocus(Qt.FocusReason.OtherFocusReason)
            self.ensureWidgetVisible(self.page.note)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._forget_graph_page()
        self._build()

    def _build(self) -> None:
        self._building.stop()
        root = self.document.graph.root
        if len(self.nodes) > 1:
            self.page = SummaryPage(self.document, self.nodes)
        elif self.nodes and self.nodes != [root]:
            self.page = NodePage(self.document, self.nodes[0], self.folder, self.theme)
        elif isinstance(self.document, DrawnDocument):
            self.page = AdapterPage(self.document, self.theme)
        else:
            self.page = self._of_graph()
        self._show(self.page)
        self.verticalScrollBar().setValue(QPoint().y())
        self.set_problems(self._problems)
        self.set_shapes(*self._shapes)
        if isinstance(self.page, NodePage) and self.page.weights:
            self.page.weights.asked.connect(self.weights_asked)
        if isinstance(self.page, NodePage) and self.page.sharing:
            node = self.page.node
            self.page.sharing.chosen.connect(self.chosen)
            self.page.sharing.unshared.connect(lambda: self.unshared.emit(node))
        self.set_weights(self._reports)

    def _of_graph(self) -> GraphPage:
        """The page of the graph, up to date."""
        if self._graph_page is None:
            self._graph_page = GraphPage(self.document, self.folder, self.theme)
            self._graph_page.weights.asked.connect(self.weights_asked)
        else:
            self._graph_page.refresh()
        return self._graph_page

    def _forget_graph_page(self) -> None:
        if self._graph_page and self._graph_page is not self.widget():
            self._graph_page.deleteLater()
        self._graph_page = None

    def _show(self, page: QWidget) -> None:
        """Put a page into the place of the one that was shown; that is deleted, unless it is kept."""
        kept = self._graph_page
        if kept and kept is self.widget() and kept is not page:
            focused = QApplication.focusWidget()
            if focused and kept.isAncestorOf(focused):
                focused.clearFocus()
            self.takeWidget()
        self.setWidget(page)

    def _changed(self, change: Change) -> None:
        if change.touched is None:
            self._forget_graph_page()
        if change.touched is None or any(node not in self.document.graph for node in self.nodes):
            self.nodes = [n for n in self.nodes if n in self.document.graph] if change.touched else []
            self.page = None
            self._show(QWidget())
            self._building.start(LATEST)  # once the graph is painted and checked: a page takes longer
        else:
            self.refresh()
