"""Painting frames: closed ones as plates, open ones with their headers."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen, QPixmap, QPolygonF

from app.canvas.brushes import Brushes, plaque, snap
from app.canvas.headers import LARGEST, Header
from app.canvas.leaves import thumbnail, two_lines
from app.canvas.scene import Item
from app.theme import Tint


def plate(
    b: Brushes,
    item: Item,
    tint: Tint,
    title: str,
    held: str,
    collapsed: bool,
    dashed: bool,
    dot: bool,
    picture: QPixmap | None = None,
) -> None:
    """A closed frame. One the user closed looks like a stack and has a button; `dot` says it holds context leaves."""
    painter = b.painter
    if collapsed and item.height >= 14:
        painter.setPen(b.pen(tint.edge))
        painter.setBrush(tint.header)
        for lift in (5, 2.5):
            shifted = snap(item.rect.translated(lift * b.zoom, lift * b.zoom))
            painter.drawRoundedRect(shifted, 6 * b.zoom, 6 * b.zoom)
    plaque(b, item, tint.header, tint.edge, min(6 * b.zoom, 6), dashed)
    height, line = item.height, item.line
    small = not collapsed
    if dot:
        painter.setPen(b.pen(b.theme.surfaces[0]))
        painter.setBrush(b.theme.providers[0].edge)
        painter.drawEllipse(QPointF(item.x + item.width - 1, item.y + 1), 3, 3)
    if height < 11 or item.width < 24:
        return
    if small:
        size = round(min(11.0, height * 0.5))
        b.texts.draw_block(
            painter, title, item.x + 3, round(item.y) + 0.5 + height / 2, item.width - 6, height - 4, size, tint.ink
        )
        return
    chevron(b, plate_button(item), tint.ink, closed=True)
    left = plate_button(item).right() + 5 * b.zoom
    room = item.x + item.width - left - 8 * b.zoom
    if picture:
        taken = thumbnail(b, item, picture, left, tint)
        left, room = left + taken, room - taken
    if two_lines(b.zoom):
        b.texts.draw(painter, title, left, item.y + height * 0.355, room, 13 * b.zoom, tint.ink, True)
        b.texts.draw(painter, held, left, item.y + height * 0.70, room, 11 * b.zoom, tint.faint)
    else:
        b.texts.draw(painter, title, left, line, room, max(7, 13 * b.zoom), tint.ink, True)


def plate_button(item: Item) -> QRectF:
    """The button that opens a closed frame."""
    side = item.height * 0.36
    return QRectF(item.x + item.height * 0.18, item.line - side / 2, side, side)


def ground(b: Brushes, item: Item) -> None:
    """The body of an open frame that is larger than the view."""
    width, height = math.ceil(item.width) + 2, math.ceil(item.height) + 2
    b.painter.fillRect(math.floor(item.x), math.floor(item.y), width, height, b.theme.surfaces[item.depth % 2])


def frame(b: Brushes, item: Item, tint: Tint, provider: bool, dashed: bool, empty: bool) -> None:
    """An open frame: its body, its header and their outline."""
    painter, theme = b.painter, b.theme
    surface = theme.surfaces[item.depth % 2]
    high = item.height_of_header
    if not b.detailed and not dashed:
        x, y, line = round(item.x), round(item.y), 2 if provider else 1
        wide, tall, top = round(item.x + item.width) - x, round(item.y + item.height) - y, round(high)
        painter.fillRect(x, y + top, wide, tall - top, surface)
        painter.fillRect(x, y, wide, top, tint.header)
        painter.fillRect(x, y, wide, line, tint.edge)
        painter.fillRect(x, y + tall - line, wide, line, tint.edge)
        painter.fillRect(x, y, line, tall, tint.edge)
        painter.fillRect(x + wide - line, y, line, tall, tint.edge)
        return
    rect = snap(item.rect)
    width = 2.0 if provider else 1.0
    radius = min(12.0, 8 * b.zoom)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(surface)
    painter.drawRoundedRect(rect, radius, radius)
    top = QPainterPath()
    top.setFillRule(Qt.FillRule.WindingFill)
    top.addRoundedRect(QRectF(rect.x(), rect.y(), rect.width(), high), radius, radius)
    top.addRect(QRectF(rect.x(), rect.y() + high / 2, rect.width(), high / 2))
    painter.setBrush(tint.header)
    painter.drawPath(top)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(b.pen(tint.edge, width, dashed))
    painter.drawRoundedRect(rect, radius, radius)
    if empty and item.height > 40:
        b.texts.draw(painter, "drop nodes here", item.x, item.line + 12 * b.zoom, item.width, 11 * b.zoom,
                     theme.text_dim, False, True)  # fmt: skip


def header(b: Brushes, item: Item, header: Header, tint: Tint) -> None:
    """The words on an open frame's header: button, title, tag and chips."""
    painter, texts = b.painter, b.texts
    middle = round(item.y) + 0.75 + item.height_of_header / 2  # of what the outline leaves
    chevron(b, header.button, tint.ink, closed=False)
    texts.draw(painter, header.title, header.left, middle, header.room, header.size, tint.ink, True)
    if header.tag:
        label, tag = header.tag
        painter.setPen(b.pen(tint.edge))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(snap(tag), tag.height() / 2, tag.height() / 2)
        texts.draw(painter, label, tag.x(), middle, tag.width(), header.small * 0.88, tint.ink, True, True)
    for _, text, rect in header.chips:
        chip(b, rect, text, header.small, tint)
    if header.more:
        text, rect = header.more
        texts.draw(painter, text, rect.x(), middle, rect.width(), header.small, tint.ink, False, True)


def chip(b: Brushes, rect: QRectF, text: str, size: float, tint: Tint, dashed: bool = False) -> None:
    """One key of a provider; dashed for one that it does not declare."""
    painter = b.painter
    painter.setPen(b.pen(tint.edge, 1.0, dashed))
    painter.setBrush(tint.header if dashed else tint.fill)
    painter.drawRoundedRect(snap(rect), rect.height() / 2, rect.height() / 2)
    b.texts.draw(painter, text, rect.x(), rect.center().y(), rect.width(), size, tint.ink, False, True)


def chevron(b: Brushes, rect: QRectF, colour: QColor, closed: bool) -> None:
    """The button that opens and closes a frame: it points right when closed, down when open."""
    side = rect.width()
    if side < 6:
        return
    c, r = rect.center(), side * 0.26
    if closed:
        corners = [c + QPointF(-r * 0.6, -r), c + QPointF(r * 0.6, 0), c + QPointF(-r * 0.6, r)]
    else:
        corners = [c + QPointF(-r, -r * 0.6), c + QPointF(0, r * 0.6), c + QPointF(r, -r * 0.6)]
    pen = QPen(colour, max(1.2, side * 0.1), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    b.painter.setPen(pen)
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.drawPolyline(QPolygonF(corners))


def shelf(b: Brushes, rect: QRectF, size: float) -> None:
    """The strip of a frame that holds what is not wired. Its words are no larger than on headers: the strip of
    a large frame, seen closely, has room for words of 2000 pixels."""
    size = min(size, 0.36 * LARGEST)
    b.painter.setPen(b.pen(b.theme.text_dim, 1.0, True))
    b.painter.drawLine(snap(rect).topLeft(), snap(rect).topRight())
    b.texts.draw(b.painter, "not wired", rect.x(), rect.y() + size * 0.95, rect.width(), size, b.theme.text_dim)
