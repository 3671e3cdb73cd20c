"""Where one is: the frames around what the canvas shows, from the root on, each a button that leads there."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton

from app.canvas import travel
from app.canvas.view import Canvas
from engine.document.graph import unique_names

MOST = 6
"""Frames named at once; where there are more, those between the root and the last are left out."""


class Breadcrumbs(QFrame):
    """A row of buttons over a canvas, kept true to its camera."""

    chosen = Signal(str)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("breadcrumbs")
        self.setAccessibleName("Where the canvas is")
        self.canvas = canvas
        self.frames: list[str] = []
        self._shown: list[tuple[str, str]] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 1, 8, 1)
        self._row.setSpacing(0)
        self._row.addStretch(1)
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
        if named != self._shown:
            self._shown = named
            self._fill(named)

    def _name(self, frame: str) -> str:
        graph = self.canvas.document.graph
        if frame not in graph.parents:
            return graph.nodes[frame].title
        run = graph.siblings(frame)
        return unique_names([graph.nodes[node].title for node in run])[run.index(frame)]

    def _fill(self, named: Sequence[tuple[str, str]]) -> None:
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            if item and (widget := item.widget()):
                widget.deleteLater()
        left_out = named[1 : len(named) - MOST + 1]
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
