"""A label for paths, which say most at their end."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


class EndOfLine(QLabel):
    """A line of which the end is seen where there is no room for all; the tooltip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.line = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(60)

    def show_text(self, line: str) -> None:
        self.line = line
        self.setToolTip(line)
        self.setText(self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideLeft, self.width()))

    def resizeEvent(self, event: object) -> None:
        del event
        self.show_text(self.line)
