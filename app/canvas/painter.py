"""Painting: one function for one thing, all in widget coordinates. Which thing is where comes from the scene."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from app.canvas.scene import DETAILED, Header, Item
from app.canvas.texts import Texts
from app.theme import Theme, Tint
from engine.document.problems import Severity


class Brushes:
    """What every painting function needs: the painter, the theme, the texts and the zoom."""

    def __init__(self, painter: QPainter, theme: Theme, texts: Texts, zoom: float) -> None:
        self.painter = painter
        self.theme = theme
        self.texts = texts
        self.zoom = zoom
        self.detailed = zoom >= DETAILED
        self.stroke = min(2.4, max(1.0, 1.4 * zoom))

    def pen(self, colour: QColor, width: float = 1.0, dashed: bool = False) -> QPen:
        pen = QPen(colour, width)
        if dashed:
            pen.setStyle(Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([4, 3])
        return pen


def snap(rect: QRectF) -> QRectF:
    """The rectangle on pixel centres, so that a one-pixel outline is crisp."""
    left, top = round(rect.x()) + 0.5, round(rect.y()) + 0.5
    return QRectF(left, top, max(1.0, round(rect.right()) - 0.5 - left), max(1.0, round(rect.bottom()) - 0.5 - top))


def background(b: Brushes, width: int, height: int, x: float, y: float) -> None:
    """The free canvas: a plain colour, with a quiet grid of dots that keeps about the same distance at any zoom."""
    step = 32 * b.zoom
    while step < 24:
        step *= 2
    while step > 64:
        step /= 2
    whole = round(step)
    tile = _tile(whole, b.theme.canvas.rgb(), b.theme.dots.rgba(), b.painter.device().devicePixelRatioF())
    b.painter.drawTiledPixmap(0, 0, width, height, tile, whole - int(x) % whole, whole - int(y) % whole)


@lru_cache(maxsize=64)
def _tile(step: int, ground: int, colour: int, ratio: float) -> QPixmap:
    """One square of the grid, with its dot. It is opaque: copying is four times as fast as blending."""
    tile = QPixmap(round(step * ratio), round(step * ratio))
    tile.setDevicePixelRatio(ratio)
    tile.fill(QColor.fromRgb(ground))
    with QPainter(tile) as painter:
        painter.fillRect(QRectF(0, 0, 2, 2), QColor.fromRgba(colour))
    return tile


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


def two_lines(zoom: float) -> bool:
    """Whether nodes are large enough for their second line."""
    return zoom >= 0.52


def plate_button(item: Item) -> QRectF:
    """The button that opens a closed frame."""
    side = item.height * 0.36
    return QRectF(item.x + item.height * 0.18, item.line - side / 2, side, side)


def plaque(b: Brushes, item: Item, fill: QColor, edge: QColor, radius: float, dashed: bool = False) -> None:
    """A filled rectangle with an outline; rounded from the zoom on where one sees it."""
    painter = b.painter
    if not b.detailed and not dashed:
        x, y = round(item.x), round(item.y)
        wide, high = max(1, round(item.x + item.width) - x), max(1, round(item.y + item.height) - y)
        painter.fillRect(x, y, wide, high, edge)
        if wide > 2 and high > 2:
            painter.fillRect(x + 1, y + 1, wide - 2, high - 2, fill)
        return
    painter.setPen(b.pen(edge, 1.0, dashed))
    painter.setBrush(fill)
    painter.drawRoundedRect(snap(item.rect), radius, radius)


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


def ports(b: Brushes, item: Item, colour: QColor) -> None:
    """The ways in and out of a node."""
    radius = max(2.2, min(5.0, 3.4 * b.zoom))
    b.painter.setPen(b.pen(b.theme.surfaces[0], 1.0))
    b.painter.setBrush(colour)
    b.painter.drawEllipse(item.port("in"), radius, radius)
    b.painter.drawEllipse(item.port("out"), radius, radius)


def wire(b: Brushes, corners: Sequence[QPointF], colour: QColor, width: float, dashed: bool = False) -> None:
    """A wire through its corners; they are rounded where one sees it."""
    painter = b.painter
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if not b.detailed or len(corners) == 2:
        painter.setPen(b.pen(colour, width, dashed))
        snapped = [_snapped(c) for c in corners]
        painter.drawLines([QLineF(a, c) for a, c in pairwise(snapped)])
        return
    pen = b.pen(colour, width, dashed)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(rounded([_snapped(c) for c in corners], 7 * b.zoom))


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


def _snapped(point: QPointF) -> QPointF:
    return QPointF(round(point.x()) + 0.5, round(point.y()) + 0.5)


def join(b: Brushes, at: QPointF, mark: str, tint: Tint) -> None:
    """The mark where wires meet, as large as the zoom allows: + adds, ⧺ concatenates, × multiplies."""
    radius = max(2.0, min(14.0, 9 * b.zoom))
    painter = b.painter
    at = _snapped(at)
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
    b.painter.drawEllipse(_snapped(at), radius, radius)


def stop(b: Brushes, at: QPointF) -> None:
    """Where a wire ends and its value is dropped."""
    b.painter.setPen(b.pen(b.theme.wire, max(1.4, 2 * b.zoom)))
    reach = 6 * b.zoom
    at = _snapped(at)
    b.painter.drawLine(QPointF(at.x(), at.y() - reach), QPointF(at.x(), at.y() + reach))


def shelf(b: Brushes, rect: QRectF, size: float) -> None:
    """The strip of a frame that holds what is not wired."""
    b.painter.setPen(b.pen(b.theme.text_dim, 1.0, True))
    b.painter.drawLine(snap(rect).topLeft(), snap(rect).topRight())
    b.texts.draw(b.painter, "not wired", rect.x(), rect.y() + size * 0.95, rect.width(), size, b.theme.text_dim)


def pill(b: Brushes, rect: QRectF, text: str, corners: Sequence[QPointF]) -> None:
    """An input of the root, or its result."""
    wire(b, corners, b.theme.wire, b.stroke)
    tint = b.theme.pill
    b.painter.setPen(b.pen(tint.edge))
    b.painter.setBrush(tint.fill)
    b.painter.drawRoundedRect(snap(rect), rect.height() / 2, rect.height() / 2)
    size = max(12 * b.zoom, 7.0 if rect.height() >= 9 else 0.0)
    b.texts.draw(b.painter, text, rect.x() + 3, rect.center().y(), rect.width() - 6, size, tint.ink, False, True)


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


def outline(b: Brushes, rect: QRectF, colour: QColor, width: float, gap: float = 2.0, dashed: bool = False) -> None:
    """A line around something: selection, hover, target."""
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.setPen(b.pen(colour, width, dashed))
    around = snap(rect).adjusted(-gap, -gap, gap, gap)
    radius = min(12.0, 7 * b.zoom + gap)
    b.painter.drawRoundedRect(around, radius, radius)


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


def shared(b: Brushes, item: Item, tint: Tint) -> None:
    """The sign of weights that are another's too: two links of a chain on the upper edge."""
    r = min(7.0, 4.2 * b.zoom)
    if r < 1.8:
        return
    b.painter.setPen(b.pen(tint.ink, max(1.0, 1.5 * b.zoom)))
    for x, colour in ((item.x + 2.2 * r, tint.fill), (item.x + 3.6 * r, QColor(Qt.GlobalColor.transparent))):
        b.painter.setBrush(colour)
        b.painter.drawEllipse(QPointF(x, item.y), r, r)


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


def ghost(b: Brushes, rect: QRectF, title: str, colour: QColor, refused: bool) -> None:
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


def caret(b: Brushes, line: QLineF, colour: QColor) -> None:
    """Where a drop would insert."""
    pen = QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    b.painter.setPen(pen)
    b.painter.drawLine(line)
    b.painter.setBrush(colour)
    b.painter.setPen(Qt.PenStyle.NoPen)
    for end in (line.p1(), line.p2()):
        b.painter.drawEllipse(end, 3.5, 3.5)


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


def _dot(b: Brushes, x: float, y: float, radius: float, tint: Tint, filled: bool) -> None:
    b.painter.setPen(b.pen(tint.edge, max(1.0, 1.4 * b.zoom)))
    b.painter.setBrush(tint.edge if filled else b.theme.surfaces[0])
    b.painter.drawEllipse(QPointF(x, y), radius, radius)
