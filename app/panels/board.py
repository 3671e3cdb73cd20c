"""The previews of several nodes side by side, zoomed and moved as one where their pictures are of one size."""

import math
from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.panels.picture import Aim, PictureView, reading
from engine.messages import Preview

NARROWEST = 150
"""Pixels that a picture should have at least, before there are fewer in a row."""


class Shown(Struct, frozen=True):
    """One node and what it made; `missing` says why nothing."""

    node: str
    title: str
    preview: Preview | None
    old: bool
    missing: str


class Cell(QWidget):
    """One node's value under its name."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: Shown | None = None
        self.title = QPushButton()
        self.title.setFlat(True)
        self.title.setToolTip("Show this node on the canvas")
        self.view = PictureView()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.value = QLabel(" ")
        self.value.setProperty("tone", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.view, 1)
        column.addWidget(self.text, 1)
        column.addWidget(self.value)

    def show_value(self, shown: Shown) -> None:
        self.shown = shown
        picture = shown.preview.picture if shown.preview else None
        self.title.setText(shown.title)
        self.view.setVisible(picture is not None)
        self.text.setVisible(picture is None)
        self.view.show_picture(picture)
        self.view.set_faded(shown.old)
        self.text.setText(shown.preview.text if shown.preview else shown.missing)
        self.text.setEnabled(not shown.old)

    def read(self, pixel: tuple[int, int] | None) -> None:
        """Say what this picture has at a pixel."""
        picture = self.view.picture
        self.value.setText(reading(picture, *pixel) if picture and pixel else " ")


class Board(QWidget):
    """As many cells as there are nodes. `activated` names one that was clicked."""

    activated = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[Cell] = []
        self._smooth = False
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.hide()

    def show_all(self, nodes: Sequence[Shown]) -> None:
        """Show these nodes, in this order."""
        while len(self.cells) > len(nodes):
            cell = self.cells.pop()
            self._grid.removeWidget(cell)
            cell.deleteLater()
        while len(self.cells) < len(nodes):
            self._add()
        for cell, shown in zip(self.cells, nodes, strict=True):
            cell.show_value(shown)
        self._arrange()

    def fit(self) -> None:
        for cell in self.cells:
            cell.view.fit()

    def set_zoom(self, zoom: float) -> None:
        for cell in self.cells:
            cell.view.set_zoom(zoom)

    def set_smooth(self, smooth: bool) -> None:
        self._smooth = smooth
        for cell in self.cells:
            cell.view.set_smooth(smooth)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _add(self) -> None:
        cell = Cell()
        cell.view.set_smooth(self._smooth)
        cell.view.aimed.connect(lambda aim: self._follow(cell, aim))
        cell.view.pointed.connect(lambda pixel: self._read(cell, pixel))
        cell.title.clicked.connect(lambda: cell.shown and self.activated.emit(cell.shown.node))
        self.cells.append(cell)

    def _arrange(self) -> None:
        """As square as the width allows."""
        columns = max(1, min(math.ceil(math.sqrt(len(self.cells))), self.width() // NARROWEST))
        for index, cell in enumerate(self.cells):
            self._grid.addWidget(cell, index // columns, index % columns)

    def _like(self, cell: Cell) -> list[Cell]:
        """The other cells whose pictures are of the same size."""
        return [each for each in self.cells if each is not cell and each.view.image.size() == cell.view.image.size()]

    def _follow(self, cell: Cell, aim: Aim) -> None:
        for other in self._like(cell):
            other.view.take_aim(aim)

    def _read(self, cell: Cell, pixel: tuple[int, int] | None) -> None:
        for each in (cell, *self._like(cell)):
            each.read(pixel)
