"""The canvas widget: shows a document's graph, keeps the selection, and turns gestures into edits."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
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
from PySide6.QtWidgets import QToolTip, QWidget

from app.canvas import accessible, adapting, captions, commands, keyboard, links, offered, overlay, repeats, travel
from app.canvas.anchor import anchors, hold
from app.canvas.brushes import Brushes
from app.canvas.drops import Drops
from app.canvas.mouse import Mouse
from app.canvas.surface import Surface
from app.canvas.travel import Travels
from app.canvas.wire_walk import WireWalk
from app.theme import Theme
from engine.document import wiring
from engine.document.answers import Refusal
from engine.document.document import Change, Document
from engine.document.edits import Edit, EditError
from engine.document.scopes import Key
from engine.document.stack import added


class Canvas(Surface):
    """One painted widget that shows the whole graph. Every change it makes goes through `Document.apply`."""

    selection_changed = Signal(object)
    hint = Signal(str)
    refused = Signal(str)
    activated = Signal(str)
    picked = Signal(str)
    """A node was clicked by itself, with no key held."""
    menu_requested = Signal(object, object)
    chip_menu_requested = Signal(object)
    """A right click on a chip, whose key is pinned now, here on the screen."""
    pinned_changed = Signal()
    place_chosen = Signal(QPointF)
    """A double click where no node is: something is wanted here."""
    adapter_chosen = Signal(str)
    """The sign of an adapter was clicked, or the adapter was dropped."""
    wire_dropped = Signal(object, QPointF)
    """A wire drawn from an outlet, or a frame's inlet, was let go where nothing is."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(document, theme, parent)
        self._selection: list[str] = []
        self.mouse = Mouse(self)
        self.drops = Drops(self)
        self.travels = Travels(self)
        self.wire_walk = WireWalk(self)
        self.links_shown = "few"
        self.links: links.Cache = {}
        self.pinned: Key | None = None
        """The key whose links are shown wherever the pointer is."""
        self.marked = ""
        self.focus_shown = False
        """Whether the focus came by key, and is shown."""
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Graph")
        accessible.install()

    def _changed(self, change: Change) -> None:
        held = anchors(self) if change.touched else []
        super()._changed(change)
        hold(self, held)
        self.links.clear()
        self.mouse.forget()
        if change.touched is None:
            self.pinned = None
            self.travels.forget()
        self.select([] if change.touched is None else self._selection)
        self.wire_walk.aim()
        accessible.changed(self, change.touched.added if change.touched else None)

    def perform(self, answer: Edit | Refusal, label: str, at: QPointF | None = None, about: Iterable[str] = ()) -> bool:
        """Apply what a gesture means, or say why it means nothing and offer what could be done at `at`, beside the
        nodes that this is about."""
        if isinstance(answer, Refusal):
            self.refused.emit(answer.reason)
            if answer.offers and at is not None:
                menu = offered.menu(answer, lambda offer: self.perform(offer.edit, offer.label), self)
                place, screen = self.mapToGlobal(at.toPoint()), self.screen().availableGeometry()
                menu.popup(offered.corner(menu.sizeHint(), place, [*map(self.sight_of, about)], screen))
            return False
        self.hint.emit("")  # a refusal that this may follow does not hold any more
        try:
            self.document.apply(answer, label)
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def sight_of(self, node: str) -> QRect:
        """What tells a node on the screen: all of it, or the header of an open frame."""
        item = self.scene.by_node.get(node)
        rect = item.rect if item else self.rect_of(node)
        if item and item.state == "open":
            rect.setHeight(item.height_of_header)
        shown = rect.toAlignedRect().intersected(self.rect())
        return QRect(self.mapToGlobal(shown.topLeft()), shown.size())

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
            accessible.focused(self)
            self.update()
        if reveal and chosen:
            travel.show(self, chosen)

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

    # Commands.

    def add_kind(self, kind: str) -> str | None:
        """Add a new node after the selected one, into it if it is an empty frame, else to the frame in view."""
        return commands.add(self, kind)

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
                self.document.set_collapsed(node, not graph.view(node).collapsed)
                accessible.folded(self, node)

    def activate(self, node: str) -> None:
        """Go into a frame; to the params of a leaf."""
        if self.document.graph.is_frame(node):
            travel.enter(self, self.arrangement.hidden.get(node, node))
        else:
            self.activated.emit(node)

    def inject(self, ghost: adapting.Ghost) -> None:
        """Put an adapter where it would go, or say why it goes nowhere."""
        name = ghost.adapter.name
        answer = added(self.document.graph, ghost.adapter) if ghost.nodes else Refusal(ghost.refusal)
        if self.perform(answer, f"Add {name}"):
            self.adapter_chosen.emit(ghost.adapter.id)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.update()

    def pin(self, key: Key | None) -> None:
        """Show the links of this key, and no others, until another or none is pinned."""
        self.pinned = key
        self.pinned_changed.emit()
        self.update()

    def mark(self, node: str) -> None:
        """Mark the node of the present step of a timeline; none for ""."""
        self.marked = node
        self.update()

    def set_links_shown(self, mode: str) -> None:
        """Show context links on "hover" and selection, all while there are "few", "all" of them, or "none"."""
        self.links_shown = mode
        self.update()

    # What Qt tells the widget.

    def _paint_overlay(self, b: Brushes) -> None:
        super()._paint_overlay(b)
        overlay.paint(b, self)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.focus_shown = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        accessible.focused(self)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        del event
        self.mouse.hold(None)  # its release goes elsewhere
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    def leaveEvent(self, event: QEvent) -> None:
        del event
        self.mouse.leave()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.mouse.menu(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.mouse.wheel(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.drops.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self.drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.drop(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keyboard.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not keyboard.release(self, event):
            super().keyReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            self.mouse.follow(event.position(), event.modifiers())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tooltip(event.pos()), self)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and self.mouse.busy:
            event.accept()  # a key during a gesture is the gesture's, not the menu bar's (Alt) or a command's
            return True
        return super().event(event)

    def _tooltip(self, at: QPoint) -> str:
        hit = self.hit(at.x(), at.y())
        document, marks = self.document, self.marks
        if sign := adapting.sign_at(self.scene, marks.signs, QPointF(at)):
            return captions.adapter_tip(sign.name)
        if hit.key:
            return captions.chip_tip(document.graph, hit.key)
        if hit.wire:
            start, side = hit.wire.start
            return captions.wire_tip(
                document.graph, hit.wire, (marks.returns if side == "out" else marks.receives).get(start, ())
            )
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
            + self.staleness.words(hit.node),
            [marks.heat.tip(hit.node)] if marks.heat else [],
        ) + repeats.tip(self.arrangement, hit.node)
