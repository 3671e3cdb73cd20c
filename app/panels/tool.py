"""Small buttons with a picture on them."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QToolButton


def tool(tip: str, checkable: bool = False) -> QToolButton:
    """A flat button; its tip is its name."""
    button = QToolButton()
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def two_states(off: QIcon, on: QIcon) -> QIcon:
    """One icon that shows whether its button is checked."""
    found = QIcon()
    for source, state in ((off, QIcon.State.Off), (on, QIcon.State.On)):
        for size in source.availableSizes():
            found.addPixmap(source.pixmap(size), QIcon.Mode.Normal, state)
    return found
