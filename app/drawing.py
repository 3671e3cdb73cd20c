"""Drawing an adapter: its trees as documents of their own, on the canvas and in the inspector of the window.

There is one history, that of the graph: what is drawn becomes part of the graph's stack with every edit.
"""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from engine.document import edits
from engine.document.adapters import TARGET, Adapter, Patch
from engine.document.document import Change, Document
from engine.document.drawn import graph_of, keep_drawn, tree_of
from engine.document.edits import Edit, SetAdapter
from engine.document.graph import Graph, Node, Tree
from engine.document.ids import new_ids
from engine.document.kinds import Catalogue, Param, has_weights
from engine.document.legal import require_adapters
from engine.document.stack import adapter_of, named_in, narrowed
from engine.document.templates import with_ids

if TYPE_CHECKING:
    from app.window import Window

SCALE = Param(name="scale", type="float", default=1.0, low=0, high=2, live=True, doc="Strength; 0 changes nothing.")


class DrawnDocument(Document):
    """One tree of an adapter of a document. Its edits are edits of that document, and so is their undoing."""

    def __init__(self, main: Document, adapter: str, index: int) -> None:
        self.main = main
        self.adapter = adapter
        self.index = index
        patch = self.patch
        assert patch is not None
        self._shown = patch
        """The patch of the document whose tree this is."""
        super().__init__(graph_of(patch.tree), main.catalogue)
        self.history = main.history

    @property
    def patch(self) -> Patch | None:
        """The patch as it is in the document; None where there is none any more."""
        found = adapter_of(self.main.graph, self.adapter)
        return found.patches[self.index] if found and self.index < len(found.patches) else None

    def apply(self, edit: Edit, label: str, merge: str = "") -> None:
        """Apply an edit to the tree, and so to the adapter. Raises EditError, with nothing changed."""
        named = any(each.weights for each in self.main.graph.adapters)
        edit = keep_drawn(self.graph, self.catalogue, edit, named)
        inverse = edits.apply(self.graph, edit)
        try:
            adapter = self._adapter()
            require_adapters((adapter,))
        except edits.EditError:
            edits.apply(self.graph, inverse)
            raise
        self._tell(edit, inverse)  # first, since whoever hears of the adapter may look at what is drawn
        self.main.apply(SetAdapter(adapter), label, merge)

    def end_gesture(self) -> None:
        self.main.end_gesture()

    def undo(self) -> str | None:
        return self.main.undo()

    def redo(self) -> str | None:
        return self.main.redo()

    def is_current(self) -> bool:
        """Whether the tree is that of the document, but for what has been folded since."""
        patch = self.patch
        if patch is not None and patch is not self._shown and tree_of(graph_of(patch.tree)) == tree_of(self.graph):
            self._shown = patch
        return patch is self._shown

    def follow(self) -> None:
        """Show the tree of the document, which has changed by other means."""
        patch = self.patch
        assert patch is not None
        self._shown = patch
        self.graph = graph_of(patch.tree)
        for listener in list(self.listeners):
            listener(Change(None, None))

    def _adapter(self) -> Adapter:
        adapter = adapter_of(self.main.graph, self.adapter)
        if adapter is None:
            raise edits.EditError("the adapter is gone")
        patches = list(adapter.patches)
        patches[self.index] = replace(patches[self.index], tree=tree_of(self.graph))
        return replace(adapter, patches=tuple(patches))


