"""One adapter of the stack: whether it is in force, where it goes, what it is set to, and what each slider drives."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import tones
from app.icons import dot, themed
from app.panels.adapter_details import AdapterDetails
from app.panels.adapter_grip import Grip
from app.panels.colours import COLOURS
from app.panels.fields import Field, field_for
from app.panels.form import Editing, Form, Message, rich
from app.panels.numbers import ValueLine
from app.panels.sources import SourceEditor
from app.theme import Theme
from engine.document.adapters import Adapter, values_of
from engine.document.dials import Dial
from engine.document.document import Document
from engine.document.edits import SetAdapter, SetAdapterParam
from engine.document.expand import Expanded
from engine.document.kinds import Param, ParamValue
from engine.document.problems import Problem
from engine.document.sources import Source
from engine.document.stack import adapter_of, counted, given, with_sources
from engine.messages import InUse, WeightsReport


class AdapterCard(QFrame):
    """The page of one adapter; folded, only its head and its params.

    `chosen` tells that it was clicked, `shown` names nodes to select, `asked` carries what is wanted of the window:
    "draw", "save", "weights", "report", "solo", "remove", "up" or "down".
    """

    chosen = Signal(str)
    shown = Signal(object)
    asked = Signal(str, str)

    def __init__(self, document: Document, adapter: Adapter, theme: Theme, folder: Callable[[], Path]) -> None:
        super().__init__()
        self.setObjectName("adapter")
        self.document = document
        self.adapter = adapter.id
        self.editing = Editing(document)
        self.fields: dict[str, Field] = {}
        self.expanded: Expanded | None = None
        self.details: AdapterDetails | None = None
        self._theme = theme
        self._reports: tuple[WeightsReport, ...] = ()
        self._in_use: InUse = InUse()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(8, 6, 8, 8)
        self.column.setSpacing(4)
        self._add_head(adapter)
        self._add_params(adapter)
        self.sources: dict[str, SourceEditor] = {}
        self._add_sources(adapter, folder)
        self.refresh()

    @property
    def data(self) -> Adapter:
        """The adapter as it is in the document."""
        found = adapter_of(self.document.graph, self.adapter)
        assert found is not None
        return found

    def refresh(self) -> None:
        """Show the document's values."""
        adapter = self.data
        self.enabled.setChecked(adapter.enabled)
        if self.name.value != adapter.name:
            self.name.show_value(adapter.name)
            self.name.setCursorPosition(0)
        self.colour.setIcon(dot(QColor(adapter.colour or self._theme.selection.name())))
        values = values_of(adapter)
        for name, field in self.fields.items():
            field.show_value(values[name])
        for name, source in given(adapter).items():
            self.sources[name].show_source(source)
        if self.details:
            self.details.refresh(adapter, self.expanded)

    def show_expanded(self, expanded: Expanded, problems: Sequence[Problem]) -> None:
        """Show where it goes, or why it goes nowhere."""
        self.expanded = expanded
        adapter = self.data
        wrong = (p.message for p in problems if p.adapter == self.adapter and p.severity == "error")
        reason = next(wrong, "")
        reason = reason.removeprefix(f"The adapter {adapter.name} ")
        nodes = [node for targets in expanded.targets.get(self.adapter, ()) for node in targets]
        if reason:
            text, tone = reason, "error"
        elif not adapter.enabled:
            text, tone = "not in force", "muted"
        else:
            text, tone = f"at {counted(expanded, self.document.graph, nodes)}", "muted"
        tones.wear(self.count, tone)
        self.count.setText(text)
        if self.details:
            self.details.refresh(adapter, expanded)

    def show_reports(self, reports: tuple[WeightsReport, ...]) -> None:
        """Show how its weights file fits."""
        self._reports = reports
        if self.details:
            self.details.show_report(next((r for r in reports if r.adapter == self.adapter), None))

    def show_in_use(self, in_use: InUse) -> None:
        """Show what the last run read."""
        self._in_use = in_use
        if self.details:
            self.details.show_in_use(in_use)
            self.details.refresh(self.data, self.expanded)

    def set_unfolded(self, unfolded: bool) -> None:
        """Show all of it, or only the head and the params."""
        if unfolded and self.details is None:
            self.details = AdapterDetails(self.document, self.adapter)
            self.details.shown.connect(self.shown)
            self.details.asked.connect(lambda what: self.asked.emit(what, self.adapter))
            self.column.addWidget(self.details)
            self.details.show_in_use(self._in_use)
            self.details.refresh(self.data, self.expanded)
            self.show_reports(self._reports)
        self.rest.setVisible(unfolded and any(not param.live for param in self.data.params))
        if self.details:
            self.details.setVisible(unfolded)
        self.fold.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        tones.mark(self, "chosen", unfolded)

    def set_param(self, param: Param, value: ParamValue) -> None:
        """Give one param a value; a drag or a typed word is one step."""
        merge = f"adapter:{self.adapter}:{param.name}"
        edit = SetAdapterParam(self.adapter, param.name, value)
        self.editing.apply(edit, f"Set {param.name} of {self.data.name}", param.name, merge)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.chosen.emit(self.adapter)

    def _add_head(self, adapter: Adapter) -> None:
        self.fold = _tool("Selector, weights, and what the params drive")
        self.fold.clicked.connect(lambda: self.chosen.emit("" if self._is_unfolded() else self.adapter))
        self.enabled = QCheckBox()
        self.enabled.setToolTip("In force: inject or eject it")
        self.enabled.setAccessibleName(f"{adapter.name} in force")
        self.enabled.clicked.connect(self._enable)
        self.colour = _tool("Its colour on the canvas")
        self.colour.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        colours = QMenu(self.colour)
        for name, colour in COLOURS.items():
            colours.addAction(dot(QColor(colour)), name, lambda colour=colour: self._change("colour", colour))
        self.colour.setMenu(colours)
        self.name = ValueLine(_named, str)
        self.name.setAccessibleName("Name of the adapter")
        self.name.setToolTip(rich(adapter.doc))
        self.name.setFrame(False)
        self.name.setProperty("tone", "strong")
        self.name.changed.connect(lambda name: self._change("name", name))
        self.solo = _tool("Solo: only this one in force; again: those that were before")
        self.solo.setText("S")
        self.solo.clicked.connect(lambda: self.asked.emit("solo", self.adapter))
        self.more = _tool("Draw, save, move or remove it")
        self.more.setText("⋯")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        for what, title in (
            ("draw", "Draw it on the canvas"),
            ("save", "Save adapter as file…"),
            ("up", "Move up"),
            ("down", "Move down"),
        ):
            menu.addAction(title, lambda what=what: self.asked.emit(what, self.adapter))
        self.more.setMenu(menu)
        self.remove = _tool("Remove it from the stack")
        self.remove.setIcon(themed("remove", self._theme))
        self.remove.setIconSize(QSize(10, 10))
        self.remove.clicked.connect(lambda: self.asked.emit("remove", self.adapter))
        row = QHBoxLayout()
        row.setSpacing(3)
        for widget in (Grip(self.adapter), self.fold, self.enabled, self.colour):
            row.addWidget(widget)
        row.addWidget(self.name, 1)
        for widget in (self.solo, self.more, self.remove):
            row.addWidget(widget)
        self.column.addLayout(row)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.count.setIndent(18)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.column.addWidget(self.count)
        message = self.editing.messages["name"] = Message()
        self.column.addWidget(message)
        self.name.refused.connect(message.refuse)

    def _add_params(self, adapter: Adapter) -> None:
        live, rest = Form(), Form()
        self.rest = QWidget()
        """The params that build the graph again, which are seldom changed: shown where all of it is."""
        self.rest.setLayout(rest)
        self.rest.hide()
        for form in (live, rest):
            form.setContentsMargins(18, 0, 0, 0)
        for param in adapter.params:
            form = live if param.live else rest
            field = self.fields[param.name] = field_for(param)
            field.dial = Dial("adapter", self.adapter, param.name)
            message = self.editing.messages[param.name] = form.add(param.name, field, rich(param.doc))
            field.edited.connect(lambda value, param=param: self.set_param(param, value))
            field.finished.connect(self.editing.finish)
            field.refused.connect(message.refuse)
        self.column.addLayout(live)
        self.column.addWidget(self.rest)

    def _add_sources(self, adapter: Adapter, folder: Callable[[], Path]) -> None:
        """What it brings along for others to set: a picture that guides, a mask."""
        form = Form()
        form.setContentsMargins(18, 0, 0, 0)
        for name in given(adapter):
            editor = self.sources[name] = SourceEditor(folder)
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            column.addWidget(editor.sort)
            column.addWidget(editor)
            self.editing.messages[f"source:{name}"] = form.add(name.partition(".")[2], holder, name)
            editor.edited.connect(lambda source, name=name: self._set_source(name, source))
            editor.finished.connect(self.editing.finish)
        self.column.addLayout(form)

    def _set_source(self, name: str, source: Source) -> None:
        changed = with_sources(self.data, lambda key, old: source if key == name else old)
        merge = f"adapter:{self.adapter}:{name}"
        self.editing.apply(SetAdapter(changed), f"Set {name}", f"source:{name}", merge)

    def _is_unfolded(self) -> bool:
        return self.details is not None and self.details.isVisibleTo(self)

    def _enable(self, on: bool) -> None:
        word = "Inject" if on else "Eject"
        self.editing.apply(SetAdapter(replace(self.data, enabled=on)), f"{word} {self.data.name}", "name")

    def _change(self, part: str, value: object) -> None:
        if getattr(self.data, part) != value:
            self.editing.apply(SetAdapter(replace(self.data, **{part: value})), f"Set {part} of an adapter", "name")


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("an adapter needs a name: type one")
    return text.strip()


def _tool(tip: str) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setProperty("tone", "narrow")
    button.setFixedSize(22, 22)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
