"""A line for a selector, which counts while it is typed: each text that can be read is taken at once."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from engine.document.selectors import SelectorError, parse


class SelectorLine(QLineEdit):
    """`edited` carries each text that reads well, `finished` tells that the typing has ended, `refused` what is wrong
    ("" once nothing is). Escape restores what was there before."""

    edited = Signal(str)
    finished = Signal()
    refused = Signal(str)

    def __init__(self, may_be_empty: bool) -> None:
        super().__init__()
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._may_be_empty = may_be_empty
        self._shown = ""
        self._before = ""
        self.textEdited.connect(self._take)
        self.editingFinished.connect(self._finish)

    def show_value(self, selector: str) -> None:
        """Show the document's selector; what is being typed and can't be read stays while that is the same."""
        if selector != self._shown:
            self._shown = self._before = selector
            if self.text() != selector:
                self.setText(selector)
            self.refused.emit("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._before:
            self.setText(self._before)
            self._take(self._before)
        else:
            super().keyPressEvent(event)

    def _take(self, text: str) -> None:
        try:
            if text.strip() or not self._may_be_empty:
                parse(text)
        except SelectorError as error:
            self.refused.emit(str(error))
            return
        self.refused.emit("")
        if text.strip() != self._shown:
            before = self._before
            self._shown = text.strip()
            self.edited.emit(self._shown)
            self._before = before

    def _finish(self) -> None:
        self._before = self._shown
        self.finished.emit()
