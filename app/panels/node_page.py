"""The page of one node: a form made from its kind's declaration, what it provides, and how it looks."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app.drawing import DrawnDocument
from app.icons import kind_icon
from app.panels.colours import ColourField
from app.panels.contexts import ContextsEditor
from app.panels.end_of_line import EndOfLine
from app.panels.entries import NameLine
from app.panels.fields import Field, field_for
from app.panels.form import Editing, Form, Message, Section, rich
from app.panels.formula_field import FormulaField
from app.panels.problems import brief
from app.panels.sharing import SharingSection
from app.panels.weights import WeightsSection
from app.theme import Theme
from engine.document import scopes
from engine.document.dials import Dial
from engine.document.document import Document
from engine.document.edits import SetName, SetView
from engine.document.graph import View, path_of
from engine.document.kinds import NodeKind, Param, ParamValue, has_weights
from engine.document.problems import Problem
from engine.document.templates import rebuild


class Note(QPlainTextEdit):
    """A remark about a node, a few lines tall. `finished` tells that the typing has ended."""

    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("field")
        self.setTabChangesFocus(True)
        self.setPlaceholderText("What is this for?")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(3 * self.fontMetrics().lineSpacing() + 12)

    def sizeHint(self) -> QSize:
        return QSize(120, self.height())

    def focusOutEvent(self, e: QFocusEvent) -> None:
        super().focusOutEvent(e)
        self.finished.emit()


class NodePage(QWidget):
    """The form of one node. Each widget sets one thing; `refresh` shows what the document says."""

    def __init__(self, document: Document, node: str, folder: Callable[[], Path], theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.node = node
        self.editing = Editing(document)
        self.fields: dict[str, Field] = {}
        self.kind: NodeKind | None = document.catalogue.get(document.graph.nodes[node].kind)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 2, 12)
        self.column.setSpacing(12)
        self._add_head(theme)
        self._add_params()
        self.contexts: ContextsEditor | None = None
        if document.graph.is_frame(node):
            section = Section("Provides")
            self.contexts = ContextsEditor(document, node, self.editing, folder, theme)
            section.body.addWidget(self.contexts)
            section.body.addWidget(self._message("contexts"))
            self.column.addWidget(section)
        self.weights: WeightsSection | None = None
        if document.graph.is_frame(node) or (self.kind and self.kind.weights):
            self.weights = WeightsSection(document, node)
            self.column.addWidget(self.weights)
        self.sharing: SharingSection | None = None
        if not document.graph.is_frame(node) and has_weights(document.catalogue, document.graph.nodes[node].kind):
            self.sharing = SharingSection(document, node)
            self.column.addWidget(self.sharing)
        self._add_look(theme)
        self.column.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show the document's values."""
        graph = self.document.graph
        node, view = graph.nodes[self.node], graph.view(self.node)
        self.title.setText(node.title)
        parked = " (parked: does not run)" if graph.is_loose(self.node) else ""
        self.path.show_text(path_of(graph, self.node) + parked)
        self.name.show_name(node.name)
        for name, field in self.fields.items():
            if field.param.type in ("context", "key"):
                field.offer(self._names(field.param))
            field.show_value(node.params.get(name, field.param.default))
        if self.contexts:
            self.contexts.refresh()
        if self.weights:
            self.weights.refresh()
        if self.sharing:
            self.sharing.refresh()
        self.colour.show_value(view.colour)
        if self.note.toPlainText() != view.note:
            self.note.setPlainText(view.note)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Show this node's problems at the params they are about, the others at the top."""
        for name, message in self.editing.messages.items():
            here = [p for p in problems if p.param == name]
            if name == "":
                here = [p for p in problems if p.param not in self.editing.messages or not p.param]
            message.set_problems([(p.severity, brief(p, self.document.graph)) for p in here])

    def set_shapes(self, receives: tuple[str, ...] | None, returns: tuple[str, ...] | None) -> None:
        """Show what comes in and what goes out, where it is known."""
        known = receives is not None and returns is not None
        self.shapes.setVisible(known)
        if receives is not None and returns is not None:
            self.shapes.setText(f"{', '.join(receives) or 'nothing'}\n→ {', '.join(returns) or 'nothing'}")

    def _add_head(self, theme: Theme) -> None:
        section = Section("")
        self.title = QLabel()
        self.title.setProperty("tone", "title")
        head = QHBoxLayout()
        head.setSpacing(8)
        if self.kind:
            icon = QLabel()
            icon.setPixmap(kind_icon(self.kind, theme).pixmap(20, 20))
            head.addWidget(icon)
        head.addWidget(self.title, 1)
        section.body.addLayout(head)
        self.path = EndOfLine()
        self.path.setProperty("tone", "muted")
        kind = self.document.graph.nodes[self.node].kind
        doc = QLabel(rich(self.kind.doc if self.kind else f"There is no kind {kind!r} here; what it holds is kept."))
        doc.setWordWrap(True)
        self.shapes = _muted()
        self.shapes.setToolTip("What it receives, and what it returns")
        for label in (self.path, doc, self.shapes):
            section.body.addWidget(label)
        section.body.addWidget(self._message(""))
        self.column.addWidget(section)

    def _add_params(self) -> None:
        section = Section("")
        form = Form()
        self.name = NameLine()
        self.name.setPlaceholderText(self.document.graph.nodes[self.node].kind)
        self.name.setAccessibleName("name")
        self.editing.messages["name"] = form.add("name", self.name, "Class name in Fluxion; empty for the kind's.")
        self.name.renamed.connect(self._rename)
        self.name.restored.connect(lambda: self.editing.messages["name"].refuse(""))
        for param in self.kind.params if self.kind else ():
            self._add_field(form, param)
        values = self.document.graph.nodes[self.node].params
        for name, value in values.items():
            if name not in self.fields:
                raw = QLabel(repr(value))
                raw.setWordWrap(True)
                self.editing.messages[name] = form.add(name, raw, "Kept as it is in the file.")
        section.body.addLayout(form)
        self.column.addWidget(section)

    def _add_field(self, form: Form, param: Param) -> None:
        is_drawn = isinstance(self.document, DrawnDocument)
        field = self.fields[param.name] = FormulaField(param) if is_drawn else field_for(param)
        field.dial = None if is_drawn else Dial("param", self.node, param.name)
        message = form.add(param.name, field, rich(param.doc))
        self.editing.messages[param.name] = message
        field.edited.connect(lambda value: self.set_param(param, value))
        field.finished.connect(self.editing.finish)
        field.refused.connect(message.refuse)

    def _add_look(self, theme: Theme) -> None:
        section = Section("Look")
        form = Form()
        self.colour = ColourField(theme)
        form.add("colour", self.colour, "Tints the node on the canvas.")
        self.note = Note()
        form.add("note", self.note, "Shown with the node; changes nothing that runs.")
        section.body.addLayout(form)
        self.column.addWidget(section)
        self.colour.edited.connect(lambda colour: self._set_view("colour", colour))
        self.note.textChanged.connect(lambda: self._set_view("note", self.note.toPlainText()))
        self.note.finished.connect(self.editing.finish)

    def set_param(self, param: Param, value: ParamValue) -> None:
        """Give one param a value; a drag or a typed word is one step."""
        current = self.document.graph.nodes[self.node].params.get(param.name)
        if type(current) is type(value) and current == value:
            return
        merge = f"param:{self.node}:{param.name}"
        edit = rebuild(self.document.graph, self.document.catalogue, self.node, param.name, value)
        self.editing.apply(edit, f"Set {param.name}", param.name, merge)

    def _rename(self, old: str, name: str) -> None:
        del old
        self.editing.apply(SetName(self.node, name), "Rename", "name")

    def _set_view(self, part: str, value: str) -> None:
        view = self.document.graph.view(self.node)
        note, colour = (value, view.colour) if part == "note" else (view.note, value)
        if (note, colour) != (view.note, view.colour):
            changed = View(note=note, colour=colour, position=view.position)
            merge = f"note:{self.node}" if part == "note" else ""
            self.editing.apply(SetView(self.node, changed), f"Set {part}", part, merge)

    def _message(self, name: str) -> Message:
        message = self.editing.messages[name] = Message()
        return message

    def _names(self, param: Param) -> list[str]:
        """Contexts that this node can see, or the keys of the one it names."""
        graph = self.document.graph
        if param.type == "context":
            return list({c: None for frame in graph.ancestors(self.node) for c in graph.nodes[frame].contexts})
        context = graph.nodes[self.node].params.get("context")
        provider = scopes.provider_of(graph, self.node, context) if isinstance(context, str) else None
        if provider is None or not isinstance(context, str):
            return []
        found = dict.fromkeys(graph.nodes[provider].contexts[context])
        for leaf in scopes.accesses(graph, self.document.catalogue):
            if leaf.key and leaf.node != self.node and (leaf.key.provider, leaf.context) == (provider, context):
                found[leaf.name] = None
        return list(found)


def _muted() -> QLabel:
    label = QLabel()
    label.setProperty("tone", "muted")
    label.setWordWrap(True)
    return label
