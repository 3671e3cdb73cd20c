"""Text on the canvas: measured once, fitted by shrinking before cutting, and kept as pixmaps."""

import math
import re
from itertools import islice

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

SMALLEST = 7
"""Text below this size in pixels is not painted: nobody can read it."""

BOLD_FROM = 9
"""Smaller bold text is painted in the normal weight, which is read better."""

LEADING = 1.25
"""From one line of a block to the next, in text sizes."""

_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])|(?<= )(?=[^…])")
"""Where a title may be broken: before the words that it is made of."""
_KEPT = 6000
_FONTS = 32
"""So many fonts are kept, those used last: with each go the pictures of its glyphs, that Qt keeps. A view has
about 15."""
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
        self._blocks: dict[tuple[str, int, int, int], tuple[int, list[str]]] = {}
        self._pixmaps: dict[tuple[str, int, bool, int, float], tuple[QPixmap, float, float]] = {}
        self._pixels = 0

    def font(self, size: int, bold: bool) -> QFont:
        return self._font(size, bold)[0]

    def _font(self, size: int, bold: bool) -> tuple[QFont, QFontMetricsF]:
        found = self._fonts.pop((size, bold), None)
        if found is None:
            font = QFont(self.family)
            font.setPixelSize(max(1, size))
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            found = font, QFontMetricsF(font)
            if len(self._fonts) >= _FONTS:
                del self._fonts[next(iter(self._fonts))]
        self._fonts[size, bold] = found
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
        metrics = self._font(SMALLEST, False)[1]
        cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room - 0.5)  # it takes a bit more than it is given
        return ("" if len(cut) < 3 else cut), SMALLEST, False

    def _largest(self, text: str, size: int, bold: bool, room: float) -> int:
        """The largest size up to `size` in which all of a text fits; less than the smallest that is painted if none."""
        wide = self.width(text, size, bold)
        if wide > room:  # the widths of a font's sizes are nearly in proportion
            size = min(size, math.ceil(size * room / wide) + 1)
        while size >= SMALLEST and self.width(text, size, bold) > room:
            size -= 1
        return size

    def block(self, text: str, size: int, wide: float, high: float) -> tuple[int, list[str]]:
        """Size and lines of a bold title in a room of pixels, as large as it fits; cut on one line where it can't.

        With more room it is never shorter or smaller.
        """
        key = (text, size, int(wide), int(high))
        found = self._blocks.get(key)
        if found is None:
            if len(self._blocks) > _KEPT:
                self._blocks.clear()
            found = self._blocks[key] = self._broken(text, size, int(wide), int(high))
        return found

    def _broken(self, text: str, size: int, wide: int, high: int) -> tuple[int, list[str]]:
        parts = _PARTS.split(text)
        unit = max(self.width(part.rstrip(), SMALLEST) for part in parts) / SMALLEST  # the sizes are near proportion
        for each in range(min(size, math.ceil(wide / unit) + 1, high), SMALLEST - 1, -1):
            most = int((high / each - 1) / LEADING) + 1
            lines = [""]
            for part in parts:
                if self.width((lines[-1] + part).rstrip(), each, each >= BOLD_FROM) <= wide:
                    lines[-1] += part
                else:
                    lines.append(part)
            if (
                lines[0]
                and len(lines) <= most
                and all(self.width(x.rstrip(), each, each >= BOLD_FROM) <= wide for x in lines)
            ):
                return each, [line.rstrip() for line in lines]
        return min(size, high), [text]

    def draw_block(
        self, painter: QPainter, text: str, x: float, middle: float, wide: float, high: float, size: int, colour: QColor
    ) -> None:
        """Paint a bold title in the middle of a room of pixels, on as many lines as it takes."""
        size, lines = self.block(text, size, wide, high)
        middle -= (len(lines) - 1) / 2 * LEADING * size
        for line in lines:
            self.draw(painter, line, x, middle, wide, size, colour, True, True)
            middle += LEADING * size

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
                for old in list(islice(self._pixmaps, len(self._pixmaps) // 4)):
                    gone = self._pixmaps.pop(old)[0]
                    self._pixels -= gone.width() * gone.height()
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