class DrawingBar(QFrame):
    """What is being drawn, and the way back, above the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("drawing")
        self.back = QPushButton("Graph")
        self.back.setToolTip("Back to the graph")
        self.title = QLabel()
        self.title.setProperty("tone", "strong")
        self.about = QLabel()
        self.about.setProperty("tone", "muted")
        self.next = QPushButton()
        self.next.setToolTip("The adapter has several trees: draw the next one")
        for button in (self.back, self.next):
            button.setProperty("tone", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.addWidget(self.back)
        row.addWidget(QLabel("›"))
        row.addWidget(self.title)
        row.addWidget(self.about, 1)
        row.addWidget(self.next)
        self.hide()


class DrawingDesk(QObject):
    """Which adapter the canvas shows instead of the graph, if any."""

    def __init__(self, window: "Window", bar: DrawingBar) -> None:
        super().__init__(window)
        self.window = window
        self.bar = bar
        self.drawn: DrawnDocument | None = None
        bar.back.clicked.connect(self.leave)
        bar.next.clicked.connect(lambda: self.drawn and self.open(self.drawn.adapter, self.drawn.index + 1))
        window.document.listeners.append(self._changed)

    def open(self, adapter: str, index: int = 0) -> None:
        """Draw a tree of an adapter; counts on from the first after the last."""
        found = adapter_of(self.window.document.graph, adapter)
        if found is None or not found.patches:
            return
        self.drawn = DrawnDocument(self.window.document, adapter, index % len(found.patches))
        self._show(self.drawn)
        self._name(found)
        self.window.preview.follow([])  # what the graph makes of it
        self.window.show_inspector()
        self.window.canvas.setFocus()

    def leave(self) -> None:
        """Show the graph again, and in the stack what was drawn."""
        if self.drawn:
            adapter = self.drawn.adapter
            self.drawn = None
            self._show(self.window.document)
            if adapter_of(self.window.document.graph, adapter):
                self.window.adapters.show(adapter)
            self.window.runs.show_shapes()
            self.window.refresh()

    def _show(self, document: Document) -> None:
        self.bar.setVisible(document is not self.window.document)
        self.window.canvas.set_document(document)
        self.window.outline.nodes.set_document(document)
        self.window.inspector.set_document(document)

    def _name(self, adapter: Adapter) -> None:
        assert self.drawn
        patch = adapter.patches[self.drawn.index]
        self.bar.title.setText(adapter.name)
        named = named_in(self.window.document.graph, adapter.where)
        only = f", only {adapter.where}{f' ({named})' if named else ''}" if adapter.where else ""
        self.bar.about.setText(f"{patch.place} {patch.selector}{only}")
        count = len(adapter.patches)
        self.bar.next.setVisible(count > 1)
        self.bar.next.setText(f"Tree {self.drawn.index + 1} of {count}")

    def _changed(self, change: Change) -> None:
        if self.drawn and (change.touched is None or change.touched.adapters):
            if self.drawn.patch is None or change.touched is None:
                self.leave()
            else:
                self._follow()  # edits of the drawing itself come through here as well

    def _follow(self) -> None:
        if self.drawn is None or (adapter := adapter_of(self.window.document.graph, self.drawn.adapter)) is None:
            return
        self._name(adapter)
        if self.drawn.is_current():
            self.window.inspector.refresh()
            return
        canvas = self.window.canvas
        camera, selection = copy(canvas.camera), canvas.selection
        self.drawn.follow()
        canvas.look(camera)
        canvas.select(selection)


def blank(selection: Sequence[str], graph: Graph, catalogue: Catalogue) -> Adapter:
    """An adapter to begin with: the target in a Sum, beside a branch that adds nothing yet."""
    frames = [node for node in selection if graph.is_frame(node)]
    leaves = [node for node in selection if node not in frames]
    below = [node for frame in frames or [graph.root] for node in graph.walk(frame) if not graph.is_frame(node)]
    layers = [node for node in below if graph.nodes[node].kind in ("Linear", "Conv2d")]
    first = next(iter([*leaves, *layers, *below]), None)
    kind = graph.nodes[first].kind if first else "Linear"
    scale = Tree(Node("", "Multiply", params={"scale": "=scale", "bias": 0.0}))
    branch = [scale]
    zero = catalogue.get(f"Zero{kind}")
    if zero and has_weights(catalogue, kind):
        branch.insert(0, Tree(Node("", zero.name, params={p.name: f"=target.{p.name}" for p in zero.params})))
    tree = Tree(
        Node("", "Chain"),
        children=(
            Tree(
                Node("", "Sum"),
                children=(Tree(Node("", TARGET)), Tree(Node("", "Chain", "Branch"), children=tuple(branch))),
            ),
        ),
    )
    drawn = with_ids(tree, new_ids(graph))
    default = SCALE if zero else replace(SCALE, default=0.0)
    where = narrowed(graph, selection)
    return Adapter("adapter", "Adapter", (Patch(f"kind={kind}", drawn),), (default,), where=where)
