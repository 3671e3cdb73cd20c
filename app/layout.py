"""Where the panels stand around the canvas, and how large they are at first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QLabel, QMainWindow, QToolButton, QVBoxLayout, QWidget

from app.icons import icon
from app.theme import Theme

if TYPE_CHECKING:
    from app.window import Window

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

START = QSize(1600, 1000)
"""How large a window is that nobody has sized yet, where the screen has the room."""
ROOMY = QSize(1000, 620)
"""A window that is narrower or lower than this has fewer panels open at first, so that the canvas has the room."""
FORM = 21.5
"""The least width of a panel with a form, in lines of text: less would cut off its fields."""
FRAME = QSize(4, 36)
"""What a window manager's frame takes, more or less: it is not known before the window is shown."""


class TitleBar(QFrame):
    """The head of a panel: its title, and a button that puts it away. Qt's own cuts off the letters' feet."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__()
        self.setObjectName("titlebar")
        self.label = QLabel(dock.windowTitle(), self)
        self.button = QToolButton(self)
        self.button.setIconSize(QSize(10, 10))
        self.button.setToolTip("Put this panel away (View > Panels brings it back)")
        self.button.setAccessibleName(f"Close {dock.windowTitle()}")
        dock.windowTitleChanged.connect(self.label.setText)
        self.button.clicked.connect(dock.close)

    def sizeHint(self) -> QSize:
        # In no layout: another count in a title would lay out the whole window.
        sizes = self.label.minimumSizeHint(), self.button.sizeHint()
        return QSize(24 + sizes[1].width(), 6 + max(size.height() for size in sizes))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        del event
        button, height = self.button.sizeHint(), self.height() - 1
        left = self.width() - 6 - button.width()
        self.button.setGeometry(left, (height - button.height()) // 2, button.width(), button.height())
        self.label.setGeometry(12, 0, max(0, left - 12), height)


def build(window: "Window") -> dict[str, QDockWidget]:
    """Put canvas and panels into the window; gives the docks by name."""
    middle = QWidget()
    middle.setAutoFillBackground(True)  # Qt leaves tab bars behind it that it has no use for any more
    column = QVBoxLayout(middle)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(window.consent)
    column.addWidget(window.notice)
    column.addWidget(window.opening_bar)
    column.addWidget(window.drawing_bar)
    column.addWidget(window.selector)
    column.addWidget(window.breadcrumbs)
    column.addWidget(window.canvas, 1)
    window.setCentralWidget(middle)
    window.setDockNestingEnabled(True)
    docks = {
        "palette": _dock(window, "palette", "Nodes", window.palette_panel, LEFT),
        "outline": _dock(window, "outline", "Outline", window.outline, LEFT),
        "inspector": _dock(window, "inspector", "Inspector", window.inspector, RIGHT),
        "adapters": _dock(window, "adapters", "Adapters", window.adapters_panel, RIGHT),
        "preview": _dock(window, "preview", "Preview", window.preview, RIGHT),
        "problems": _dock(window, "problems", "Problems", window.problems_panel, BOTTOM),
        "log": _dock(window, "log", "Log", window.log, BOTTOM),
        "weights": _dock(window, "weights", "Weights", window.weights_panel, BOTTOM),
        "strip": _dock(window, "strip", "Strip", window.sweep, BOTTOM),
        "timeline": _dock(window, "timeline", "Timeline", window.timeline, BOTTOM),
    }
    window.splitDockWidget(docks["problems"], docks["log"], Qt.Orientation.Horizontal)
    window.tabifyDockWidget(docks["problems"], docks["weights"])
    for name in ("strip", "timeline"):
        window.tabifyDockWidget(docks["problems"], docks[name])
    for name in ("weights", "strip", "timeline"):
        docks[name].hide()
    for name in ("inspector", "adapters", "preview"):
        docks[name].widget().setMinimumWidth(round(FORM * window.fontMetrics().height()))
    window.tabifyDockWidget(docks["palette"], docks["outline"])
    docks["palette"].raise_()
    window.tabifyDockWidget(docks["inspector"], docks["adapters"])
    docks["inspector"].raise_()
    window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
    window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
    return docks


def count(window: "Window", name: str, number: int) -> None:
    """Say on a panel's head how many things are in it, and on its tab where it has one."""
    dock = window.docks[name]
    title = dock.windowTitle().partition(" (")[0]
    told = f"{title} ({number})" if number else title
    tabbed = any(not other.isHidden() for other in window.tabifiedDockWidgets(dock))
    dock.setWindowTitle(told if tabbed else title)  # lays out the window, as if there were a tab
    head = dock.titleBarWidget()
    if isinstance(head, TitleBar):
        head.label.setText(told)


