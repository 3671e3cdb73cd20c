"""Fields: the widget for each param type. A new param type is a new row in `FIELDS`; nothing else knows types.

Every field speaks alike: `show_value` shows a value and tells nobody; `edited` carries each new value; `finished` ends
a gesture, so that a drag or a typed word is one undo step; `refused` says why what was typed is no value ("" if it is).
"""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontDatabase, QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from app.panels import numbers
from app.panels.numbers import NumberBox, NumberSlider, Scale, ValueLine
from app.panels.wheel import pass_wheel
from engine.document.dials import Dial
from engine.document.kinds import Param, ParamType, ParamValue, complaint

SEVERAL = "several values"


class Field(QWidget):
    """What all fields share; each row of `FIELDS` is a subclass that fills `layout()` and implements `show_value`."""

    edited = Signal(object)
    finished = Signal()
    refused = Signal(str)

    def __init__(self, param: Param) -> None:
        super().__init__()
        self.param = param
        self.dial: Dial | None = None
        """What it sets, where that can be a number to sweep."""
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)

    def show_value(self, value: ParamValue) -> None:
        """Show the document's value without telling anybody."""
        raise NotImplementedError

    def show_several(self, values: Sequence[ParamValue]) -> None:
        """Show what several nodes have: nothing where they differ, so that whatever is entered counts for all."""
        differ = any(type(value) is not type(values[0]) or value != values[0] for value in values)
        self.show_value(None if differ else values[0])
        self._call_empty(SEVERAL if differ else "")

    def _call_empty(self, text: str) -> None:
        """Say in the field what it means that nothing stands there."""
        for widget in (QLineEdit, QPlainTextEdit):
            for line in self.findChildren(widget):
                line.setPlaceholderText(text)

    def offer(self, names: Sequence[str]) -> None:
        """Names to choose from, for fields that have a list."""

    def _hold(self, widget: QWidget) -> None:
        self.row.addWidget(widget)
        self.setFocusProxy(widget)
        widget.setAccessibleName(self.param.name)

    def _check(self, value: ParamValue) -> None:
        """Pass a value on, unless the declaration has something against it."""
        reason = complaint(self.param, value)
        self.refused.emit(reason or "")
        if reason is None:
            self.edited.emit(value)


class BoolField(Field):
    """A check box."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.box = QCheckBox()
        self._hold(self.box)
        self.box.clicked.connect(self._clicked)

    def show_value(self, value: ParamValue) -> None:
        with QSignalBlocker(self.box):
            self.box.setTristate(value is None)
            if value is None:
                self.box.setCheckState(Qt.CheckState.PartiallyChecked)
            else:
                self.box.setChecked(value is True)

    def _clicked(self, checked: bool) -> None:
        self.edited.emit(checked)
        self.finished.emit()


def _or_nothing(param: Param, read: numbers.Read) -> numbers.Read:
    """Reads an empty text as no value at all where the param may be left empty."""
    return lambda text: None if param.optional and not text.strip() else read(text)


class NumberField(Field):
    """A number, whole or not: a spin box, with a slider when the param has both bounds or is live."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        is_whole = param.type == "int"
        read = _or_nothing(param, numbers.whole if is_whole else numbers.real)
        bounds = None if param.low is None or param.high is None else Scale(param.low, param.high, is_whole)
        if param.live or bounds:
            self.number = NumberSlider(read, bounds)
            self.number.finished.connect(self.finished)
        else:
            self.number = NumberBox(read)
            self.number.editingFinished.connect(self.finished)
        self._hold(self.number)
        self.number.changed.connect(self._check)
        self.number.refused.connect(self.refused)

    def show_value(self, value: ParamValue) -> None:
        if self.param.type == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        self.number.show_value(value)

    def show_several(self, values: Sequence[ParamValue]) -> None:
        super().show_several(values)
        if isinstance(self.number, NumberSlider):
            self.number.follow(values[-1])


class IntsField(Field):
    """`3`, or `3, 3`."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.line = ValueLine(_or_nothing(param, self._read), self._write)
        self._hold(self.line)
        self.line.changed.connect(self._check)
        self.line.refused.connect(self.refused)
        self.line.editingFinished.connect(self.finished)

    def show_value(self, value: ParamValue) -> None:
        self.line.show_value(value)

    def _read(self, text: str) -> object:
        many = numbers.whole_list(text)
        if not many:
            raise ValueError("needs a whole number or several: 3 or 3, 3")
        one = len(many) == 1 and "," not in text and not isinstance(self.param.default, list)
        return many[0] if one else many

    @staticmethod
    def _write(value: object) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class ChoiceField(Field):
    """One of the declared choices; a value from a file that is none of them is shown all the same."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.combo = QComboBox()
        self.combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        pass_wheel(self.combo)
        self.combo.addItems(param.choices)
        self._hold(self.combo)
        self.combo.textActivated.connect(self._chosen)

    def show_value(self, value: ParamValue) -> None:
        self.combo.setCurrentIndex(self.combo.findText(str(value)))
        self.combo.setPlaceholderText("" if value is None else str(value))

    def _call_empty(self, text: str) -> None:
        if text:
            self.combo.setPlaceholderText(text)

    def _chosen(self, text: str) -> None:
        self._check(text)
        self.finished.emit()


