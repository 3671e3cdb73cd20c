"""A list of named sources: the keys of a context, or the inputs of the graph."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.panels.form import Message
from app.panels.sources import SourceEditor
from engine.document.sources import Source


class NameLine(QLineEdit):
    """A name that changes when the typing ends, so that whatever refers to it changes once. Escape restores it.

    A name that is not taken stays as typed, with the reason, until it is another or the old one again.
    """

    renamed = Signal(str, str)
    """The old name and the new one."""
    restored = Signal()
    """The text is the name: nothing is refused any more."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.editingFinished.connect(self.commit)

    def show_name(self, name: str) -> None:
        """Show the name; one that was typed and refused stays until the name itself changes."""
        if name != self.name:
            self.name = name
            self.setText(name)
            self.restored.emit()

    def commit(self) -> None:
        """The typing has ended: ask for the new name."""
        if self.text() != self.name:
            self.renamed.emit(self.name, self.text())
        else:
            self.restored.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self.name:
            self.setText(self.name)
            self.restored.emit()
        else:
            super().keyPressEvent(event)


class Entry(QWidget):
    """One row: the name, the sort of source and its remove button over the source's values."""

    def __init__(self, folder: Callable[[], Path], remove: QIcon) -> None:
        super().__init__()
        self.name = NameLine()
        self.name.setMinimumWidth(80)
        self.name.setAccessibleName("Name")
        self.source = SourceEditor(folder)
        self.remove = small_button(remove, "Remove this entry")
        self.message = Message()
        self.name.restored.connect(lambda: self.message.refuse(""))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 6)
        grid.setSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.source.sort, 0, 1)
        grid.addWidget(self.remove, 0, 2)
        grid.addWidget(self.message, 1, 0, 1, 3)
        grid.addWidget(self.source, 2, 0, 1, 3)


class Entries(QWidget):
    """Rows for named sources and a button that adds one. Signals carry names as they stood before the change."""

    edited = Signal(str, object)
    finished = Signal()
    renamed = Signal(str, str)
    removed = Signal(str)
    added = Signal()

    def __init__(self, folder: Callable[[], Path], noun: str, icons: Mapping[str, QIcon]) -> None:
        super().__init__()
        self._folder = folder
        self._icons = icons
        self.rows: list[Entry] = []
        self.add = QPushButton(icons["add"], f"Add {noun}")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2)
        foot = QHBoxLayout()
        foot.addWidget(self.add)
        foot.addStretch(1)
        self.column.addLayout(foot)
        self.add.clicked.connect(self.added)

    def show_entries(self, entries: Mapping[str, Source]) -> None:
        """Show these sources, in the rows there are: a row that was renamed keeps the focus."""
        while len(self.rows) > len(entries):
            self.rows.pop().deleteLater()
        while len(self.rows) < len(entries):
            self.column.insertWidget(len(self.rows), self._row())
        for row, (name, source) in zip(self.rows, entries.items(), strict=True):
            row.name.show_name(name)
            row.source.show_source(source)

    def row(self, name: str) -> Entry:
        """The row of this name. Raises KeyError when there is none."""
        found = next((row for row in self.rows if row.name.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def _row(self) -> Entry:
        row = Entry(self._folder, self._icons["remove"])
        row.name.renamed.connect(self.renamed)
        row.remove.clicked.connect(lambda: self.removed.emit(row.name.name))
        row.source.edited.connect(lambda source: self.edited.emit(row.name.name, source))
        row.source.finished.connect(self.finished)
        self.rows.append(row)
        return row


def small_button(icon: QIcon, title: str) -> QToolButton:
    """A small button for what it stands beside, such as removing it."""
    button = QToolButton()
    button.setIcon(icon)
    button.setIconSize(QSize(12, 12))
    button.setAutoRaise(True)
    button.setToolTip(title)
    button.setAccessibleName(title)
    return button


def fresh_name(stem: str, taken: Mapping[str, object]) -> str:
    """`stem`, or `stem_2`, `stem_3`, ... when that is taken."""
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name
