"""The colours a node can be tinted with: none, or one of eight that keep their distance in both themes."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QToolButton, QWidget

from app.icons import dot, themed
from app.panels.flow import Flow
from app.theme import Theme

COLOURS = {
    "red": "#d9485f",
    "orange": "#dd7a1f",
    "yellow": "#c9a227",
    "green": "#3f9b57",
    "teal": "#1f9aa0",
    "blue": "#3b7ddd",
    "violet": "#8a5cd6",
    "grey": "#7d8794",
}


class ColourField(QWidget):
    """A row of colours; the first button takes the colour off. `edited` carries "#rrggbb" or ""."""

    edited = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        row = Flow(0)
        self.setLayout(row)
        for name, colour in {"none": "", **COLOURS}.items():
            button = QToolButton()
            button.setIcon(dot(QColor(colour)) if colour else themed("remove", theme))
            button.setIconSize(QSize(14, 14) if colour else QSize(10, 10))
            button.setFixedSize(21, 24)
            button.setAutoRaise(True)
            button.setCheckable(True)
            button.setToolTip(name)
            button.setAccessibleName(name)
            button.clicked.connect(lambda _, colour=colour: self._chosen(colour))
            row.addWidget(button)
            self.buttons[colour] = button

    def show_value(self, colour: str) -> None:
        """Mark the colour in use; one from a file that is not among these marks none."""
        for value, button in self.buttons.items():
            button.setChecked(value == colour)

    def _chosen(self, colour: str) -> None:
        self.show_value(colour)
        self.edited.emit(colour)
