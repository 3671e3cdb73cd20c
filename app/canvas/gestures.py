"""Gestures: what a pressed button does until it is released. Each ends in at most one edit, applied by the canvas.

The larger ones have files of their own: `dragging`, `stroke` and `drawing`.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from app.canvas import brushes
from app.canvas.brushes import Brushes

if TYPE_CHECKING:
    from app.canvas.view import Canvas

ALT = Qt.KeyboardModifier.AltModifier


class Gesture:
    """The button went down at `start`; `move` follows the pointer, `finish` ends it, `paint` shows it."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: "Canvas", start: QPointF) -> None:
        self.canvas = canvas
        self.start = start
        self.at = start

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The pointer is at `at` now, with these keys down; or it stands still and the keys have changed."""
        del keys
        self.at = at

    def finish(self) -> None:
        """The button was released at `self.at`."""

    def paint(self, b: Brushes) -> None:
        """Show on top of everything what the gesture would do."""


class Pan(Gesture):
    """Move the camera with the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        self.canvas.pan_by(at.x() - self.at.x(), at.y() - self.at.y())
        super().move(at, keys)


class SelectBox(Gesture):
    """Select what a rectangle touches: leaves and closed frames, and open frames it holds entirely."""

    def __init__(self, canvas: "Canvas", start: QPointF, keep: list[str]) -> None:
        super().__init__(canvas, start)
        self.keep = keep

    @property
    def rect(self) -> QRectF:
        return QRectF(self.start, self.at).normalized()

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        super().move(at, keys)
        rect = self.rect
        graph = self.canvas.document.graph
        touched = [
            item.node
            for item in self.canvas.scene.items
            if item.node != graph.root
            and (rect.contains(item.rect) if item.state == "open" else rect.intersects(item.rect))
        ]
        chosen = set(touched)
        tops = [n for n in touched if chosen.isdisjoint(graph.ancestors(n))]
        self.canvas.select([*self.keep, *(n for n in tops if n not in self.keep)])

    def paint(self, b: Brushes) -> None:
        b.painter.setPen(b.pen(b.theme.selection))
        b.painter.setBrush(b.theme.select_fill)
        b.painter.drawRect(brushes.snap(self.rect))
