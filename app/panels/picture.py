"""A picture of pixels: fitted or at a zoom, with the value under the pointer. Enlarged pixels stay sharp squares."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.messages import Picture

MOST_ZOOM = 64.0


def image_of(picture: Picture) -> QImage:
    """The pixels as an image that owns its memory."""
    return QImage(picture.rgb, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888).copy()


class PictureView(QWidget):
    """Shows one image. `hovered` tells the pixel under the pointer as text, "" outside."""

    hovered = Signal(str)
    zoom_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.faded = False
        self.fitted = True
        self._zoom = 1.0
        self._offset = QPointF()
        self._grabbed: QPoint | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(120, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_image(self, image: QImage) -> None:
        """Show an image; one of another size is fitted again."""
        if image.size() != self.image.size():
            self.fitted = True
        self.image = image
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

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget, its middle by default."""
        zoom = min(max(zoom, 1 / MOST_ZOOM), max(MOST_ZOOM, 4 * self._fitting))
        at = at or QPointF(self.width() / 2, self.height() / 2)
        self._offset = at - (at - self._offset) * (zoom / self._zoom)
        self._zoom = zoom
        self.fitted = False
        self._settle()
        self.update()

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
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 2)
            if self.faded:
                painter.setOpacity(0.55)
            painter.drawPixmap(self.shown_rect(), QPixmap.fromImage(self.image), QRectF(self.image.rect()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._offset += QPointF(event.position().toPoint() - self._grabbed)
            self._grabbed = event.position().toPoint()
            self._settle()
            self.update()
            return
        pixel = self.pixel_at(event.position())
        if pixel is None:
            self.hovered.emit("")
            return
        colour = self.image.pixelColor(*pixel)
        self.hovered.emit(f"({pixel[0]}, {pixel[1]})  {colour.red()} {colour.green()} {colour.blue()}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self.fitted = False
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
        self.hovered.emit("")
