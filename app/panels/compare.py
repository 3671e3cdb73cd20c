"""Two pictures at one place: parted by a line that can be drawn, one after the other, or as their difference."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen

from app.panels.picture import PictureView, image_of, values_of
from engine.messages import Picture

Mode = Literal["split", "difference"]

REACH = 8
"""Pixels from the dividing line at which the pointer takes hold of it."""


def levels(picture: Picture) -> np.ndarray:
    """The numbers behind the pixels, or else their colours from 0 to 1."""
    values = values_of(picture)
    if values is not None:
        return values
    return np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width, 3) / np.float32(255)


def apart(one: Picture, other: Picture) -> np.ndarray | None:
    """How far apart the numbers of two pictures are; None for pictures of different shapes.

    What is not finite in both, as a line between tiles, is alike; in one of them, infinitely far.
    """
    a, b = levels(one), levels(other)
    if a.shape != b.shape:
        return None
    finite, both = np.isfinite(a), np.isfinite(b)
    if finite.all() and both.all():
        return np.abs(a - b)
    return np.where(finite & both, np.abs(np.nan_to_num(a) - np.nan_to_num(b)), np.where(finite == both, 0, np.inf))


def distance(one: Picture, other: Picture) -> tuple[float, float] | None:
    """The greatest and the mean absolute difference of the numbers shown; None for pictures of different shapes."""
    found = apart(one, other)
    return None if found is None else (float(found.max()), float(found.mean()))


def difference(one: Picture, other: Picture, gain: float) -> QImage:
    """Black where two pictures are alike; at a gain of 1, white is as far apart as their extremes are."""
    found = apart(one, other)
    if found is None:
        return QImage()
    numbers = np.concatenate([values[np.isfinite(values)] for values in (levels(one), levels(other))])
    span = float(np.ptp(numbers)) if numbers.size else 0.0
    light = (np.clip(found * (gain / (span or 1.0)), 0, 1) * 255).astype(np.uint8)
    if light.shape[2] != 3:
        light = np.repeat(light.max(axis=2, keepdims=True), 3, axis=2)
    return image_of(Picture(one.width, one.height, light.tobytes()))


class ComparedView(PictureView):
    """A picture, A, with another one, B, beside it in the same place. Without one it is a plain view.

    The arrow keys move the dividing line; while B is held down, B alone is shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.other: Picture | None = None
        self.mode: Mode = "split"
        self.swapped = False
        self.divider = 0.5
        """Where the line stands, as a share of the view's width."""
        self._gain = 1.0
        self._flipped = False
        self._other_image = QImage()
        self._difference: QImage | None = None
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def show_picture(self, picture: Picture | None) -> None:
        self._difference = None
        super().show_picture(picture)

    def show_other(self, picture: Picture | None) -> None:
        """Compare with this picture, or with none."""
        if picture is not self.other:
            self.other = picture
            self._other_image = image_of(picture) if picture else QImage()
            self._difference = None
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self.update()

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode
        self.update()

    def set_gain(self, gain: float) -> None:
        """How many times brighter the difference is."""
        self._gain = gain
        self._difference = None
        self.update()

    def swap(self) -> None:
        """Have A and B change sides."""
        self.swapped = not self.swapped
        self.update()

    def flip(self, flipped: bool) -> None:
        """Show B alone, or both again."""
        self._flipped = flipped
        self.update()

    @property
    def line(self) -> float:
        """Where the dividing line is drawn, in pixels from the left."""
        return self.divider * self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull() or self.other is None or self.picture is None:
            super().paintEvent(event)
            return
        with QPainter(self) as painter:
            if self._flipped:
                self.paint_image(painter, self._other_image)
                self._name(painter, "B", right=True)
            elif self.mode == "difference":
                if self._difference is None:
                    self._difference = difference(self.picture, self.other, self._gain)
                self.paint_image(painter, self._difference)
            else:
                self._paint_split(painter)

    def _paint_split(self, painter: QPainter) -> None:
        left, right = (self._other_image, self.image) if self.swapped else (self.image, self._other_image)
        for image, start, end in ((left, 0.0, self.line), (right, self.line, float(self.width()))):
            painter.setClipRect(QRectF(start, 0, end - start, self.height()))
            self.paint_image(painter, image)
        painter.setClipping(False)
        # Dark beside light, so that it is seen on any picture.
        for colour, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255), 1)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(self.line, 0), QPointF(self.line, self.height()))
        self._name(painter, "B" if self.swapped else "A", right=False)
        self._name(painter, "A" if self.swapped else "B", right=True)

    def _name(self, painter: QPainter, name: str, right: bool) -> None:
        """Say in a corner of the picture which one it is."""
        seen = self.shown_rect() & QRectF(self.rect())
        box = QRectF(seen.right() - 22 if right else seen.left() + 4, seen.top() + 4, 18, 18)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _on_line(self, at: QPointF) -> bool:
        split = self.other is not None and self.mode == "split" and not self._flipped
        return split and abs(at.x() - self.line) <= REACH

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._on_line(event.position()):
            self._dragging = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._divide(event.position().x() / max(1, self.width()))
            return
        super().mouseMoveEvent(event)
        over = self._on_line(event.position())
        self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.05, Qt.Key.Key_Right: 0.05}.get(Qt.Key(event.key()))
        if self.other is not None and step and self.mode == "split":
            self._divide(self.divider + step)
        elif self.other is not None and event.key() == Qt.Key.Key_B and not event.modifiers():
            self.flip(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_B and not event.isAutoRepeat():
            self.flip(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: object) -> None:
        self.flip(False)

    def _divide(self, divider: float) -> None:
        self.divider = min(max(divider, 0.0), 1.0)
        self.update()
