"""Painting what is said of nodes: problems, where a run is, whether they take part in it."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen, QPolygonF

from app.canvas.brushes import Brushes, outline
from app.canvas.scene import Item
from engine.document.problems import Severity


def badge(b: Brushes, item: Item, severity: Severity) -> None:
    """A sign at a node's corner. Its shape says how bad it is, not only its colour."""
    theme, painter = b.theme, b.painter
    colour = {"error": theme.error, "warning": theme.warning, "info": theme.info}[severity]
    r = min(9.0, max(4.0, 7 * b.zoom + 1), item.height * 0.4)
    at = QPointF(item.x + item.width - r * 0.6, item.y + r * 0.3)
    painter.setPen(b.pen(theme.surfaces[0], 1.2))
    painter.setBrush(colour)
    if severity == "warning":
        up = QPointF(at.x(), at.y() - r * 1.15)
        painter.drawPolygon(
            QPolygonF([up, QPointF(at.x() + r * 1.1, at.y() + r * 0.8), QPointF(at.x() - r * 1.1, at.y() + r * 0.8)])
        )
    elif severity == "error":
        side = [QPointF(at.x() + r * math.cos(a), at.y() + r * math.sin(a)) for a in _OCTAGON]
        painter.drawPolygon(QPolygonF(side))
    else:
        painter.drawEllipse(at, r, r)
    if r >= 5:
        sign = "i" if severity == "info" else "!"
        b.texts.draw(painter, sign, at.x() - r, at.y() + (r * 0.1), 2 * r, r * 1.5, theme.on_sign, True, True)


_OCTAGON = [math.pi / 8 + k * math.pi / 4 for k in range(8)]


def progress(b: Brushes, item: Item, paused: bool) -> None:
    """Where a run is: an outline, and on a disc a triangle, or two bars where the run waits."""
    colour = b.theme.warning if paused else b.theme.running
    outline(b, item.rect, colour, 3, 3)
    r = min(10.0, max(5.0, 8 * b.zoom))
    at = QPointF(item.x, item.y)
    b.painter.setPen(b.pen(b.theme.surfaces[0], 1.2))
    b.painter.setBrush(colour)
    b.painter.drawEllipse(at, r, r)
    if paused:
        for x in (at.x() - 0.42 * r, at.x() + 0.12 * r):
            b.painter.fillRect(QRectF(x, at.y() - 0.45 * r, 0.3 * r, 0.9 * r), b.theme.on_sign)
    else:
        b.painter.setPen(Qt.PenStyle.NoPen)
        b.painter.setBrush(b.theme.on_sign)
        corners = ((-0.3, -0.5), (0.55, 0), (-0.3, 0.5))
        b.painter.drawPolygon(QPolygonF([at + QPointF(x * r, y * r) for x, y in corners]))


def step(b: Brushes, item: Item) -> None:
    """The mark of the present step of a timeline: an outline, and a pointer above it."""
    outline(b, item.rect, b.theme.info, 3, 4)
    tip = QPointF(item.x + item.width / 2, item.y - 5)
    b.painter.setPen(b.pen(b.theme.surfaces[0], 1.2))
    b.painter.setBrush(b.theme.info)
    b.painter.drawPolygon(QPolygonF([tip, tip + QPointF(-7, -10), tip + QPointF(7, -10)]))


def bypass(b: Brushes, item: Item) -> None:
    """The sign of a node that passes its input on: a wire straight through it."""
    b.painter.setPen(QPen(b.theme.selection, max(1.5, 2.4 * b.zoom), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    b.painter.drawLine(item.port("in"), item.port("out"))


def mute(b: Brushes, item: Item) -> None:
    """The sign of a node that is as if it were not there: a cross on its inlet and one on its outlet."""
    r = min(9.0, max(2.5, 6 * b.zoom))
    b.painter.setPen(QPen(b.theme.refusal, max(1.5, 2.2 * b.zoom), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for at in (item.port("in"), item.port("out")):
        b.painter.drawLine(at + QPointF(-r, -r), at + QPointF(r, r))
        b.painter.drawLine(at + QPointF(-r, r), at + QPointF(r, -r))
