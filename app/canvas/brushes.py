"""What every painting function is given, and the shapes that all of them paint. All in widget coordinates."""

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.canvas.scene import DETAILED, Item
from app.canvas.texts import Texts
from app.theme import Theme


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


def outline(b: Brushes, rect: QRectF, colour: QColor, width: float, gap: float = 2.0, dashed: bool = False) -> None:
    """A line around something: selection, hover, target."""
    b.painter.setBrush(Qt.BrushStyle.NoBrush)
    b.painter.setPen(b.pen(colour, width, dashed))
    around = snap(rect).adjusted(-gap, -gap, gap, gap)
    radius = min(12.0, 7 * b.zoom + gap)
    b.painter.drawRoundedRect(around, radius, radius)
