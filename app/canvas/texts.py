"""Text on the canvas: measured once, fitted by shrinking before cutting, and kept as pixmaps."""

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

SMALLEST = 7
"""Text below this size in pixels is not painted: nobody can read it."""

BOLD_FROM = 9
"""Smaller bold text is painted in the normal weight, which is read better."""

_KEPT = 6000
_PIXELS = 2 * 2**20
"""Rendered texts together have at most so many pixels, of 4 bytes each, times the square of the device's ratio: more
than the texts of any view."""


class Texts:
    """Fonts, widths and pixmaps of the texts of one widget. `family` is that of the application's font."""

    def __init__(self, family: str) -> None:
        self.family = family
        self._fonts: dict[tuple[int, bool], tuple[QFont, QFontMetricsF]] = {}
        self._widths: dict[tuple[str, int, bool], float] = {}
        self._fits: dict[tuple[str, int, bool, int], tuple[str, int, bool]] = {}
        self._pixmaps: dict[tuple[str, int, bool, int, float], tuple[QPixmap, float, float]] = {}
        self._pixels = 0

    def font(self, size: int, bold: bool) -> QFont:
        return self._font(size, bold)[0]

    def _font(self, size: int, bold: bool) -> tuple[QFont, QFontMetricsF]:
        found = self._fonts.get((size, bold))
        if found is None:
            font = QFont(self.family)
            font.setPixelSize(max(1, size))
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            found = self._fonts[size, bold] = (font, QFontMetricsF(font))
        return found

    def width(self, text: str, size: int, bold: bool = False) -> float:
        """How wide a text is, in pixels."""
        found = self._widths.get((text, size, bold))
        if found is None:
            if len(self._widths) > 2 * _KEPT:
                self._widths.clear()
            found = self._widths[text, size, bold] = self._font(size, bold)[1].horizontalAdvance(text)
        return found

    def fit(self, text: str, size: int, bold: bool, room: float) -> tuple[str, int, bool]:
        """Text, size and weight that fit into `room` pixels: as small as can be read, then cut with an ellipsis.

        With more room, or a larger size asked for, the text is never shorter or smaller: zooming in only adds to it.
        """
        key = (text, size, bold, int(room))
        found = self._fits.get(key)
        if found is None:
            if len(self._fits) > _KEPT:
                self._fits.clear()
            found = self._fits[key] = self._fitted(text, size, bold, room)
        return found

    def _fitted(self, text: str, size: int, bold: bool, room: float) -> tuple[str, int, bool]:
        if bold:
            fitting = self._largest(text, size, True, room)
            if fitting >= BOLD_FROM:
                return text, fitting, True
            size = min(size, BOLD_FROM - 1)
        fitting = self._largest(text, size, False, room)
        if fitting >= SMALLEST:
            return text, fitting, False
        cut = self._font(SMALLEST, False)[1].elidedText(text, Qt.TextElideMode.ElideRight, room)
        return ("" if len(cut) < 3 else cut), SMALLEST, False

    def _largest(self, text: str, size: int, bold: bool, room: float) -> int:
        """The largest size up to `size` in which all of a text fits; less than the smallest that is painted if none."""
        wide = self.width(text, size, bold)
        if wide > room:  # the widths of a font's sizes are nearly in proportion
            size = min(size, math.ceil(size * room / wide) + 1)
        while size >= SMALLEST and self.width(text, size, bold) > room:
            size -= 1
        return size

    def draw(
        self,
        painter: QPainter,
        text: str,
        x: float,
        middle: float,
        room: float,
        size: float,
        colour: QColor,
        bold: bool = False,
        centred: bool = False,
    ) -> float:
        """Paint one line, vertically centred on `middle`, in at most `room` pixels; gives the width it took."""
        whole = round(size)
        if whole < SMALLEST or room < whole or not text:
            return 0.0
        text, whole, bold = self.fit(text, whole, bold, room)
        return self._put(painter, text, x, middle, room, whole, bold, colour, centred) if text else 0.0

    def _put(
        self,
        painter: QPainter,
        text: str,
        x: float,
        middle: float,
        room: float,
        whole: int,
        bold: bool,
        colour: QColor,
        centred: bool,
    ) -> float:
        """Paint a text that fits; gives its width."""
        ratio = painter.device().devicePixelRatioF()
        key = (text, whole, bold, colour.rgba(), ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._render(text, whole, bold, colour, ratio)
            self._pixels += found[0].width() * found[0].height()
            if self._pixels > _PIXELS * ratio * ratio:
                self._pixmaps.clear()
                self._pixels = found[0].width() * found[0].height()
            self._pixmaps[key] = found
        pixmap, wide, high = found
        left = x + (room - wide) / 2 if centred else x
        top = middle - high / 2
        painter.drawPixmap(QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio), pixmap)
        return wide

    def _render(self, text: str, size: int, bold: bool, colour: QColor, ratio: float) -> tuple[QPixmap, float, float]:
        font, metrics = self._font(size, bold)
        wide, high = metrics.horizontalAdvance(text), metrics.height()
        pixmap = QPixmap(math.ceil((wide + 2) * ratio), math.ceil(high * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(QPointF(0, metrics.ascent()), text)
        return pixmap, wide, high