def wear(docks: Mapping[str, QDockWidget], theme: Theme) -> None:
    """Draw the buttons of the panels' heads in the colours of a theme."""
    for dock in docks.values():
        head = dock.titleBarWidget()
        if isinstance(head, TitleBar):
            head.button.setIcon(icon("remove", theme.text_dim.name()))


def restore(window: "Window") -> None:
    """Give window and panels the sizes they had last, or good ones to begin with."""
    docks = window.docks
    window.resize(_fitting(window, START))
    left, right = 208, min(352, window.width() * 2 // 5)
    bottom = max(300, window.width() - left - right)
    window.resizeDocks([docks["palette"], docks["inspector"]], [left, right], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["inspector"], docks["preview"]], [370, 470], Qt.Orientation.Vertical)
    window.resizeDocks([docks["problems"]], [132], Qt.Orientation.Vertical)
    window.resizeDocks([docks["problems"], docks["log"]], [bottom * 2 // 3, bottom // 3], Qt.Orientation.Horizontal)
    geometry, state = window.settings.value("geometry"), window.settings.value("state")
    if geometry is not None:
        window.restoreGeometry(geometry)
        window.resize(_fitting(window, window.size()))
    if state is not None:
        window.restoreState(state)


def make_room(window: "Window") -> None:
    """Open fewer panels in a small window, unless somebody has arranged them already.

    On the right there is one panel at a time; a narrow window goes without the nodes, which Tab has as well, a low one
    without what is at the bottom: the status bar brings back the problems.
    """
    if window.settings.value("state") is not None:
        return
    docks = window.docks
    narrow, low = window.width() < ROOMY.width(), window.height() < ROOMY.height()
    if narrow or low:
        window.tabifyDockWidget(docks["adapters"], docks["preview"])
        docks["preview"].raise_()
    for name in (*(("palette", "outline") if narrow else ()), *(("problems", "log") if low else ())):
        docks[name].hide()


def _fitting(window: "Window", wanted: QSize) -> QSize:
    """A size of the window that leaves its frame and all of it on the screen."""
    screen = window.screen().availableGeometry().size()
    return wanted.boundedTo(screen - FRAME).expandedTo(QSize(1, 1))


def hides(dock: QDockWidget, other: QDockWidget) -> bool:
    """Whether a panel, brought to the front, would hide the other one."""
    window = dock.parent()
    return isinstance(window, QMainWindow) and other in window.tabifiedDockWidgets(dock)


def remember(window: "Window") -> None:
    """Keep the sizes for the next time."""
    window.settings.setValue("geometry", window.saveGeometry())
    window.settings.setValue("state", window.saveState())


def _dock(window: "Window", name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    widget.setAutoFillBackground(True)  # as the middle: tab bars without a use are behind it
    dock.setWidget(widget)
    feature = QDockWidget.DockWidgetFeature
    dock.setFeatures(feature.DockWidgetMovable | feature.DockWidgetClosable)
    dock.setTitleBarWidget(TitleBar(dock))
    dock.visibilityChanged.connect(window.refresh_soon)
    window.addDockWidget(area, dock)
    return dock
