"""The menu of a node comes and goes; what is in it stays in the menus of the window."""

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.picker import Picker
from app.window import Window


def test_a_menu_that_has_gone_takes_no_menu_of_the_window_along(window: Window):
    canvas = window.canvas
    window.activateWindow()
    node = canvas.add_kind("Linear")
    assert node
    at = canvas.rect_of(node).center().toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QCoreApplication.sendEvent(canvas, event)
    shown = QApplication.activePopupWidget()
    assert isinstance(shown, QMenu)
    assert any(action.text() == "Wrap in" and action.menu() for action in shown.actions())
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    del shown
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    commands = QApplication.activePopupWidget()
    assert isinstance(commands, Picker)
    assert "Edit > Wrap in: Sum" in commands.titles()
    commands.close()
