"""Gestures: what a pressed button does until it is released. Each ends in at most one edit, applied by the canvas."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath

from app.canvas import painter, targets
from app.canvas.painter import Brushes
from engine.document import flow, wiring
from engine.document.answers import Refusal
from engine.document.edits import Edit
from engine.document.flow import Port
from engine.document.plan import runs

if TYPE_CHECKING:
    from app.canvas.view import Canvas

Side = Literal["in", "out"]


class Gesture:
    """The button went down at `start`; `move` follows the pointer, `finish` ends it, `paint` shows it."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: "Canvas", start: QPointF) -> None:
        self.canvas = canvas
        self.start = start
        self.at = start

    def move(self, at: QPointF) -> None:
        self.at = at

    def finish(self) -> None:
        """The button was released at `self.at`."""

    def paint(self, b: Brushes) -> None:
        """Show on top of everything what the gesture would do."""


class Pan(Gesture):
    """Move the camera with the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def move(self, at: QPointF) -> None:
        self.canvas.pan_by(at.x() - self.at.x(), at.y() - self.at.y())
        self.at = at


class SelectBox(Gesture):
    """Select what a rectangle touches: leaves and closed frames, and open frames it holds entirely."""

    def __init__(self, canvas: "Canvas", start: QPointF, keep: list[str]) -> None:
        super().__init__(canvas, start)
        self.keep = keep

    @property
    def rect(self) -> QRectF:
        return QRectF(self.start, self.at).normalized()

    def move(self, at: QPointF) -> None:
        super().move(at)
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
        b.painter.drawRect(painter.snap(self.rect))


class DragNodes(Gesture):
    """Take the selected nodes somewhere else: in order, onto a wire, into a frame, or out of the run."""

    cursor = Qt.CursorShape.DragMoveCursor

    def __init__(self, canvas: "Canvas", start: QPointF, nodes: list[str]) -> None:
        super().__init__(canvas, start)
        graph = canvas.document.graph
        self.nodes = [n for run in runs(graph, nodes) for n in run]
        self.answer: Edit | Refusal | None = None
        self.target: targets.Target | None = None
        self.rects = [canvas.rect_of(n) for n in self.nodes]

    def move(self, at: QPointF) -> None:
        super().move(at)
        if not self.nodes:
            return
        canvas, before = self.canvas, self.target
        self.target = targets.target_at(canvas.scene, canvas.arrangement, at.x(), at.y(), frozenset(self.nodes))
        if before is None or not targets.same_place(before, self.target):
            self.answer = self._judge(self.target)
            document = canvas.document
            canvas.tell(self.answer, targets.words(document.graph, document.catalogue, self.target, self._what()))

    def _judge(self, target: targets.Target) -> Edit | Refusal:
        shift = self.at - self.start
        head = self.canvas.camera.to_canvas(self.rects[0].x() + shift.x(), self.rects[0].y() + shift.y())
        document = self.canvas.document
        return targets.drop_nodes(document.graph, document.catalogue, target, self.nodes, head)

    def _what(self) -> str:
        title = self.canvas.document.graph.nodes[self.nodes[0]].title
        return title if len(self.nodes) == 1 else f"{len(self.nodes)} nodes"

    def finish(self) -> None:
        if self.target is not None:
            self.canvas.perform(self._judge(self.target), f"Move {self._what()}", self.at)

    def paint(self, b: Brushes) -> None:
        shift = self.at - self.start
        refused = isinstance(self.answer, Refusal)
        if self.target:
            show_target(b, self.target, refused)
        colour = b.theme.refusal if refused else b.theme.selection
        nodes = self.canvas.document.graph.nodes
        for node, rect in zip(self.nodes, self.rects, strict=True):
            ghost = rect.translated(shift)
            painter.ghost(b, ghost, nodes[node].title, colour, refused)


class DrawWire(Gesture):
    """Draw a wire from a port to another; from a wired inlet to nowhere, cut that wire."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: "Canvas", start: QPointF, port: Port) -> None:
        super().__init__(canvas, start)
        self.port = port
        self.origin = canvas.port_of(*port)
        self.over: Port | None = None
        self.answer: Edit | Refusal | None = None
        self.verdicts: dict[Port, bool] = {}
        self._judge_near()

    def _judge_near(self) -> None:
        """Which of the visible ports could end the wire; far ones are judged when the pointer comes."""
        graph = self.canvas.document.graph
        frames = {self.port[0], graph.parents.get(self.port[0], self.port[0])}
        for item in self.canvas.scene.items:
            if item.node in frames or graph.parents.get(item.node) in frames:
                for side in ("in", "out"):
                    if (item.node, side) != self.port and len(self.verdicts) < 200:
                        found = self._judge((item.node, side))
                        self.verdicts[item.node, side] = found is not None and not isinstance(found, Refusal)

    def _judge(self, port: Port) -> Edit | Refusal | None:
        ends = in_order(self.canvas, self.port, port)
        if ends is None:
            which = "inlets" if port[1] == "in" else "outlets"
            return Refusal(f"both are {which}: a wire runs from an outlet to an inlet")
        document = self.canvas.document
        return wiring.connect(document.graph, document.catalogue, *ends)

    def move(self, at: QPointF) -> None:
        super().move(at)
        self.over = self._port_near(at)
        if self.over == self.port:
            self.over, self.answer = None, None
        elif self.over:
            self.answer = self._judge(self.over)
            self.canvas.tell(self.answer, "Drop to connect")
        else:
            self.answer = self._cut()
            if self.answer is None:
                self.canvas.hint.emit("Drag to a port to connect")
            else:
                self.canvas.tell(self.answer, "Drop to cut this wire, or drag to an outlet to connect")

    def _port_near(self, at: QPointF) -> Port | None:
        """The port under the pointer, or that of the leaf or closed frame under it which could take the wire."""
        hit = self.canvas.hit(at.x(), at.y())
        if hit.kind == "port" and hit.node and hit.side:
            return hit.node, hit.side
        if hit.kind in ("node", "header") and hit.node and hit.node != self.port[0]:
            return hit.node, "in" if self.port[1] == "out" or self.canvas.holds(self.port[0], hit.node) else "out"
        return None

    def _cut(self) -> Edit | Refusal | None:
        document = self.canvas.document
        wire = wire_into(self.canvas, self.port[0]) if self.port[1] == "in" else None
        return wiring.cut(document.graph, document.catalogue, wire) if wire else None

    def finish(self) -> None:
        if self.answer is not None:
            self.canvas.perform(self.answer, "Connect" if self.over else "Cut wire", self.at)
        elif self._continues() and self.canvas.hit(self.at.x(), self.at.y()).kind in ("empty", "body"):
            self.canvas.wire_dropped.emit(self.port, self.at)

    def _continues(self) -> bool:
        """Whether something could follow what was drawn: from an outlet, or from a frame's inlet into the frame."""
        node, side = self.port
        if side == "out":
            return node != self.canvas.document.graph.root
        return self.canvas.document.graph.is_frame(node) and self.canvas.rect_of(node).contains(self.at)

    def paint(self, b: Brushes) -> None:
        for (node, side), legal in self.verdicts.items():
            at = self.canvas.port_of(node, side)
            if legal:
                b.painter.setPen(b.pen(b.theme.target, 2))
                b.painter.setBrush(b.theme.surfaces[0])
                b.painter.drawEllipse(at, 6, 6)
        refused = isinstance(self.answer, Refusal) or (self.answer is not None and not self.over)
        colour = b.theme.refusal if refused else b.theme.target if self.over else b.theme.selection
        end = self.canvas.port_of(*self.over) if self.over else self.at
        reach = max(30.0, abs(end.x() - self.origin.x()) * 0.4) * (1 if self.port[1] == "out" else -1)
        inner = self.over is not None and self.canvas.holds(self.port[0], self.over[0])
        path = QPainterPath(self.origin)
        bend = -reach if inner and self.port[1] == "in" else reach
        path.cubicTo(QPointF(self.origin.x() + bend, self.origin.y()), QPointF(end.x() - bend, end.y()), end)
        b.painter.setBrush(Qt.BrushStyle.NoBrush)
        b.painter.setPen(b.pen(colour, 2.2, refused))
        b.painter.drawPath(path)
        b.painter.setBrush(colour)
        b.painter.setPen(b.pen(b.theme.surfaces[0], 1))
        for dot in (self.origin, end):
            b.painter.drawEllipse(dot, 5, 5)


