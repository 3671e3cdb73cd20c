"""The marks of a timeline: a shape for each thing that a step can do to a key."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

DONE = {
    "start": "starts with",
    "write": "writes",
    "read": "reads",
    "push": "pushes onto",
    "pop": "pops from",
    "clear": "clears",
}
"""What a step does to a key, in a word."""

LEGEND = "▮ start   ● write   ○ read   ▲ push   ▽ pop   × clear"

_UP = ((0, -1), (-1, 0.8), (1, 0.8))
_DOWN = ((0, 1), (-1, -0.8), (1, -0.8))


def mark(p: QPainter, at: QPointF, how: str, edge: QColor, fill: QColor, r: float) -> None:
    """What a step does, as a sign of this radius: full where something comes in, hollow where it is read or taken."""
    p.setPen(QPen(edge, 1.4))
    p.setBrush(edge if how in ("write", "push", "start") else fill)
    match how:
        case "write" | "read":
            p.drawEllipse(at, r * 0.82, r * 0.82)
        case "push" | "pop":
            p.drawPolygon(QPolygonF([at + QPointF(x * r, y * r) for x, y in (_UP if how == "push" else _DOWN)]))
        case "start":
            p.drawRect(QRectF(at.x() - r * 0.35, at.y() - r * 1.3, r * 0.7, r * 2.6))
        case _:
            p.setPen(QPen(edge, 1.8))
            p.drawLine(at + QPointF(-r, -r) * 0.8, at + QPointF(r, r) * 0.8)
            p.drawLine(at + QPointF(-r, r) * 0.8, at + QPointF(r, -r) * 0.8)
