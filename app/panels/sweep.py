"""The strip: what a node makes for several values of one number of the graph, or of two, beside one another."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.panels import numbers
from app.panels.numbers import NumberBox
from app.panels.strip_view import Edge, StripView
from app.panels.wheel import pass_wheel
from app.theme import Theme
from app.variants import Variants
from engine.document.dials import Dial, Reading, dials, read, turned
from engine.document.document import Change, Document
from engine.document.edits import Batch, Edit, EditError, SetAdapterParam, SetParam
from engine.document.effect import runs_differently
from engine.document.graph import Graph, path_of
from engine.messages import Varied

STEPS = 7
MOST_STEPS = 25


def span(reading: Reading) -> tuple[float, float]:
    """The values to begin and to end with: of a strength from 0 to 1.5, of whole numbers from here on."""
    value, low, high = reading.value, reading.low, reading.high
    if reading.whole:
        last = value + STEPS - 1
        return (value, last if high is None else max(value, min(last, high)))
    if 0 <= value <= 1.5 and (low is None or low <= 0) and (high is None or high >= 1.5):
        return (0.0, 1.5)
    return (min(0.0, value) if low is None else low, max(2 * abs(value), 1.0) if high is None else high)


def spread(first: float, last: float, steps: int, whole: bool) -> tuple[float, ...]:
    """So many values from the first to the last, evenly; whole ones once each."""
    values = [first + (last - first) * index / max(1, steps - 1) for index in range(steps)]
    return tuple(dict.fromkeys(round(value) if whole else round(value, 9) for value in values))


class Axis:
    """A row of a form: which number, from where to where, in how many steps."""

    def __init__(self, grid: QGridLayout, row: int, title: str, empty: str) -> None:
        self.readings: Mapping[Dial, Reading] = {}
        self._empty = empty
        self.combo = QComboBox()
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(14)
        self.combo.setMinimumWidth(72)  # rather than take the room of the panels beside this one
        self.combo.setAccessibleName(f"{title}: number to turn")
        self.first, self.last = NumberBox(numbers.number), NumberBox(numbers.number)
        self.steps = QSpinBox()
        self.steps.setRange(2, MOST_STEPS)
        self.steps.setValue(STEPS)
        for widget, name in ((self.first, "from"), (self.last, "to"), (self.steps, "steps")):
            widget.setAccessibleName(f"{title}: {name}")
            widget.setMaximumWidth(84)
        self.steps.setMinimumWidth(52)
        for widget in (self.combo, self.steps):
            pass_wheel(widget)
        texts = (QLabel(title), None, QLabel("from"), None, QLabel("to"), None, QLabel("in"), None, QLabel("steps"))
        widgets = (None, self.combo, None, self.first, None, self.last, None, self.steps, None)
        self._parts: list[QWidget] = []
        for column, (text, widget) in enumerate(zip(texts, widgets, strict=True)):
            part = text or widget
            if part is None:
                continue
            if text:
                text.setProperty("tone", "muted")
            grid.addWidget(part, row, column)
            if column > 1:
                self._parts.append(part)
        self.combo.currentIndexChanged.connect(self._chosen)
        self.combo.currentTextChanged.connect(self.combo.setToolTip)

    @property
    def dial(self) -> Dial | None:
        return self.combo.currentData()

    @property
    def values(self) -> tuple[float, ...]:
        """The values to try; one where nothing is turned."""
        dial, first, last = self.dial, self.first.line.value, self.last.line.value
        if dial is None or not isinstance(first, int | float) or not isinstance(last, int | float):
            return (0.0,)
        return spread(first, last, self.steps.value(), self.readings[dial].whole)

    def offer(self, readings: Mapping[Dial, Reading], dial: Dial | None) -> None:
        """Have these numbers to choose from, and choose one, or the one that was."""
        wanted = dial or self.dial
        new = dial is not None or wanted not in readings
        self.readings = readings
        with QSignalBlocker(self.combo):
            self.combo.clear()
            if self._empty or not readings:
                self.combo.addItem(self._empty or "no number to turn", None)
            for each, reading in readings.items():
                self.combo.addItem(reading.title, each)
            entries = [self.combo.itemData(index) for index in range(self.combo.count())]
            self.combo.setCurrentIndex(entries.index(wanted) if wanted in entries else 0)
        if new:
            self._chosen()
        self._show_parts()

    def _chosen(self) -> None:
        """Suggest a span for the number chosen."""
        if self.dial:
            for box, value in zip((self.first, self.last), span(self.readings[self.dial]), strict=True):
                box.show_value(value)
        self._show_parts()

    def _show_parts(self) -> None:
        for part in self._parts:
            part.setEnabled(self.dial is not None)


class SweepPanel(QWidget):
    """Runs the graph with other values standing in, and shows what the previewed node makes. A click sets the value.

    `saved` asks for a file to write the strip to; `wanted` for what the strip is to be about.
    """

    saved = Signal()
    wanted = Signal()

    def __init__(self, document: Document, variants: Variants, theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.variants = variants
        self.node = document.graph.root
        self._settings: tuple[Dial | None, Dial | None] = (None, None)
        self._left = 0
        self._setting = False
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.across = Axis(grid, 0, "Turn", "")
        self.down = Axis(grid, 1, "and", "nothing else")
        self.down.steps.setValue(5)
        self.run = QPushButton("Run")
        self.run.setToolTip("Try every value; the graph stays as it is")
        self.save = QPushButton("Save…")
        self.save.setToolTip("As a picture (.png)")
        self.state = QLabel()
        self.state.setProperty("tone", "muted")
        self.state.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.run)
        row.addWidget(self.save)
        self.view = StripView(theme)
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(self.view)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the tiles have it
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 6)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addLayout(row)
        column.addWidget(scroll, 1)
        self.run.clicked.connect(self._run_or_cancel)
        self.save.clicked.connect(self.saved)
        self.view.chosen.connect(self._set)
        document.listeners.append(self._changed)
        self._show_state()

    def resizeEvent(self, event: object) -> None:
        self.view.set_room(self._scroll.viewport().height())

    def set_theme(self, theme: Theme) -> None:
        self.view.theme = theme
        self.view.update()

    def offer(self, dial: Dial | None = None) -> None:
        """Have the numbers of the graph to choose from, and choose one of them."""
        graph, catalogue = self.document.graph, self.document.catalogue
        readings = dials(graph, catalogue)
        if dial and dial not in readings and (reading := read(graph, catalogue, dial)):
            readings = {dial: reading} | readings
        self.across.offer(readings, dial)
        self.down.offer(readings, None)

    def start(self, node: str) -> None:
        """Ask for every tile of what a node makes."""
        self.cancel()
        across, down = self.across.dial, self.down.dial
        if across is None:
            return
        self.node = node
        self._settings = (across, down if down != across else None)
        columns, rows = self.across.values, self.down.values if self._settings[1] else (0.0,)
        titles = [self._title(dial) for dial in self._settings]
        self.view.begin(Edge(titles[0], columns), Edge(titles[1], rows))
        self._mark()
        self._left = len(columns) * len(rows)
        for row in range(len(rows)):
            for column in range(len(columns)):
                self._ask(column, row)
        self._show_state()

    def cancel(self) -> None:
        """Leave the tiles that are still empty so."""
        self.variants.forget(self)
        self._left = 0
        self._show_state()

    def _run_or_cancel(self) -> None:
        if self._left:
            self.variants.cancel(self)
            self.cancel()
        else:
            self.wanted.emit()

    def _ask(self, column: int, row: int) -> None:
        settings = self._values(column, row)

        def make(graph: Graph) -> Edit:
            return turned(graph, self.document.catalogue, settings)

        def show(answer: Varied) -> None:
            self.view.show_answer(column, row, answer)
            self._left = max(0, self._left - 1)
            self._show_state()

        self.variants.ask(self, self.node, make, show)

    def _values(self, column: int, row: int) -> dict[Dial, float]:
        """What is set in a tile."""
        edges = zip(self._settings, (self.view.across.values[column], self.view.down.values[row]), strict=True)
        return {dial: value for dial, value in edges if dial}

    def _set(self, column: int, row: int) -> None:
        """Have the graph use the values of a tile."""
        self._setting = True
        try:
            edit = turned(self.document.graph, self.document.catalogue, self._values(column, row))
            self.document.apply(edit, f"Set {self.view.text_of(column, row)}")
        except EditError as error:
            self.state.setText(str(error))
        finally:
            self._setting = False

    def _title(self, dial: Dial | None) -> str:
        reading = read(self.document.graph, self.document.catalogue, dial) if dial else None
        return reading.title if reading else ""

    def _changed(self, change: Change) -> None:
        if change.edit is None:
            self.cancel()
            self._settings = (None, None)
            self.view.begin(Edge(), Edge())
        elif self.view.answers or self._left:
            self._mark()
            differs = runs_differently(change.edit, self.document.graph, self.document.catalogue)
            if differs and not self._setting and not self._turns(change.edit):
                self.cancel()
                self.state.setText("The graph has changed: run the strip again")
        if self.isVisible() and not isinstance(change.edit, SetParam | SetAdapterParam):
            self.offer()

    def _turns(self, edit: Edit) -> bool:
        """Whether an edit does no more than turn what the strip turns."""
        match edit:
            case Batch(several):
                return all(map(self._turns, several))
            case SetAdapterParam(owner, name) | SetParam(owner, name):
                return any(dial and (dial.owner, dial.name) == (owner, name) for dial in self._settings)
            case _:
                return False

    def _mark(self) -> None:
        """Show which tile is what the graph has now."""

        def now(dial: Dial | None, edge: Edge) -> int | None:
            reading = read(self.document.graph, self.document.catalogue, dial) if dial else None
            return edge.values.index(reading.value) if reading and reading.value in edge.values else None

        self.view.mark(now(self._settings[0], self.view.across), now(self._settings[1], self.view.down))

    def _show_state(self) -> None:
        total = len(self.view.across.values) * len(self.view.down.values)
        self.run.setText("Cancel" if self._left else "Run")
        self.save.setEnabled(bool(self.view.answers))
        where = path_of(self.document.graph, self.node) if self.node in self.document.graph else ""
        if self._left:
            self.state.setText(f"{total - self._left} of {total}: {where or 'the result of the graph'}")
        elif self.view.answers:
            self.state.setText(f"{where or 'The result of the graph'}. A click on a picture sets its values.")
        else:
            self.state.setText("A strip of what the preview shows, for several values of a number")

    def showEvent(self, event: object) -> None:
        self.offer()
