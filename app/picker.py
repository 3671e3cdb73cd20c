"""A list that opens at a point, is narrowed by typing, and gives what was chosen: nodes to add, commands to run."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QLabel, QLineEdit, QTreeView, QVBoxLayout, QWidget

WIDTH, HEIGHT = 480, 340
MOST = 100
"""Entries shown at once; typing more narrows them down."""

_VALUE = Qt.ItemDataRole.UserRole + 1
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Entry(Struct, frozen=True):
    """One line of a picker: its title, something beside it in a softer colour, and what choosing it gives."""

    title: str
    value: object
    beside: str = ""
    icon: QIcon | None = None
    tip: str = ""
    enabled: bool = True


class Picker(QFrame):
    """A popup with a text field over a list, which keeps the keyboard. `find` gives what answers a text."""

    chosen = Signal(object)

    def __init__(self, find: Callable[[str], Sequence[Entry]], hint: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("picker")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.answers = find
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleName(hint)
        self.line.installEventFilter(self)
        self.model = QStandardItemModel(0, 2, self)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setHeaderHidden(True)
        self.view.setRootIsDecorated(False)
        self.view.setUniformRowHeights(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setAccessibleName("Matches")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # of a long path, where it starts and where it ends
        header = self.view.header()
        header.setResizeContentsPrecision(0)  # the lines in view alone are measured: typing stays quick
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.empty = QLabel("Nothing answers this")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.line)
        column.addWidget(self.view)
        column.addWidget(self.empty)
        self.line.textChanged.connect(self._refill)
        self.view.clicked.connect(self._choose)
        self._refill("")

    def open_at(self, at: QPoint) -> None:
        """Show it at a point of the screen, wholly on that screen."""
        area = self.screen().availableGeometry()
        self.resize(area.size().boundedTo(QSize(WIDTH, HEIGHT)))
        x = min(at.x(), area.right() - self.width())
        y = min(at.y(), area.bottom() - self.height())
        self.move(max(area.left(), x), max(area.top(), y))
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def titles(self) -> list[str]:
        """What is listed now."""
        return [self.model.item(row).text() for row in range(self.model.rowCount())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _MOVES:
                self.view.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.view.currentIndex())
                return True
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _refill(self, text: str) -> None:
        self.model.removeRows(0, self.model.rowCount())
        entries = list(self.answers(text))[:MOST]
        for entry in entries:
            title, beside = QStandardItem(entry.title), QStandardItem(entry.beside)
            if entry.icon is not None:
                title.setIcon(entry.icon)
            title.setData(entry.value, _VALUE)
            beside.setForeground(self.palette().placeholderText())
            beside.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for item in (title, beside):
                item.setToolTip(entry.tip)
                item.setEnabled(entry.enabled)
            self.model.appendRow([title, beside])
        self.empty.setVisible(not entries)
        self.view.setVisible(bool(entries))
        if entries:
            self.view.setCurrentIndex(self.model.index(0, 0))

    def _choose(self, index: QModelIndex | QPersistentModelIndex) -> None:
        first = self.model.index(index.row(), 0)
        if first.isValid() and first.flags() & Qt.ItemFlag.ItemIsEnabled:
            value = first.data(_VALUE)
            self.close()
            self.chosen.emit(value)
