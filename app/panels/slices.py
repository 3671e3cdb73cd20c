"""Which slice of a tensor is shown: an index for each dimension before the last two."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget

from app.panels.wheel import pass_wheel
from engine.messages import ALL

AUTO = -2
"""No index: pictures as they are, the first slice of all else."""
WORDS = {AUTO: "auto", ALL: "all"}

MOST = 3
"""Dimensions that have a box; of more, the others are at their first index."""


class IndexBox(QSpinBox):
    """An index, every one side by side, or none."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)
        pass_wheel(self)

    def textFromValue(self, val: int) -> str:
        return WORDS.get(val, str(val))

    def valueFromText(self, text: str) -> int:
        named = {word: value for value, word in WORDS.items()}
        return named.get(text.strip(), int(text) if text.strip().isdigit() else AUTO)

    def validate(self, input: str, pos: int) -> tuple[QValidator.State, str, int]:
        text = input.strip()
        if text in WORDS.values() or (text.isdigit() and int(text) <= self.maximum()):
            return QValidator.State.Acceptable, input, pos
        begun = not text or any(word.startswith(text) for word in WORDS.values())
        return QValidator.State.Intermediate if begun else QValidator.State.Invalid, input, pos


class SliceBar(QWidget):
    """A box for each dimension that has a choice. `chosen` carries the indices, shorter where the rest is "auto"."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.boxes = [IndexBox() for _ in range(MOST)]
        self.names = [QLabel() for _ in range(MOST)]
        self._shape: tuple[int, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for name, box in zip(self.names, self.boxes, strict=True):
            name.setProperty("tone", "muted")
            name.setBuddy(box)
            row.addWidget(name)
            row.addWidget(box)
            box.valueChanged.connect(self._changed)
        row.addStretch(1)
        self.hide()

    def show_shape(self, shape: Sequence[int], index: Sequence[int]) -> None:
        """Show what there is to choose in a tensor of this shape."""
        self._shape = tuple(shape[:-2])[:MOST]
        words = ["channel"] if len(shape) == 3 else ["item", "channel"]
        for at, (name, box) in enumerate(zip(self.names, self.boxes, strict=True)):
            here = at < len(self._shape) and self._shape[at] > 1
            name.setVisible(here)
            box.setVisible(here)
            if here:
                name.setText(words[at] if len(shape) in (3, 4) else f"dim {at}")
                box.setAccessibleName(name.text())
                box.setToolTip(f"0 to {self._shape[at] - 1}, all side by side, or auto: pictures as they are")
                with QSignalBlocker(box):
                    box.setRange(AUTO, self._shape[at] - 1)
                    box.setValue(index[at] if at < len(index) else AUTO)
        self.setVisible(any(size > 1 for size in self._shape))

    def _changed(self) -> None:
        values = [box.value() if size > 1 else 0 for box, size in zip(self.boxes, self._shape, strict=False)]
        # A dimension of one has no choice, so that it alone chooses nothing.
        while values and (values[-1] == AUTO or self._shape[len(values) - 1] == 1):
            values.pop()
        self.chosen.emit(tuple(0 if value == AUTO else value for value in values))
