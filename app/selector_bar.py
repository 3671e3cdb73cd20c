"""The selector bar: a line such as `Linear in CrossAttention*` selects what it takes, while it is typed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton

from app.canvas.view import Canvas
from app.icons import themed
from app.theme import Theme
from engine.document.selection import Scope, selected, why_nothing
from engine.document.selectors import SelectorError

HINT = "Select by kind, name, place or params: Linear in CrossAttention*,  Conv2d & out_channels >= 640"


class SelectorBar(QFrame):
    """A line over the canvas. Enter keeps what it selects and shows it; Esc takes the selection of before back.

    An adapter dropped on it goes to what the line takes.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("drawing")
        self.canvas = canvas
        self._before: list[str] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText(HINT)
        self.line.setAccessibleName("Selector")
        self.count = QLabel()
        self.count.setProperty("tone", "muted")
        self.button = QToolButton()
        self.button.setToolTip("Put the selector bar away")
        self.button.setAccessibleName("Close the selector bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.addWidget(QLabel("Select"))
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        row.addWidget(self.button)
        self.line.textEdited.connect(self._select)
        self.line.returnPressed.connect(self._keep)
        self.button.clicked.connect(self._close)
        self.setAcceptDrops(True)
        self.set_theme(canvas.theme)
        self.hide()

    def open(self) -> None:
        """Ask for a selector."""
        self._before = self.canvas.selection
        self.show()
        self.line.setFocus()
        self.line.selectAll()
        self.count.clear()

    def set_theme(self, theme: Theme) -> None:
        self.button.setIcon(themed("remove", theme))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.canvas.select(self._before)
            self._close()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.canvas.drops.aim(event.mimeData(), self.line.text().strip()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self.canvas.drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.canvas.drops.inject()

    def _select(self) -> None:
        """Select what the line takes so far, and say how much that is or why it is nothing."""
        text = self.line.text().strip()
        if not text:
            self.canvas.select(self._before)
            self.count.clear()
            return
        scope = Scope(self.canvas.document.graph)
        try:
            found = selected(scope, text)
            said = f"{len(found)} node{'s' * (len(found) != 1)}" if found else why_nothing(scope, text)
        except SelectorError as error:
            found, said = [], str(error)
        self.count.setText(said if len(said) < 60 else f"{said[:58]}…")
        self.count.setToolTip(said)
        self.canvas.select(found)

    def _keep(self) -> None:
        self._select()
        chosen = self.canvas.selection
        if chosen:
            self._close()
            self.canvas.select(chosen, reveal=True)

    def _close(self) -> None:
        self.hide()
        self.canvas.setFocus()
