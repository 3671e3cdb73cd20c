"""The page of an adapter that is being drawn: what it is called, where it goes, and the params it declares."""

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.drawing import DrawnDocument
from app.icons import themed
from app.panels.entries import NameLine, fresh_name
from app.panels.form import Editing, Form, Message, Section
from app.panels.numbers import ValueLine, number
from app.panels.selector_line import SelectorLine
from app.theme import Theme
from engine.document.adapters import Adapter, param_of
from engine.document.edits import EditError, SetAdapter
from engine.document.kinds import Param, ParamType, complaint
from engine.document.stack import adapter_of

TYPES: tuple[ParamType, ...] = ("float", "int", "bool", "text")
ZERO: dict[str, object] = {"float": 1.0, "int": 1, "bool": False, "text": ""}
PLACES = {
    "around": ("around it", "The node stands in the hole, Target."),
    "inside": ("inside the frame", "The frame stays; what it holds stands in the hole, Target."),
    "instead": ("instead of it", "There is no hole: the node does not run."),
}
"""What becomes of a node that the tree goes to, in the words of the list, and in full."""
LIMITS = {"default": "by default", "low": "at least", "high": "at most"}


class ParamRow(QWidget):
    """One declared param. `changed` carries the param as it is to be, `removed` asks to take it out."""

    changed = Signal(str, object)
    removed = Signal(str)
    refused = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.param: Param | None = None
        self.name = NameLine()
        self.name.setAccessibleName("Name of the param")
        self.type = QComboBox()
        self.type.addItems(TYPES)
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.type.setMinimumContentsLength(4)
        self.type.setAccessibleName("Type of the param")
        self.live = QCheckBox("live")
        self.live.setToolTip("Read at every run, so that a slider never builds the graph again: for strengths")
        self.remove = QToolButton()
        self.remove.setAutoRaise(True)
        self.remove.setIcon(themed("remove", theme))
        self.remove.setIconSize(QSize(10, 10))
        self.remove.setToolTip("Take this param out")
        self.remove.setAccessibleName("Take this param out")
        self.default, self.low, self.high = map(self._line, LIMITS)
        self.doc = ValueLine(str, str)
        self.doc.setPlaceholderText("What it does")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 6)
        grid.setSpacing(4)
        titles = [QLabel(title) for title in LIMITS.values()]
        for title in titles:
            title.setProperty("tone", "muted")
        numbers = (self.default, self.low, self.high)
        for row, widgets in enumerate(((self.name, self.type, self.live), titles, numbers)):
            for column, widget in enumerate(widgets):
                widget.setMinimumWidth(40)
                grid.addWidget(widget, row, column)
                grid.setColumnStretch(column, 1)
        grid.addWidget(self.remove, 0, 3)
        grid.addWidget(self.doc, 3, 0, 1, 3)
        self.name.renamed.connect(lambda _, name: self._change(name=name))
        self.type.activated.connect(self._retype)
        self.live.clicked.connect(lambda on: self._change(live=on))
        self.doc.changed.connect(lambda text: self._change(doc=text))
        self.remove.clicked.connect(lambda: self.param and self.removed.emit(self.param.name))

    def show_param(self, param: Param) -> None:
        """Show a param as it is declared."""
        self.param = param
        self.name.show_name(param.name)
        self.type.setCurrentText(param.type)
        self.live.setChecked(param.live)
        self.default.show_value(param.default)
        self.low.show_value(param.low)
        self.high.show_value(param.high)
        for line in (self.low, self.high):
            line.setEnabled(param.type in ("float", "int"))
        self.doc.show_value(param.doc)

    def _line(self, what: str) -> ValueLine:
        line = ValueLine(
            lambda text: self._read(what, text), lambda value: f"{value:g}" if isinstance(value, float) else str(value)
        )
        line.setAccessibleName(f"The param {LIMITS[what]}")
        line.changed.connect(lambda value: self._change(**{what: value}))
        line.refused.connect(self.refused)
        return line

    def _read(self, what: str, text: str) -> object:
        assert self.param
        if what != "default":
            return number(text) if text.strip() else None
        value: object = text if self.param.type == "text" else number(text)
        if isinstance(value, int) and not isinstance(value, bool) and self.param.type == "float":
            value = float(value)
        if reason := complaint(self.param, value):
            raise ValueError(f"{self.param.name} {reason}")
        return value

    def _retype(self) -> None:
        kind = self.type.currentText()
        if self.param and kind != self.param.type:
            self._change(type=kind, default=ZERO[kind], low=None, high=None)

    def _change(self, **fields: object) -> None:
        if self.param:
            self.changed.emit(self.param.name, replace(self.param, **fields))


