"""What the preview is compared with: a picture that was held, or what another variant of the graph makes now."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import themed
from app.panels.compare import ComparedView, Mode, distance
from app.theme import Theme
from app.variants import Make, Variants
from engine.document.dials import Dial, Reading, dials, turned
from engine.document.document import Document
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.stack import enabled, switched
from engine.messages import Picture, Varied

MOST_GAIN = 64
MOST_VALUES = 40
"""So many values have a menu entry; the others are chosen where they are set."""


class Choice(Struct, frozen=True):
    """What B may be: a title, and the edit that makes it of the graph; without one, a picture that is held."""

    title: str
    make: Make | None = None
    held: Picture | None = None


def with_adapters(graph: Graph) -> Iterator[Choice]:
    """The graph with one adapter less or more, and with none at all."""
    on = enabled(graph)
    if len(on) > 1:
        yield Choice("without adapters", lambda graph: switched(graph, ()))
    for each in graph.adapters:
        word = "without" if each.id in on else "with"
        yield Choice(f"{word} {each.name}", lambda graph, each=each: switched(graph, enabled(graph) ^ {each.id}))


def with_values(graph: Graph, catalogue: Catalogue) -> Iterator[Choice]:
    """The graph with one number as it is now, whatever it will be later."""
    for dial, reading in dials(graph, catalogue).items():
        yield with_value(catalogue, dial, reading)


def with_value(catalogue: Catalogue, dial: Dial, reading: Reading) -> Choice:
    """The graph with a number as it reads now."""
    make: Make = lambda graph: turned(graph, catalogue, {dial: reading.value})  # noqa: E731
    return Choice(f"{reading.title} = {reading.value:g}", make)


class CompareBar(QWidget):
    """Chooses B for a view of A, and says how far apart they are. `chosen` tells that B is another, or none."""

    chosen = Signal()

    def __init__(self, document: Document, variants: Variants, view: ComparedView, theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.variants = variants
        self.view = view
        self.choice: Choice | None = None
        self._node = ""
        self.button = QToolButton()
        """Stands among the tools of the preview."""
        self.button.setToolTip("Compare with…")
        self.button.setAccessibleName("Compare with")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setProperty("tone", "menu")
        self.button.setIconSize(QSize(16, 16))
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self.menu.aboutToShow.connect(self._fill)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.numbers = QLabel()
        self.numbers.setProperty("tone", "muted")
        self.numbers.setWordWrap(True)
        self.modes = QButtonGroup(self)
        self.split = self._mode("split", "Split", "A and B side by side, parted by a line to drag")
        self.apart = self._mode("difference", "Difference", "Where A and B differ, as brightness")
        self.split.setChecked(True)
        self.show_b = QPushButton("Show B")
        self.show_b.setToolTip("B alone, while this is held (key B)")
        self.swap = QPushButton("Swap")
        self.off = QToolButton()
        self.off.setAutoRaise(True)
        self.off.setIconSize(QSize(10, 10))
        self.off.setToolTip("Compare no more")
        self.off.setAccessibleName("Compare no more")
        self.gain = QSlider(Qt.Orientation.Horizontal)
        self.gain.setRange(0, 60)
        self.gain.setAccessibleName("Gain of the difference")
        self.gain.setToolTip("How many times brighter the difference is shown")
        self.gain_text = QLabel("× 1")
        self.gain_text.setProperty("tone", "muted")
        for widget in (self.gain, self.gain_text):
            widget.hide()
        for button in (self.show_b, self.swap, self.split, self.apart):
            button.setProperty("tone", "small")
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.off)
        row.setSpacing(4)
        for widget in (self.split, self.apart, self.swap, self.show_b):
            row.addWidget(widget)
        row.addWidget(self.gain, 1)
        row.addWidget(self.gain_text)
        row.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self.numbers)
        self.swap.clicked.connect(view.swap)
        self.show_b.pressed.connect(lambda: view.flip(True))
        self.show_b.released.connect(lambda: view.flip(False))
        self.off.clicked.connect(lambda: self.choose(None))
        self.gain.valueChanged.connect(self._brighten)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.button.setIcon(themed("compare", theme))
        self.off.setIcon(themed("remove", theme))

    def choose(self, choice: Choice | None) -> None:
        """Compare with this from now on, or with nothing."""
        self.choice = choice
        self.view.show_other(choice.held if choice else None)
        self.renew(self._node)
        self.chosen.emit()

    def hold(self) -> None:
        """The picture shown now is B."""
        if self.view.picture:
            self.choose(Choice(f"{self._title()} as it was", held=self.view.picture))

    def next_mode(self) -> None:
        """From no comparison to the split view, to the difference, to none. At first with what suggests itself."""
        if self.choice is None:
            first = next(with_adapters(self.document.graph), None)
            if first:
                self.choose(first)
            else:
                self.hold()
        elif self.view.mode == "split":
            self.apart.click()
        else:
            self.split.click()
            self.choose(None)

    def renew(self, node: str) -> None:
        """Another node is shown, or the graph has run again: ask for B anew."""
        self._node = node
        self.variants.forget(self)
        if self.choice and self.choice.make:
            self.title.setText(f"B: {self.choice.title} …")
            self.variants.ask(self, node, self.choice.make, self._answered)
        self.measure()

    def measure(self) -> None:
        """Say how far A and B are apart."""
        a, b = self.view.picture, self.view.other
        if self.choice and not self.choice.make:
            self.title.setText(f"B: {self.choice.title}")
        if a and b:
            apart = distance(a, b)
            if apart is None:
                sizes = " and ".join(f"{each.width} × {each.height}" for each in (a, b))
                self.numbers.setText(f"no difference can be told of pictures of {sizes} pixels")
            elif apart == (0.0, 0.0):
                self.numbers.setText("A and B are equal in every value shown")
            else:
                self.numbers.setText(f"apart by {apart[0]:.4g} at most, {apart[1]:.4g} on average")
        elif b is None:
            self.numbers.clear()

    def _answered(self, answer: Varied) -> None:
        if self.choice is None or self.choice.make is None:
            return
        self.title.setText(f"B: {self.choice.title}")
        picture = answer.preview.picture if answer.preview else None
        self.view.show_other(picture)
        if picture:
            self.measure()
        else:
            self.numbers.setText(f"B has no picture: {answer.error or 'its value is not one'}")

    def _brighten(self, position: int) -> None:
        """Show the difference so many times brighter."""
        gain = MOST_GAIN ** (position / self.gain.maximum())
        self.gain_text.setText(f"× {gain:.3g}")
        self.view.set_gain(gain)

    def _fill(self) -> None:
        """Put into the menu what B may be."""
        graph, catalogue = self.document.graph, self.document.catalogue
        self.menu.clear()
        self.menu.addAction("This picture, as it is now", self.hold).setEnabled(self.view.picture is not None)
        self.menu.addSeparator()
        for choice in with_adapters(graph):
            self._offer(self.menu, choice)
        values = list(islice(with_values(graph, catalogue), MOST_VALUES))
        if values:
            held = self.menu.addMenu("A value as it is now")
            for choice in values:
                self._offer(held, choice)
        self.menu.addSeparator()
        self.menu.addAction("Nothing", lambda: self.choose(None)).setEnabled(self.choice is not None)

    def _offer(self, menu: QMenu, choice: Choice) -> None:
        menu.addAction(choice.title[0].upper() + choice.title[1:], lambda: self.choose(choice))

    def _title(self) -> str:
        graph = self.document.graph
        return "the result" if self._node in ("", graph.root) else graph.nodes[self._node].title

    def _mode(self, mode: Mode, title: str, tip: str) -> QPushButton:
        button = QPushButton(title)
        button.setCheckable(True)
        button.setToolTip(tip)
        self.modes.addButton(button)

        def set_mode() -> None:
            self.view.set_mode(mode)
            for widget in (self.gain, self.gain_text):
                widget.setVisible(mode == "difference")

        button.clicked.connect(set_mode)
        return button
