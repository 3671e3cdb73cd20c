"""Which values are not up to date, and which are kept, as the canvas shows it where a node's value would come out.

A value of an earlier graph is an open ring, one that a run would take as it is a full dot.
"""

from PySide6.QtCore import QObject, QTimer, Signal

from app.canvas.brushes import Brushes
from app.canvas.scene import Scene

LASTING = 200
"""Milliseconds after which values count as out of date: while a slider moves, new ones come sooner than that."""


class Staleness(QObject):
    """The nodes whose latest values are of an earlier graph, once they have been for a moment."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.nodes: frozenset[str] = frozenset()
        self.kept: frozenset[str] = frozenset()
        self._next: frozenset[str] = frozenset()
        self._lasting = QTimer(self)
        self._lasting.setSingleShot(True)
        self._lasting.setInterval(LASTING)
        self._lasting.timeout.connect(lambda: self._show(self._next))

    def tell(self, nodes: tuple[str, ...], kept: tuple[str, ...] = ()) -> None:
        """These are out of date from now on, and the values of those are kept; of no others."""
        self._next = frozenset(nodes)
        if self.kept != (now := frozenset(kept)):
            self.kept = now
            self.changed.emit()
        if self._next <= self.nodes:
            self._lasting.stop()
            self._show(self._next)
        elif not self._lasting.isActive():
            self._lasting.start()

    def paint(self, b: Brushes, scene: Scene) -> None:
        """Paint the dots and rings of those that are visible."""
        if not b.detailed:
            return
        radius = max(3.0, min(6.0, 4.2 * b.zoom))
        b.painter.setPen(b.pen(b.theme.surfaces[0], 1))
        b.painter.setBrush(b.theme.running)
        for item in scene.items:
            if item.node in self.kept and item.state != "open":
                b.painter.drawEllipse(item.port("out"), 0.7 * radius, 0.7 * radius)
        if not self.nodes:
            return
        b.painter.setPen(b.pen(b.theme.warning, max(1.2, 1.6 * b.zoom)))
        b.painter.setBrush(b.theme.surfaces[0])
        for item in scene.items:
            if item.node in self.nodes:
                b.painter.drawEllipse(item.port("out"), radius, radius)

    def words(self, node: str) -> list[str]:
        """What the sign of a node says."""
        if node in self.nodes:
            return ["its value is of the graph before it was changed"]
        return ["its value is kept: a run takes it as it is"] if node in self.kept else []

    def _show(self, nodes: frozenset[str]) -> None:
        if nodes != self.nodes:
            self.nodes = nodes
            self.changed.emit()