def show_target(b: Brushes, target: targets.Target, refused: bool) -> None:
    """Light up where a drop would go, or that it can't."""
    colour = b.theme.refusal if refused else b.theme.target
    if target.corners:
        painter.wire(b, target.corners, colour, b.stroke + 2, refused)
    if target.rect is not None:
        painter.outline(b, target.rect, colour, 1.5, 0, True)
    if target.caret is not None:
        painter.caret(b, target.caret, colour)


def in_order(canvas: "Canvas", a: Port, b: Port) -> tuple[Port, Port] | None:
    """Two ports as start and end of a wire; None when both are inlets or both outlets of no frame around the other."""
    if a[0] == b[0] and canvas.document.graph.is_frame(a[0]):
        return (a[0], "in"), (a[0], "out")
    if a[1] != b[1]:
        return (a, b) if a[1] == "out" else (b, a)
    if canvas.holds(a[0], b[0]):
        return (a, b) if a[1] == "in" else (b, a)
    if canvas.holds(b[0], a[0]):
        return (b, a) if a[1] == "in" else (a, b)
    return None


def wire_into(canvas: "Canvas", node: str) -> flow.Wire | None:
    """The wire that ends at a node's inlet."""
    arrangement = canvas.arrangement
    frame = canvas.document.graph.parents.get(node)
    if frame is None:
        return None
    return next((r.wire for r in arrangement.routes(frame) if r.wire and r.wire.end == (node, "in")), None)
