"""Drawing a picture that the graph takes: a guide or a mask, with the result below it while the hand still moves."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, Qt, QTemporaryDir, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QImageReader, QImageWriter, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
)

from app.panels.picture import PictureView
from app.panels.wheel import pass_wheel
from engine.document.document import Change, Document
from engine.document.edits import EditError
from engine.document.graph import Graph
from engine.document.pictures import Spot, pictures, redrawn, shown_as
from engine.document.sources import NoiseSource, TensorSource

PAUSE = 60
"""Milliseconds between two looks at a picture that is being drawn."""
LARGEST = 1024
"""Pixels of the longer side of what can be drawn: more would take too long to write while the hand waits."""
KEPT = 8
"""Pictures of a stroke in progress that are kept, since the worker may still read one."""


class Pad(PictureView):
    """A picture that is drawn on: with the left button a stroke, with the middle one it is moved."""

    changed = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.size_of_brush = 2
        self.colour = QColor(Qt.GlobalColor.white)
        self._last: QPointF | None = None
        self._at: QPointF | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Drawing")

    def show_image(self, image: QImage) -> None:
        """Draw on this picture from now on."""
        if image.size() != self.image.size():
            self.fitted = True
        self.image = image
        self._settle()
        self.update()

    def clear(self) -> None:
        """All of it black."""
        self.image.fill(Qt.GlobalColor.black)
        self.update()
        self.changed.emit()
        self.finished.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.image.isNull():
            self._last = self._pixel(event.position())
            self._stroke(self._last)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._at = event.position()
        if self._last is not None:
            self._stroke(self._pixel(event.position()))
        else:
            super().mouseMoveEvent(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._last is not None and event.button() == Qt.MouseButton.LeftButton:
            self._last = None
            self.finished.emit()
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # two dabs, quickly

    def leaveEvent(self, event: object) -> None:
        self._at = None
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rect = self.shown_rect()
        with QPainter(self) as painter:
            painter.setPen(QPen(QColor(128, 128, 128), 1))
            painter.drawRect(rect)
            if self._at is None or self.image.isNull():
                return
            radius = self.size_of_brush * rect.width() / self.image.width() / 2
            for colour, grown in ((QColor(0, 0, 0), 1.0), (QColor(255, 255, 255), 0.0)):
                painter.setPen(QPen(colour, 1))
                painter.drawEllipse(self._at, radius + grown, radius + grown)

    def _pixel(self, point: QPointF) -> QPointF:
        """A point of the widget in pixels of the picture."""
        rect = self.shown_rect()
        scale = self.image.width() / rect.width()
        return QPointF((point.x() - rect.left()) * scale, (point.y() - rect.top()) * scale)

    def _stroke(self, to: QPointF) -> None:
        """Draw from where the brush was. Pixels are all or nothing: a mask has no half ones."""
        start = self._last or to
        with QPainter(self.image) as painter:
            if self.size_of_brush == 1:
                painter.setPen(QPen(self.colour, 1))
                painter.drawLine(_whole(start), _whole(to))
            elif start == to:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.colour)
                half = self.size_of_brush / 2
                painter.drawEllipse(QRectF(to.x() - half, to.y() - half, 2 * half, 2 * half))
            else:
                painter.setPen(QPen(self.colour, self.size_of_brush, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLine(start, to)
        self._last = to
        self.changed.emit()


def _whole(point: QPointF) -> QPointF:
    """The middle of the pixel at a point."""
    return QPointF(int(point.x() // 1) + 0.5, int(point.y() // 1) + 0.5)


class BrushBox(QFrame):
    """Which picture, the pad, and the tools. What is drawn becomes the source of the picture; a stroke is one step."""

    def __init__(self, document: Document, folder: Callable[[], Path], drawings: Callable[[], Path]) -> None:
        """Paths of the graph start at `folder`; what is drawn is written to `drawings`."""
        super().__init__()
        self.document = document
        self._folder = folder
        self._drawings = drawings
        self._spots: tuple[Spot, ...] = ()
        self._path = ""
        self._strokes = 0
        self._live: list[Path] = []
        self._scratch = QTemporaryDir()
        self.suggested = QSize(64, 64)
        """The size of a picture that is new."""
        self.picture = QComboBox()
        self.picture.setAccessibleName("Picture to draw")
        self.picture.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.columns, self.rows = QSpinBox(), QSpinBox()
        for box, name in ((self.columns, "Width in pixels"), (self.rows, "Height in pixels")):
            box.setRange(1, LARGEST)
            box.setAccessibleName(name)
            box.setToolTip(f"{name}; a picture of another size begins black")
            box.setKeyboardTracking(False)
            box.valueChanged.connect(self._resize)
            pass_wheel(box)
        pass_wheel(self.picture)
        self.pad = Pad()
        self.tools = QButtonGroup(self)
        self.brush, self.eraser = QPushButton("Brush"), QPushButton("Eraser")
        for button, colour, tip in (
            (self.brush, Qt.GlobalColor.white, "Draws white"),
            (self.eraser, Qt.GlobalColor.black, "Draws black"),
        ):
            button.setCheckable(True)
            button.setToolTip(tip)
            self.tools.addButton(button)
            button.clicked.connect(lambda _=False, colour=colour: setattr(self.pad, "colour", QColor(colour)))
        self.brush.setChecked(True)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(1, 32)
        self.size_slider.setValue(self.pad.size_of_brush)
        self.size_slider.setAccessibleName("Size of the brush")
        self.size_slider.setToolTip("Size of the brush in pixels of the picture")
        self.size_slider.valueChanged.connect(lambda size: setattr(self.pad, "size_of_brush", size))
        self.clear = QPushButton("Clear")
        for button in (self.brush, self.eraser, self.clear):
            button.setProperty("tone", "small")
        self.message = QLabel()
        self.message.setProperty("tone", "muted")
        self.message.setWordWrap(True)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.picture, 1)
        self._by = QLabel("×")
        for widget in (self.columns, self._by, self.rows):
            head.addWidget(widget)
        foot.setSpacing(4)
        for widget in (self.brush, self.eraser):
            foot.addWidget(widget)
        foot.addWidget(self.size_slider, 1)
        foot.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.pad, 1)
        column.addLayout(foot)
        column.addWidget(self.message)
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(PAUSE)
        self._looking.timeout.connect(self._look)
        self.picture.activated.connect(self._chosen)
        self.pad.changed.connect(lambda: self._looking.isActive() or self._looking.start())
        self.pad.finished.connect(self._keep)
        self.clear.clicked.connect(self.pad.clear)
        document.listeners.append(self._changed)
        self.hide()

    def showEvent(self, event: object) -> None:
        self._offer()

    def _changed(self, change: Change) -> None:
        if self.isVisible() or change.edit is None:
            self._offer()

    def _offer(self) -> None:
        """Have the pictures of the graph to choose from; show the one chosen as the graph has it."""
        found = pictures(self.document.graph)
        spots = next((each for each in found if set(each) & set(self._spots)), next(iter(found), ()))
        titles = [shown_as(each) for each in found]
        if [self.picture.itemText(i) for i in range(self.picture.count())] != titles:
            self.picture.clear()
            self.picture.addItems(titles)
        parts = (self.picture, self.columns, self._by, self.rows, self.pad)
        for widget in (*parts, self.brush, self.eraser, self.size_slider, self.clear):
            widget.setVisible(bool(found))
        high = QSizePolicy.Policy.Expanding if found else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, high)
        if not found:
            self._spots, self._path = (), ""
            self.pad.show_image(QImage())
            self.message.setText(why_none(self.document.graph))
            return
        self.picture.setCurrentIndex(list(found).index(spots))
        if spots != self._spots or found[spots] != self._path or self.pad.image.isNull():
            self._spots, self._path = spots, found[spots]
            self._open()

    def _chosen(self, index: int) -> None:
        self._spots = list(pictures(self.document.graph))[index]
        self._path = pictures(self.document.graph)[self._spots]
        self._open()

    def _open(self) -> None:
        """Show the picture as it is on disk, or an empty one."""
        self.message.clear()
        image = QImage()
        if self._path:
            reader = QImageReader(str(self._folder() / self._path))
            reader.setAutoTransform(True)
            size = reader.size()
            large = max(size.width(), size.height()) > LARGEST
            if large:
                reader.setScaledSize(size.scaled(LARGEST, LARGEST, Qt.AspectRatioMode.KeepAspectRatio))
            image = reader.read()
            if image.isNull():
                self.message.setText(f"{self._path} can't be read: {reader.errorString()}. Drawing begins a new one.")
            elif large:
                self.message.setText(
                    f"{self._path} is large: what is drawn has {image.width()} × {image.height()} pixels"
                )
        if image.isNull():
            image = _black(self.suggested)
        for box, value in ((self.columns, image.width()), (self.rows, image.height())):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self.size_slider.setMaximum(max(4, max(image.width(), image.height()) // 4))
        self.pad.show_image(_on_white(image))

    def _resize(self) -> None:
        """Begin anew, in another size."""
        size = QSize(self.columns.value(), self.rows.value())
        if self._spots and size != self.pad.image.size():
            self.pad.show_image(_black(size))
            self._keep()

    def _look(self) -> None:
        """Let the result follow a stroke that goes on."""
        self._strokes += 1
        path = Path(self._scratch.filePath(f"stroke-{self._strokes}.png"))
        if self.pad.image.save(str(path), None, 100):
            self._live.append(path)
            self._take(str(path))
            while len(self._live) > KEPT:
                self._live.pop(0).unlink(missing_ok=True)

    def _keep(self) -> None:
        """A stroke has ended: its picture is written for good."""
        self._looking.stop()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QImageWriter(buffer, b"png")
        writer.setQuality(80)  # of a PNG, how little time it takes
        writer.write(self.pad.image)
        data = buffer.data().data()
        stem = self._spots[0].name.replace(".", "-")
        path = self._drawings() / f"{stem}-{hashlib.sha256(data).hexdigest()[:10]}.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            if Path(self._path) in self._live:
                self.document.end_gesture()
                self.document.undo()
            self.message.setText(f"{path} can't be written: {error.strerror}. Save the graph in another folder.")
            return
        beside = path.parent.parent == self._folder()
        self._take(Path(os.path.relpath(path, self._folder())).as_posix() if beside else str(path))
        self.document.end_gesture()

    def _take(self, path: str) -> None:
        """Have the graph take the picture from this file."""
        self._path = path
        try:
            edit = redrawn(self.document.graph, self._spots, path)
            self.document.apply(edit, f"Draw {shown_as(self._spots)}", merge="draw")
        except EditError as error:
            self.message.setText(str(error))


def why_none(graph: Graph) -> str:
    """Why nothing can be drawn on: what the graph takes instead of pictures."""
    sorts = {NoiseSource: "random numbers", TensorSource: "a tensor file"}
    taken = ", ".join(f"{i.name} ({sorts[type(i.source)]})" for i in graph.inputs if type(i.source) in sorts)
    instead = f", only {taken}, whose values have no black and white to draw with" if taken else ""
    return f"The graph takes no picture{instead}: give an input or a context entry the source “image file”"


def _black(size: QSize) -> QImage:
    image = QImage(size, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.black)
    return image


def _on_white(image: QImage) -> QImage:
    """Opaque: transparent parts show white, as the worker reads them."""
    if not image.hasAlphaChannel():
        return image.convertToFormat(QImage.Format.Format_RGB888)
    paper = QImage(image.size(), QImage.Format.Format_RGB888)
    paper.fill(Qt.GlobalColor.white)
    with QPainter(paper) as painter:
        painter.drawImage(0, 0, image)
    return paper
