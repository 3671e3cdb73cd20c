"""Dragging nodes: in order, onto a wire, into a frame and out of it, or out of the run."""

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor

from app.canvas import opening, targets
from app.canvas.brushes import Brushes, snap
from app.canvas.gestures import ALT, Gesture
from app.canvas.notice import notice
from engine.document import flow
from engine.document.answers import Refusal
from engine.document.edits import Edit
from engine.document.plan import runs

if TYPE_CHECKING:
    from app.canvas.view import Canvas

MOST_GHOSTS = 40


class DragNodes(Gesture):
    """Take the selected nodes somewhere else. While Alt is down, wires don't catch them.

    Nodes that are `pulled` out of their wires go beside the run: onto the canvas, or onto the shelf of a frame.
    """

    cursor = Qt.CursorShape.DragMoveCursor

    def __init__(self, canvas: "Canvas", start: QPointF, nodes: list[str], pulled: bool = False) -> None:
        super().__init__(canvas, start)
        graph = canvas.document.graph
        found = runs(graph, nodes)
        self.nodes = [n for run in found for n in run]
        self.pulled = pulled
        self.answer: Edit | Refusal | None = None
        self.target: targets.Target | None = None
        self._words = ""
        self._grip = canvas.camera.to_canvas(start.x(), start.y())
        self._shaking = Shaking(start)
        self._closed = [ends for run in found if (ends := _neighbours(canvas, run))]

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        super().move(at, keys)
        if not self.nodes:
            return
        shaken = self._shaking.moved(at, time.monotonic()) and bool(self._closed)
        if shaken:
            self.pulled = not self.pulled
        before = self.target
        self.target = self._aim(not keys & ALT)
        if shaken or before is None or not targets.same_place(before, self.target):
            self.answer = self._judge(self.target)
            document = self.canvas.document
            self._words = targets.words(document.graph, document.catalogue, self.target, self._what())
            self.canvas.tell(self.answer, self._words)

    def _aim(self, wires: bool) -> targets.Target:
        scene, arrangement = self.canvas.scene, self.canvas.arrangement
        found = targets.target_at(scene, arrangement, self.at.x(), self.at.y(), frozenset(self.nodes), wires)
        wire = found.wire
        if self.pulled and not (wire and wire.start[0] not in self.nodes and wire.end[0] not in self.nodes):
            return targets.parked(scene, arrangement, found)
        return found

    def _judge(self, target: targets.Target) -> Edit | Refusal:
        rect = self.canvas.rect_of(self.nodes[0]).translated(self._shift())
        document = self.canvas.document
        head = self.canvas.camera.to_canvas(rect.x(), rect.y())
        return targets.drop_nodes(document.graph, document.catalogue, target, self.nodes, head)

    def _shift(self) -> QPointF:
        """How far on screen the nodes have been taken."""
        return self.at - QPointF(*self.canvas.camera.to_view(*self._grip))

    def _what(self) -> str:
        title = self.canvas.document.graph.nodes[self.nodes[0]].title
        return title if len(self.nodes) == 1 else f"{len(self.nodes)} nodes"

    def finish(self) -> None:
        if self.target is not None:
            label = f"{'Take out' if self.pulled and not self.target.wire else 'Move'} {self._what()}"
            wire = self.target.wire
            about = [*self.nodes, *([wire.start[0], wire.end[0]] if wire else [])]
            self.canvas.perform(self._judge(self.target), label, self.at, about)

    def paint(self, b: Brushes) -> None:
        if not self.nodes:
            return
        canvas, shift = self.canvas, self._shift()
        rects = [canvas.rect_of(node) for node in self.nodes[:MOST_GHOSTS]]
        veil = QColor(b.theme.canvas)
        veil.setAlphaF(0.6)
        for rect in rects:
            b.painter.fillRect(rect, veil)
        for start, end in self._closed if self.pulled else ():
            one, other = canvas.port_of(*start), canvas.port_of(*end)
            b.painter.setPen(b.pen(b.theme.target, b.stroke + 1, True))
            b.painter.drawLine(QLineF(one, other))
        refusal = self.answer if isinstance(self.answer, Refusal) and self.answer.code != "unchanged" else None
        if self.target and refusal:
            opening.show_refused(b, self.target)
        elif self.target and isinstance(self.answer, Edit):
            opening.show(b, canvas, self.target, [rect.size() for rect in rects], self._what())
        colour = b.theme.refusal if refusal else b.theme.selection
        nodes = canvas.document.graph.nodes
        if not isinstance(self.answer, Edit) or not self.target or not (self.target.caret or self.target.corners):
            b.painter.setOpacity(0.8)
            for node, rect in zip(self.nodes, rects, strict=False):
                _ghost(b, rect.translated(shift), nodes[node].title, colour, refusal is not None)
            b.painter.setOpacity(1)
        if refusal:
            notice(b, canvas, self.at, refusal.reason, colour)
        elif self.pulled:
            notice(b, canvas, self.at, self._words, b.theme.target)


def _neighbours(canvas: "Canvas", run: list[str]) -> tuple[flow.Port, flow.Port] | None:
    """The ports that meet when a run is pulled out of its wires; None where it has none."""
    graph = canvas.document.graph
    place = graph.place_of(run[0])
    slot = graph.slot(place)
    before = slot[place.index - 1] if place.index else None
    after = slot[place.index + len(run)] if place.index + len(run) < len(slot) else None
    if place.segment is None:
        start: flow.Port = (before, "out") if before else (place.frame, "in")
        end: flow.Port = (after, "in") if after else (place.frame, "out")
        if flow.is_branching(graph, canvas.document.catalogue, place.frame):
            return (place.frame, "in"), (place.frame, "out")
        return start, end
    return ((before, "out"), (after, "in")) if before and after else None


class Shaking:
    """Tells from how the pointer moves whether it is being shaken: three reversals, one quickly after the other."""

    REACH = 14.0
    """A stroke of the hand is this many pixels long, at least."""
    SPAN = 0.9
    """Seconds from the first reversal to the third, at most."""

    def __init__(self, start: QPointF) -> None:
        self._turn = self._far = start
        self._times: list[float] = []

    def moved(self, at: QPointF, now: float) -> bool:
        """The pointer is at `at`, at `now` seconds. Whether this makes it a shake."""
        leg, back = self._far - self._turn, self._far - at
        length = QLineF(self._turn, self._far).length()
        if length < self.REACH or QPointF.dotProduct(leg, back) <= 0:
            self._far = at
            return False
        if QPointF.dotProduct(leg, back) / length < self.REACH:
            return False
        self._turn, self._far = self._far, at
        self._times = [*self._times[-2:], now]
        shaken = len(self._times) == 3 and self._times[-1] - self._times[0] <= self.SPAN
        if shaken:
            self._times.clear()
        return shaken


def _ghost(b: Brushes, rect: QRectF, title: str, colour: QColor, refused: bool) -> None:
    """What is being dragged."""
    fill = QColor(b.theme.surfaces[0])
    fill.setAlphaF(0.8)
    radius = min(12.0, 6 * b.zoom)
    b.painter.setPen(b.pen(colour, 1.5, refused))
    b.painter.setBrush(fill)
    b.painter.drawRoundedRect(snap(rect), radius, radius)
    top = min(rect.height(), 44 * b.zoom)
    b.texts.draw(b.painter, title, rect.x() + 4, rect.y() + top / 2, rect.width() - 8, max(9.0, 13 * b.zoom),
                 b.theme.text, True, True)  # fmt: skip
