"""The preview: what the selected node, or a pinned one, made in the last run; and where the last run failed."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon, themed
from app.panels.board import Board, Shown
from app.panels.brush import BrushBox
from app.panels.compare import ComparedView
from app.panels.compare_bar import CompareBar
from app.panels.end_of_line import EndOfLine
from app.panels.fault import FaultBox
from app.panels.figures import FiguresView
from app.panels.pause import PauseBox
from app.panels.slices import SliceBar
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
        self.followed = document.graph.root
        self.pins: list[str] = []
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
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setTabsClosable(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.tabs.addTab("selected")
        self.pin = _tool("Pin: keep this preview in a tab of its own", checkable=True)
        self.fit = _tool("Fit the picture")
        self.actual = _tool("One pixel of the picture for one of the screen")
        self.actual.setText("1:1")
        self.smooth = _tool("Blend enlarged pixels", checkable=True)
        self.beside = _tool("Show the selected node and the pinned ones side by side", checkable=True)
        self.path = EndOfLine()
        self.path.setProperty("tone", "muted")
        self.state = QLabel()
        self.state.setProperty("tone", "warning")
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.path, 1)
        for widget in (self.state, self.pin):
            head.addWidget(widget)

        self.pause = PauseBox()
        self.fault = FaultBox()
        self.picture = ComparedView()
        self.bar = CompareBar(self.document, self.variants, self.picture, self.theme)
        self.board = Board()
        self.slices = SliceBar()
        self.strip = _tool("A strip: several values of a number side by side")
        self.save = _tool("Save what is shown, as a picture or as a tensor")
        self.brush = _tool("Draw a picture that the graph takes: a guide or a mask", checkable=True)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for widget in (self.fit, self.actual, self.smooth):
            tools.addWidget(widget)
        tools.addStretch(1)
        for widget in (self.save, self.brush, self.bar.button, self.strip, self.beside):
            tools.addWidget(widget)
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setProperty("tone", "muted")
        self.pixel = QLabel()
        self.pixel.setProperty("tone", "muted")
        self.pixel.setAlignment(Qt.AlignmentFlag.AlignRight)
        foot = QHBoxLayout()
        foot.addWidget(self.caption, 1)
        foot.addWidget(self.pixel)
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

        # What is shown never changes the size of the panel: the picture shrinks, then all of it scrolls.
        body = QWidget()
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(body)
        column.setContentsMargins(10, 6, 10, 10)
        column.setSpacing(6)
        column.addWidget(self.tabs)
        column.addLayout(head)
        column.addLayout(tools)
        column.addWidget(self.pause)
        column.addWidget(self.fault)
        column.addWidget(self.box, 1)
        column.addWidget(self.board, 1)
        column.addWidget(self.picture, 1)
        column.addLayout(foot)
        column.addWidget(self.bar)
        column.addWidget(self.slices)
        column.addWidget(self.text, 1)
        column.addWidget(self.empty, 1)
        column.addWidget(self.figures)

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
        index = self.tabs.currentIndex()
        return self.pins[index - 1] if 0 < index <= len(self.pins) else self.followed

    @property
    def nodes(self) -> list[str]:
        """The nodes whose previews are wanted."""
        return list(dict.fromkeys([self.followed, *self.pins]))

    def sizeHint(self) -> QSize:
        return QSize(352, 420)

    def watch(self) -> None:
        """Ask for the previews that are wanted now."""
        self.watched.emit(self.nodes, {node: self.indices[node] for node in self.nodes if node in self.indices})

    def follow(self, selection: Sequence[str]) -> None:
        """The first tab shows the node selected last, or the root's result."""
        node = selection[-1] if selection else self.document.graph.root
        if node != self.followed:
            self.followed = node
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
        self.running = running
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
        self.pin.setIcon(_two(icon("pin", self.theme.text_dim.name()), icon("pin", self.theme.selection.name())))
        buttons = (self.fit, "fit"), (self.smooth, "smooth"), (self.beside, "beside"), (self.strip, "strip")
        buttons = (*buttons, (self.brush, "brush"), (self.save, "save"))
        for button, name in buttons:
            button.setIcon(themed(name, self.theme))
        self.bar.set_theme(self.theme)
        for index in range(1, self.tabs.count()):
            self.tabs.setTabIcon(index, icon("pin", self.theme.text_dim.name()))

    def pin_node(self, node: str) -> None:
        """Give a node a tab of its own."""
        if node not in self.pins:
            self.pins.append(node)
            self.tabs.addTab(icon("pin", self.theme.text_dim.name()), self._title(node))
            self.watch()
        self.tabs.setCurrentIndex(self.pins.index(node) + 1)
        self._update()

    def unpin(self, node: str) -> None:
        """Take a node's tab away."""
        index = self.pins.index(node)
        self.pins.remove(node)
        self.tabs.removeTab(index + 1)
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
        for node in [n for n in self.pins if change.touched is None or n not in graph]:
            self.unpin(node)
        if self.followed not in graph or change.touched is None:
            self.followed = graph.root
            self.watch()
        for index, node in enumerate(self.pins):
            self.tabs.setTabText(index + 1, self._title(node))
        self._update()

    def _title(self, node: str) -> str:
        """What a tab is called: the last part of the path, which tells siblings apart."""
        return path_of(self.document.graph, node).rpartition(".")[2] or "result"

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
        self.tabs.setTabText(0, self._title(self.followed))
        self.tabs.setVisible(bool(self.pins) and not self.beside.isChecked())
        self.pin.setChecked(node in self.pins)
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
            self.board.show_all([self._shown(each) for each in self.nodes])
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
        return Shown(node, self._title(node), self.previews.get(node), self._is_old(node), self._why_nothing(node))

    def _why_nothing(self, node: str) -> str:
        if self.document.graph.is_loose(node):
            return "This node is loose: wire it up to see what it makes."
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
        self.state.setText("loose: an old value" if loose else "out of date" if old else "")
        self.picture.set_faded(old)
        self.figures.setEnabled(not old)

    @staticmethod
    def _show(visible: bool, *widgets: QWidget) -> None:
        for widget in widgets:
            widget.setVisible(visible)


def _tool(tip: str, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _two(off: QIcon, on: QIcon) -> QIcon:
    """One icon that shows whether its button is checked."""
    found = QIcon()
    for source, state in ((off, QIcon.State.Off), (on, QIcon.State.On)):
        for size in source.availableSizes():
            found.addPixmap(source.pixmap(size), QIcon.Mode.Normal, state)
    return found
