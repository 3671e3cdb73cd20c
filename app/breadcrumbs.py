"""Where one is: the frames around what the canvas shows, from the root on, each a button that leads there."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from app import tones
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
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 8, 1)
        row.setSpacing(0)
        self._gap = QLabel("…")
        self._crumbs = [_Crumb(index) for index in range(MOST)]
        for crumb in self._crumbs:
            row.addWidget(crumb.arrow)
            row.addWidget(crumb.button)
            crumb.button.clicked.connect(lambda _=False, crumb=crumb: self.chosen.emit(crumb.frame))
        self._between = QLabel("›")
        row.insertWidget(2, self._between)
        row.insertWidget(3, self._gap)
        row.addStretch(1)
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
        bold = self.font()
        bold.setBold(True)
        widths[-1] = QFontMetrics(bold).horizontalAdvance(named[-1][1]) + _AROUND
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
        first = max(1, len(named) - most + 1)
        left_out = named[1:first]
        for label in (self._between, self._gap):
            label.setVisible(bool(left_out))
        self._gap.setToolTip(" › ".join(name for _, name in left_out))
        shown = [named[0], *named[first:]]
        for crumb, (frame, name) in zip(self._crumbs, shown, strict=False):
            crumb.show_frame(frame, name, here=frame == named[-1][0])
        for crumb in self._crumbs[len(shown) :]:
            crumb.hide()


class _Crumb:
    """The button of one frame, with the arrow before it. It is kept for others: making widgets is slow."""

    def __init__(self, index: int) -> None:
        self.frame = ""
        self.arrow = QLabel("›")
        self.button = QToolButton()
        self.button.setAutoRaise(True)
        self.button.setProperty("tone", "crumb")
        self.arrow.setVisible(False)
        self._first = index == 0

    def show_frame(self, frame: str, name: str, here: bool) -> None:
        self.frame = frame
        if self.button.text() != name:
            self.button.setText(name)
            self.button.setToolTip(f"Show {name}")
        tones.mark(self.button, "here", here)
        self.arrow.setVisible(not self._first)
        self.button.setVisible(True)

    def hide(self) -> None:
        self.arrow.setVisible(False)
        self.button.setVisible(False)
