"""Painting leaves, and what nodes of all sorts wear: ports, pictures, the sign of shared weights."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.canvas.brushes import Brushes, plaque, snap
from app.canvas.scene import Item
from app.theme import Tint


def leaf(
    b: Brushes,
    item: Item,
    tint: Tint,
    lines: Sequence[str],
    dashed: bool,
    reach: str | None,
    picture: QPixmap | None = None,
) -> None:
    """A leaf with its one or two lines, and a small picture before them. `reach` is "use" or "set" for one that reaches
    a context: it wears a port for it on its top edge."""
    plaque(b, item, tint.fill, tint.edge, 6 * b.zoom, dashed)
    height = item.height
    if height < 11:
        return
    margin = max(2.0, (5 if b.zoom > 0.7 else 3) * b.zoom)
    left, room = item.x + margin, item.width - 2 * margin
    if picture:
        taken = thumbnail(b, item, picture, item.x + 0.11 * height, tint)
        left, room = left + taken, room - taken
    if len(lines) > 1:
        b.texts.draw(
            b.painter, lines[0], left, item.y + height * 0.355, room, max(7.5, 13 * b.zoom), tint.ink, True, True
        )
        ink = tint.ink if reach else tint.faint
        b.texts.draw(b.painter, lines[1], left, item.y + height * 0.70, room, max(7.0, 11 * b.zoom), ink, False, True)
    else:
        size = max(7.5, min(13 * b.zoom, height * 0.6))
        b.texts.draw(b.painter, lines[0], left, item.line, room, size, tint.ink, True, True)
    if reach and b.detailed:
        _dot(b, item.x + item.width / 2, item.y, 3.6 * b.zoom, tint, filled=reach == "set")


def two_lines(zoom: float) -> bool:
    """Whether nodes are large enough for their second line."""
    return zoom >= 0.52


def thumbnail(b: Brushes, item: Item, picture: QPixmap, left: float, tint: Tint) -> float:
    """A small picture on a node, as high as that allows; gives how much of the width it takes."""
    side = 0.78 * item.height
    scale = side / max(picture.width(), picture.height())
    wide, high = picture.width() * scale, picture.height() * scale
    rect = snap(QRectF(left, item.y + (item.height - high) / 2, wide, high))
    ratio = b.painter.device().devicePixelRatioF()
    b.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale * ratio < 1)  # enlarged: as pixels
    b.painter.drawPixmap(rect, picture, QRectF(picture.rect()))
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.setPen(b.pen(tint.edge))
    b.painter.drawRect(rect)
    return wide + 0.06 * item.height


def ports(b: Brushes, item: Item, colour: QColor) -> None:
    """The ways in and out of a node."""
    radius = max(2.2, min(5.0, 3.4 * b.zoom))
    b.painter.setPen(b.pen(b.theme.surfaces[0], 1.0))
    b.painter.setBrush(colour)
    b.painter.drawEllipse(item.port("in"), radius, radius)
    b.painter.drawEllipse(item.port("out"), radius, radius)


def _dot(b: Brushes, x: float, y: float, radius: float, tint: Tint, filled: bool) -> None:
    b.painter.setPen(b.pen(tint.edge, max(1.0, 1.4 * b.zoom)))
    b.painter.setBrush(tint.edge if filled else b.theme.surfaces[0])
    b.painter.drawEllipse(QPointF(x, y), radius, radius)


def shared(b: Brushes, item: Item, tint: Tint) -> None:
    """The sign of weights that are another's too: two links of a chain on the upper edge."""
    r = min(7.0, 4.2 * b.zoom)
    if r < 1.8:
        return
    b.painter.setPen(b.pen(tint.ink, max(1.0, 1.5 * b.zoom)))
    for x, colour in ((item.x + 2.2 * r, tint.fill), (item.x + 3.6 * r, QColor(Qt.GlobalColor.transparent))):
        b.painter.setBrush(colour)
        b.painter.drawEllipse(QPointF(x, item.y), r, r)
