"""The editor of one source: which sort it is, and its value. A new sort of source is a new row in `SORTS`."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.panels import numbers
from app.panels.fields import IntsField
from app.panels.numbers import NumberBox, NumberSlider, ValueLine
from app.panels.wheel import pass_wheel
from engine.document.kinds import Param
from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralDType,
    LiteralSource,
    NoiseSource,
    NumberSource,
    Source,
    TensorSource,
    TextSource,
    UnsetSource,
    misshapen,
)

IMAGES = "Pictures (*.png *.jpg *.jpeg *.bmp *.webp *.tif *.tiff)"
TENSORS = "Tensors (*.safetensors *.npy)"


class Values(QWidget):
    """The value widgets of one sort of source: `show_source` shows, `edited` carries each new source."""

    edited = Signal(object)
    finished = Signal()
    refused = Signal(str)

    def __init__(self, folder: Callable[[], Path]) -> None:
        super().__init__()
        self.folder = folder
        """The folder that relative paths start at."""
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setColumnStretch(1, 1)
        self.build()

    def build(self) -> None:
        """Make the widgets."""

    def show_source(self, source: Source) -> None:
        """Show a source of this sort, and tell nobody."""

    def _row(self, label: str, widget: QWidget) -> None:
        row = self.grid.rowCount()
        if label:
            name = QLabel(label)
            name.setProperty("tone", "muted")
            self.grid.addWidget(name, row, 0)
        self.grid.addWidget(widget, row, 1 if label else 0, 1, 1 if label else 2)


class UnsetValues(Values):
    """Nothing to enter."""

    def build(self) -> None:
        label = QLabel("no value until a SetContext gives one")
        label.setProperty("tone", "muted")
        self._row("", label)


class NumberValues(Values):
    """A Python number, whole or not as it is written."""

    def build(self) -> None:
        self.number = NumberSlider(numbers.number, None)
        self.setFocusProxy(self.number)
        self._row("", self.number)
        self.number.changed.connect(lambda value: self.edited.emit(NumberSource(value)))
        self.number.finished.connect(self.finished)
        self.number.refused.connect(self.refused)

    def show_source(self, source: Source) -> None:
        if isinstance(source, NumberSource):
            self.number.show_value(source.value)


class TextValues(Values):
    """A line of text."""

    def build(self) -> None:
        self.line = ValueLine(str, str)
        self._row("", self.line)
        self.line.changed.connect(lambda text: self.edited.emit(TextSource(text)))
        self.line.editingFinished.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, TextSource):
            self.line.show_value(source.value)


class ListValues(Values):
    """A list, written as in Python."""

    def build(self) -> None:
        self.line = ValueLine(numbers.literal_list)
        self._row("", self.line)
        self.line.changed.connect(lambda value: self.edited.emit(ListSource(value)))
        self.line.refused.connect(self.refused)
        self.line.editingFinished.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, ListSource):
            self.line.show_value(source.value)


class FileLine(QWidget):
    """A path, typed or browsed for. `edited` carries it, relative to the graph's folder where it lies below."""

    edited = Signal(str)
    finished = Signal()

    def __init__(self, folder: Callable[[], Path], patterns: str) -> None:
        super().__init__()
        self._folder = folder
        self._patterns = patterns
        self.line = ValueLine(str, str)
        self.line.setPlaceholderText("path of a file")
        self.button = QPushButton("Browse…")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        self.line.changed.connect(lambda path: self.edited.emit(path))
        self.line.editingFinished.connect(self.finished)
        self.button.clicked.connect(self._browse)

    def show_path(self, path: str) -> None:
        self.line.show_value(path)
        self.line.setToolTip(path)

    def choose(self, path: Path) -> None:
        """Take a file that was picked."""
        folder = self._folder()
        text = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        self.show_path(text)
        self.edited.emit(text)
        self.finished.emit()

    def _browse(self) -> None:
        start = self._folder() / (self.line.text() or ".")
        folder = str(start.parent if self.line.text() else start)
        dialog = QFileDialog(self.window(), "Choose a file", folder, self._patterns)
        dialog.setObjectName("source-file")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)

        def chosen(path: str) -> None:
            if isValid(self):  # the page may be another one by now
                self.choose(Path(path))

        dialog.fileSelected.connect(chosen)
        dialog.open()


class ImageValues(Values):
    """A picture file."""

    def build(self) -> None:
        self.file = FileLine(self.folder, IMAGES)
        self._row("", self.file)
        self.file.edited.connect(lambda path: self.edited.emit(ImageSource(path)))
        self.file.finished.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, ImageSource):
            self.file.show_path(source.path)


class TensorValues(Values):
    """A tensor file, and which tensor of it."""

    def build(self) -> None:
        self.file = FileLine(self.folder, TENSORS)
        self.key = ValueLine(str, str)
        self.key.setPlaceholderText("its only tensor")
        self._row("", self.file)
        self._row("tensor", self.key)
        for signal in (self.file.edited, self.key.changed):
            signal.connect(lambda: self.edited.emit(TensorSource(self.file.line.text(), self.key.text())))
        self.file.finished.connect(self.finished)
        self.key.editingFinished.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, TensorSource):
            self.file.show_path(source.path)
            self.key.show_value(source.key)