class TextField(Field):
    """One line of text."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.line = ValueLine(str, str)
        self._hold(self.line)
        self.line.changed.connect(self.edited)
        self.line.editingFinished.connect(self.finished)

    def show_value(self, value: ParamValue) -> None:
        self.line.show_value(value)


class SourceEdit(QPlainTextEdit):
    """Monospace text as tall as what it holds, up to six lines. Enter ends the typing, Shift+Enter breaks the line."""

    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("field")
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(3)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(120, self.height())

    def keyPressEvent(self, e: QKeyEvent) -> None:
        shifted = bool(e.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shifted:
            self.finished.emit()
        else:
            super().keyPressEvent(e)

    def focusOutEvent(self, e: QFocusEvent) -> None:
        super().focusOutEvent(e)
        self.finished.emit()

    def _fit(self) -> None:
        lines = min(6, max(1, round(self.document().size().height())))
        margin = 2 * (self.document().documentMargin() + self.frameWidth())
        self.setFixedHeight(round(lines * self.fontMetrics().lineSpacing() + margin) + 2)


class ExpressionField(Field):
    """Source in the checked subset, stored as typed, being the user's text; what is wrong with it is a problem."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.text = SourceEdit()
        self._hold(self.text)
        self.text.textChanged.connect(lambda: self.edited.emit(self.text.toPlainText()))
        self.text.finished.connect(self.finished)

    def show_value(self, value: ParamValue) -> None:
        text = "" if value is None else str(value)
        if self.text.toPlainText() != text:
            with QSignalBlocker(self.text):
                self.text.setPlainText(text)


NONE_OFFERED = {
    "context": "No frame around it declares a context: select one and use Add context",
    "key": "Its context has no keys yet: choose the context first, or type a key",
}
"""What the list says when there is nothing to choose."""


class NameCombo(QComboBox):
    """A list with a line to type in, whose typing ends when the focus leaves: Qt's own line doesn't hear of that."""

    def __init__(self, line: ValueLine) -> None:
        super().__init__()
        self.line = line
        self.setLineEdit(line)
        # The list has what there is, and a completion would count as typed.
        self.setCompleter(None)  # pyright: ignore[reportArgumentType]

    def focusOutEvent(self, e: QFocusEvent) -> None:
        super().focusOutEvent(e)
        if e.reason() != Qt.FocusReason.PopupFocusReason:
            self.line.editingFinished.emit()


class NameField(Field):
    """The name of a context or key: typed, or chosen from those that the node can see."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.line = ValueLine(str, str)
        self.combo = NameCombo(self.line)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.combo.setMinimumContentsLength(8)
        pass_wheel(self.combo)
        self._hold(self.combo)
        self.line.changed.connect(self.edited)
        self.line.editingFinished.connect(self.finished)
        self.combo.textActivated.connect(self._chosen)

    def show_value(self, value: ParamValue) -> None:
        self.line.show_value(value)

    def offer(self, names: Sequence[str]) -> None:
        shown = list(names) or [NONE_OFFERED[self.param.type]]
        if [self.combo.itemText(i) for i in range(self.combo.count())] == shown:
            return
        text, typed = self.line.text(), self.line.typed
        with QSignalBlocker(self.combo):
            self.combo.clear()
            self.combo.addItems(shown)
            self.combo.setCurrentIndex(-1)
        model = self.combo.model()
        if not names and isinstance(model, QStandardItemModel):
            model.item(0).setEnabled(False)
        self.combo.view().setMinimumWidth(self.combo.view().sizeHintForColumn(0) + 8)
        self.line.setText(text)
        self.line.typed = typed

    def _chosen(self, text: str) -> None:
        self.edited.emit(text)
        self.finished.emit()


FIELDS: dict[ParamType, type[Field]] = {
    "bool": BoolField,
    "int": NumberField,
    "float": NumberField,
    "ints": IntsField,
    "choice": ChoiceField,
    "text": TextField,
    "expression": ExpressionField,
    "reference": TextField,
    "context": NameField,
    "key": NameField,
}


def field_for(param: Param) -> Field:
    """A new field for this param."""
    return FIELDS[param.type](param)
