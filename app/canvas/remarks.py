"""What is written beside a node's own words: its note, the shape of what it returns, and on headers the heat."""

from PySide6.QtCore import QRectF

from app.canvas import captions, heat, notes
from app.canvas.brushes import Brushes
from app.canvas.heat import Heat
from app.canvas.scene import Item
from app.canvas.texts import Texts

BELOW_FROM = 0.5
"""From this zoom on a note, or else the shape, is written under closed nodes, where there is room for it."""
SHAPE_SIZE = 8.0
"""Shapes are written at least this large, in pixels."""


def below(b: Brushes, item: Item, note: str, returns: tuple[str, ...] | None) -> None:
    """Write the note of a closed node under it, or else the shape of what it returns."""
    if b.zoom < BELOW_FROM:
        return
    if note:
        notes.below(b, item, note)
    elif returns is not None and (place := _shape(b.texts, item, returns, b.zoom)):
        x, wide = item.x - 14 * b.zoom, item.width + 28 * b.zoom
        middle, size = place.center().y(), place.height()
        b.texts.draw(b.painter, captions.shape(returns), x, middle, wide, size, b.theme.text_dim, False, True)


def places(
    texts: Texts, item: Item, note: str, returns: tuple[str, ...] | None, looked_at: Heat | None, zoom: float
) -> list[QRectF]:
    """Where all of that stands."""
    found: list[QRectF] = []
    if item.state == "open":
        if looked_at:
            found.append(heat.on_header(texts, item, looked_at.words(item.node)))
        if note:
            found.append(notes.place_on_header(texts, item, note, heat.kept(texts, item, looked_at)))
    elif zoom >= BELOW_FROM:
        if note:
            found.append(notes.place_below(texts, item, note, zoom))
        elif returns is not None:
            found.append(_shape(texts, item, returns, zoom))
    return found


def _shape(texts: Texts, item: Item, returns: tuple[str, ...], zoom: float) -> QRectF:
    size, room = max(SHAPE_SIZE, 9.5 * zoom), item.width + 28 * zoom
    wide = texts.width(captions.shape(returns), round(size))
    if size > 9.5 * zoom and wide > room:
        return QRectF()
    wide = min(wide, room)
    return QRectF(item.x + (item.width - wide) / 2, item.y + item.height + 8.5 * zoom - size / 2, wide, size)
