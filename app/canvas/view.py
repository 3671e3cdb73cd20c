"""The canvas widget: shows a document's graph, keeps camera and selection, and turns gestures into edits."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from app.canvas import adapting, captions, gestures, links, offered, painter, targets, travel
from app.canvas import scene as scenes
from app.canvas.hits import Hit
from app.canvas.painter import Brushes
from app.canvas.scene import Item
from app.canvas.surface import Surface
from app.canvas.travel import Travels
from app.theme import Theme
from engine.document import wiring
from engine.document.answers import Refusal
from engine.document.document import Change, Document, new_tree
from engine.document.edits import Edit, EditError, Insert
from engine.document.graph import Place, Tree
from engine.document.stack import added

KIND_MIME = "application/x-catenary-kind"
"""What the palette drags: the name of a kind, as UTF-8."""


class Canvas(Surface):
    """One painted widget that shows the whole graph. Every change it makes goes through `Document.apply`."""

    selection_changed = Signal(object)
    hint = Signal(str)
    refused = Signal(str)
    activated = Signal(str)
    menu_requested = Signal(object, object)
    place_chosen = Signal(QPointF)
    """A double click where no node is: something is wanted here."""
    adapter_chosen = Signal(str)
    """The sign of an adapter was clicked, or the adapter was dropped."""
    wire_dropped = Signal(object, QPointF)
    """A wire drawn from an outlet, or a frame's inlet, was let go where nothing is."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(document, theme, parent)
        self._selection: list[str] = []
        self._gesture: gestures.Gesture | None = None
        self._pressed: tuple[QPointF, Hit, Qt.KeyboardModifier] | None = None
        self._button = Qt.MouseButton.NoButton
        self._hover = Hit("empty")
        self._drop: tuple[targets.Target, bool] | None = None
        self._haunting: adapting.Haunting | None = None
        self._ghost: adapting.Ghost | None = None
        self._panning = False
        self._links_shown = "few"
        self._links: links.Cache = {}
        self.travels = Travels(self)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Graph")

    def _changed(self, change: Change) -> None:
        super()._changed(change)
        self._links.clear()
        self._hover, self._gesture, self._pressed = Hit("empty"), None, None
        if change.touched is None:
            self.travels.forget()
        self.select([] if change.touched is None else self._selection)

    def perform(self, answer: Edit | Refusal, label: str, at: QPointF | None = None) -> bool:
        """Apply what a gesture means, or say why it means nothing and offer what could be done at `at`."""
        if isinstance(answer, Refusal):
            self.refused.emit(answer.reason)
            if answer.offers and at is not None:
                menu = offered.menu(answer, lambda offer: self.perform(offer.edit, offer.label), self)
                menu.popup(self.mapToGlobal(at.toPoint()))
            return False
        try:
            self.document.apply(answer, label)
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def tell(self, answer: Edit | Refusal | None, words: str) -> None:
        """Say in the status bar what the gesture would do, or why it won't."""
        self.hint.emit(answer.reason if isinstance(answer, Refusal) else words)

    # Selection.

    @property
    def selection(self) -> list[str]:
        return list(self._selection)

    def select(self, ids: Iterable[str], reveal: bool = False) -> None:
        """Select these nodes, in this order."""
        chosen = [n for n in dict.fromkeys(ids) if n in self.document.graph]
        if chosen != self._selection:
            self._selection = chosen
            self.selection_changed.emit(list(chosen))
            self.update()
        if reveal and chosen:
            self._show(chosen)

    def select_all(self) -> None:
        """Everything in the frame of the selected node, or in the root."""
        graph = self.document.graph
        frame = next((graph.parent(n) for n in self._selection if graph.parent(n)), None) or graph.root
        self.select([*graph.children[frame], *(n for s in graph.segments(frame) for n in s)])

    def holds(self, frame: str, node: str) -> bool:
        """Whether `node` is in `frame`, at any depth."""
        return frame in self.document.graph.ancestors(node)

    def frame_selection(self) -> None:
        """Show the selected nodes as large as they fit; everything when none is selected."""
        if not self._selection:
            travel.show_all(self)
            return
        self.travels.note()
        self.fit([self.rect_of(n) for n in self._selection], 60)

    def reveal(self, node: str) -> None:
        """Open the frames around a node, bring it into view and select it."""
        self.select([node], reveal=True)

    def _show(self, nodes: list[str]) -> None:
        graph = self.document.graph
        for node in nodes:
            for frame in graph.ancestors(node):
                if graph.view(frame).collapsed:
                    self.document.set_collapsed(frame, False)
        area = scenes.union(self.rect_of(n) for n in nodes)
        view = QRectF(self.rect()).adjusted(20, 20, -20, -20)
        hidden = any(scenes.shown(self.arrangement, n, self.scene) != n for n in nodes)
        if view.contains(area) and not hidden and min(area.width(), area.height()) >= 14:
            return
        self.travels.note()
        if hidden or area.height() < 30 or area.width() > view.width() or area.height() > view.height():
            around = min(graph.ancestors(nodes[0])[:1] or nodes, key=lambda n: self.rect_of(n).width())
            self.fit([self.rect_of(around), area], 40)
            area = scenes.union(self.rect_of(n) for n in nodes)
            if area.height() >= 30:
                return
            self.camera.zoom_at(area.center().x(), area.center().y(), min(40 / area.height(), 1 / self.camera.zoom))
            self._moved()
            area = scenes.union(self.rect_of(n) for n in nodes)
        if not view.contains(area):
            self.pan_by(view.center().x() - area.center().x(), view.center().y() - area.center().y())

    # Commands.

    def add_kind(self, kind: str) -> str | None:
        """Add a new node after the selected one, into it if it is an empty frame, else to the frame in view."""
        tree = new_tree(self.document.graph, self.document.catalogue, kind)
        if not self.perform(Insert(self.place_for_new(), (tree,)), f"Add {kind}"):
            return None
        self.reveal(tree.node.id)
        return tree.node.id

    def place_for_new(self) -> Place:
        """After the selected node, in it if it is an empty frame, else in the frame in view."""
        graph = self.document.graph
        chosen = self._selection[-1] if self._selection else None
        if chosen and graph.is_frame(chosen) and (chosen == graph.root or not graph.children[chosen]):
            return Place(chosen, len(graph.children[chosen]))
        if chosen:
            place = graph.place_of(chosen)
            return Place(place.frame, place.index + 1, place.segment)
        frame = self._frame_in_view()
        return Place(frame, len(graph.children[frame]))

    def _frame_in_view(self) -> str:
        """The deepest open frame at the middle of the view, or the root."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        frames = [i for i in self.scene.items if i.state == "open" and not i.loose and i.rect.contains(middle)]
        return max(frames, key=lambda i: i.depth).node if frames else self.document.graph.root

    def delete_selection(self) -> None:
        """Delete the selected nodes with all that is in them."""
        if not self._selection:
            return
        nodes = self._selection
        what = self.document.graph.nodes[nodes[0]].title if len(nodes) == 1 else f"{len(nodes)} nodes"
        self.perform(wiring.delete(self.document.graph, self.document.catalogue, list(nodes)), f"Delete {what}")

    def toggle_collapsed(self, ids: Iterable[str] | None = None) -> None:
        """Close the frames that are open and open those that are closed: the selected ones, or these."""
        graph = self.document.graph
        for node in list(self._selection if ids is None else ids):
            if graph.is_frame(node):
                before = self.rect_of(node).topLeft()
                self.document.set_collapsed(node, not graph.view(node).collapsed)
                after = self.rect_of(node).topLeft()
                self.pan_by(before.x() - after.x(), before.y() - after.y())

    def set_links_shown(self, mode: str) -> None:
        """Show context links on "hover" and selection, all while there are "few", "all" of them, or "none"."""
        self._links_shown = mode
        self.update()

    def _paint_overlay(self, b: Brushes) -> None:
        super()._paint_overlay(b)
        scene, theme = self.scene, self.theme
        links.paint(b, self, self._links_shown, self._hover, self._links)
        hovered = scene.by_node.get(self._hover.node or "")
        if self._hover.wire and self._hover.node is not None and self._gesture is None:
            corner = (hovered.x, hovered.y) if hovered else (scene.x, scene.y)
            route = next(r for r in self.arrangement.routes(self._hover.node) if r.wire == self._hover.wire)
            painter.wire(b, scenes.points(route, *corner, scene.zoom), theme.selection, b.stroke + 1)
        if hovered and self._hover.kind in ("node", "header", "button") and self._gesture is None:
            painter.outline(b, hovered.rect, theme.selection, 1.0, 1)
        for node in self._selection:
            item = scene.by_node.get(scenes.shown(self.arrangement, node, scene))
            if item:
                painter.outline(b, item.rect, theme.selection, 2, 2)
        for item in self._sharers():
            painter.outline(b, item.rect, theme.selection, 1.5, 3, True)
        if self._hover.kind == "port" and hovered and self._hover.side and self._gesture is None:
            b.painter.setPen(b.pen(theme.selection, 2))
            b.painter.setBrush(theme.surfaces[0])
            b.painter.drawEllipse(hovered.port(self._hover.side), 6, 6)
        if self._drop:
            gestures.show_target(b, *self._drop)
        if self._ghost:
            adapting.paint_ghost(b, scene, self.arrangement, self._ghost)
        if self._gesture:
            self._gesture.paint(b)
        if self.hasFocus() and self._keyboard_focus:
            b.painter.setBrush(Qt.BrushStyle.NoBrush)
            b.painter.setPen(b.pen(theme.selection, 2))
            b.painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _sharers(self) -> list[Item]:
        """What is visible of the nodes outside the selection that share weights with it."""
        graph, shared = self.document.graph, self.marks.shared
        inside = {each for node in self._selection for each in graph.walk(node)} if shared else set()
        others = {other for node in inside & shared.keys() for other in shared[node]} - inside
        seen = {scenes.shown(self.arrangement, other, self.scene) for other in others}
        return [item for item in self.scene.items if item.node in seen - inside]

    _keyboard_focus = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._keyboard_focus = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        del event
        self._panning = False  # the release of Space goes elsewhere
        self.setCursor(self._cursor())
        self.update()

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at, button, keys = event.position(), event.button(), event.modifiers()
        left = button == Qt.MouseButton.LeftButton
        if self._gesture:
            return
        if button == Qt.MouseButton.MiddleButton or (
            left and (self._panning or keys & Qt.KeyboardModifier.AltModifier)
        ):
            self._begin(gestures.Pan(self, at), button)
        elif left and (sign := adapting.sign_at(self.scene, self.marks.signs, at)):
            self.adapter_chosen.emit(sign.adapter)
        elif left:
            hit = self.hit(at.x(), at.y())
            self._pressed, self._button = (at, hit, keys), button
            if hit.kind in ("node", "header") and hit.node and not keys and hit.node not in self._selection:
                self.select([hit.node])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if (self._gesture or self._pressed) and not event.buttons() & self._button:
            self._abandon()  # the release went elsewhere
        if self._gesture is None and self._pressed:
            start, hit, keys = self._pressed
            if (at - start).manhattanLength() >= QApplication.startDragDistance():
                self._begin(self._gesture_for(start, hit, keys), self._button)
        if self._gesture:
            self._gesture.move(at)
            self.update()
            return
        self._hover_at(at)

    def _hover_at(self, at: QPointF) -> None:
        hover = self.hit(at.x(), at.y())
        if hover != self._hover:
            self._hover = hover
            self.setCursor(self._cursor())
            self.update()

    def _cursor(self) -> Qt.CursorShape:
        if self._panning:
            return Qt.CursorShape.OpenHandCursor
        if self._hover.kind in ("button", "chip"):
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.CrossCursor if self._hover.kind == "port" else Qt.CursorShape.ArrowCursor

    def _gesture_for(self, start: QPointF, hit: Hit, keys: Qt.KeyboardModifier) -> gestures.Gesture:
        graph = self.document.graph
        if hit.kind == "port" and hit.node and hit.side:
            return gestures.DrawWire(self, start, (hit.node, hit.side))
        if hit.kind in ("node", "header") and hit.node and hit.node != graph.root and not keys:
            return gestures.DragNodes(self, start, self._selection)
        return gestures.SelectBox(self, start, self._selection if keys else [])

    def _begin(self, gesture: gestures.Gesture, button: Qt.MouseButton) -> None:
        self._gesture, self._button = gesture, button
        self._pressed = None
        if gesture.cursor is not None:
            self.setCursor(gesture.cursor)

    def _abandon(self) -> None:
        """End what the pressed button does, without effect."""
        self._gesture = self._pressed = None
        self.hint.emit("")
        self.setCursor(self._cursor())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        if self._gesture:
            gesture, self._gesture = self._gesture, None
            gesture.finish()
            self.hint.emit("")
            self._hover_at(event.position())
            self.setCursor(self._cursor())
            self.update()
        elif self._pressed:
            _, hit, keys = self._pressed
            self._pressed = None
            self._click(hit, keys)

    def _click(self, hit: Hit, keys: Qt.KeyboardModifier) -> None:
        if hit.kind == "button" and hit.node:
            self.toggle_collapsed([hit.node])
            return
        node = hit.node if hit.node and hit.node in self.document.graph else None
        if node is None:
            if not keys:
                self.select([])
        elif keys & Qt.KeyboardModifier.ControlModifier:
            rest = [n for n in self._selection if n != node]
            self.select(rest if node in self._selection else [*rest, node])
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            self.select([*self._selection, node])
        else:
            self.select([node])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._gesture:
            return
        at = event.position()
        hit = self.hit(at.x(), at.y())
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if hit.kind in ("empty", "body") and hit.wire is None:
            self.place_chosen.emit(at)
            return
        if not hit.node or hit.node not in self.document.graph:
            return
        item = self.scene.by_node.get(hit.node)
        if hit.kind == "header" or (hit.kind == "node" and self.document.graph.view(hit.node).collapsed):
            self.toggle_collapsed([hit.node])
        elif hit.kind == "button":
            self._pressed, self._button = (at, hit, event.modifiers()), event.button()
        elif item and item.state == "plate":
            travel.enter(self, hit.node)
        elif hit.kind == "node":
            self.activated.emit(hit.node)

    def leaveEvent(self, event: QEvent) -> None:
        del event
        self._hover = Hit("empty")
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._gesture or self._pressed:
            return
        at = event.pos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            node = self._selection[-1] if self._selection else None
            at = self.rect_of(node).center().toPoint() if node else self.rect().center()
        else:
            hit = self.hit(at.x(), at.y())
            node = hit.node if hit.node and hit.node in self.document.graph else None
            if node and node not in self._selection:
                self.select([node])
        self.menu_requested.emit(node, self.mapToGlobal(at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, keys = event.pixelDelta(), event.modifiers()
        if not pixels.isNull() and not keys & Qt.KeyboardModifier.ControlModifier:
            self.pan_by(pixels.x(), pixels.y())
        else:
            turn = event.angleDelta().y() or event.angleDelta().x()
            self.zoom_by(1.0015**turn, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tooltip(event.pos()), self)
            return True
        return super().event(event)

    def _tooltip(self, at: QPoint) -> str:
        hit = self.hit(at.x(), at.y())
        document, marks = self.document, self.marks
        if sign := adapting.sign_at(self.scene, marks.signs, QPointF(at)):
            return captions.adapter_tip(sign.name)
        if hit.key:
            return captions.chip_tip(document.graph, hit.key)
        if not hit.node or hit.node not in document.graph or hit.kind == "body":
            return ""
        return captions.tip(
            document.graph,
            document.catalogue,
            hit.node,
            marks.receives.get(hit.node, ()),
            marks.returns.get(hit.node, ()),
            [message for _, message in marks.problems.get(hit.node, [])]
            + ([marks.faults[hit.node]] if hit.node in marks.faults else [])
            + (["its value is of the graph before it was changed"] if hit.node in self.staleness.nodes else []),
        )

    # Drops from the palette.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        self._haunting = adapting.haunting(self.document.graph, self.expanded, data)
        if data.hasFormat(KIND_MIME) or self._haunting:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._haunting:
            event.acceptProposedAction()
            self._ghost = self._haunting.at(adapting.item_under(self.scene, self.document.graph, event.position()))
            self.hint.emit(self._ghost.refusal or self._ghost.words)
            self.update()
            return
        if not event.mimeData().hasFormat(KIND_MIME):
            return
        event.acceptProposedAction()
        kind = bytes(event.mimeData().data(KIND_MIME).data()).decode()
        if kind not in self.document.catalogue:
            event.ignore()
            return
        _, target, answer = self._dropping(kind, event.position())
        self._drop = (target, isinstance(answer, Refusal))
        document = self.document
        self.tell(answer, targets.words(document.graph, document.catalogue, target, kind))
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._drop = self._ghost = self._haunting = None
        self.hint.emit("")
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        ghost, self._ghost, self._drop, self._haunting = self._ghost, None, None, None
        self.hint.emit("")
        if ghost:
            event.acceptProposedAction()
            self.inject(ghost)
            return
        kind = bytes(event.mimeData().data(KIND_MIME).data()).decode()
        if kind not in self.document.catalogue:
            return
        event.acceptProposedAction()
        tree, _, answer = self._dropping(kind, event.position())
        if self.perform(answer, f"Add {kind}", event.position()):
            self.select([tree.node.id])
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.update()

    def inject(self, ghost: adapting.Ghost) -> None:
        """Put an adapter where it would go, or say why it goes nowhere."""
        name = ghost.adapter.name
        answer = added(self.document.graph, ghost.adapter) if ghost.nodes else Refusal(ghost.refusal)
        if self.perform(answer, f"Add {name}"):
            self.adapter_chosen.emit(ghost.adapter.id)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.update()

    def _dropping(self, kind: str, at: QPointF) -> tuple[Tree, targets.Target, Edit | Refusal]:
        document = self.document
        target = targets.target_at(self.scene, self.arrangement, at.x(), at.y())
        tree = new_tree(document.graph, document.catalogue, kind)
        return tree, target, targets.drop_new(document.graph, document.catalogue, target, (tree,))

    # Keys. Commands with a shortcut are the window's; here are those that only make sense on the canvas.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if self._gesture or self._pressed:
                self._abandon()
            elif self._selection:
                self.select([])
            else:
                travel.leave(self)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._panning = True
            self.setCursor(self._cursor())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selection:
            self.activate(self._selection[-1])
        elif key in _WALK:
            self._walk(key)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._panning = False
            self.setCursor(self._cursor())
        else:
            super().keyReleaseEvent(event)

    def activate(self, node: str) -> None:
        """Go into a frame; to the params of a leaf."""
        if self.document.graph.is_frame(node):
            travel.enter(self, node)
        else:
            self.activated.emit(node)

    def _walk(self, key: int) -> None:
        """Arrows: left and right to the neighbours, up to the frame around, down to the first child."""
        graph = self.document.graph
        node = self._selection[-1] if self._selection else graph.root
        found: str | None = node
        if not self._selection:
            pass
        elif key == Qt.Key.Key_Up:
            found = graph.parent(node)
        elif key == Qt.Key.Key_Down:
            run = graph.children.get(node, []) if not graph.view(node).collapsed else []
            found = run[0] if run else None
        elif node != graph.root:
            run = graph.siblings(node)
            index = run.index(node) + (1 if key == Qt.Key.Key_Right else -1)
            found = run[index] if 0 <= index < len(run) else None
        if found:
            self.select([found], reveal=True)


_WALK = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
