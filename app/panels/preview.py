"""The preview: what the selected node, or a pinned one, made in the last run; and where the last run failed."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon, themed
from app.panels.figures import FiguresView
from app.panels.pause import PauseBox
from app.panels.picture import PictureView, image_of
from app.theme import Theme
from engine.document.document import Change, Document
from engine.document.graph import path_of
from engine.messages import Fault, Finished, Picture, Preview

STALE_AFTER = 300
"""Milliseconds without news after which what no longer fits the document is marked."""


class FaultBox(QFrame):
    """What went wrong in the last run: where, what it had received, and the message."""

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


class PreviewPanel(QScrollArea):
    """One node's value at a time. The first tab follows the selection; each pin adds a tab that stays.

    `watched` lists the nodes whose previews are wanted; `activated` names a node to show on the canvas.
    """

    watched = Signal(object)
    activated = Signal(str)

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.theme = theme
        self.followed = document.graph.root
        self.pins: list[str] = []
        self.previews: dict[str, Preview] = {}
        self.stale = False
        self.running = False
        self._run = 0
        """The run that ended last: what others made is out of date."""
        self._shown: Picture | None = None
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
        self.path = QLabel()
        self.path.setProperty("tone", "muted")
        self.path.setMinimumWidth(60)
        self.state = QLabel()
        self.state.setProperty("tone", "warning")
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.path, 1)
        for widget in (self.state, self.fit, self.actual, self.pin):
            head.addWidget(widget)

        self.pause = PauseBox()
        self.fault = FaultBox()
        self.picture = PictureView()
        self.caption = QLabel()
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
        column.addWidget(self.pause)
        column.addWidget(self.fault)
        column.addWidget(self.picture, 1)
        column.addLayout(foot)
        column.addWidget(self.text, 1)
        column.addWidget(self.empty, 1)
        column.addWidget(self.figures)

        self.set_icons()
        self.tabs.currentChanged.connect(self._update)
        self.tabs.tabMoved.connect(self._update)
        self.pin.clicked.connect(self._toggle_pin)
        self.fit.clicked.connect(self.picture.fit)
        self.actual.clicked.connect(lambda: self.picture.set_zoom(1.0))
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

    def follow(self, selection: Sequence[str]) -> None:
        """The first tab shows the node selected last, or the root's result."""
        node = selection[-1] if selection else self.document.graph.root
        if node != self.followed:
            self.followed = node
            self.tabs.setCurrentIndex(0)
            self.watched.emit(self.nodes)
            self._update()

    def show_preview(self, preview: Preview) -> None:
        """Take what a node made."""
        if preview.node in self.document.graph:
            self.previews[preview.node] = preview
            if self.stale:  # a drag goes on, and its pictures keep coming
                self._lasting.start()
            if preview.node == self.node:
                self._update()

    def show_end(self, end: Finished) -> None:
        """A run has ended: show where it failed, or that it did not."""
        self._run = end.run
        self.fault.show_fault(end.fault)
        self._update()

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
        elif not self._lasting.isActive():
            self._update()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.figures.set_theme(theme)
        self.set_icons()

    def set_icons(self) -> None:
        self.pin.setIcon(_two(icon("pin", self.theme.text_dim.name()), icon("pin", self.theme.selection.name())))
        self.fit.setIcon(themed("fit", self.theme))
        for index in range(1, self.tabs.count()):
            self.tabs.setTabIcon(index, icon("pin", self.theme.text_dim.name()))

    def pin_node(self, node: str) -> None:
        """Give a node a tab of its own."""
        if node not in self.pins:
            self.pins.append(node)
            self.tabs.addTab(icon("pin", self.theme.text_dim.name()), self._title(node))
            self.watched.emit(self.nodes)
        self.tabs.setCurrentIndex(self.pins.index(node) + 1)
        self._update()

    def unpin(self, node: str) -> None:
        """Take a node's tab away."""
        index = self.pins.index(node)
        self.pins.remove(node)
        self.tabs.removeTab(index + 1)
        self.watched.emit(self.nodes)
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
            self.fault.show_fault(None)
            self._run = 0
        for node in [n for n in self.pins if change.touched is None or n not in graph]:
            self.unpin(node)
        if self.followed not in graph or change.touched is None:
            self.followed = graph.root
            self.watched.emit(self.nodes)
        for index, node in enumerate(self.pins):
            self.tabs.setTabText(index + 1, self._title(node))
        self._update()

    def _title(self, node: str) -> str:
        """What a tab is called: the last part of the path, which tells siblings apart."""
        return path_of(self.document.graph, node).rpartition(".")[2] or "result"

    def _update(self) -> None:
        node = self.node
        graph = self.document.graph
        if node not in graph:
            return
        self.path.setText(path_of(graph, node) or "result of the graph")
        self.tabs.setTabText(0, self._title(self.followed))
        self.tabs.setVisible(bool(self.pins))
        self.pin.setChecked(node in self.pins)
        preview = self.previews.get(node)
        picture = preview.picture if preview else None
        self._show(picture is not None, self.picture, self.fit, self.actual, self.caption, self.pixel)
        self._show(preview is not None and picture is None, self.text)
        self._show(preview is not None and preview.figures is not None, self.figures)
        self._show(preview is None, self.empty)
        if preview is None:
            self.empty.setText(self._why_nothing(node))
        elif picture:
            if picture is not self._shown:
                self.picture.show_image(image_of(picture))
            self.caption.setText(picture.caption)
        elif preview:
            self.text.setPlainText(preview.text)
        if preview and preview.figures:
            self.figures.show_figures(preview.figures)
        self._shown = picture
        self._mark(preview)

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

    def _mark(self, preview: Preview | None) -> None:
        """Say that the value shown is not what the graph makes now."""
        lasting = self.stale and not self._lasting.isActive()
        old = preview is not None and (lasting or preview.run < self._run)
        loose = preview is not None and self.document.graph.is_loose(self.node)
        self.state.setText("loose: an old value" if loose else "out of date" if old else "")
        self.picture.set_faded(old or loose)
        self.figures.setEnabled(not (old or loose))

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
