"""Where one is: the frames around what the canvas shows, from the root on, each a button that leads there."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from app.canvas import travel
from app.canvas.view import Canvas
from engine.document.graph import unique_names

MOST = 6
"""Frames named at once; where there are more, or they take more room, those after the root are left out."""
_AROUND = 26
"""Pixels that a name takes besides its letters, with the arrow before it."""


class Breadcrumbs(QFrame):
    """A row of buttons over a canvas, kept true to its camera."""

    chosen = Signal(str)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("breadcrumbs")
        self.setAccessibleName("Where the canvas is")
        self.canvas = canvas
        self.frames: list[str] = []
        self._shown: tuple[list[tuple[str, str]], int] = ([], 0)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 1, 8, 1)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # names widen no window
        self._refreshing = QTimer(self)
        self._refreshing.setSingleShot(True)
        self._refreshing.timeout.connect(self.refresh)
        canvas.camera_moved.connect(self._refreshing.start)
        self.refresh()

    def refresh(self) -> None:
        """Name the frames around what is in view."""
        graph = self.canvas.document.graph
        here = travel.where(self.canvas)
        self.frames = [*reversed(graph.ancestors(here)), here]
        named = [(frame, self._name(frame)) for frame in self.frames]
        most = self._fitting(named)
        if (named, most) != self._shown:
            self._shown = (named, most)
            self._fill(named, most)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refreshing.start()

    def _fitting(self, named: Sequence[tuple[str, str]]) -> int:
        """How many frames there is room to name."""
        widths = [self.fontMetrics().horizontalAdvance(name) + _AROUND for _, name in named]
        room, most = self.width() - widths[0] - 2 * _AROUND, 1
        while most < min(MOST, len(named)) and sum(widths[-most:]) <= room:
            most += 1
        return most

    def _name(self, frame: str) -> str:
        graph = self.canvas.document.graph
        if frame not in graph.parents:
            return graph.nodes[frame].title
        run = graph.siblings(frame)
        return unique_names([graph.nodes[node].title for node in run])[run.index(frame)]

    def _fill(self, named: Sequence[tuple[str, str]], most: int) -> None:
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            if item and (widget := item.widget()):
                widget.deleteLater()
        left_out = named[1 : max(1, len(named) - most + 1)]
        for frame, name in named:
            if (frame, name) in left_out:
                if (frame, name) == left_out[0]:
                    self._add(QLabel("…"), " › ".join(each for _, each in left_out))
                continue
            button = QToolButton()
            button.setText(name)
            button.setAutoRaise(True)
            button.setProperty("tone", "crumb")
            button.setProperty("here", frame == named[-1][0])
            button.clicked.connect(lambda _=False, frame=frame: self.chosen.emit(frame))
            self._add(button, f"Show {name}")

    def _add(self, widget: QLabel | QToolButton, tip: str) -> None:
        if self._row.count() > 1:
            self._row.insertWidget(self._row.count() - 1, QLabel("›"))
        widget.setToolTip(tip)
        self._row.insertWidget(self._row.count() - 1, widget)
