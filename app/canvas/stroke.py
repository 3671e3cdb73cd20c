"""The stroke that cuts: a line drawn across wires."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, Qt

from app.canvas import hits, wires
from app.canvas.brushes import Brushes
from app.canvas.gestures import Gesture
from app.canvas.notice import notice
from engine.document import wiring
from engine.document.flow import Wire

if TYPE_CHECKING:
    from app.canvas.view import Canvas


class CutStroke(Gesture):
    """Cut every wire that the line from where it began to the pointer crosses, in one step."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: "Canvas", start: QPointF) -> None:
        super().__init__(canvas, start)
        self._crossed: list[tuple[Wire, list[QPointF]]] = []
        self._kept = ""

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        super().move(at, keys)
        self._crossed, self._kept = [], ""
        graph = self.canvas.document.graph
        for frame, wire, corners in hits.crossed(self.canvas.scene, self.canvas.arrangement, QLineF(self.start, at)):
            if wire is None:
                node = graph.nodes[frame]
                self._kept = f"the skip of {node.title} stays: it is what a {node.kind} does. Replace or unwrap it"
            elif wire.start[0] == wire.end[0]:
                self._kept = f"the wire of {graph.nodes[frame].title}, which is empty, can't be cut"
            else:
                self._crossed.append((wire, corners))
        self.canvas.hint.emit(self._words)

    @property
    def _words(self) -> str:
        count = len(self._crossed)
        if not count:
            return self._kept or "Draw across the wires to cut; Esc gives up"
        what = "this wire" if count == 1 else f"these {count} wires"
        return f"Release to cut {what}; Esc gives up" + (f"; {self._kept}" if self._kept else "")

    def finish(self) -> None:
        wires = [wire for wire, _ in self._crossed]
        if wires:
            document = self.canvas.document
            label = "Cut wire" if len(wires) == 1 else f"Cut {len(wires)} wires"
            self.canvas.perform(wiring.cut_all(document.graph, document.catalogue, wires), label, self.at)
        if self._kept:
            self.canvas.refused.emit(self._kept)

    def paint(self, b: Brushes) -> None:
        for _, corners in self._crossed:
            wires.wire(b, corners, b.theme.surfaces[0], b.stroke + 2)
            wires.wire(b, corners, b.theme.refusal, b.stroke + 1.5, True)
        b.painter.setPen(b.pen(b.theme.refusal, 1.5))
        b.painter.drawLine(QLineF(self.start, self.at))
        if self._crossed or self._kept:
            count = len(self._crossed)
            text = f"cut {count} wire{'s' if count != 1 else ''}" if count else self._kept
            notice(b, self.canvas, self.at, text, b.theme.refusal)
