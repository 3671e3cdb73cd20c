"""The log: what print wrote, run by run."""

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit

from engine.messages import Log

MOST_LINES = 5000


class LogPanel(QPlainTextEdit):
    """Lines as they come, the newest last; the oldest give way."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("log")
        self.setReadOnly(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setPlaceholderText("What a graph prints appears here.")
        self.setAccessibleName("Log")
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)

    def add(self, line: Log) -> None:
        self.appendPlainText(line.text.removesuffix("\n"))