class LiteralValues(Values):
    """A small tensor, written as nested lists, and its dtype."""

    def build(self) -> None:
        self._source = LiteralSource([])
        self.line = ValueLine(self._read)
        self.dtype = QComboBox()
        self.dtype.addItems(get_args(LiteralDType))
        self.dtype.setAccessibleName("dtype")
        pass_wheel(self.dtype)
        self._row("", self.line)
        self._row("dtype", self.dtype)
        self.line.changed.connect(lambda value: self._change(replace(self._source, value=value)))
        self.dtype.textActivated.connect(self._choose)
        self.line.refused.connect(self.refused)
        self.line.editingFinished.connect(self.finished)
        self.dtype.activated.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, LiteralSource):
            self._source = source
            self.line.show_value(source.value)
            self.dtype.setCurrentText(source.dtype)

    def _read(self, text: str) -> object:
        value = numbers.literal_tensor(text)
        if wrong := misshapen(replace(self._source, value=value)):
            raise ValueError(wrong)
        return value

    def _choose(self, dtype: str) -> None:
        source = replace(self._source, dtype=dtype)
        wrong = misshapen(source)
        self.refused.emit(wrong or "")
        if wrong:
            self.dtype.setCurrentText(self._source.dtype)
        else:
            self._change(source)

    def _change(self, source: LiteralSource) -> None:
        self._source = source
        self.edited.emit(source)


class NoiseValues(Values):
    """The shape and the seed of Gaussian noise."""

    def build(self) -> None:
        self.shape = IntsField(Param(name="shape", type="ints", default=[], low=1))
        self.seed = NumberBox(numbers.whole)
        self._row("shape", self.shape)
        self._row("seed", self.seed)
        self._source = NoiseSource([])
        self.shape.edited.connect(lambda value: self._change(NoiseSource(value, self._source.seed)))
        self.seed.changed.connect(lambda value: self._change(NoiseSource(self._source.shape, value)))
        self.shape.refused.connect(self.refused)
        self.seed.refused.connect(self.refused)
        self.shape.finished.connect(self.finished)
        self.seed.editingFinished.connect(self.finished)

    def show_source(self, source: Source) -> None:
        if isinstance(source, NoiseSource):
            self._source = source
            self.shape.show_value(source.shape)
            self.seed.show_value(source.seed)

    def _change(self, source: NoiseSource) -> None:
        self._source = source
        self.edited.emit(source)


SORTS: dict[type[Source], tuple[str, Source, type[Values]]] = {
    UnsetSource: ("unset", UnsetSource(), UnsetValues),
    NumberSource: ("number", NumberSource(1.0), NumberValues),
    TextSource: ("text", TextSource(""), TextValues),
    ListSource: ("list", ListSource([]), ListValues),
    ImageSource: ("image file", ImageSource(""), ImageValues),
    TensorSource: ("tensor file", TensorSource(""), TensorValues),
    LiteralSource: ("tensor", LiteralSource([0.0]), LiteralValues),
    NoiseSource: ("noise", NoiseSource([1, 3, 64, 64]), NoiseValues),
}
"""What each sort of source is called, what a new one holds, and what edits it."""


class SourceEditor(QWidget):
    """A list of sorts over the value widgets of the current one. Signals as those of a field."""

    edited = Signal(object)
    finished = Signal()

    def __init__(self, folder: Callable[[], Path]) -> None:
        super().__init__()
        self._folder = folder
        self.sort = QComboBox()
        self.sort.addItems([title for title, _, _ in SORTS.values()])
        pass_wheel(self.sort)
        self.sort.setAccessibleName("Sort of source")
        self.message = QLabel()
        self.message.setProperty("tone", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        self.values: Values | None = None
        self._shown: type[Source] | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addWidget(self.message)
        self.sort.activated.connect(self._sorted)

    def show_source(self, source: Source) -> None:
        """Show a source; the value widgets change only with its sort."""
        if type(source) is not self._shown:
            self._show_sort(type(source))
        if self.values:
            self.values.show_source(source)

    def _show_sort(self, sort: type[Source]) -> None:
        self._shown = sort
        self.sort.setCurrentIndex(list(SORTS).index(sort))
        if self.values:
            self.values.deleteLater()
        self.values = SORTS[sort][2](self._folder)
        self.column.insertWidget(0, self.values)
        self._refuse("")
        self.values.edited.connect(self.edited)
        self.values.finished.connect(self.finished)
        self.values.refused.connect(self._refuse)

    def _sorted(self, index: int) -> None:
        sort = list(SORTS)[index]
        if sort is not self._shown:
            self.edited.emit(SORTS[sort][1])
            self.finished.emit()

    def _refuse(self, reason: str) -> None:
        self.message.setText(reason)
        self.message.setVisible(bool(reason))
