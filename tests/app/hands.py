"""What a user does with mouse and keyboard, as real events."""

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.messages import Finished

STARTING = 90_000
"""Milliseconds that a worker may take to import torch on a busy machine."""


class Hands:
    """Two hands at one window."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self.qtbot = qtbot
        self.window = window

    def drop_kind(self, kind: str, at: QPointF) -> str:
        """Drag a kind from the palette onto a point of the canvas; gives the new node."""
        model = self.window.palette_panel.model
        mime = model.mimeData([model.index_of(kind)])
        before = set(self.window.document.graph.nodes)
        drag(self.window.canvas, mime, at)
        [node] = set(self.window.document.graph.nodes) - before
        return node

    def draw_wire(self, start: QPointF, end: QPointF) -> None:
        """Press at one point of the canvas, move, and release at another."""
        canvas = self.window.canvas
        middle = (start + end) / 2
        self.qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
        for point in (start + (end - start) / 8, middle, end):
            self.qtbot.mouseMove(canvas, point.toPoint())
        self.qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end.toPoint())

    def click_node(self, node: str) -> None:
        self.click(self.window.canvas, self.window.canvas.rect_of(node).center().toPoint())

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget; one of the inspector is scrolled to first, once it has its place."""
        if self.window.inspector.isAncestorOf(widget):

            def in_view() -> bool:
                self.window.inspector.ensureWidgetVisible(widget)
                return widget.visibleRegion().contains(widget.rect().center())

            self.qtbot.waitUntil(in_view)
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())

    def write(self, field: QWidget, text: str) -> None:
        """Click into a field, replace what is in it, and leave it with Tab."""
        line = text_of(field)
        self.click(line)
        assert line.hasFocus()
        self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(line, text)
        self.key(Qt.Key.Key_Tab)

    def choose(self, combo: QComboBox, title: str) -> None:
        """Open a list and choose an entry of it."""
        self.click(combo)
        entries = combo.view()
        for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * combo.findText(title), Qt.Key.Key_Return):
            self.qtbot.keyClick(entries, key)
        self.qtbot.waitUntil(lambda: not entries.isVisible())
        self.window.activateWindow()  # a window manager does that
        self.qtbot.waitUntil(self.window.isActiveWindow)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is, or in the window."""
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def trigger(self, action: str) -> None:
        """Choose an action from its menu."""
        self.window.refresh()
        found = self.window.actions_by_id[action]
        assert found.isEnabled(), f"{action} is not available"
        found.trigger()

    def run(self) -> Finished:
        """Run, and wait for the end; an earlier run that this one replaces ends before."""
        link = self.window.link
        with self.qtbot.waitSignal(
            link.finished, timeout=STARTING, check_params_cb=lambda _: not link.running
        ) as waiting:
            self.trigger("run")
        return waiting.args[0]  # pyright: ignore[reportOptionalSubscript]


def text_of(field: QWidget) -> QLineEdit | QPlainTextEdit:
    """The widget of a field that takes text."""
    found = field if isinstance(field, QLineEdit | QPlainTextEdit) else None
    found = found or field.findChild(QLineEdit) or field.findChild(QPlainTextEdit)
    assert isinstance(found, QLineEdit | QPlainTextEdit)
    return found


def drag(target: QWidget, mime: QMimeData, at: QPointF, action: Qt.DropAction = Qt.DropAction.CopyAction) -> None:
    """Drag data over a widget and drop it there."""
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    for event in (
        QDragEnterEvent(at.toPoint(), action, mime, left, none),
        QDragMoveEvent(at.toPoint(), action, mime, left, none),
        QDropEvent(at, action, mime, left, none),
    ):
        QApplication.sendEvent(target, event)
