"""The rule of focus: while a text field has the focus, the keys are its own."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from app.keymap import Keymap, key_of
from app.panels.entries import NameLine
from app.panels.numbers import ValueLine

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
UNDO = ((Qt.Key.Key_Z, CONTROL),)
REDO = ((Qt.Key.Key_Y, CONTROL), (Qt.Key.Key_Z, CONTROL | SHIFT))


def commit() -> None:
    """What is being typed counts from now on: a command is about to use it."""
    focus = QApplication.focusWidget()
    line = focus if isinstance(focus, QLineEdit) else focus.findChild(QLineEdit) if focus else None
    if isinstance(line, ValueLine | NameLine):
        line.commit()


class TypingKeys(QObject):
    """Watches the field that has the focus. Qt's text fields keep most keys by themselves, but not every redo.

    A field that stands in the canvas or the outline, as for renaming, would leave them theirs.
    """

    def __init__(self, app: QApplication, keymap: Keymap, parent: QObject) -> None:
        super().__init__(parent)
        self._keymap = keymap
        app.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if isinstance(old, QLineEdit | QPlainTextEdit):
            old.removeEventFilter(self)
        if isinstance(new, QLineEdit | QPlainTextEdit):
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        pressed = (Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
        if pressed not in UNDO + REDO or not isinstance(watched, QLineEdit | QPlainTextEdit):
            holder = self._keymap.holder(key_of(event)) if kind == QEvent.Type.ShortcutOverride else None
            if (holder and holder.scope != "window") or event.key() == Qt.Key.Key_Escape:
                event.accept()
            return False
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()
        elif pressed in UNDO:
            watched.undo()
        else:
            watched.redo()
        return True
