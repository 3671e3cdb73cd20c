"""The wheel scrolls the form: what the pointer happens to cross must not change its value."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class _Passing(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def pass_wheel(widget: QWidget) -> None:
    """Let a widget react to the wheel only while it has the focus, which a click gives and the wheel does not."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Passing(widget))
