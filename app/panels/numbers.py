"""Entry of numbers: a box that takes any text and tells what it is worth, and a slider beside it."""

import ast
import math
from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QWidget

from app.panels.wheel import pass_wheel

Read = Callable[[str], object]
"""Turns text into a value, or raises ValueError that says what was expected."""

SLIDER_STEPS = 1000


def whole(text: str) -> int:
    """The whole number that `text` spells."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no whole number") from None


def real(text: str) -> float:
    """The finite number that `text` spells."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number: write 0.5, say, or 1e-3")
    return value


def number(text: str) -> bool | int | float:
    """The Python number that `text` spells: `4` stays whole, `4.0` does not, True and False count."""
    if text.strip() in ("True", "False"):
        return text.strip() == "True"
    try:
        return int(text)
    except ValueError:
        return real(text)


def whole_list(text: str) -> list[int]:
    """The whole numbers that `text` lists: `3, 3` or `[3, 3]`."""
    inner = text.strip().removeprefix("[").removesuffix("]").strip().rstrip(",")
    try:
        return [int(part) for part in inner.split(",")] if inner else []
    except ValueError:
        raise ValueError(f"{text!r} is no list of whole numbers: write 3, 3") from None


def literal_list(text: str) -> list[object]:
    """The list of numbers, texts, truth values, None and lists that `text` spells."""
    try:
        value = ast.literal_eval(text.strip() or "[]")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, list) or not all(_plain(item) for item in value):
        raise ValueError(f"{text!r} is no list: write [], or [1, 2.5, 'three']")
    return value


def literal_tensor(text: str) -> object:
    """The number, or the nested list of numbers, that `text` spells."""
    try:
        value = ast.literal_eval(text.strip() or "[]")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, bool | int | float | list) or not _plain(value):
        raise ValueError(f"{text!r} is no tensor: write [[1, 2], [3, 4]], say")
    return value


def _plain(item: object) -> bool:
    if isinstance(item, list):
        return all(_plain(i) for i in item)
    if isinstance(item, float):
        return math.isfinite(item)
    return item is None or isinstance(item, bool | int | str)


class ValueLine(QLineEdit):
    """A line that counts once the typing ends, with Enter or by leaving it; Escape restores what was there.

    It never rejects or rewrites text: what can't be read stays as typed. `changed` carries each new value, `refused`
    the reason why there is none ("" once the text reads well again).
    """

    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, read: Read, write: Callable[[object], str] = repr) -> None:
        super().__init__()
        self.value: object = None
        """The value that is shown, or was before the text became unreadable."""
        self._read = read
        self._write = write
        self.typed = False
        """Whether the text was changed by hand and is not taken yet. Qt's own mark goes when Enter is pressed."""
        self.textEdited.connect(self._edited)
        self.editingFinished.connect(self.commit)

    def show_value(self, value: object) -> None:
        """Show a value; what is being typed, or was refused, stays while the value is the same as before."""
        shown, self.value = self.value, value
        if self.typed and _same(shown, value):
            return
        if not self._spells(value):
            self.setText("" if value is None else self._write(value))
            if not self.hasFocus():
                self.setCursorPosition(0)  # of a long one, it shows where it begins
        self.typed = False
        self.refused.emit("")

    def commit(self) -> None:
        """The typing has ended: take what the text spells."""
        if not self.typed:
            return
        try:
            value = self._read(self.text())
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self.typed = False
        self.value = value
        self.refused.emit("")
        self.changed.emit(value)

    def enter(self, value: object) -> None:
        """Show a value as if it had been typed."""
        self.setText(self._write(value))
        self.typed = True
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.typed:
            self.typed = False
            self.show_value(self.value)
        else:
            super().keyPressEvent(event)

    def _edited(self) -> None:
        self.typed = True

    def _spells(self, value: object) -> bool:
        """Whether the text is one way to write the value."""
        try:
            return bool(self.text()) and _same(self._read(self.text()), value)
        except ValueError:
            return False


