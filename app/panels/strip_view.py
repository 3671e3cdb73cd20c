"""Pictures in rows and columns, one for each pair of values, painted with the values along the edges."""

import math
from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.panels.picture import image_of
from app.theme import Theme
from engine.messages import Varied

LEAST, MOST = 72, 240
"""Pixels that a tile has on its longer side, as there is room."""
GAP = 6


class Edge(Struct, frozen=True):
    """The values along one edge; `now` is the one that the graph has, if it is among them."""

    title: str = ""
    values: tuple[float, ...] = (0.0,)
    now: int | None = None


class StripView(QWidget):
    """Tiles by column and row. `chosen` tells that one was clicked, or chosen with the arrow keys and Enter."""

    chosen = Signal(int, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.across = self.down = Edge()
        self.answers: dict[tuple[int, int], Varied] = {}
        self.current: tuple[int, int] | None = None
        """The tile under the pointer or that the arrow keys came to."""
        self._images: dict[tuple[int, int], QPixmap] = {}
        self._size = QSize(1, 1)
        self._high = 2 * MOST
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Tiles")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def begin(self, across: Edge, down: Edge) -> None:
        """Lay out empty tiles for these values."""
        self.across, self.down = across, down
        self.answers.clear()
        self._images.clear()
        self.current = None
        self._refit()

    def set_room(self, height: int) -> None:
        """So many pixels can be seen at once: the tiles are no higher than lets all rows be, if that is enough."""
        if height != self._high:
            self._high = height
            self._refit()

    def mark(self, across: int | None, down: int | None) -> None:
        """The graph has these values now."""
        self.across = Edge(self.across.title, self.across.values, across)
        self.down = Edge(self.down.title, self.down.values, down)
        self.update()

    def show_answer(self, column: int, row: int, answer: Varied) -> None:
        """Fill one tile."""
        self.answers[column, row] = answer
        if answer.preview and answer.preview.picture:
            self._images[column, row] = QPixmap.fromImage(image_of(answer.preview.picture))
            self._size = self._images[column, row].size()
        self._refit()

    def tile_rect(self, column: int, row: int) -> QRectF:
        """Where a tile is painted."""
        width, height = self._tile()
        return QRectF(self._left() + column * (width + GAP), self._top() + row * (height + GAP), width, height)

    def tile_at(self, point: QPoint) -> tuple[int, int] | None:
        """The tile under a point."""
        tiles = [(x, y) for y in range(len(self.down.values)) for x in range(len(self.across.values))]
        return next((tile for tile in tiles if self.tile_rect(*tile).contains(point)), None)

    def image(self) -> QImage:
        """All of it as a picture, at twice the resolution of the screen's points."""
        found = QImage(self.minimumSize() * 2, QImage.Format.Format_RGB32)
        found.fill(self.theme.panel)
        found.setDevicePixelRatio(2)
        with QPainter(found) as painter:
            self._paint(painter, found.rect().toRectF())
        return found

    def text_of(self, column: int, row: int) -> str:
        """What is set in a tile, in words."""
        parts = [f"{self.across.title} = {self.across.values[column]:g}"]
        if self.down.title:
            parts.append(f"{self.down.title} = {self.down.values[row]:g}")
        return ", ".join(parts)

    def _tile(self) -> tuple[float, float]:
        room = (self.width() - self._left() - GAP) / len(self.across.values) - GAP
        high = (self._high - self._top() - GAP) / len(self.down.values) - GAP
        wide = self._size.width() / max(self._size.height(), 1)
        longest = min(max(min(room, high * max(wide, 1.0)), LEAST), MOST)
        scale = longest / max(self._size.width(), self._size.height(), 1)
        return max(24.0, self._size.width() * scale), max(24.0, self._size.height() * scale)

    def _left(self) -> float:
        return GAP + (self.fontMetrics().horizontalAdvance("-0.0000") if self.down.title else 0)

    def _top(self) -> float:
        lines = 2 + bool(self.down.title)
        return GAP + lines * self.fontMetrics().lineSpacing()

    def _refit(self) -> None:
        last = self.tile_rect(len(self.across.values) - 1, len(self.down.values) - 1)
        self.setMinimumSize(math.ceil(min(last.right() + GAP, self._least())), math.ceil(last.bottom() + GAP))
        self.update()

    def _least(self) -> float:
        return self._left() + len(self.across.values) * (LEAST + GAP) + GAP

    def resizeEvent(self, event: object) -> None:
        self._refit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter, QRectF(event.rect()))
            if self.hasFocus():
                painter.setPen(QPen(self.theme.selection, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.visibleRegion().boundingRect().adjusted(1, 1, -1, -1))

    def _paint(self, painter: QPainter, part: QRectF) -> None:
        if not self.across.title:
            return  # nothing was asked for yet
        line = self.fontMetrics().lineSpacing()
        painter.setFont(self.font())
        painter.setPen(self.theme.text)
        for index, title in enumerate(filter(None, (self.across.title, self.down.title and f"↓ {self.down.title}"))):
            painter.drawText(QRectF(self._left(), index * line + 2, 2000, line), Qt.AlignmentFlag.AlignLeft, title)
        for column in range(len(self.across.values)):
            rect = self.tile_rect(column, 0)
            above = QRectF(rect.left(), rect.top() - line - 2, rect.width(), line)
            self._value(painter, above, self.across, column, Qt.AlignmentFlag.AlignHCenter)
        for row in range(len(self.down.values) if self.down.title else 0):
            rect = self.tile_rect(0, row)
            beside = QRectF(0, rect.top(), self._left() - GAP, rect.height())
            self._value(painter, beside, self.down, row, Qt.AlignmentFlag.AlignRight)
        painter.setFont(self.font())
        for row in range(len(self.down.values)):
            for column in range(len(self.across.values)):
                if self.tile_rect(column, row).intersects(part):
                    self._paint_tile(painter, column, row)

    def _value(self, painter: QPainter, rect: QRectF, edge: Edge, index: int, align: Qt.AlignmentFlag) -> None:
        font = self.font()
        font.setBold(index == edge.now)
        painter.setFont(font)
        painter.setPen(self.theme.selection if index == edge.now else self.theme.text_dim)
        painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, f"{edge.values[index]:g}")

    def _paint_tile(self, painter: QPainter, column: int, row: int) -> None:
        rect, answer = self.tile_rect(column, row), self.answers.get((column, row))
        image = self._images.get((column, row))
        if image:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > rect.width() / 2)
            painter.drawPixmap(rect, image, QRectF(image.rect()))
        else:
            painter.fillRect(rect, self.theme.surfaces[1])
            if answer:
                text = answer.error or (answer.preview.text if answer.preview else answer.status)
                painter.setPen(self.theme.error if answer.error else self.theme.text)
                inner = rect.adjusted(4, 4, -4, -4)
                painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        now = column == self.across.now and (not self.down.title or row == self.down.now)
        if now or (column, row) == self.current:
            painter.setPen(QPen(self.theme.selection, 2.5 if now else 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(-2, -2, 2, 2))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self.tile_at(event.position().toPoint()))

    def leaveEvent(self, event: object) -> None:
        self._go(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        tile = self.tile_at(event.position().toPoint())
        if tile and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(*tile)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[Qt.Key, Sequence[int]] = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if key in steps:
            column, row = self.current or (self.across.now or 0, self.down.now or 0)
            column, row = column + steps[key][0], row + steps[key][1]
            last = len(self.across.values) - 1, len(self.down.values) - 1
            self._go((min(max(column, 0), last[0]), min(max(row, 0), last[1])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current:
            self.chosen.emit(*self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            tile = self.tile_at(event.pos())
            answer = self.answers.get(tile) if tile else None
            text = f"{self.text_of(*tile)}: click to set" if tile else ""
            QToolTip.showText(event.globalPos(), f"{text}\n{answer.error}" if answer and answer.error else text, self)
            return True
        return super().event(event)

    def _go(self, tile: tuple[int, int] | None) -> None:
        if tile != self.current:
            self.current = tile
            self.update()
