"""The mouse on the canvas: what pressing, moving, releasing and turning mean there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.canvas import adapting, commands, repeats, travel
from app.canvas.dragging import DragNodes
from app.canvas.drawing import DrawWire
from app.canvas.gestures import ALT, Gesture, Pan, SelectBox
from app.canvas.hits import Hit
from app.canvas.stroke import CutStroke

if TYPE_CHECKING:
    from app.canvas.view import Canvas

_PLAIN = Qt.KeyboardModifier.NoModifier


class Mouse:
    """The pointer over one canvas: what it hovers over, and the gesture that a pressed button makes."""

    def __init__(self, canvas: "Canvas") -> None:
        self.canvas = canvas
        self.at: QPointF | None = None
        """Where the pointer is, None when it is elsewhere."""
        self.drops = False
        """Whether something is being put down where the pointer is."""
        self.hover = Hit("empty")
        self.gesture: Gesture | None = None
        self.wheel_mode = "auto"
        """What turning the wheel does: "zoom", "pan", or by "auto" what suits the device that it comes from."""
        self._pressed: tuple[QPointF, Hit, Qt.KeyboardModifier] | None = None
        self._button = Qt.MouseButton.NoButton
        self._held: Qt.Key | None = None
        self._silent = False

    @property
    def busy(self) -> bool:
        """Whether a button is down, or a gesture under way."""
        return self.gesture is not None or self._pressed is not None

    def forget(self) -> None:
        """The graph has changed: what was under the pointer may be gone."""
        self.hover, self.gesture, self._pressed = Hit("empty"), None, None

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self.at = None
        self.hover = Hit("empty")
        self.canvas.update()

    def hold(self, key: Qt.Key | None) -> None:
        """The key that is held down, of those that say what dragging does wherever it begins: Space pans, Y cuts."""
        self._held = key
        if self.gesture is None:
            self._show_cursor()

    def turn(self, keys: Qt.KeyboardModifier) -> None:
        """Alt has been pressed or let go while the pointer stands still."""
        if self.gesture:
            self.gesture.move(self.gesture.at, keys)
            self.canvas.update()

    def follow(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The view has moved under the pointer: something else may be there now."""
        if self.gesture:
            self.gesture.move(self.gesture.at, keys)
        else:
            self._hover_at(at)

    @contextmanager
    def dropping(self, at: QPointF) -> Iterator[None]:
        """What happens meanwhile puts something down there."""
        self.at, self.drops = at, True
        try:
            yield
        finally:
            self.drops = False

    def press(self, event: QMouseEvent) -> None:
        canvas, at, button, keys = self.canvas, event.position(), event.button(), event.modifiers()
        self.at = at
        if self.gesture:
            return
        left, cuts = button == Qt.MouseButton.LeftButton, bool(keys & Qt.KeyboardModifier.ControlModifier)
        self._silent = button == Qt.MouseButton.RightButton and cuts
        if button == Qt.MouseButton.MiddleButton or (left and self._held == Qt.Key.Key_Space):
            self._begin(Pan(canvas, at), button)
        elif self._silent or (left and self._held == Qt.Key.Key_Y):
            self._begin(CutStroke(canvas, at), button)
        elif left and (sign := adapting.sign_at(canvas.scene, canvas.marks.signs, at)):
            canvas.adapter_chosen.emit(sign.adapter)
        elif left:
            hit = canvas.hit(at.x(), at.y())
            self._pressed, self._button = (at, hit, keys), button
            if (node := _grasped(hit)) and keys in (_PLAIN, ALT) and node not in canvas.selection:
                canvas.select(repeats.meant(canvas.arrangement, node))

    def move(self, event: QMouseEvent) -> None:
        at = self.at = event.position()
        if self.busy and not event.buttons() & self._button:
            self.abandon()  # the release went elsewhere
        if self.gesture is None and self._pressed:
            start, hit, keys = self._pressed
            if (at - start).manhattanLength() >= QApplication.startDragDistance():
                self._begin(self._gesture_for(start, hit, keys), self._button)
        if self.gesture:
            self.gesture.move(at, event.modifiers())
            self.canvas.update()
            return
        self._hover_at(at)

    def _hover_at(self, at: QPointF) -> None:
        hover = self.canvas.hit(at.x(), at.y())
        if hover != self.hover:
            self.hover = hover
            self._show_cursor()
            self.canvas.update()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._held:
            shape = Qt.CursorShape.OpenHandCursor if self._held == Qt.Key.Key_Space else Qt.CursorShape.CrossCursor
        elif self.hover.kind in ("button", "chip", "count"):
            shape = Qt.CursorShape.PointingHandCursor
        elif self.hover.kind == "port":
            shape = Qt.CursorShape.CrossCursor
        self.canvas.setCursor(shape)

    def _gesture_for(self, start: QPointF, hit: Hit, keys: Qt.KeyboardModifier) -> Gesture:
        canvas = self.canvas
        movable = _grasped(hit) not in (None, canvas.document.graph.root)
        if keys == ALT:
            return DragNodes(canvas, start, canvas.selection, pulled=True) if movable else Pan(canvas, start)
        if hit.kind == "port" and hit.node and hit.side:
            return DrawWire(canvas, start, (hit.node, hit.side))
        if movable and not keys:
            return DragNodes(canvas, start, canvas.selection)
        return SelectBox(canvas, start, canvas.selection if keys else [])

    def _begin(self, gesture: Gesture, button: Qt.MouseButton) -> None:
        self.gesture, self._button = gesture, button
        self._pressed = None
        if gesture.cursor is not None:
            self.canvas.setCursor(gesture.cursor)

    def abandon(self) -> None:
        """End what the pressed button does, without effect."""
        self.gesture = self._pressed = None
        self.canvas.hint.emit("")
        self._show_cursor()
        self.canvas.update()

    def release(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        if self.gesture:
            gesture, self.gesture = self.gesture, None
            self.canvas.hint.emit("")  # before it is said what came of it
            with self.dropping(event.position()):
                gesture.finish()
            self._hover_at(event.position())
            self._show_cursor()
            self.canvas.update()
        elif self._pressed:
            at, hit, keys = self._pressed
            self._pressed = None
            if keys == ALT and hit.kind == "wire":
                commands.add_at(self.canvas, "Identity", at)
            else:
                self._click(hit, keys)

    def _click(self, hit: Hit, keys: Qt.KeyboardModifier) -> None:
        canvas = self.canvas
        if hit.kind == "button" and hit.node:
            canvas.toggle_collapsed([hit.node])
            return
        if hit.kind == "count" and hit.node:
            repeats.unfold_run(canvas, hit.node)
            return
        if hit.kind == "chip" and not keys:
            canvas.pin(None if hit.key == canvas.pinned else hit.key)
        node = hit.node if hit.node and hit.node in canvas.document.graph else None
        if node is None:
            if not keys:
                canvas.select([])
        elif keys & Qt.KeyboardModifier.ControlModifier:
            meant = repeats.meant(canvas.arrangement, node)
            rest = [n for n in canvas.selection if n not in meant]
            canvas.select(rest if node in canvas.selection else [*rest, *meant])
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            canvas.select([*canvas.selection, *repeats.meant(canvas.arrangement, node)])
        else:
            canvas.select(repeats.meant(canvas.arrangement, node))
            canvas.picked.emit(node)

    def double_click(self, event: QMouseEvent) -> None:
        if self.gesture or event.button() != Qt.MouseButton.LeftButton:
            return
        canvas, at = self.canvas, event.position()
        hit = canvas.hit(at.x(), at.y())
        if hit.kind in ("empty", "body") and hit.wire is None:
            canvas.place_chosen.emit(at)
            return
        if not hit.node or hit.node not in canvas.document.graph:
            return
        item = canvas.scene.by_node.get(hit.node)
        if hit.kind == "header" or (hit.kind == "node" and canvas.document.graph.view(hit.node).collapsed):
            canvas.toggle_collapsed([hit.node])
        elif hit.kind == "button":
            self._pressed, self._button = (at, hit, event.modifiers()), event.button()
        elif item and item.state == "plate":
            travel.enter(canvas, hit.node)
        elif hit.kind == "node":
            canvas.activated.emit(hit.node)

    def menu(self, event: QContextMenuEvent) -> None:
        keyed = event.reason() == QContextMenuEvent.Reason.Keyboard
        if self.busy or (self._silent and not keyed):
            return
        canvas, at = self.canvas, event.pos()
        if keyed:
            node = canvas.selection[-1] if canvas.selection else None
            at = canvas.rect_of(node).center().toPoint() if node else canvas.rect().center()
        else:
            hit = canvas.hit(at.x(), at.y())
            node = hit.node if hit.node and hit.node in canvas.document.graph else None
            if node and (node not in canvas.selection or hit.key):
                canvas.select(repeats.meant(canvas.arrangement, node))
            if hit.key:
                canvas.pin(hit.key)
                canvas.chip_menu_requested.emit(canvas.mapToGlobal(at))
                return
        canvas.menu_requested.emit(node, canvas.mapToGlobal(at))

    def wheel(self, event: QWheelEvent) -> None:
        pixels, turned = event.pixelDelta(), event.angleDelta()
        pans = self.wheel_mode == "pan" or (self.wheel_mode == "auto" and not pixels.isNull())
        if pans and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            by = pixels if not pixels.isNull() else turned / 2
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not by.x():
                by = by.transposed()  # a wheel has one way to turn
            self.canvas.pan_by(by.x(), by.y())
        else:
            self.canvas.zoom_by(1.0015 ** (turned.y() or turned.x()), event.position())
        self.follow(event.position(), event.modifiers())
        event.accept()


def _grasped(hit: Hit) -> str | None:
    """The node that one takes hold of at a point: by its body, or by its header if it is open."""
    return hit.node if hit.kind in ("node", "header") else None
