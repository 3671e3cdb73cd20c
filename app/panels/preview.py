"""The preview: what the selected node, or a pinned one, made in the last run; and where the last run failed."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from app.icons import icon, themed
from app.panels import preview_layout
from app.panels.board import Board, Shown
from app.panels.brush import BrushBox
from app.panels.compare import ComparedView
from app.panels.compare_bar import CompareBar
from app.panels.end_of_line import EndOfLine
from app.panels.fault import FaultBox
from app.panels.figures import FiguresView
from app.panels.pause import PauseBox
from app.panels.pins import Pins, title
from app.panels.slices import SliceBar
from app.panels.tool import tool, two_states
from app.theme import Theme
from app.variants import Variants
from engine.document.document import Change, Document
from engine.document.graph import path_of
from engine.messages import Finished, Preview

STALE_AFTER = 300
"""Milliseconds without news after which what no longer fits the document is marked."""


class PreviewPanel(QScrollArea):
    """One node's value at a time, or all side by side. The first tab follows the selection; each pin adds one that
    stays.

    `watched` lists the nodes whose previews are wanted, and the slices of them; `activated` names a node to show on the
    canvas.
    """

    watched = Signal(object, object)
    activated = Signal(str)

    def __init__(
        self,
        document: Document,
        variants: Variants,
        theme: Theme,
        folder: Callable[[], Path],
        drawings: Callable[[], Path],
    ) -> None:
        """Paths of the graph start at `folder`; pictures that are drawn go to `drawings`."""
        super().__init__()
        self.setAccessibleName("Preview")
        self.document = document
        self.box = BrushBox(document, folder, drawings)
        self.variants = variants
        self.theme = theme
        self.tabs = Pins(document, theme)
        self.indices: dict[str, tuple[int, ...]] = {}
        """What slices of their tensors are shown, by node, where it was chosen."""
        self.previews: dict[str, Preview] = {}
        self.stale = False
        self.running = False
        self._run = 0
        """The run that ended last: what others made is out of date."""
        self._compared = ""
        """The node that another variant was asked of."""
        self._lasting = QTimer(self)
        self._lasting.setSingleShot(True)
        self._lasting.setInterval(STALE_AFTER)
        self._lasting.timeout.connect(self._settle)
        self._build()
        document.listeners.append(self._changed)
        self._update()

    def _build(self) -> None:
        self.pin = tool("Pin: keep this preview in a tab of its own", checkable=True)
        self.fit = tool("Fit the picture")
        self.actual = tool("One pixel of the picture for one of the screen")
        self.actual.setText("1:1")
        self.smooth = tool("Blend enlarged pixels", checkable=True)
        self.beside = tool("Show the selected node and the pinned ones side by side", checkable=True)
        self.path = EndOfLine()
        self.path.setProperty("tone", "muted")
        self.state = QLabel()
        self.state.setProperty("tone", "warning")
        self.pause = PauseBox()
        self.fault = FaultBox()
        self.picture = ComparedView()
        self.bar = CompareBar(self.document, self.variants, self.picture, self.theme)
        self.board = Board()
        self.slices = SliceBar()
        self.strip = tool("A strip: several values of a number side by side")
        self.save = tool("Save what is shown, as a picture or as a tensor")
        self.brush = tool("Draw a picture that the graph takes: a guide or a mask", checkable=True)
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setProperty("tone", "muted")
        self.pixel = QLabel()
        self.pixel.setProperty("tone", "muted")
        self.pixel.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.text.setMinimumHeight(72)
        self.text.setAccessibleName("Value")
        self.figures = FiguresView(self.theme)
        self.empty = QLabel()
        self.empty.setProperty("tone", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        preview_layout.arrange(self)
        self.set_icons()
        self.tabs.currentChanged.connect(self._update)
        self.tabs.tabMoved.connect(self._update)
        self.pin.clicked.connect(self._toggle_pin)
        for view in (self.picture, self.board):
            self.fit.clicked.connect(view.fit)
            self.actual.clicked.connect(lambda _=False, view=view: view.set_zoom(1.0))
            self.smooth.toggled.connect(view.set_smooth)
        self.beside.toggled.connect(self._update)
        self.bar.chosen.connect(self._update)
        self.brush.toggled.connect(self._draw)
        self.slices.chosen.connect(self._slice)
        self.board.activated.connect(self.activated)
        self.picture.hovered.connect(self.pixel.setText)
        self.fault.shown.connect(self.activated)

    @property
    def node(self) -> str:
        """The node whose preview is shown."""
        return self.tabs.node

    def sizeHint(self) -> QSize:
        return QSize(352, 420)

    def watch(self) -> None:
        """Ask for the previews that are wanted now."""
        nodes = self.tabs.nodes
        self.watched.emit(nodes, {node: self.indices[node] for node in nodes if node in self.indices})

    def follow(self, selection: Sequence[str]) -> None:
        """The first tab shows the node selected last, or the root's result."""
        node = selection[-1] if selection else self.document.graph.root
        if node != self.tabs.followed:
            self.tabs.followed = node
            self.tabs.setCurrentIndex(0)
            self.watch()
            self._update()

    def show_preview(self, preview: Preview) -> None:
        """Take what a node made."""
        if preview.node in self.document.graph:
            self.previews[preview.node] = preview
            if self.stale:  # a drag goes on, and its pictures keep coming
                self._lasting.start()
            if preview.node == self.node or self.beside.isChecked():
                self._update()

    def show_end(self, end: Finished) -> None:
        """A run has ended: show where it failed, or that it did not."""
        self._run = end.run
        self.fault.show_fault(end.fault)
        self._update()
        self.bar.renew(self.node)

    def set_state(self, stale: bool, running: bool) -> None:
        """Whether the document has changed since the last run ended, and whether one is in progress.

        Marked only when it lasts: quick runs must not flicker.
        """
        stale = stale or running
        ended, self.running = self.running and not running, running
        if stale and ended:  # without a word, as a run does whose worker ends
            self._update()
        if stale != self.stale:
            self.stale = stale
            if stale:
                self._lasting.start()
            else:
                self._lasting.stop()
                self._update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.figures.set_theme(theme)
        self.set_icons()

    def set_icons(self) -> None:
        self.pin.setIcon(two_states(icon("pin", self.theme.text_dim.name()), icon("pin", self.theme.selection.name())))
        buttons = (self.fit, "fit"), (self.smooth, "smooth"), (self.beside, "beside"), (self.strip, "strip")
        buttons = (*buttons, (self.brush, "brush"), (self.save, "save"))
        for button, name in buttons:
            button.setIcon(themed(name, self.theme))
        self.bar.set_theme(self.theme)
        self.tabs.set_theme(self.theme)

    def pin_node(self, node: str) -> None:
        """Give a node a tab of its own."""
        if self.tabs.pin(node):
            self.watch()
        self._update()

    def unpin(self, node: str) -> None:
        """Take a node's tab away."""
        self.tabs.unpin(node)
        self.watch()
        self._update()

    def _toggle_pin(self, pinned: bool) -> None:
        if pinned:
            self.pin_node(self.node)
        else:
            self.unpin(self.node)

    def _changed(self, change: Change) -> None:
        graph = self.document.graph
        if change.touched is None:
            self.previews.clear()
            self.indices.clear()
            self.bar.choose(None)
            self.fault.show_fault(None)
            self._run = 0
        for node in [n for n in self.tabs.pinned if change.touched is None or n not in graph]:
            self.unpin(node)
        if self.tabs.followed not in graph or change.touched is None:
            self.tabs.followed = graph.root
            self.watch()
        self._update()

    def _draw(self, drawn: bool) -> None:
        """Show the pad, for a picture of the size of what is shown."""
        preview = self.previews.get(self.node)
        if preview and preview.figures and len(preview.figures.shape) > 1:
            height, width = (min(max(size, 8), 1024) for size in preview.figures.shape[-2:])
            self.box.suggested = QSize(width, height)
        self.box.setVisible(drawn)
        self._update()

    def _slice(self, index: tuple[int, ...]) -> None:
        """Show another slice of this node's tensor."""
        self.indices[self.node] = index
        self.watch()
        self.bar.renew(self.node)

    def _update(self) -> None:
        node = self.node
        graph = self.document.graph
        if node not in graph:
            return
        self.path.show_text(path_of(graph, node) or "result of the graph")
        self.tabs.show_titles()
        self.tabs.setVisible(bool(self.tabs.pinned) and not self.beside.isChecked())
        self.pin.setChecked(node in self.tabs.pinned)
        preview = self.previews.get(node)
        if node != self._compared:
            self._compared = node
            self.bar.renew(node)
        self._show_value(node, preview)
        self._mark(preview)

    def _show_value(self, node: str, preview: Preview | None) -> None:
        picture = preview.picture if preview else None
        alone, figures = not self.beside.isChecked(), preview.figures if preview else None
        self._show(picture is not None and alone, self.picture, self.caption, self.pixel)
        self._show(picture is not None or not alone, self.fit, self.actual, self.smooth)
        self._show(preview is not None and picture is None and alone, self.text)
        compared = alone and self.bar.choice is not None and picture is not None
        self._show(figures is not None and alone and not compared and not self.brush.isChecked(), self.figures)
        self._show(preview is None and alone, self.empty)
        self._show(preview is not None and alone, self.save)
        self._show(not alone, self.board)
        self._show(compared, self.bar)
        self.slices.show_shape(figures.shape if figures and alone else (), self.indices.get(node, ()))
        self.picture.show_picture(picture)
        if not alone:
            self.board.show_all([self._shown(each) for each in self.tabs.nodes])
        elif preview is None:
            self.empty.setText(self._why_nothing(node))
        elif picture:
            self.caption.setText(picture.caption)
            self.bar.measure()
        else:
            self.text.setPlainText(preview.text)
        if figures:
            self.figures.show_figures(figures)

    def _shown(self, node: str) -> Shown:
        """What the board shows of a node."""
        return Shown(
            node, title(self.document, node), self.previews.get(node), self._is_old(node), self._why_nothing(node)
        )

    def _why_nothing(self, node: str) -> str:
        if self.document.graph.is_loose(node):
            return "This node is parked: wire it up to see what it makes."
        if self.running:
            return "Running…"
        return "The last run did not get here." if self.fault.fault else "Nothing yet: press Run."

    def _settle(self) -> None:
        """What was said of the last run does not hold any more."""
        self.fault.show_fault(None)
        self._update()

    def _is_old(self, node: str) -> bool:
        """Whether the value shown of a node is not what the graph makes now."""
        preview = self.previews.get(node)
        lasting = self.stale and not self._lasting.isActive()
        return preview is not None and (lasting or preview.run < self._run or self.document.graph.is_loose(node))

    def _mark(self, preview: Preview | None) -> None:
        """Say so where the value shown is out of date."""
        old = self._is_old(self.node)
        loose = preview is not None and self.document.graph.is_loose(self.node)
        self.state.setText("parked: an old value" if loose else "out of date" if old else "")
        self.picture.set_faded(old)
        self.figures.setEnabled(not old)

    @staticmethod
    def _show(visible: bool, *widgets: QWidget) -> None:
        for widget in widgets:
            widget.setVisible(visible)
