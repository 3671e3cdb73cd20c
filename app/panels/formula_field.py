"""The field of a param in an adapter's tree: a value like any other, or a formula of the adapter's params."""

from collections.abc import Sequence

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QToolButton

from app.panels.fields import Field, field_for
from app.panels.numbers import ValueLine
from engine.document import formulas
from engine.document.expressions import ExpressionError
from engine.document.kinds import Param, ParamValue


class FormulaField(Field):
    """The usual field, and a button that has a formula in its place: "=rank", "=target.in_features"."""

    def __init__(self, param: Param) -> None:
        super().__init__(param)
        self.plain = field_for(param)
        self.line = ValueLine(_formula, lambda value: str(value).removeprefix("="))
        self.line.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.line.setPlaceholderText("formula, such as scale or target.in_features")
        self.line.setAccessibleName(f"{param.name}: formula")
        self.button = QToolButton()
        self.button.setText("ƒ")
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolTip("Work it out from the adapter's params, and from those of the target and its frame")
        self.button.setAccessibleName(f"{param.name} is a formula")
        self.row.setSpacing(3)
        for widget in (self.plain, self.line):
            self.row.addWidget(widget, 1)
        self.row.addWidget(self.button)
        self.setFocusProxy(self.plain)
        self.plain.edited.connect(self.edited)
        self.plain.finished.connect(self.finished)
        self.plain.refused.connect(self.refused)
        self.line.changed.connect(self.edited)
        self.line.refused.connect(self.refused)
        self.line.editingFinished.connect(self.finished)
        self.button.clicked.connect(self._toggle)
        self._show(False)

    def show_value(self, value: ParamValue) -> None:
        is_formula = formulas.is_formula(value)
        if is_formula or not (self.button.isChecked() and self.line.hasFocus()):
            self._show(is_formula)
        (self.line if is_formula else self.plain).show_value(value)

    def show_several(self, values: Sequence[ParamValue]) -> None:
        if all(value == values[0] for value in values):
            self.show_value(values[0])
        else:
            self._show(False)
            self.plain.show_several(values)

    def _toggle(self, on: bool) -> None:
        self._show(on)
        if on:
            self.line.setFocus()
        else:
            self.refused.emit("")
            self.edited.emit(self.param.default)
            self.finished.emit()

    def _show(self, is_formula: bool) -> None:
        self.button.setChecked(is_formula)
        self.line.setVisible(is_formula)
        self.plain.setVisible(not is_formula)


def _formula(text: str) -> str:
    source = "=" + text.strip().removeprefix("=").strip()
    try:
        formulas.parse(source)
    except ExpressionError as error:
        raise ValueError(str(error)) from None
    return source
