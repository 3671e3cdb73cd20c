"""Painting wires, the marks where they meet, and context links."""

import math
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen, QPolygonF

from app.canvas.brushes import Brushes, snap
from app.theme import Tint


def wire(b: Brushes, corners: Sequence[QPointF], colour: QColor, width: float, dashed: bool = False) -> None:
    """A wire through its corners; they are rounded where one sees it."""
    painter = b.painter
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if not b.detailed or len(corners) == 2:
        painter.setPen(b.pen(colour, width, dashed))
        crisp = [snapped(c) for c in corners]
        painter.drawLines([QLineF(a, c) for a, c in pairwise(crisp)])
        return
    pen = b.pen(colour, width, dashed)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(rounded([snapped(c) for c in corners], 7 * b.zoom))


def rounded(corners: Sequence[QPointF], radius: float) -> QPainterPath:
    """A path through orthogonal corners with rounded turns."""
    path = QPainterPath(corners[0])
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        inward, outward = before - corner, after - corner
        one, two = math.hypot(inward.x(), inward.y()), math.hypot(outward.x(), outward.y())
        r = min(radius, one / 2, two / 2)
        if r < 0.5:
            path.lineTo(corner)
            continue
        path.lineTo(corner + inward * (r / one))
        path.quadTo(corner, corner + outward * (r / two))
    path.lineTo(corners[-1])
    return path


def snapped(point: QPointF) -> QPointF:
    """The middle of the pixel nearest to a point."""
    return QPointF(round(point.x()) + 0.5, round(point.y()) + 0.5)


def join(b: Brushes, at: QPointF, mark: str, tint: Tint) -> None:
    """The mark where wires meet, as large as the zoom allows: + adds, ⧺ concatenates, × multiplies."""
    radius = max(2.0, min(14.0, 9 * b.zoom))
    painter = b.painter
    at = snapped(at)
    painter.setPen(b.pen(tint.edge, max(1.0, 1.3 * b.zoom)))
    painter.setBrush(b.theme.surfaces[0])
    painter.drawEllipse(at, radius, radius)
    if radius < 5:
        return
    pen = QPen(tint.ink, max(1.2, radius * 0.17), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    r = radius * 0.52
    x, y = at.x(), at.y()
    if mark == "×":
        r *= 0.75
        lines = [QLineF(x - r, y - r, x + r, y + r), QLineF(x - r, y + r, x + r, y - r)]
    elif mark == "⧺":
        lines = [
            QLineF(x - r, y, x + r, y),
            QLineF(x - r * 0.4, y - r * 0.8, x - r * 0.4, y + r * 0.8),
            QLineF(x + r * 0.4, y - r * 0.8, x + r * 0.4, y + r * 0.8),
        ]
    else:
        lines = [QLineF(x - r, y, x + r, y), QLineF(x, y - r, x, y + r)]
    painter.drawLines(lines)


def bar(b: Brushes, x: float, top: float, bottom: float, tint: Tint) -> None:
    """Where several values travel as one tuple, or a tuple is given out."""
    wide = max(2.0, 5 * b.zoom)
    b.painter.setPen(b.pen(tint.edge))
    b.painter.setBrush(tint.header)
    over = 6 * b.zoom
    b.painter.drawRoundedRect(QRectF(x - wide / 2, top - over, wide, bottom - top + 2 * over), wide / 2, wide / 2)


def fork(b: Brushes, at: QPointF) -> None:
    """Where a wire parts."""
    radius = max(1.5, 2.6 * b.zoom)
    b.painter.setPen(Qt.PenStyle.NoPen)
    b.painter.setBrush(b.theme.wire)
    b.painter.drawEllipse(snapped(at), radius, radius)


def stop(b: Brushes, at: QPointF) -> None:
    """Where a wire ends and its value is dropped."""
    b.painter.setPen(b.pen(b.theme.wire, max(1.4, 2 * b.zoom)))
    reach = 6 * b.zoom
    at = snapped(at)
    b.painter.drawLine(QPointF(at.x(), at.y() - reach), QPointF(at.x(), at.y() + reach))


def pill(b: Brushes, rect: QRectF, text: str, corners: Sequence[QPointF]) -> None:
    """An input of the root, or its result."""
    wire(b, corners, b.theme.wire, b.stroke)
    tint = b.theme.pill
    b.painter.setPen(b.pen(tint.edge))
    b.painter.setBrush(tint.fill)
    b.painter.drawRoundedRect(snap(rect), rect.height() / 2, rect.height() / 2)
    size = max(12 * b.zoom, 7.0 if rect.height() >= 9 else 0.0)
    b.texts.draw(b.painter, text, rect.x() + 3, rect.center().y(), rect.width() - 6, size, tint.ink, False, True)


def link(b: Brushes, start: QPointF, end: QPointF, colour: QColor, clip: QRectF, trunk: float = 0.0) -> None:
    """A context link from a chip (or a leaf) to the other, dashed; or many in one, as wide as `trunk`."""
    if not QRectF(start, end).normalized().adjusted(-80, -80, 80, 80).intersects(clip):
        return
    sag = max(24.0, min(160.0, abs(end.y() - start.y()) * 0.5))
    one = QPointF(start.x(), start.y() + sag)
    two = QPointF(end.x(), end.y() - sag)
    path = QPainterPath(start)
    path.cubicTo(one, two, end)
    pen = QPen(colour, trunk or max(1.4, min(2.2, 1.6 * b.zoom)))
    if not trunk:
        pen.setDashPattern([5, 3.5])
    b.painter.setPen(pen)
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.drawPath(path)


def arrow(b: Brushes, tip: QPointF, down: bool, colour: QColor) -> None:
    """The head of a context link."""
    reach = 6.0 if down else -6.0
    b.painter.setPen(Qt.PenStyle.NoPen)
    b.painter.setBrush(colour)
    b.painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4, -reach), tip + QPointF(4, -reach)]))
