"""Notes: how a remark on a node begins, below the node or on the header of an open frame. The tooltip has all of it."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPolygonF

from app.canvas.brushes import Brushes
from app.canvas.scene import Item
from app.canvas.texts import Texts

SMALLEST = 8.0
"""Notes are written at least this large, in pixels."""
LONGEST = 300
"""No more letters are looked at than fit on the widest header."""


def place_below(texts: Texts, item: Item, note: str, zoom: float) -> QRectF:
    """Where a note is written under a closed node: where the shape of what it returns would be."""
    size = max(SMALLEST, 9.5 * zoom)
    room = item.width + 28 * zoom
    words = min(room, texts.width(_line(note), round(size)) + 1.4 * size)
    return QRectF(item.x + (item.width - words) / 2, item.y + item.height + 8.5 * zoom - size / 2, words, size)


def below(b: Brushes, item: Item, note: str) -> None:
    """Write a note under a closed node."""
    place = place_below(b.texts, item, note, b.zoom)
    _write(b, note, place.x(), place.center().y(), place.width(), place.height(), b.theme.text)


def place_on_header(texts: Texts, item: Item, note: str, kept: float = 0.0) -> QRectF:
    """Where a note is written on an open frame's header, as far as there is room but for `kept` pixels on the right."""
    header = item.header
    if header is None or header.more:
        return QRectF()
    size = header.small
    words = texts.width(header.title, round(header.size), True)
    parts = [rect for _, _, rect in header.chips] + ([header.tag[1]] if header.tag else [])
    left = max([header.left + words, *(rect.right() for rect in parts)]) + size
    wide = min(header.right - kept - left, texts.width(_line(note), round(size)) + 1.4 * size)
    return QRectF(left, item.y + (item.height_of_header - size) / 2, wide, size) if wide >= 3 * size else QRectF()


def on_header(b: Brushes, item: Item, note: str, ink: QColor, kept: float = 0.0) -> None:
    """Write a note on an open frame's header."""
    if place := place_on_header(b.texts, item, note, kept):
        _write(b, note, place.x(), place.center().y(), place.width(), place.height(), ink)


def _write(b: Brushes, note: str, x: float, middle: float, room: float, size: float, colour: QColor) -> None:
    """The sign of a note, a sheet with its corner folded, and the beginning of its words; nothing without room."""
    if room < 3 * size:
        return
    wide, high = 0.72 * size, 0.9 * size
    top, fold = middle - high / 2, 0.3 * size
    sheet = ((0, 0), (wide - fold, 0), (wide, fold), (wide, high), (0, high), (0, 0))
    b.painter.setPen(b.pen(colour))
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.drawPolyline(QPolygonF([QPointF(x + px, top + py) for px, py in sheet]))
    b.painter.drawLine(
        QPointF(x + 0.2 * size, middle + 0.1 * size), QPointF(x + wide - 0.2 * size, middle + 0.1 * size)
    )
    b.texts.draw(b.painter, _line(note), x + 1.2 * size, middle, room - 1.2 * size, size, colour)


def _line(note: str) -> str:
    return " ".join(note[:LONGEST].split())