class NumberBox(QAbstractSpinBox):
    """A value line that steps with arrows, wheel and keys: by one, or by a tenth of the leading digit."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self.line = ValueLine(read)
        self.changed = self.line.changed
        self.refused = self.line.refused
        self.show_value = self.line.show_value
        self.setLineEdit(self.line)
        self.line.setTextMargins(6, 0, 0, 0)  # begins where the text of other fields does
        self.editingFinished.connect(self.line.commit)
        pass_wheel(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(64)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def stepBy(self, steps: int) -> None:
        value = self.line.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            if isinstance(value, int):
                self.line.enter(value + steps)
            else:
                step = step_of(value)
                stepped = tidy(value + steps * step, step)
                if math.isfinite(stepped):
                    self.line.enter(stepped)


def _same(one: object, other: object) -> bool:
    """Equal and of one type: 4 and 4.0 are different things to write."""
    return type(one) is type(other) and one == other


def step_of(value: float) -> float:
    """A tenth of the value's leading digit: 0.1 for 1.5, 1 for 20. Of the very smallest numbers, the smallest."""
    return max(10.0 ** (math.floor(math.log10(abs(value))) - 1), math.ulp(0.0)) if value else 0.1


def tidy(value: float, step: float) -> float:
    """The value rounded to a multiple of `step`, a power of ten, without trailing noise."""
    return round(value, max(0, -math.floor(math.log10(step) + 1e-9)))


class Scale(Struct, frozen=True):
    """How a slider's positions stand for numbers: evenly, or by ratio when positive bounds lie far apart."""

    low: float
    high: float
    whole: bool = False

    @property
    def by_ratio(self) -> bool:
        return self.low > 0 and self.high / self.low >= 100

    def position(self, value: float) -> int:
        value = min(max(value, self.low), self.high)
        if self.by_ratio:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(share * SLIDER_STEPS)

    def value(self, position: int) -> int | float:
        share = position / SLIDER_STEPS
        if self.by_ratio:
            value = self.low * (self.high / self.low) ** share
            step = step_of(value) / 10
        else:
            value = self.low + share * (self.high - self.low)
            step = 10.0 ** math.floor(math.log10((self.high - self.low) / SLIDER_STEPS) + 1e-9)
        return round(value) if self.whole else min(max(tidy(value, step), self.low), self.high)


def scale_around(value: float, whole_only: bool) -> Scale:
    """A scale for a number without bounds: up to twice its size, rounded up to 1, 2 or 5 times a power of ten.

    It ends where all it can give is a number that a document takes: whole ones have 64 bits, others are finite.
    """
    wanted = min(max(2 * abs(value), 10.0 if whole_only else 1.0), 5e18 if whole_only else 1e307)
    power = 10.0 ** math.floor(math.log10(wanted))
    reach = next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))
    return Scale(0.0 if value >= 0 else -reach, reach, whole_only)


class NumberSlider(QWidget):
    """A number box with a slider. The scale is fixed, or follows the value between drags when `scale` is None.

    `changed` and `refused` are the box's; `finished` tells that a drag or the typing has ended.
    """

    changed = Signal(object)
    refused = Signal(str)
    finished = Signal()

    def __init__(self, read: Read, scale: Scale | None) -> None:
        super().__init__()
        self.box = NumberBox(read)
        self.box.setMaximumWidth(96)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setSingleStep(SLIDER_STEPS // 100)
        self.slider.setMinimumWidth(60)
        pass_wheel(self.slider)
        self._fixed = scale
        self._scale = scale or Scale(0.0, 2.0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.box)
        self.setFocusProxy(self.box)
        self.box.changed.connect(self._typed)
        self.box.refused.connect(self.refused)
        self.box.editingFinished.connect(self.finished)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self.finished)

    def show_value(self, value: object) -> None:
        """Show a value on both; a scale of its own stays put while the slider is held."""
        self.box.show_value(value)
        self.follow(value)

    def follow(self, value: object) -> None:
        """Have the slider stand at a number."""
        if not isinstance(value, int | float):
            return
        if not self.slider.isSliderDown():
            self._scale = self._fixed or scale_around(value, isinstance(value, int))
        with QSignalBlocker(self.slider):
            if not self.slider.isSliderDown():
                self.slider.setValue(self._scale.position(value))

    def _typed(self, value: object) -> None:
        self.changed.emit(value)
        self.follow(self.box.line.value)

    def _slid(self, position: int) -> None:
        value = self._scale.value(position)
        self.box.show_value(value)
        self.refused.emit("")
        self.changed.emit(value)
        if not self.slider.isSliderDown():
            self.finished.emit()
