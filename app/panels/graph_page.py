"""The page of the whole graph: its inputs, its weights, and what its root provides."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.icons import themed
from app.panels.contexts import ContextsEditor
from app.panels.entries import Entries, fresh_name
from app.panels.form import Editing, Message, Section
from app.panels.problems import brief
from app.panels.weights import WeightsSection
from app.theme import Theme
from engine.document.document import Document
from engine.document.edits import EditError, SetInputs
from engine.document.graph import Input
from engine.document.problems import Problem
from engine.document.sources import NumberSource, Source


class GraphPage(QWidget):
    """What belongs to no single node."""

    def __init__(self, document: Document, folder: Callable[[], Path], theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.node = document.graph.root
        self.editing = Editing(document)
        icons = {"add": themed("add", theme), "remove": themed("remove", theme)}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 2, 12)
        self.column.setSpacing(12)

        head = Section("")
        title = QLabel("Graph")
        title.setProperty("tone", "title")
        self.count = QLabel()
        self.count.setProperty("tone", "muted")
        head.body.addWidget(title)
        head.body.addWidget(self.count)
        head.body.addWidget(self._message(""))

        inputs = Section("Inputs")
        self.inputs = Entries(folder, "input", icons)
        inputs.body.addWidget(self.inputs)
        inputs.body.addWidget(self._message("inputs"))

        provides = Section("The root provides")
        self.contexts = ContextsEditor(document, self.node, self.editing, folder, theme)
        provides.body.addWidget(self.contexts)
        provides.body.addWidget(self._message("contexts"))

        self.weights = WeightsSection(document, self.node)

        for section in (head, inputs, provides, self.weights):
            self.column.addWidget(section)
        self.column.addStretch(1)

        self.inputs.edited.connect(self._set_source)
        self.inputs.finished.connect(self.editing.finish)
        self.inputs.renamed.connect(self._rename)
        self.inputs.removed.connect(self._remove)
        self.inputs.added.connect(self._add)
        self.refresh()

    @property
    def sources(self) -> dict[str, Source]:
        return {i.name: i.source for i in self.document.graph.inputs}

    def refresh(self) -> None:
        """Show the document's values."""
        graph = self.document.graph
        count = len(graph) - 1
        self.count.setText("empty" if not count else "1 node" if count == 1 else f"{count} nodes")
        self.inputs.show_entries(self.sources)
        self.contexts.refresh()
        self.weights.refresh()

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is wrong with the root and its inputs; what is merely worth knowing stays in the problems panel."""
        grave = [p for p in problems if p.severity != "info"]
        for row in self.inputs.rows:
            here = [p for p in grave if not p.node and p.param == row.name.name]
            row.message.set_problems([(p.severity, p.message) for p in here])
        grave = [p for p in grave if p.node or p.param not in self.sources]
        self.editing.messages[""].set_problems([(p.severity, brief(p, self.document.graph)) for p in grave])

    def _apply(self, sources: dict[str, Source], label: str, merge: str = "") -> None:
        inputs = tuple(Input(name, source) for name, source in sources.items())
        self.editing.apply(SetInputs(inputs), label, "inputs", merge)

    def _set_source(self, name: str, source: Source) -> None:
        self._apply(self.sources | {name: source}, f"Set input {name}", f"input:{name}")

    def _add(self) -> None:
        name = fresh_name("x", self.sources)
        self._apply(self.sources | {name: NumberSource(1.0)}, f"Add input {name}")

    def _remove(self, name: str) -> None:
        self._apply({n: s for n, s in self.sources.items() if n != name}, f"Remove input {name}")

    def _rename(self, old: str, new: str) -> None:
        def edit() -> SetInputs:
            if new in self.sources:
                raise EditError(f"two inputs are called {new!r}")
            renamed = {new if name == old else name: source for name, source in self.sources.items()}
            return SetInputs(tuple(Input(name, source) for name, source in renamed.items()))

        self.editing.attempt(edit, f"Rename input {old}", self.inputs.row(old).message)

    def _message(self, name: str) -> Message:
        message = self.editing.messages[name] = Message()
        return message
