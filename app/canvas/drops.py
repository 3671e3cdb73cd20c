"""What is dragged from the palette over the canvas: kinds, which become nodes, and adapters."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QSizeF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from app.canvas import adapting, opening, targets
from app.canvas.brushes import Brushes
from app.canvas.notice import notice
from engine.document.answers import Refusal
from engine.document.boxes import LEAF
from engine.document.document import new_tree
from engine.document.edits import Edit
from engine.document.graph import Tree

if TYPE_CHECKING:
    from app.canvas.view import Canvas

KIND_MIME = "application/x-catenary-kind"
"""What the palette drags: the name of a kind, as UTF-8."""
NEW = QSizeF(100, LEAF)
"""About the size of a new node, in canvas units."""


class Drops:
    """What is being dragged over one canvas, and where it would go."""

    def __init__(self, canvas: "Canvas") -> None:
        self.canvas = canvas
        self._kind = ""
        self._at = QPointF()
        self._target: targets.Target | None = None
        self._answer: Edit | Refusal | None = None
        self._haunting: adapting.Haunting | None = None
        self._ghost: adapting.Ghost | None = None

    def enter(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        self._haunting = adapting.haunting(self.canvas.document.graph, self.canvas.expanded, data)
        if data.hasFormat(KIND_MIME) or self._haunting:
            event.acceptProposedAction()

    def move(self, event: QDragMoveEvent) -> None:
        canvas, document = self.canvas, self.canvas.document
        if self._haunting:
            event.acceptProposedAction()
            self._haunt(self._haunting.at(adapting.item_under(canvas.scene, document.graph, event.position())))
            return
        if not event.mimeData().hasFormat(KIND_MIME):
            return
        event.acceptProposedAction()
        kind = _kind(event.mimeData())
        if kind not in document.catalogue:
            event.ignore()
            return
        self._kind, self._at = kind, event.position()
        _, self._target, self._answer = self._dropping(kind, self._at)
        canvas.tell(self._answer, targets.words(document.graph, document.catalogue, self._target, kind))
        canvas.update()

    def aim(self, data: QMimeData, selector: str) -> bool:
        """An adapter is held over the selector bar: it goes to what the line takes. False of anything else."""
        canvas = self.canvas
        self._haunting = adapting.haunting(canvas.document.graph, canvas.expanded, data)
        if self._haunting is None:
            return False
        self._haunt(self._haunting.by(selector))
        return True

    def inject(self) -> None:
        """Let go of the adapter that is held."""
        ghost = self._ghost
        self.leave()
        if ghost:
            self.canvas.inject(ghost)

    def leave(self) -> None:
        self._target = self._ghost = self._haunting = None
        self.canvas.hint.emit("")
        self.canvas.update()

    def drop(self, event: QDropEvent) -> None:
        canvas = self.canvas
        if self._ghost:
            event.acceptProposedAction()
            self.inject()
            return
        self.leave()
        kind = _kind(event.mimeData())
        if kind not in canvas.document.catalogue:
            return
        event.acceptProposedAction()
        tree, _, answer = self._dropping(kind, event.position())
        with canvas.mouse.dropping(event.position()):
            if canvas.perform(answer, f"Add {kind}", event.position()):
                canvas.select([tree.node.id])
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        canvas.update()

    def paint(self, b: Brushes) -> None:
        """Show where it would go."""
        if self._target and isinstance(self._answer, Refusal):
            opening.show_refused(b, self._target)
            notice(b, self.canvas, self._at, self._answer.reason, b.theme.refusal)
        elif self._target:
            opening.show(b, self.canvas, self._target, [NEW * b.zoom], self._kind)
        if self._ghost:
            adapting.paint_ghost(b, self.canvas.scene, self.canvas.arrangement, self._ghost)

    def _haunt(self, ghost: adapting.Ghost) -> None:
        """Show and say what the adapter that is held would change."""
        self._ghost = ghost
        self.canvas.hint.emit(ghost.refusal or ghost.words)
        self.canvas.update()

    def _dropping(self, kind: str, at: QPointF) -> tuple[Tree, targets.Target, Edit | Refusal]:
        document = self.canvas.document
        target = targets.target_at(self.canvas.scene, self.canvas.arrangement, at.x(), at.y())
        tree = new_tree(document.graph, document.catalogue, kind)
        return tree, target, targets.drop_new(document.graph, document.catalogue, target, (tree,))


def _kind(data: QMimeData) -> str:
    return bytes(data.data(KIND_MIME).data()).decode()
