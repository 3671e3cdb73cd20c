"""How the place of a drop is shown: the wire lights up, the frame is tinted, and its children make room."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPen

from app.canvas import brushes, targets, wires
from app.canvas.brushes import Brushes
from app.canvas.scene import Item

if TYPE_CHECKING:
    from app.canvas.view import Canvas

LARGEST = 0.3
"""The room that is made takes at most this much of the frame's width, or height."""


def show(b: Brushes, canvas: "Canvas", target: targets.Target, sizes: Sequence[QSizeF], title: str) -> None:
    """Light up where a drop of things of these sizes would go."""
    caret, band = target.caret, target.band
    if caret is not None and band is not None and canvas.rect().contains(caret.center().toPoint()):
        shape = _open(b, canvas, target, caret, band, sizes)
    elif caret is not None:
        shape = _around(caret.center(), _total(sizes, True))
    elif target.corners:
        wires.wire(b, target.corners, b.theme.target, b.stroke + 2)
        shape = _around(_middle(target.corners), _total(sizes, True))
    else:
        shape = None
    _tint(b, target, b.theme.target)
    if shape:
        _hollow(b, shape, title)


def show_refused(b: Brushes, target: targets.Target) -> None:
    """Mark a place where a drop can't go."""
    colour = b.theme.refusal
    _tint(b, target, colour)
    if target.corners:
        wires.wire(b, target.corners, colour, b.stroke + 2, True)
    if target.caret is not None:
        _caret(b, target.caret, colour)


def _tint(b: Brushes, target: targets.Target, colour: QColor) -> None:
    if target.rect is None:
        return
    fill = QColor(colour)
    fill.setAlphaF(0.08)
    b.painter.fillRect(target.rect, fill)
    brushes.outline(b, target.rect, colour, 1.5, 0, True)


def _open(
    b: Brushes, canvas: "Canvas", target: targets.Target, caret: QLineF, band: QRectF, sizes: Sequence[QSizeF]
) -> QRectF:
    """Push what follows the caret away to make room; gives where what is to come would stand."""
    item, along = canvas.scene.by_node[target.frame], caret.dx() == 0
    whole, gap = _total(sizes, along), 24 * b.zoom
    length = whole.width() if along else whole.height()
    room = round(max(12.0, min(length + gap, LARGEST * (item.width if along else item.height))))
    _push(b, canvas, item, band.intersected(QRectF(canvas.rect())), QPointF(room, 0) if along else QPointF(0, room))
    inner = max(6.0, room - gap)
    if along:
        middle, left = caret.center(), caret.x1() + (room - inner) / 2
        high = min(whole.height(), band.height())
        for x in (middle.x(), left + inner):
            ends = QPointF(x, middle.y()), QPointF(x + (room - inner) / 2, middle.y())
            wires.wire(b, ends, b.theme.target, b.stroke)
        return QRectF(left, middle.y() - high / 2, inner, high)
    if 0 < target.index < len(canvas.document.graph.children[target.frame]):  # the wires to those below go on
        for x in (band.left() + 2 * b.zoom, band.right() - 2 * b.zoom):
            wires.wire(b, (QPointF(x, caret.y1()), QPointF(x, caret.y1() + room)), b.theme.target, b.stroke)
    return QRectF(caret.x1(), caret.y1() + (room - inner) / 2, min(whole.width(), caret.length()), inner)


def _push(b: Brushes, canvas: "Canvas", item: Item, band: QRectF, shift: QPointF) -> None:
    """Paint a part of the picture of the graph farther on, within its own bounds."""
    picture, ratio = canvas.picture, canvas.devicePixelRatioF()
    area = band.toAlignedRect()
    if picture is None or area.isEmpty():
        return
    b.painter.save()
    b.painter.setClipRect(area)
    b.painter.fillRect(area, b.theme.surfaces[item.depth % 2])
    source = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
    b.painter.drawPixmap(QRectF(area).translated(shift), picture, source)
    b.painter.restore()


def _hollow(b: Brushes, rect: QRectF, title: str) -> None:
    """The shape of what would stand here."""
    colour = b.theme.target
    fill = QColor(colour)
    fill.setAlphaF(0.16)
    radius = min(12.0, 6 * b.zoom)
    b.painter.setPen(b.pen(colour, 1.5, True))
    b.painter.setBrush(fill)
    b.painter.drawRoundedRect(brushes.snap(rect), radius, radius)
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    size = min(max(9.0, 13 * b.zoom), rect.height() * 0.6)
    b.texts.draw(b.painter, title, rect.x() + 3, rect.center().y(), rect.width() - 6, size, b.theme.text, True, True)


def _total(sizes: Sequence[QSizeF], along: bool) -> QSizeF:
    """The size of things side by side, or one above the other."""
    wide, high = [s.width() for s in sizes], [s.height() for s in sizes]
    return QSizeF(sum(wide), max(high)) if along else QSizeF(max(wide), sum(high))


def _around(at: QPointF, size: QSizeF) -> QRectF:
    return QRectF(at.x() - size.width() / 2, at.y() - size.height() / 2, size.width(), size.height())


def _middle(corners: Sequence[QPointF]) -> QPointF:
    """The middle of the longest level part of a wire."""
    one, other = max(pairwise(corners), key=lambda pair: abs(pair[1].x() - pair[0].x()))
    return (one + other) / 2


def _caret(b: Brushes, line: QLineF, colour: QColor) -> None:
    """Where a drop would insert."""
    pen = QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    b.painter.setPen(pen)
    b.painter.drawLine(line)
    b.painter.setBrush(colour)
    b.painter.setPen(Qt.PenStyle.NoPen)
    for end in (line.p1(), line.p2()):
        b.painter.drawEllipse(end, 3.5, 3.5)
