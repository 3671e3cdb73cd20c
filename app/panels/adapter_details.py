"""What is shown of the selected adapter: where its patches go, its weights file, and what its params drive."""

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app import tones
from app.panels.flow import Flow
from app.panels.form import Editing, Form, Section, rich
from app.panels.selector_line import SelectorLine
from engine.document.adapters import Adapter, Patch
from engine.document.document import Document
from engine.document.edits import SetAdapter
from engine.document.expand import Expanded, driven, home
from engine.document.expressions import ExpressionError
from engine.document.kinds import ParamValue
from engine.document.stack import adapter_of, counted, named_in
from engine.fitting import summary
from engine.messages import InUse, WeightsReport

NODES_ROLE = Qt.ItemDataRole.UserRole


class AdapterDetails(QWidget):
    """`shown` names nodes to select on the canvas; `asked` carries what is wanted: "weights", "report" or "draw"."""

    shown = Signal(object)
    asked = Signal(str)

    def __init__(self, document: Document, adapter: str) -> None:
        super().__init__()
        self.document = document
        self.adapter = adapter
        self.editing = Editing(document)
        self._used: dict[str, ParamValue] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(18, 4, 0, 0)
        self.column.setSpacing(8)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setProperty("tone", "muted")
        self.column.addWidget(self.about)
        self._add_selectors()
        self._add_weights()
        self._add_driven()

    def refresh(self, adapter: Adapter, expanded: Expanded | None) -> None:
        """Show what the document says of the adapter, and what that comes to."""
        source = f" ({adapter.source})" if adapter.source else ""
        self.about.setText(rich(adapter.doc + source))
        self.about.setVisible(bool(adapter.doc))
        if len(self.selectors) != len(adapter.patches):
            self._fill_selectors(adapter)
        self.where.show_value(adapter.where)
        self.named.setText(named_in(self.document.graph, adapter.where))
        self.named.setVisible(bool(self.named.text()))
        for line, patch in zip(self.selectors, adapter.patches, strict=True):
            line.show_value(patch.selector)
        self.file.setText(adapter.weights.path if adapter.weights else "none: as it is drawn")
        self.remove.setVisible(adapter.weights is not None)
        self.report.setVisible(adapter.weights is not None)
        if adapter.weights is None:
            self.fit.hide()
        if expanded is not None:
            self._show_counts(adapter, expanded)
            self._show_driven(adapter, expanded)

    def show_in_use(self, in_use: InUse) -> None:
        """Take what the last run read, to be shown with the next refresh."""
        self._used = {f"{d.path}.{d.name}": d.value for d in in_use.params if d.adapter == self.adapter}

    def show_report(self, report: WeightsReport | None) -> None:
        """Show how the weights file fits."""
        self.fit.setVisible(report is not None)
        if report:
            text = summary(report)
            self.fit.setText(text[:1].upper() + text[1:])
            tones.wear(self.fit, "error" if report.error else "muted" if report.exact else "warning")

    def _add_selectors(self) -> None:
        section = Section("Goes to")
        form = self._form = Form()
        self.where = SelectorLine(may_be_empty=True)
        self.where.setPlaceholderText("everywhere it fits")
        self.where.setAccessibleName("only")
        tip = "Narrows where it goes: #id of a node, “in Frame”, a name, a path, Conv2d &amp; out_channels &gt;= 64"
        self.editing.messages["where"] = form.add("only", self.where, tip)
        self._connect(self.where, "where", lambda adapter, text: replace(adapter, where=text))
        self.named = QLabel()
        self.named.setProperty("tone", "muted")
        self.named.setWordWrap(True)
        form.addRow("", self.named)
        self.selectors: list[SelectorLine] = []
        self.counts: list[QLabel] = []
        section.body.addLayout(form)
        self.column.addWidget(section)

    def _fill_selectors(self, adapter: Adapter) -> None:
        while self._form.rowCount() > 2:
            self._form.removeRow(2)
        self.selectors.clear()
        self.counts.clear()
        for index, patch in enumerate(adapter.patches):
            line = SelectorLine(may_be_empty=False)
            line.setAccessibleName(f"{patch.place} {index + 1}")
            key = f"patch-{index}"
            self.editing.messages[key] = self._form.add(patch.place, line, _ABOUT[patch.place])
            count = QLabel()
            count.setProperty("tone", "muted")
            self._form.addRow("", count)
            self._connect(line, key, lambda adapter, text, index=index: _with_selector(adapter, index, text))
            self.selectors.append(line)
            self.counts.append(count)

    def _connect(self, line: SelectorLine, key: str, changed: Callable[[Adapter, str], Adapter]) -> None:
        def edit(text: str) -> None:
            adapter = adapter_of(self.document.graph, self.adapter)
            if adapter:
                edit = SetAdapter(changed(adapter, text))
                self.editing.apply(edit, f"Where {adapter.name} goes", key, f"adapter:{self.adapter}:{key}")

        line.edited.connect(edit)
        line.finished.connect(self.editing.finish)
        line.refused.connect(lambda reason: self.editing.messages[key].refuse(reason))

    def _show_counts(self, adapter: Adapter, expanded: Expanded) -> None:
        targets = expanded.targets.get(adapter.id, ())
        for index, label in enumerate(self.counts):
            nodes = targets[index] if index < len(targets) else ()
            label.setText(counted(expanded, self.document.graph, nodes) or "nothing")
            label.setVisible(adapter.enabled)

    def _add_weights(self) -> None:
        section = Section("Weights")
        self.file = QLabel()
        self.file.setWordWrap(True)
        self.fit = QLabel()
        self.fit.setWordWrap(True)
        self.fit.hide()
        buttons = Flow()
        self.choose = _button("Choose…", "Take what it adds from a file: keys are those of its targets")
        self.report = _button("Report", "What fits and what does not, tensor by tensor")
        self.remove = _button("None", "Take its weights from no file")
        for button, what in ((self.choose, "weights"), (self.report, "report"), (self.remove, "no-weights")):
            button.clicked.connect(lambda _, what=what: self.asked.emit(what))
            buttons.addWidget(button)
        section.body.addWidget(self.file)
        section.body.addWidget(self.fit)
        section.body.addLayout(buttons)
        self.column.addWidget(section)

    def _add_driven(self) -> None:
        section = Section("Drives")
        self.driven = QTreeWidget()
        self.driven.setHeaderHidden(True)
        self.driven.setColumnCount(2)
        self.driven.setUniformRowHeights(True)
        self.driven.setFixedHeight(150)
        self.driven.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.driven.setAccessibleName("What the params drive")
        header = self.driven.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        header.setSectionResizeMode(1, header.ResizeMode.ResizeToContents)
        self.driven.itemClicked.connect(lambda item: self.shown.emit(item.data(0, NODES_ROLE)))
        section.body.addWidget(self.driven)
        self.column.addWidget(section)

    def _show_driven(self, adapter: Adapter, expanded: Expanded) -> None:
        """A row for each param, and below it one for each node that it sets, with the value in use."""
        rows: list[tuple[str, list[tuple[str, str, str]]]] = []
        for param in adapter.params:
            try:
                found = driven(expanded, adapter, param.name) if adapter.enabled else []
            except ExpressionError:
                found = []
            places = [
                (home(expanded, node), path, self._value(path, value))
                for node, name, value in found
                for path in [f"{expanded.paths[node]}.{name}"]
            ]
            rows.append((param.name, places))
        if [name for name, _ in rows] != [self._top(i).data(1, NODES_ROLE) for i in range(self._tops())]:
            self.driven.clear()
            for name, _ in rows:
                top = QTreeWidgetItem(self.driven)
                top.setData(1, NODES_ROLE, name)
        for index, (name, places) in enumerate(rows):
            top = self._top(index)
            top.setText(0, f"{name}: {len(places)} {'place' if len(places) == 1 else 'places'}")
            top.setData(0, NODES_ROLE, list(dict.fromkeys(node for node, _, _ in places)))
            rows_below = [top.child(row) for row in range(top.childCount())]
            if [row.text(0) for row in rows_below if row] != [text for _, text, _ in places]:
                top.takeChildren()
                rows_below = [QTreeWidgetItem([text, value]) for _, text, value in places]
                for row, (node, text, _) in zip(rows_below, places, strict=True):
                    row.setData(0, NODES_ROLE, [node])
                    row.setToolTip(0, text)
                top.addChildren(rows_below)
            for row, (_, _, value) in zip(rows_below, places, strict=True):
                if row and row.text(1) != value:
                    row.setText(1, value)
            values = {value for _, _, value in places}
            top.setText(1, values.pop() if len(values) == 1 else "")

    def _value(self, path: str, value: ParamValue) -> str:
        """A value, and what the last run read where that is another one."""
        used = self._used.get(path, value)
        return _shown(value) if used == value else f"{_shown(value)} (last run: {_shown(used)})"

    def _tops(self) -> int:
        return self.driven.topLevelItemCount()

    def _top(self, index: int) -> QTreeWidgetItem:
        found = self.driven.topLevelItem(index)
        assert found is not None
        return found


_ABOUT = {
    "around": "Takes the place of these nodes, each of which stands in its hole",
    "inside": "Goes into these frames, whose content stands in its hole",
    "instead": "Takes the place of these nodes, which do not run",
}


def _with_selector(adapter: Adapter, index: int, selector: str) -> Adapter:
    patches: list[Patch] = list(adapter.patches)
    patches[index] = replace(patches[index], selector=selector)
    return replace(adapter, patches=tuple(patches))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("tone", "small")
    button.setToolTip(tip)
    return button
