"""The minimap: all of the graph in a corner of the canvas, and which part of it is in view."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas import render
from app.canvas import scene as scenes
from app.canvas.camera import Camera
from app.canvas.scene import Item, Scene
from app.canvas.view import Canvas
from app.theme import mixed
from engine.document.problems import Severity

LARGEST = QSize(240, 160)
SMALLEST = 28
"""Pixels that a side has at least, however long and thin the graph."""
PART = 3
"""It takes this part of the canvas at most, in each direction."""
ROOM = 240
"""Pixels that a canvas is wide and high at least to have one."""
PAD, MARGIN = 6, 12
FINE = 3
"""The graph is drawn so many times larger and then reduced: what is in small frames can be told."""
SETTLED = 120
"""Milliseconds after a change in which it is not drawn again, so that a series of edits costs once."""
MOST_MARKED = 2000
"""Where more nodes are selected, some of them all over the graph stand for the others."""


class Minimap(QWidget):
    """A child of the canvas. It is drawn when the graph or its looks have changed, not when the camera moves; it hides
    while everything is in view."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.wanted = True
        self._camera = Camera()
        self._bounds = (0.0, 0.0, 1.0, 1.0)
        self._scene: Scene | None = None
        self._pixmap: QPixmap | None = None
        self._worn: tuple[object, ...] = ()
        self._problems: list[tuple[QPointF, Severity]] = []
        self._chosen: list[QRectF] = []
        self._grip: QPointF | None = None
        """Where the view is held, from its middle."""
        self._dragged = False
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._renew)
        self.setObjectName("minimap")
        self.setAccessibleName("Minimap")
        self.setToolTip("Click or drag to move the view, turn the wheel to zoom")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        canvas.installEventFilter(self)
        canvas.arranged.connect(self._outdate)
        canvas.camera_moved.connect(self._settle)
        canvas.selection_changed.connect(self._mark_selected)
        canvas.problems_changed.connect(self.update)
        self._outdate()

    def set_wanted(self, wanted: bool) -> None:
        """Show it whenever there is something out of view, or never."""
        self.wanted = wanted
        self._outdate()

    # What it shows.

    def _outdate(self) -> None:
        """The graph has changed."""
        self._bounds = scenes.bounds(self.canvas.arrangement, self.canvas.texts)
        if self.isVisible():
            self._settling.start(SETTLED)
        else:
            self._pixmap = None
        self._settle()

    def _settle(self) -> None:
        """Come into view or hide, by what is in view."""
        if not self._is_due():
            self.hide()
        elif self._pixmap is not None:
            self.show()
        elif not self._settling.isActive():
            self._settling.start(0)

    def _is_due(self) -> bool:
        """Whether it is wanted, has room, and there is something out of view."""
        canvas = self.canvas
        left, top = canvas.camera.to_view(*self._bounds[:2])
        right, bottom = canvas.camera.to_view(*self._bounds[2:])
        whole = left >= -1 and top >= -1 and right <= canvas.width() + 1 and bottom <= canvas.height() + 1
        room = min(canvas.width(), canvas.height()) >= ROOM
        return self.wanted and room and (not whole or self._grip is not None)

    def _renew(self) -> None:
        """Draw the graph anew, in the size that it has now."""
        if not self._is_due():
            self._pixmap = None
            self.hide()
            return
        left, top, right, bottom = self._bounds
        most = LARGEST.boundedTo(self.canvas.size() / PART)
        scale = min((most.width() - 2 * PAD) / (right - left), (most.height() - 2 * PAD) / (bottom - top))
        wide, high = (max(SMALLEST, round(side * scale)) + 2 * PAD for side in (right - left, bottom - top))
        self._camera = Camera(scale, wide / 2 - (left + right) / 2 * scale, high / 2 - (top + bottom) / 2 * scale)
        self.resize(wide, high)
        self._place()
        self._draw()
        self._settle()

    def _place(self) -> None:
        """Stand in the lower right corner."""
        self.move(self.canvas.width() - self.width() - MARGIN, self.canvas.height() - self.height() - MARGIN)

    def _looks(self) -> tuple[object, ...]:
        """What it is drawn with: where one of these is another, it is out of date."""
        marks = self.canvas.marks
        return self.canvas.theme, marks.heat, marks.signs, marks.problems, marks.faults, self.devicePixelRatioF()

    def _draw(self) -> None:
        canvas, camera = self.canvas, self._camera
        self._worn = self._looks()
        fine = Camera(camera.zoom * FINE, camera.x * FINE, camera.y * FINE)
        size = self.size() * FINE
        self._scene = scene = scenes.build(
            canvas.arrangement, fine, size.width(), size.height(), canvas.texts, titled=False
        )
        ratio = self.devicePixelRatioF()
        self._pixmap = QPixmap(self.size() * ratio)
        self._pixmap.setDevicePixelRatio(ratio)
        self._pixmap.fill(canvas.theme.canvas)
        with QPainter(self._pixmap) as p:
            p.scale(1 / FINE, 1 / FINE)
            for item in scene.items:
                self._plate(p, item)
        worst = render.worst(canvas.arrangement, scene, canvas.marks)
        self._problems = [(scene.by_node[node].rect.center() / FINE, severity) for node, severity in worst.items()]
        self._problems.sort(key=lambda found: ("info", "warning", "error").index(found[1]))
        self._mark_selected()

    def _plate(self, p: QPainter, item: Item) -> None:
        canvas = self.canvas
        theme, graph = canvas.theme, canvas.document.graph
        tint = render.tint_of(theme, graph, canvas.arrangement, canvas.marks, item)
        rect = item.rect
        if item.state == "open":
            p.fillRect(rect, theme.surfaces[item.depth % 2])
            p.fillRect(QRectF(item.x, item.y, item.width, max(2.0, item.height_of_header)), tint.header)
            p.setPen(QPen(tint.edge, 1))
            p.drawRect(rect)
        else:
            p.fillRect(rect, tint.fill if canvas.marks.heat else mixed(tint.edge, tint.fill, 0.6))

    def _mark_selected(self) -> None:
        """Find where the selected nodes are."""
        if self._scene is None:
            return
        arrangement, scene = self.canvas.arrangement, self._scene
        chosen = self.canvas.selection
        nodes = [n for n in chosen[:: 1 + len(chosen) // MOST_MARKED] if n in arrangement.boxes]
        seen = dict.fromkeys(scenes.shown(arrangement, node, scene) for node in nodes)
        found = (scene.by_node[node].rect for node in seen if node in scene.by_node)
        self._chosen = [QRectF(rect.topLeft() / FINE, rect.size() / FINE) for rect in found]
        self.update()

    def view_rect(self) -> QRectF:
        """What is in view, in the minimap."""
        canvas, camera = self.canvas, self._camera
        left, top = camera.to_view(*canvas.camera.to_canvas(0, 0))
        right, bottom = camera.to_view(*canvas.camera.to_canvas(canvas.width(), canvas.height()))
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    @property
    def scale(self) -> float:
        """Pixels to a canvas unit."""
        return self._camera.zoom

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if self._pixmap is None:
            return
        if self._worn != self._looks() and not self._settling.isActive():
            self._draw()
        theme = self.canvas.theme
        inside = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        view = self.view_rect().intersected(inside.adjusted(1, 1, -1, -1))
        with QPainter(self) as p:
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.drawPixmap(0, 0, self._pixmap)
            veil = QColor(theme.canvas)
            veil.setAlphaF(0.28)
            outside = QPainterPath()
            outside.addRect(inside)
            outside.addRect(view)
            p.fillPath(outside, veil)
            p.setBrush(Qt.BrushStyle.NoBrush)
            for rect in self._chosen:
                p.setPen(QPen(theme.selection, 1.5))
                grow = max(0.0, (5 - min(rect.width(), rect.height())) / 2)
                p.drawRect(rect.adjusted(-grow, -grow, grow, grow))
            for at, severity in self._problems:
                _mark(p, at, severity, {"error": theme.error, "warning": theme.warning, "info": theme.info}[severity])
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(theme.text, 1.5))
            p.drawRect(view)
            p.setPen(QPen(theme.border, 1))
            p.drawRect(inside)

    # What one does with it.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at, view = event.position(), self.view_rect()
        self.canvas.travels.note()
        self._dragged = not view.contains(at)
        if self._dragged:
            self._look_at(at)
        self._grip = at - self.view_rect().center()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._dragged = True
            self._look_at(event.position() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and not self._dragged:
            self._look_at(event.position())
        self._grip = None
        self._settle()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.canvas.zoom_by(1.0015 ** event.angleDelta().y())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # the menu of what lies under it would be out of place

    def _look_at(self, at: QPointF) -> None:
        """Have this point of the minimap in the middle of the view."""
        canvas = self.canvas
        x, y = self._camera.to_canvas(at.x(), at.y())
        zoom = canvas.camera.zoom
        canvas.look(Camera(zoom, canvas.width() / 2 - x * zoom, canvas.height() / 2 - y * zoom))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
            self._settling.start(SETTLED)
        return super().eventFilter(watched, event)


def _mark(p: QPainter, at: QPointF, severity: Severity, colour: QColor) -> None:
    """The sign of a problem: a square for an error, a triangle for a warning, a dot for the rest."""
    p.setPen(QPen(QColor("#ffffff"), 0.8))
    p.setBrush(colour)
    if severity == "error":
        p.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))
    elif severity == "warning":
        p.drawPolygon(QPolygonF([at + QPointF(0, -4), at + QPointF(4, 3), at + QPointF(-4, 3)]))
    else:
        p.drawEllipse(at, 2.5, 2.5)
