"""The page of several nodes: how many of what, and the params that all of them have, set for all at once."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.drawing import DrawnDocument
from app.panels.fields import Field, field_for
from app.panels.form import Editing, Form, rich
from app.panels.formula_field import FormulaField
from engine.document.document import Document
from engine.document.edits import Edit
from engine.document.kinds import Param, ParamValue
from engine.document.plan import Plan
from engine.document.repeats import Repeats, differences
from engine.document.templates import rebuild

DIFFERENCES = 24
"""In what repeats differ is told in so many lines."""
SHOWN = 4
"""Of values that differ, so many are named."""


class SummaryPage(QWidget):
    """What several nodes are, and their common params."""

    def __init__(self, document: Document, nodes: Sequence[str]) -> None:
        super().__init__()
        self.document = document
        self.nodes = list(nodes)
        self.editing = Editing(document)
        self.fields: dict[str, Field] = {}
        kinds = Counter(document.graph.nodes[node].kind for node in nodes)
        title = QLabel(f"{len(nodes)} nodes")
        title.setProperty("tone", "title")
        lines = QLabel("\n".join(f"{count} × {kind}" for kind, count in kinds.most_common()))
        lines.setProperty("tone", "muted")
        lines.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 2, 12)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(lines)
        self.repeats = QLabel()
        self.repeats.setWordWrap(True)
        column.addWidget(self.repeats)
        form = Form()
        for param in common_params(document, kinds):
            self._add(form, param)
        if self.fields:
            about = QLabel("What all of them have; a change is one step for all:")
            about.setProperty("tone", "muted")
            about.setWordWrap(True)
            column.addWidget(about)
        column.addLayout(form)
        column.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show the document's values; where they differ, which there are."""
        self.repeats.setText("\n".join(told_repeats(self.document, self.nodes)))
        self.repeats.setHidden(not self.repeats.text())
        for name, field in self.fields.items():
            values = [self._value(node, field.param) for node in self.nodes]
            field.show_several(values)
            others = list(dict.fromkeys(map(repr, values)))
            more = ", …" if len(others) > SHOWN else ""
            differs = f"They differ: {', '.join(others[:SHOWN])}{more}" if len(others) > 1 else ""
            self.editing.messages[name].set_problems([("info", differs)] if differs else [])

    def set_param(self, param: Param, value: ParamValue) -> None:
        """Give a param of all nodes one value; a drag or a typed word is one step."""
        changing = [node for node in self.nodes if not _same(self._value(node, param), value)]
        if changing:
            label = f"Set {param.name} of {len(changing)} nodes"
            merge = f"params:{param.name}:{' '.join(self.nodes)}"
            self.editing.attempt(lambda: self._edit(changing, param, value), label, param.name, merge)

    def _edit(self, nodes: Sequence[str], param: Param, value: ParamValue) -> Edit:
        with Plan(self.document.graph) as plan:
            for node in nodes:
                if node in plan.graph:  # a frame that is made anew takes what was in it along
                    plan.do(rebuild(plan.graph, self.document.catalogue, node, param.name, value))
            return plan.edit

    def _add(self, form: Form, param: Param) -> None:
        is_drawn = isinstance(self.document, DrawnDocument)
        field = self.fields[param.name] = FormulaField(param) if is_drawn else field_for(param)
        message = self.editing.messages[param.name] = form.add(param.name, field, rich(param.doc))
        field.edited.connect(lambda value: self.set_param(param, value))
        field.finished.connect(self.editing.finish)
        field.refused.connect(message.refuse)

    def _value(self, node: str, param: Param) -> ParamValue:
        return self.document.graph.nodes[node].params.get(param.name, param.default)


def told_repeats(document: Document, nodes: Sequence[str]) -> list[str]:
    """In what nodes that repeat themselves differ, in lines; none for nodes that do not."""
    graph = document.graph
    if not set(nodes) <= set(Repeats(graph, document.catalogue).run_of(nodes[0])):
        return []
    found = [f"• {each}" for each in differences(graph, document.catalogue, nodes)]
    more = [f"and {len(found) - DIFFERENCES} more"] if len(found) > DIFFERENCES else []
    if not found:
        return ["They are built alike, to the last param."]
    return ["They are built alike, but for:", *found[:DIFFERENCES], *more]


def common_params(document: Document, kinds: Sequence[str] | Counter[str]) -> list[Param]:
    """The params that nodes of these kinds all have, with the same type, as the first of them declares them."""
    found = [document.catalogue.get(kind) for kind in kinds]
    if not found or found[0] is None:
        return []
    rest = found[1:]
    return [
        param
        for param in found[0].params
        if all(kind and (own := kind.param(param.name)) and own.type == param.type for kind in rest)
    ]


def _same(one: ParamValue, other: ParamValue) -> bool:
    return type(one) is type(other) and one == other
