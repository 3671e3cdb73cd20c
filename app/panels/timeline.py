"""The timeline of contexts: what each key held after each step of the last run, scrubbed with a slider."""

from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSplitter,
    QStackedLayout,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import themed
from app.panels.end_of_line import EndOfLine
from app.panels.timeline_marks import DONE, LEGEND
from app.panels.timeline_view import EMPTY, TimelineView
from app.panels.tracks import Tracks
from app.theme import Theme
from engine.messages import Timeline, Touch


class TimelinePanel(QWidget):
    """Shows a recorded run. While it is open, runs are recorded: the window sees to that."""

    wanted = Signal()
    """A recorded run is asked for."""
    moved = Signal(str, bool)
    """The node of the present step ("" for none), and whether it is to be brought into view."""
    activated = Signal(str)
    """A node was double-clicked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.tracks = EMPTY
        self.run_shown = 0
        """The number of the run that was recorded last."""
        self.view = TimelineView(theme)
        self.back, self.on = QToolButton(), QToolButton()
        self.back.setToolTip("The step before (Left)")
        self.back.setAccessibleName("The step before")
        self.on.setToolTip("The next step (Right)")
        self.on.setAccessibleName("The next step")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Step")
        self.slider.setMinimumWidth(120)
        self.count, self.place = QLabel(), EndOfLine()
        self.columns = QComboBox()
        self.columns.addItems(["Steps at contexts", "Steps at this key", "All steps"])
        self.columns.setAccessibleName("Which steps are shown")
        self.follow = QCheckBox("Follow")
        self.follow.setToolTip("Bring the node of the present step into view on the canvas")
        self.value = QTextBrowser()
        self.value.setAccessibleName("What the key holds")
        self.value.setMinimumWidth(160)
        self.empty = QLabel("Runs are recorded while this panel is open.")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.run = QPushButton("Run")
        self._build()
        self.back.clicked.connect(lambda: self.view.move(-1))
        self.on.clicked.connect(lambda: self.view.move(1))
        self.slider.valueChanged.connect(self._slid)
        self.columns.currentIndexChanged.connect(self._show_columns)
        self.follow.toggled.connect(self._tell)
        self.view.moved.connect(self._moved)
        self.view.chosen.connect(self._chosen)
        self.view.activated.connect(lambda step: self.activated.emit(self.tracks.node(step)))
        self.run.clicked.connect(self.wanted)
        self.set_theme(theme)
        self.forget()

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(6)
        for each in (self.back, self.on, self.slider, self.count, self.place, self.columns, self.follow):
            bar.addWidget(each, 1 if each is self.place else 0)
        split = QSplitter()
        split.addWidget(self.view)
        split.addWidget(self.value)
        split.setStretchFactor(0, 4)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([900, 260])
        legend = QLabel(LEGEND)
        legend.setProperty("tone", "muted")
        self.note = QLabel()
        self.note.setProperty("tone", "muted")
        foot = QHBoxLayout()
        foot.addWidget(legend, 1)
        foot.addWidget(self.note)
        shown, none = QWidget(), QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(8, 6, 8, 4)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addWidget(split, 1)
        column.addLayout(foot)
        middle = QVBoxLayout(none)
        middle.addStretch(1)
        middle.addWidget(self.empty)
        middle.addWidget(self.run, 0, Qt.AlignmentFlag.AlignCenter)
        middle.addStretch(1)
        self.pages = QStackedLayout(self)
        self.pages.addWidget(none)
        self.pages.addWidget(shown)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.back.setIcon(themed("back", theme))
        self.on.setIcon(themed("forth", theme))
        self.view.set_theme(theme)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(700, 220)

    def minimumSizeHint(self) -> QSize:
        """So much that a few keys are in view when it opens below a graph."""
        return QSize(super().minimumSizeHint().width(), 190)

    def forget(self) -> None:
        """There is no recorded run."""
        self.tracks = EMPTY
        self.view.show_tracks(EMPTY, [])
        self.empty.setText("Runs are recorded while this panel is open.")
        self.run.show()
        self.pages.setCurrentIndex(0)
        self._tell()

    def show_timeline(self, timeline: Timeline) -> None:
        """Show what was recorded. The present step stays where the run is as long as it was."""
        self.run_shown = timeline.run
        if not timeline.tracks:
            self.forget()
            self.empty.setText("This graph has no contexts: no frame provides one, so there is nothing to follow.")
            self.run.hide()
            return
        self.tracks = Tracks(timeline)
        self.pages.setCurrentIndex(1)
        self._show_columns()
        self._describe()
        self._tell()

    def set_stale(self, stale: bool) -> None:
        """Say that the graph has changed since, or which steps are missing."""
        left_out = self.tracks.timeline.left_out
        missing = f"{left_out:,} later steps are not recorded" if left_out else ""
        self.note.setText("of the graph before it was changed" if stale else missing)

    @property
    def node(self) -> str:
        """The node of the present step; "" for none."""
        return self.tracks.node(self.view.step) if len(self.tracks) else ""

    def _show_columns(self) -> None:
        tracks = self.tracks
        choices = (lambda: tracks.steps(), lambda: tracks.steps(self.view.track), lambda: list(range(tracks.last + 1)))
        columns = choices[self.columns.currentIndex()]() if len(tracks) else []
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(columns) - 1))
        self.slider.blockSignals(False)
        self.view.show_tracks(tracks, columns)
        self._show_place()

    def _slid(self, index: int) -> None:
        if index < len(self.view.columns):
            self.view.go(self.view.columns[index])

    def _moved(self, step: int) -> None:
        del step
        self._show_place()
        self._describe()
        self._tell()

    def _chosen(self, track: int) -> None:
        del track
        if self.columns.currentIndex() == 1:
            self._show_columns()
        self._describe()

    def _show_place(self) -> None:
        view = self.view
        self.slider.blockSignals(True)
        self.slider.setValue(view.column)
        self.slider.blockSignals(False)
        self.back.setEnabled(bool(view.columns) and view.step > view.columns[0])
        self.on.setEnabled(bool(view.columns) and view.step < view.columns[-1])
        path = self.tracks.path(view.step) if len(self.tracks) else ""
        self.count.setText(f"{view.step} of {max(0, self.tracks.last)}")
        self.place.show_text(path or "start")

    def _tell(self) -> None:
        self.moved.emit(self.node, self.follow.isChecked())

    def _describe(self) -> None:
        """What the present key holds, in full."""
        if not len(self.tracks):
            self.value.clear()
            return
        track = self.tracks.timeline.tracks[self.view.track]
        held = self.tracks.held(self.view.track, self.view.step)
        provider = _breakable(track.path) or "the whole graph"
        lines = [f"<b>{escape(track.label)}</b>", f"<span>of {escape(provider)}</span>"]
        if held is None:
            lines.append("its frame is done with it")
        else:
            where = _breakable(self.tracks.path(held.step))
            lines.append(f"{escape(held.content.text)}")
            lines.append(f"<i>{escape(f'{where} {DONE[held.how]} it' if held.step else 'its first value')}</i>")
            lines += self._items(held, now=held.step == self.view.step)
        self.value.setHtml("<p style='margin:0'>" + "<br>".join(lines) + "</p>")

    def _items(self, held: Touch, now: bool) -> list[str]:
        """The elements of a list, the last first; those just pushed or popped have a sign."""
        content, before = held.content, self.tracks.before(held)
        count = content.count or 0
        grown = count - ((before.content.count or 0) if before else count)
        lines: list[str] = []
        if now and grown < 0 and before:
            lines += [f"− {escape(item)}" for item in reversed(before.content.items[grown:])]
        for offset, item in enumerate(reversed(content.items)):
            sign = "+ " if now and offset < grown else ""
            lines.append(f"{sign}[{count - 1 - offset}] {escape(item)}")
        if count > len(content.items):
            lines.append(f"… and {count - len(content.items)} before")
        return lines


def _breakable(path: str) -> str:
    """A path that may go on in the next line after its dots."""
    return path.replace(".", ".\u200b")
