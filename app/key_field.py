"""A field that takes a key instead of what is typed."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLabel

from app.keymap import key_of


class KeyField(QLabel):
    """After `listen`, tells which key is `pressed`, whatever it means elsewhere, until it is told to `stop`.

    `given_up` tells of Esc, and of a focus that went elsewhere.
    """

    pressed = Signal(str)
    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._listening = False
        self.setObjectName("key-field")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(
            "#key-field { border: 1px solid palette(highlight); border-radius: 4px; padding: 3px; min-height: 18px; }"
        )

    def listen(self, text: str) -> None:
        """Take the next key, and say so."""
        self.setText(text)
        self.setAccessibleName(text)
        self._listening = True
        self.setFocus()

    def stop(self) -> None:
        """Take no more keys."""
        self._listening = False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._press(event)  # before Qt takes Tab for itself
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._listening and event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self.given_up.emit()

    def _press(self, event: QKeyEvent) -> None:
        key = key_of(event)
        if key == "Esc":
            self.given_up.emit()
        elif key:
            self.pressed.emit(key)
