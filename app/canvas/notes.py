"""Notes: how a remark on a node begins, below the node or on the header of an open frame. The tooltip has all of it."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPolygonF

from app.canvas.brushes import Brushes
from app.canvas.scene import Item

SMALLEST = 8.0
"""Notes are written at least this large, in pixels."""
LONGEST = 300
"""No more letters are looked at than fit on the widest header."""


def below(b: Brushes, item: Item, note: str) -> None:
    """Write a note where the shape of what a closed node returns would be."""
    size = max(SMALLEST, 9.5 * b.zoom)
    left, room = item.x - 14 * b.zoom, item.width + 28 * b.zoom
    words = min(room, b.texts.width(_line(note), round(size)) + 1.4 * size)
    _write(b, note, left + (room - words) / 2, item.y + item.height + 8.5 * b.zoom, words, size, b.theme.text)


def on_header(b: Brushes, item: Item, note: str, ink: QColor) -> None:
    """Write a note where an open frame's header has room left."""
    header = item.header
    if header is None or header.more:
        return
    words = b.texts.width(header.title, round(header.size), True)
    parts = [rect for _, _, rect in header.chips] + ([header.tag[1]] if header.tag else [])
    left = max([header.left + words, *(rect.right() for rect in parts)]) + header.small
    _write(b, note, left, item.y + item.height_of_header / 2, header.right - left, header.small, ink)


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
