"""The document: a graph with its catalogue, history and listeners. What the editor and the headless commands hold."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.document import edits
from engine.document.adapter_keys import keep_targets
from engine.document.edits import Edit
from engine.document.graph import Graph, Node, Tree
from engine.document.history import History
from engine.document.ids import new_ids
from engine.document.keeping import keep
from engine.document.kinds import Catalogue, ParamValue
from engine.document.sharing import together
from engine.document.templates import complete, with_ids
from engine.document.touched import Touched, touched_by

if TYPE_CHECKING:
    from engine.document.arrange import Arrangement
    from engine.document.check import Checker


class Prepared(Struct, frozen=True):
    """What was worked out of a whole new graph before anybody waits for it, on another thread.

    `text` is a file of it, the checker has checked it.
    """

    text: bytes
    arrangement: "Arrangement"
    checker: "Checker"


NOWHERE = -1
"""The revision of no state."""


class Change(Struct, frozen=True):
    """What listeners hear: the edit that was applied and what it touched. A whole new graph has no edit."""

    edit: Edit | None
    touched: Touched | None
    prepared: Prepared | None = None


Listener = Callable[[Change], None]


class Document:
    """A graph that changes only by `apply`, `undo`, `redo` and `replace`, and tells its listeners."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.history = History()
        self.listeners: list[Listener] = []
        self._saved = 0

    def apply(self, edit: Edit, label: str, merge: str = "") -> None:
        """Apply an edit and remember it. Raises EditError, with nothing changed and nobody told.

        Edits with the same non-empty `merge`, one after another, are one undo step until `end_gesture`.
        What shares its weights with others changes with them, and every leaf keeps its key in the weights file,
        every target that in the files of adapters.
        """
        edit = keep_targets(self.graph, keep(self.graph, self.catalogue, together(self.graph, edit)))
        inverse = edits.apply(self.graph, edit)
        self.history.record(inverse, label, merge)
        self._tell(edit, inverse)

    def end_gesture(self) -> None:
        """A drag has ended: the next edit starts a step of its own."""
        self.history.close()

    def undo(self) -> str | None:
        """Take back the last step; gives its label, or None when there is nothing to undo."""
        if not self.history.undos:
            return None
        step = self.history.undos[-1]
        inverse = edits.apply(self.graph, step.edit)
        self.history.undone(inverse)
        self._tell(step.edit, inverse)
        return step.label

    def redo(self) -> str | None:
        """Bring the last undone step forth again; gives its label, or None."""
        if not self.history.redos:
            return None
        step = self.history.redos[-1]
        inverse = edits.apply(self.graph, step.edit)
        self.history.redone(inverse)
        self._tell(step.edit, inverse)
        return step.label

    def replace(self, graph: Graph, prepared: Prepared | None = None) -> None:
        """Hold another graph, with a fresh history."""
        self.graph = graph
        self.history = History()
        self._saved = 0
        for listener in list(self.listeners):
            listener(Change(None, None, prepared))

    def set_collapsed(self, node: str, collapsed: bool) -> None:
        """Fold or unfold a frame. View state: saved with the file, but no step to undo and no unsaved change."""
        edit = edits.Fold(node, collapsed)
        self._tell(edit, edits.apply(self.graph, edit))

    def fold_repeats(self, frames: Iterable[str], repeats: bool) -> None:
        """Show neighbours built alike in these frames as one, or each for itself. View state, as folding is."""
        folds = tuple(edits.FoldRepeats(frame, repeats) for frame in frames)
        edit = folds[0] if len(folds) == 1 else edits.Batch(folds)
        self._tell(edit, edits.apply(self.graph, edit))

    @property
    def modified(self) -> bool:
        """Whether the graph differs from the one last saved; undoing back to it counts as unmodified."""
        return self.history.revision != self._saved

    def mark_unsaved(self) -> None:
        """The present state is in no file, though nothing was edited."""
        self._saved = NOWHERE

    def mark_saved(self, revision: int | None = None) -> None:
        """The present state was saved, or one that was reached before."""
        self.history.close()
        self._saved = self.history.revision if revision is None else revision

    def _tell(self, edit: Edit, inverse: Edit) -> None:
        change = Change(edit, touched_by(edit, inverse))
        for listener in list(self.listeners):
            listener(change)


def new_graph() -> Graph:
    """An empty graph: a root Chain with no children."""
    return Graph(Node("root", "Chain"))


def new_tree(graph: Graph, catalogue: Catalogue, kind: str, **params: ParamValue) -> Tree:
    """A detached new node of a catalogue kind, with its defaults, and with the children that its template makes."""
    return with_ids(complete(Tree(Node("", kind, params=params)), catalogue), new_ids(graph))
