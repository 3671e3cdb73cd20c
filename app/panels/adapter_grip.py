"""What an adapter of the stack is dragged by to another place in it."""

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

MOVE_MIME = "application/x-catenary-adapter-in-stack"
"""What is dragged to reorder the stack: the id of an adapter, as UTF-8."""


class Grip(QLabel):
    """What an adapter is dragged by."""

    def __init__(self, adapter: str) -> None:
        super().__init__("⠿")
        self.adapter = adapter
        self.setProperty("tone", "muted")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to another place in the stack: of two around one node, the later stands closer to it")
        self._pressed: QPoint | None = None

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self._pressed = ev.position().toPoint()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if (ev.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            drag = QDrag(self)
            drag.setMimeData(moving(self.adapter))
            card = self.parentWidget()
            drag.setPixmap(card.grab() if card else self.grab())
            drag.setHotSpot(QPoint(8, 12))
            drag.exec(Qt.DropAction.MoveAction)


def moving(adapter: str) -> QMimeData:
    """What the drag of an adapter of the stack carries."""
    data = QMimeData()
    data.setData(MOVE_MIME, adapter.encode())
    return data
