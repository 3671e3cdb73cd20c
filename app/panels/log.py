"""The log: what print wrote, run by run."""

from PySide6.QtGui import QFontDatabase, QPalette
from PySide6.QtWidgets import QPlainTextEdit

from engine.messages import Log

MOST_LINES = 5000


class LogPanel(QPlainTextEdit):
    """Lines as they come, the newest last, under the number of their run; the oldest give way."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("log")
        self.setReadOnly(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setPlaceholderText("What a graph prints appears here.")
        self.setAccessibleName("Log")
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)

        self._run = -1

    def add(self, line: Log) -> None:
        if line.run != self._run:
            self._run = line.run
            title = f"run {line.run}" if line.run else "while importing"
            faint = self.palette().color(QPalette.ColorRole.PlaceholderText).name()
            self.appendHtml(f'<span style="color: {faint}">{title}</span>')
        self.appendPlainText(line.text.removesuffix("\n"))
