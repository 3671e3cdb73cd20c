"""The surface: a widget that shows a graph through a camera. What one does with it is `Canvas`."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMoveEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.canvas import adapting, badges, brushes, hits, render
from app.canvas import scene as scenes
from app.canvas.brushes import Brushes
from app.canvas.camera import Camera
from app.canvas.heat import Heat
from app.canvas.hits import Hit
from app.canvas.render import Marks
from app.canvas.scene import Scene
from app.canvas.staleness import Staleness
from app.canvas.texts import Texts
from app.canvas.widths import Widths
from app.theme import Theme
from engine.document import modes, returns, sharing
from engine.document.arrange import Arrangement
from engine.document.document import Change, Document, Prepared
from engine.document.expand import Expanded
from engine.document.problems import Problem, Severity
from engine.messages import Fault


class Surface(QWidget):
    """Shows a document's graph, follows its changes, and answers where things are."""

    camera_moved = Signal()
    arranged = Signal()
    """The graph has changed, or is another."""
    problems_changed = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.theme = theme
        self.camera = Camera()
        self.marks = Marks()
        self.staleness = Staleness(self)
        self.staleness.changed.connect(self.update)
        self.expanded: Expanded | None = None
        """What the adapters come to, once that is known; adapters can be dropped then."""
        self.painted = render.Painted()
        self.texts = Texts(QApplication.font().family())
        self._families: dict[tuple[tuple[str, ...], int], int] = {}
        self._lines: render.LineCache = {}
        self._scene: Scene | None = None
        self._back = QPixmap()
        """The graph without what lies on top. It is kept when it is out of date: the next repaint takes its memory."""
        self._painted = False
        """Whether that shows the graph as it is."""
        self._badges: dict[str, Severity] | None = None
        """The worst problem of each visible node."""
        self._whole = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 150)
        self.arrangement = self._arranged(None)
        self.marks.unreached = returns.all_unreached(document.graph, document.catalogue)
        self.marks.idle = modes.idle(self.document.graph)
        self.marks.shared = sharing.by_leaf(document.graph)
        self.frame_all()
        document.listeners.append(self._changed)

    # The document.

    def _arranged(self, prepared: Prepared | None) -> Arrangement:
        graph = self.document.graph
        self.marks.providers.clear()
        self._families.clear()
        self._lines.clear()
        self._number_providers(graph.in_order(graph.nodes.having("contexts")))
        widths = Widths(graph, self.document.catalogue, self.texts)
        if prepared is None:
            return Arrangement(graph, self.document.catalogue, widths)
        prepared.arrangement.measure = widths  # those that were taken before may be of another thread's fonts
        return prepared.arrangement

    def _changed(self, change: Change) -> None:
        if change.touched is None:
            self.set_expanded(None)
        self.marks.unreached = returns.all_unreached(self.document.graph, self.document.catalogue)
        self.marks.idle = modes.idle(self.document.graph)
        self.marks.shared = sharing.by_leaf(self.document.graph)
        if change.touched is None:
            self.marks.holds.clear()
            self.arrangement = self._arranged(change.prepared)
            self.frame_all()
        else:
            for node in change.touched.removed:
                self._lines.pop(node, None)
                self.marks.holds.pop(node, None)
            for frame in change.touched.frames:
                for around in (frame, *self.document.graph.ancestors(frame)):
                    self.marks.holds.pop(around, None)
            self.arrangement.update(change.touched)
            self._number_providers(sorted(change.touched.nodes | change.touched.added))
            self._repaint()
        self.arranged.emit()

    def _number_providers(self, nodes: Iterable[str]) -> None:
        """Number providers, for their colours: alike for those of the same contexts, unless one is in the other."""
        graph, numbers = self.document.graph, self.marks.providers
        for node in [n for n in numbers if n not in graph or not graph.nodes[n].contexts]:
            del numbers[node]
        for node in nodes:
            if node in graph and graph.nodes[node].contexts:
                names = tuple(sorted(graph.nodes[node].contexts))
                around = sum(tuple(sorted(graph.nodes[f].contexts)) == names for f in graph.ancestors(node))
                numbers[node] = self._families.setdefault((names, around), len(self._families))

    def set_document(self, document: Document) -> None:
        """Show another document."""
        self.document.listeners.remove(self._changed)
        self.document = document
        document.listeners.insert(0, self._changed)  # others ask the canvas what is selected, when they hear of it
        self._changed(Change(None, None))

    # Where things are.

    @property
    def zoom(self) -> float:
        return self.camera.zoom

    @property
    def scene(self) -> Scene:
        """What is visible now."""
        if self._scene is None:
            self._scene = scenes.build(self.arrangement, self.camera, self.width(), self.height(), self.texts)
        return self._scene

    @property
    def last_scene(self) -> Scene | None:
        """What was visible when that was asked last; None once that has changed."""
        return self._scene

    def rect_of(self, node: str) -> QRectF:
        """A node's rectangle in the widget; for one that is hidden, that of the closed frame which hides it."""
        return scenes.rect_of(self.arrangement, self.camera, node)

    def port_of(self, node: str, side: str) -> QPointF:
        """A node's inlet ("in") or outlet ("out") in the widget."""
        rect = self.rect_of(node)
        line = self.arrangement.boxes[scenes.shown(self.arrangement, node)].line
        return QPointF(rect.left() if side == "in" else rect.right(), rect.top() + line * self.camera.zoom)

    @property
    def picture(self) -> QPixmap | None:
        """The graph as it was painted last, without what lies on top."""
        return self._back if self._painted else None

    def hit(self, x: float, y: float) -> Hit:
        """What is under a point of the widget."""
        return hits.hit(self.scene, self.arrangement, x, y)

    # The camera.

    def _repaint(self) -> None:
        """What is visible, or where, has changed. (`update` alone repaints only what lies on top.)"""
        self._scene = self._badges = None
        self._painted = False
        self.update()

    def _moved(self) -> None:
        self._whole = False
        self._repaint()
        self.camera_moved.emit()

    def frame_all(self) -> None:
        """Show everything."""
        self.camera.fit(scenes.bounds(self.arrangement, self.texts), self.width(), self.height(), 28)
        self._whole = True
        self._repaint()
        self.camera_moved.emit()

    def look(self, camera: Camera) -> None:
        """Look from where this camera does."""
        self.camera = camera
        self._moved()

    def fit(self, rects: Sequence[QRectF], margin: float) -> None:
        """Show rectangles of the widget as large as they fit, at most at 100 %."""
        area = scenes.union(rects)
        left, top = self.camera.to_canvas(area.left(), area.top())
        right, bottom = self.camera.to_canvas(area.right(), area.bottom())
        self.camera.fit((left, top, right, bottom), self.width(), self.height(), margin)
        self._moved()

    def pan_by(self, dx: float, dy: float) -> None:
        """Move what is shown by pixels."""
        self.camera.x += dx
        self.camera.y += dy
        self._moved()

    def follow(self, moved: QPointF) -> None:
        """Move what is shown by pixels because the layout has moved: nobody has chosen to look elsewhere."""
        if not moved.isNull():
            self.camera.x += moved.x()
            self.camera.y += moved.y()
            self._repaint()
            self.camera_moved.emit()

    def zoom_by(self, factor: float, centre: QPointF | None = None) -> None:
        """Zoom, keeping the point `centre` of the widget (its middle when None) where it is."""
        at = centre or QPointF(self.width() / 2, self.height() / 2)
        self.camera.zoom_at(at.x(), at.y(), factor)
        self._moved()

    def set_zoom(self, zoom: float) -> None:
        """Zoom to a given scale around the middle; 1.0 is 100 %."""
        self.zoom_by(zoom / self.camera.zoom)

    # What others know.

    def set_shapes(self, returns: Mapping[str, tuple[str, ...]], receives: Mapping[str, tuple[str, ...]]) -> None:
        """What every node returns and receives, to be written under nodes and in tooltips."""
        marks = self.marks
        if (marks.returns, marks.receives) != (returns, receives):
            marks.returns, marks.receives = returns, receives
            self._repaint()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Badges on the nodes that have problems."""
        found: dict[str, list[tuple[Severity, str]]] = {}
        for problem in problems:
            if problem.node:
                found.setdefault(problem.node, []).append((problem.severity, problem.message))
        if found == self.marks.problems:
            return
        self.marks.problems = found
        self.problems_changed.emit()
        if self._badges is None:
            self.update()
            return
        before, self._badges = self._badges, render.worst(self.arrangement, self.scene, self.marks)
        for node in before.keys() | self._badges.keys():
            if before.get(node) != self._badges.get(node):
                self.update(self.scene.by_node[node].rect.adjusted(-20, -20, 20, 20).toAlignedRect())

    def set_expanded(self, expanded: Expanded | None) -> None:
        """What the adapters come to: the nodes that they are at are tinted, and wear their signs."""
        self.expanded = expanded
        signs = adapting.signs_of(self.document.graph, expanded) if expanded else adapting.Signs()
        if signs != self.marks.signs:
            self.marks.signs = signs
            self._repaint()

    def set_running(self, node: str | None) -> None:
        """Mark the node that is running."""
        if node != self.marks.running:
            self.marks.running = node
            self.update()

    def set_paused(self, node: str | None) -> None:
        """Mark the node after which a run has paused."""
        if node != self.marks.paused:
            self.marks.paused = node
            self.update()

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Mark the nodes at which the last run, or the inference of shapes, failed."""
        self.marks.faults = {fault.node: fault.message for fault in faults}
        self._badges = None
        self.update()

    def set_heat(self, heat: Heat | None) -> None:
        """Show nodes in the colours of what they come to, or in their own."""
        self.marks.heat = heat
        self._repaint()

    def set_pictures(self, pictures: Mapping[str, QPixmap]) -> None:
        """Small pictures of what nodes made, to be shown on them."""
        self.marks.pictures = pictures
        self._repaint()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._repaint()

    # Painting.

    def _paint_scene(self, p: QPainter, scene: Scene, width: int, height: int) -> None:
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        b = Brushes(p, self.theme, self.texts, scene.zoom)
        if scene.ground is None:
            brushes.background(b, width, height, scene.x, scene.y)
        self.painted = render.paint(b, scene, self.arrangement, self.marks, self._lines)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        scene = self.scene
        if not self._painted:
            ratio = self.devicePixelRatioF()
            if self._back.size() != self.size() * ratio:
                self._back = QPixmap(self.size() * ratio)
            self._back.setDevicePixelRatio(ratio)
            with QPainter(self._back) as p:
                self._paint_scene(p, scene, self.width(), self.height())
            self._painted = True
        with QPainter(self) as p:
            p.drawPixmap(0, 0, self._back)
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_overlay(Brushes(p, self.theme, self.texts, scene.zoom))

    def _paint_overlay(self, b: Brushes) -> None:
        """Paint what changes while the graph stands still."""
        if self._badges is None:
            self._badges = render.worst(self.arrangement, self.scene, self.marks)
        for node, severity in self._badges.items():
            badges.badge(b, self.scene.by_node[node], severity)
        self.staleness.paint(b, self.scene)
        for node in (self.marks.running, self.marks.paused):
            if node and node in self.document.graph:
                item = self.scene.by_node.get(scenes.shown(self.arrangement, node, self.scene))
                if item:
                    badges.progress(b, item, node == self.marks.paused)

    def resizeEvent(self, event: QResizeEvent) -> None:
        del event
        if self._whole:
            self.frame_all()
        self._repaint()

    def moveEvent(self, event: QMoveEvent) -> None:
        if not self._whole:  # a bar has come or gone beside it: the graph stays where it is on the screen
            by = event.oldPos() - event.pos()
            self.pan_by(by.x(), by.y())
