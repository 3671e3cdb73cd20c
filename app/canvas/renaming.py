"""Renaming in place: a text field over a node's title."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app.canvas import scene as scenes
from app.canvas import travel
from engine.document import rewrites
from engine.document.answers import Refusal

if TYPE_CHECKING:
    from app.canvas.view import Canvas

LEAST = 120
"""Pixels that the field is wide at least."""


class NameField(QLineEdit):
    """Opens over a node of the canvas; Enter and leaving it take the name, Escape and a moving camera don't."""

    def __init__(self, canvas: "Canvas", node: str) -> None:
        found = canvas.document.graph.nodes[node]
        super().__init__(found.name or found.kind, canvas)
        self.setObjectName("name-field")
        self.setAccessibleName(f"Name of {found.title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.canvas = canvas
        self.node = node
        self._done = False
        view = QRectF(canvas.rect())
        if not canvas.rect_of(node).intersects(view) or scenes.shown(canvas.arrangement, node, canvas.scene) != node:
            travel.show(canvas, [node])
        area = canvas.rect_of(node).intersected(view)
        height = self.sizeHint().height()
        leaf = not canvas.document.graph.is_frame(node)
        top = area.center().y() - height / 2 if leaf else area.y()
        self.setGeometry(round(area.x()), round(top), round(max(LEAST, min(area.width(), 360))), height)
        canvas.camera_moved.connect(self._leave)
        canvas.installEventFilter(self)
        self.editingFinished.connect(self._take)
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)
            event.accept()  # Enter means something else to the canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.canvas and event.type() == QEvent.Type.Resize:
            self._leave()
        return super().eventFilter(watched, event)

    def _take(self) -> None:
        if self._done:
            return
        document = self.canvas.document
        answer = rewrites.rename(document.graph, document.catalogue, self.node, self.text().strip())
        unchanged = isinstance(answer, Refusal) and answer.code == "unchanged"
        if not unchanged and not self.canvas.perform(answer, f"Rename {document.graph.nodes[self.node].title}"):
            self.selectAll()
            return
        self._leave()

    def _leave(self) -> None:
        if not self._done:
            self._done = True
            self.close()
            self.canvas.setFocus()