class AdapterPage(QWidget):
    """What belongs to no single node of the tree that is drawn."""

    def __init__(self, drawn: DrawnDocument, theme: Theme) -> None:
        super().__init__()
        self.main = drawn.main
        self.adapter = drawn.adapter
        self.index = drawn.index
        self.theme = theme
        self.editing = Editing(drawn.main)
        self.rows: list[ParamRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 2, 12)
        column.setSpacing(12)
        head = Section("")
        title = QLabel("Adapter")
        title.setProperty("tone", "title")
        head.body.addWidget(title)
        form = Form()
        self.name = ValueLine(str, str)
        self.place = QComboBox()
        self.place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.place.setMinimumContentsLength(8)
        for place, (text, tip) in PLACES.items():
            self.place.addItem(text, place)
            self.place.setItemData(self.place.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.selector = SelectorLine(may_be_empty=False)
        self.doc = ValueLine(str, str)
        self.source = ValueLine(str, str)
        for name, field, tip in (
            ("name", self.name, "What it is called in the stack."),
            ("goes", self.place, "<br>".join(f"<b>{text}</b>: {tip}" for text, tip in PLACES.values())),
            (
                "to",
                self.selector,
                "Which nodes it goes to: Linear, kind=Conv2d, Down.*, Conv2d &amp; out_channels &gt;= 64.",
            ),
            ("about", self.doc, "What it does, for those it is shared with."),
            ("source", self.source, "The paper or the class that it comes from."),
        ):
            self.editing.messages[name] = form.add(name, field, tip)
        head.body.addLayout(form)
        params = Section("Params, for formulas such as =scale")
        self.params = QVBoxLayout()
        params.body.addLayout(self.params)
        self.message = Message()
        params.body.addWidget(self.message)
        self.add = QPushButton(themed("add", theme), "Add param")
        params.body.addWidget(self.add)
        for section in (head, params):
            column.addWidget(section)
        column.addStretch(1)
        self.name.changed.connect(lambda text: self._change("name", name=text))
        self.doc.changed.connect(lambda text: self._change("about", doc=text))
        self.source.changed.connect(lambda text: self._change("source", source=text))
        self.place.activated.connect(lambda: self._patch("goes", place=self.place.currentData()))
        self.selector.edited.connect(lambda text: self._patch("to", selector=text))
        self.selector.finished.connect(self.editing.finish)
        self.selector.refused.connect(self.editing.messages["to"].refuse)
        self.add.clicked.connect(self._add)
        self.refresh()

    @property
    def data(self) -> Adapter | None:
        """The adapter as it is in the document."""
        return adapter_of(self.main.graph, self.adapter)

    def refresh(self) -> None:
        """Show the document's values."""
        adapter = self.data
        if adapter is None or self.index >= len(adapter.patches):
            return
        patch = adapter.patches[self.index]
        self.name.show_value(adapter.name)
        self.doc.show_value(adapter.doc)
        self.source.show_value(adapter.source)
        self.place.setCurrentIndex(self.place.findData(patch.place))
        self.selector.show_value(patch.selector)
        while len(self.rows) > len(adapter.params):
            self.rows.pop().deleteLater()
        while len(self.rows) < len(adapter.params):
            row = ParamRow(self.theme)
            row.changed.connect(self._set_param)
            row.removed.connect(self._remove)
            row.refused.connect(self.message.refuse)
            self.rows.append(row)
            self.params.addWidget(row)
        for row, param in zip(self.rows, adapter.params, strict=True):
            row.show_param(param)

    def _apply(self, make: Callable[[Adapter], Adapter], label: str, message: str | Message, merge: str = "") -> None:
        def edit() -> SetAdapter:
            if self.data is None:
                raise EditError("the adapter is gone")
            return SetAdapter(make(self.data))

        self.editing.attempt(edit, label, message, merge)

    def _change(self, message: str, **fields: object) -> None:
        self._apply(lambda adapter: replace(adapter, **fields), "Describe the adapter", message)

    def _patch(self, message: str, **fields: object) -> None:
        def make(adapter: Adapter) -> Adapter:
            patches = list(adapter.patches)
            patches[self.index] = replace(patches[self.index], **fields)
            return replace(adapter, patches=tuple(patches))

        self._apply(make, "Where the adapter goes", message, f"adapter:{self.adapter}:{message}")

    def _set_param(self, name: str, param: Param) -> None:
        def make(adapter: Adapter) -> Adapter:
            if param.name != name and param_of(adapter, param.name):
                raise EditError(f"two params are called {param.name!r}")
            params = tuple(param if each.name == name else each for each in adapter.params)
            values = {param.name if key == name else key: value for key, value in adapter.values.items()}
            return replace(adapter, params=params, values=values)

        self._apply(make, f"Declare {param.name}", self.message)

    def _add(self) -> None:
        def make(adapter: Adapter) -> Adapter:
            name = fresh_name("strength", {param.name: None for param in adapter.params})
            return replace(adapter, params=(*adapter.params, Param(name=name, type="float", default=1.0, live=True)))

        self._apply(make, "Add a param", self.message)

    def _remove(self, name: str) -> None:
        def make(adapter: Adapter) -> Adapter:
            values = {key: value for key, value in adapter.values.items() if key != name}
            return replace(adapter, params=tuple(p for p in adapter.params if p.name != name), values=values)

        self._apply(make, f"Remove {name}", self.message)
