"""The rule of focus: while a text field has the focus, the keys are its own."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
UNDO = ((Qt.Key.Key_Z, CONTROL),)
REDO = ((Qt.Key.Key_Y, CONTROL), (Qt.Key.Key_Z, CONTROL | SHIFT))


class TypingKeys(QObject):
    """Watches the application's keys. Qt's text fields keep most of theirs by themselves, but not every redo."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        if watched is not QApplication.focusWidget() or not isinstance(watched, QLineEdit | QPlainTextEdit):
            return False
        pressed = (Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
        if pressed not in UNDO + REDO:
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()
        elif pressed in UNDO:
            watched.undo()
        else:
            watched.redo()
        return True
