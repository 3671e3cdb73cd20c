"""A picture of pixels: fitted or at a zoom, with the value under the pointer. Enlarged pixels stay sharp squares."""

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.messages import Picture

MOST_ZOOM = 64.0


class Aim(NamedTuple):
    """What part of a picture is seen, whatever its size: zoom as a multiple of the fitting one, and the point of the
    picture in the middle, from 0 to 1. Without a zoom it is fitted."""

    zoom: float = 0.0
    x: float = 0.5
    y: float = 0.5


def image_of(picture: Picture) -> QImage:
    """The pixels as an image that owns its memory."""
    return QImage(picture.rgb, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888).copy()


def values_of(picture: Picture) -> np.ndarray | None:
    """The numbers behind the pixels, (height, width, depth), where the picture carries them."""
    if not picture.depth:
        return None
    return np.frombuffer(picture.values, np.float32).reshape(picture.height, picture.width, picture.depth)


def reading(picture: Picture, x: int, y: int) -> str:
    """What is at one pixel, in words: where in its tile it is, and its values, or else its colour."""
    width, height = picture.tile
    place = f"({x}, {y})"
    if width:
        row, column = y // (height + 1), x // (width + 1)
        number = row * ((picture.width + 1) // (width + 1)) + column
        place = f"[{number}] ({x % (width + 1)}, {y % (height + 1)})"
        if x % (width + 1) == width or y % (height + 1) == height:
            return ""  # on a line between two
    values = values_of(picture)
    if values is None:
        at = 3 * (y * picture.width + x)
        return f"{place}  {' '.join(map(str, picture.rgb[at : at + 3]))} of 255"
    return f"{place}  {'  '.join(f'{value:.4g}' for value in values[y, x])}"


class PictureView(QWidget):
    """Shows one picture. `hovered` tells what is under the pointer as text, "" outside; `pointed` which pixel, or None;
    `aimed` that the user zoomed or moved it."""

    hovered = Signal(str)
    pointed = Signal(object)
    zoom_changed = Signal()
    aimed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.image = QImage()
        self.faded = False
        self.fitted = True
        self.smooth = False
        """Whether enlarged pixels are blended instead of sharp."""
        self._zoom = 1.0
        self._offset = QPointF()
        self._grabbed: QPoint | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(120, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_picture(self, picture: Picture | None) -> None:
        """Show a picture; one of another size is fitted again."""
        if picture is self.picture:
            return
        self.picture = picture
        image = image_of(picture) if picture else QImage()
        if image.size() != self.image.size():
            self.fitted = True
        self.image = image
        self._settle()
        self._tell()
        self.update()

    def set_smooth(self, smooth: bool) -> None:
        self.smooth = smooth
        self.update()

    @property
    def aim(self) -> Aim:
        """What part of the picture is seen."""
        rect = self.shown_rect()
        if self.fitted or rect.isEmpty():
            return Aim()
        middle = QPointF(self.width() / 2, self.height() / 2) - rect.topLeft()
        return Aim(self._zoom / self._fitting, middle.x() / rect.width(), middle.y() / rect.height())

    def take_aim(self, aim: Aim) -> None:
        """Show the same part as another view does."""
        self.fitted = aim.zoom == 0
        if not self.fitted:
            self._zoom = aim.zoom * self._fitting
            size = self.shown_rect().size()
            self._offset = QPointF(self.width() / 2 - aim.x * size.width(), self.height() / 2 - aim.y * size.height())
        self._settle()
        self.update()

    def set_faded(self, faded: bool) -> None:
        """Show that the picture is out of date."""
        if faded != self.faded:
            self.faded = faded
            self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()  # it takes the room there is

    @property
    def zoom(self) -> float:
        """Screen pixels for one of the picture."""
        return self._zoom

    def fit(self) -> None:
        """Show all of it, as large as it goes."""
        self.fitted = True
        self._settle()
        self.update()
        self.aimed.emit(self.aim)

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget, its middle by default."""
        zoom = min(max(zoom, 1 / MOST_ZOOM), max(MOST_ZOOM, 4 * self._fitting))
        at = at or QPointF(self.width() / 2, self.height() / 2)
        self._offset = at - (at - self._offset) * (zoom / self._zoom)
        self._zoom = zoom
        self.fitted = False
        self._settle()
        self.update()
        self.aimed.emit(self.aim)

    def shown_rect(self) -> QRectF:
        """Where the whole picture lies in the widget."""
        ratio = self.devicePixelRatioF()
        return QRectF(
            self._offset.x(),
            self._offset.y(),
            self.image.width() * self._zoom / ratio,
            self.image.height() * self._zoom / ratio,
        )

    def pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        """Column and row of the pixel under a point; None beside the picture."""
        rect = self.shown_rect()
        if not rect.contains(point) or self.image.isNull():
            return None
        x = int((point.x() - rect.left()) / rect.width() * self.image.width())
        y = int((point.y() - rect.top()) / rect.height() * self.image.height())
        return min(x, self.image.width() - 1), min(y, self.image.height() - 1)

    @property
    def _fitting(self) -> float:
        """The zoom that shows all of the picture."""
        width, height = max(1, self.image.width()), max(1, self.image.height())
        return self.devicePixelRatioF() * min(self.width() / width, self.height() / height)

    def _settle(self) -> None:
        """Fit, or keep the picture within reach."""
        if self.image.isNull():
            return
        if self.fitted:
            self._zoom = self._fitting
        rect = self.shown_rect()
        for span, size, start, move in (
            (self.width(), rect.width(), rect.left(), self._offset.setX),
            (self.height(), rect.height(), rect.top(), self._offset.setY),
        ):
            move((span - size) / 2 if size <= span else min(0.0, max(span - size, start)))
        self.zoom_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._settle()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            return
        with QPainter(self) as painter:
            self.paint_image(painter, self.image)

    def paint_image(self, painter: QPainter, image: QImage) -> None:
        """Paint an image where the picture is."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth or self._zoom < 2)
        painter.setOpacity(0.55 if self.faded else 1.0)
        painter.drawPixmap(self.shown_rect(), QPixmap.fromImage(image), QRectF(image.rect()))
        painter.setOpacity(1.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self.fitted = False
            self._offset += QPointF(event.position().toPoint() - self._grabbed)
            self._grabbed = event.position().toPoint()
            self._settle()
            self.update()
            self.aimed.emit(self.aim)
            return
        self._pointer = event.position()
        self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grabbed = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.fitted:
            self.set_zoom(max(1.0, round(self._zoom + 0.5)), event.position())
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.set_zoom(self._zoom * 1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def leaveEvent(self, event: object) -> None:
        self._pointer = None
        self._tell()

    def _tell(self) -> None:
        """Say what is under the pointer; another picture may have come under it."""
        pixel = self.pixel_at(self._pointer) if self._pointer is not None else None
        self.hovered.emit(reading(self.picture, *pixel) if pixel and self.picture else "")
        self.pointed.emit(pixel)
