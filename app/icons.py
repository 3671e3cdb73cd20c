"""Icons: SVG files of resources/icons in a theme's colour, and small plates for node kinds."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.theme import Theme, Tint
from engine.document.kinds import BRANCHES, NodeKind

FOLDER = Path(__file__).parent.parent / "resources" / "icons"
SIZES = (16, 24, 32, 64)


@lru_cache(maxsize=512)
def icon(name: str, colour: str, faded: str = "") -> QIcon:
    """The drawing `name` in one colour ("#rrggbb"), and in `faded` where it is disabled."""
    found = QIcon()
    for mode, paint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, faded or colour)):
        text = (FOLDER / f"{name}.svg").read_text("utf-8").replace("currentColor", paint)
        renderer = QSvgRenderer(QByteArray(text.encode()))
        for size in SIZES:
            pixmap = _blank(size)
            with QPainter(pixmap) as painter:
                renderer.render(painter)
            found.addPixmap(pixmap, mode)
    return found


def themed(name: str, theme: Theme) -> QIcon:
    """The drawing `name` in the colour of the theme's text."""
    return icon(name, theme.text.name(), theme.line.name())


def kind_icon(kind: NodeKind, theme: Theme) -> QIcon:
    """A plate in the kind's colours: solid for a leaf, open for a frame, with strokes for its branches."""
    if kind.is_frame:
        return _plate_icon(theme.frame(kind.role), True, kind.role in BRANCHES)
    return _plate_icon(theme.leaf(kind.category, kind.role), False, False)


@lru_cache(maxsize=128)
def _plate_icon(tint: Tint, frame: bool, branches: bool) -> QIcon:
    """Kept, for Qt keeps what it paints of an icon by the icon: of a new one for every list, it would keep all."""
    found = QIcon()
    for size in SIZES:
        pixmap = _blank(size)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(size / 16, size / 16)
            _draw_plate(painter, tint, frame, branches)
        found.addPixmap(pixmap)
    return found


def adapter_icon(theme: Theme) -> QIcon:
    """A plate held by a bracket around it; in the colour of the text where an entry is selected."""
    found = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, theme.selection), (QIcon.Mode.Selected, theme.on_sign)):
        for size in SIZES:
            pixmap = _blank(size)
            with QPainter(pixmap) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.scale(size / 16, size / 16)
                painter.setPen(QPen(colour, 1.5))
                painter.drawRoundedRect(QRectF(1.5, 2.5, 13, 11), 3, 3)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(QRectF(4.5, 6, 7, 4), 1, 1)
            found.addPixmap(pixmap, mode)
    return found


def dot(colour: QColor) -> QIcon:
    """A filled disc, for lists of colours."""
    return _disc(colour.rgba())


@lru_cache(maxsize=64)
def _disc(rgba: int) -> QIcon:
    pixmap = _blank(32)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor.fromRgba(rgba))
        painter.drawEllipse(QRectF(4, 4, 24, 24))
    return QIcon(pixmap)


def _draw_plate(painter: QPainter, tint: Tint, frame: bool, branches: bool) -> None:
    painter.setPen(QPen(tint.edge, 1.4))
    if not frame:
        painter.setBrush(tint.header)
        painter.drawRoundedRect(QRectF(1.5, 4, 13, 8), 2, 2)
        return
    painter.setBrush(tint.fill)
    painter.drawRoundedRect(QRectF(1.5, 1.5, 13, 13), 2, 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint.edge)
    plates = ((4, 4.2, 8, 3), (4, 8.8, 8, 3)) if branches else ((3.6, 6, 3.6, 4), (8.8, 6, 3.6, 4))
    for x, y, width, height in plates:
        painter.drawRoundedRect(QRectF(x, y, width, height), 0.8, 0.8)


def _blank(size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap
