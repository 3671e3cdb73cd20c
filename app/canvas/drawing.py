"""Drawing a wire from port to port: which could take it, which can't and why, and what would not fit."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath

from app.canvas.brushes import Brushes
from app.canvas.gestures import Gesture
from app.canvas.notice import notice
from engine.document import flow, intake, wiring
from engine.document.answers import Refusal
from engine.document.edits import Edit
from engine.document.flow import Port

if TYPE_CHECKING:
    from app.canvas.view import Canvas

Side = Literal["in", "out"]

MOST_JUDGED = 200
"""So many of the visible ports are judged when the wire begins; others when the pointer comes to them."""


class DrawWire(Gesture):
    """Draw a wire from a port to another; from a wired inlet to nowhere, cut that wire."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: "Canvas", start: QPointF, port: Port) -> None:
        super().__init__(canvas, start)
        self.port = port
        self.over: Port | None = None
        self.answer: Edit | Refusal | None = None
        self.misfit = ""
        self._answers: dict[Port, Edit | Refusal] = {}
        self._near = self._ports_near()

    def _ports_near(self) -> list[Port]:
        """The visible ports in the frame of the first one, or in the frame whose port that is."""
        graph = self.canvas.document.graph
        frames = {self.port[0], graph.parents.get(self.port[0], self.port[0])}
        found: list[Port] = []
        for item in self.canvas.scene.items:
            if item.node in frames or graph.parents.get(item.node) in frames:
                found += [port for side in ("in", "out") if (port := (item.node, side)) != self.port]
        return found[:MOST_JUDGED]

    def _judge(self, port: Port) -> Edit | Refusal:
        if port not in self._answers:
            document, ends = self.canvas.document, in_order(self.canvas, self.port, port)
            which = "inlets" if port[1] == "in" else "outlets"
            self._answers[port] = (
                wiring.connect(document.graph, document.catalogue, *ends)
                if ends
                else Refusal(f"both are {which}: a wire runs from an outlet to an inlet")
            )
        return self._answers[port]

    def _misfit(self, port: Port) -> str:
        """What is known to go wrong with a wire to `port`, by the shapes of the last run."""
        ends = in_order(self.canvas, self.port, port)
        if ends is None or ends[1][1] == "out":
            return ""
        document, marks = self.canvas.document, self.canvas.marks
        (start, side), (end, _) = ends
        given = marks.returns.get(start, ()) if side == "out" else marks.receives.get(start, ())
        return intake.misfit(document.graph, document.catalogue, end, given)

    def move(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        super().move(at, keys)
        over = self._port_near(at)
        self.over = over if over != self.port else None
        self.misfit = ""
        if over == self.port:
            self.answer = None
        elif over:
            self.aim(over, "Drop to connect")
        else:
            self.answer = self._cut()
            words = "Drop to cut this wire, or drag to an outlet to connect"
            here = ", or let go here to add a node" if self._grows() else ""
            self.canvas.tell(self.answer, words if self.answer else f"Drag to a port to connect{here}")

    def aim(self, over: Port, words: str) -> None:
        """End the wire at this port; `words` say what connects them."""
        self.over, self.answer = over, self._judge(over)
        self.misfit = "" if isinstance(self.answer, Refusal) else self._misfit(over)
        self.canvas.tell(self.answer, f"{words}. It would not run: {self.misfit}" if self.misfit else words)

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
            about = [self.port[0], *([self.over[0]] if self.over else [])]
            self.canvas.perform(self.answer, "Connect" if self.over else "Cut wire", self.at, about)
        elif self._grows():
            self.canvas.wire_dropped.emit(self.port, self.at)

    def _grows(self) -> bool:
        """Whether something new could follow here: from an outlet, or from a frame's inlet into the frame."""
        if self.canvas.hit(self.at.x(), self.at.y()).kind not in ("empty", "body"):
            return False
        node, side = self.port
        if side == "out":
            return node != self.canvas.document.graph.root
        return self.canvas.document.graph.is_frame(node) and self.canvas.rect_of(node).contains(self.at)

    def paint(self, b: Brushes) -> None:
        for port in self._near if b.detailed else ():
            self._paint_port(b, port)
        refused = isinstance(self.answer, Refusal)
        severed = self.answer is not None and not self.over
        colour = b.theme.target if self.over else b.theme.selection
        if refused or severed:
            colour = b.theme.refusal
        elif self.misfit:
            colour = b.theme.warning
        origin = self.canvas.port_of(*self.port)
        end = self.canvas.port_of(*self.over) if self.over else self.at
        reach = max(30.0, abs(end.x() - origin.x()) * 0.4) * (1 if self.port[1] == "out" else -1)
        inner = self.over is not None and self.canvas.holds(self.port[0], self.over[0])
        path = QPainterPath(origin)
        bend = -reach if inner and self.port[1] == "in" else reach
        path.cubicTo(QPointF(origin.x() + bend, origin.y()), QPointF(end.x() - bend, end.y()), end)
        b.painter.setBrush(Qt.BrushStyle.NoBrush)
        b.painter.setPen(b.pen(colour, 2.2, refused or severed))
        b.painter.drawPath(path)
        b.painter.setBrush(colour)
        b.painter.setPen(b.pen(b.theme.surfaces[0], 1))
        for dot in (origin, end):
            b.painter.drawEllipse(dot, 5, 5)
        if isinstance(self.answer, Refusal):
            notice(b, self.canvas, self.at, self.answer.reason, colour)
        elif self.misfit:
            notice(b, self.canvas, self.at, self.misfit, colour)

    def _paint_port(self, b: Brushes, port: Port) -> None:
        """A ring around a port that could end the wire; others are dimmed."""
        at = self.canvas.port_of(*port)
        if isinstance(self._judge(port), Refusal):
            veil = b.theme.surfaces[0]
            b.painter.setOpacity(0.75)
            b.painter.setPen(Qt.PenStyle.NoPen)
            b.painter.setBrush(veil)
            b.painter.drawEllipse(at, 5, 5)
            b.painter.setOpacity(1)
        else:
            b.painter.setPen(b.pen(b.theme.target, 2))
            b.painter.setBrush(b.theme.surfaces[0])
            b.painter.drawEllipse(at, 6, 6)


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
    frame = canvas.document.graph.parents.get(node)
    if frame is None:
        return None
    return next((r.wire for r in canvas.arrangement.routes(frame) if r.wire and r.wire.end == (node, "in")), None)
