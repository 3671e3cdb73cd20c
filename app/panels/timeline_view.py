"""The lanes of a timeline: a row for each key, a column for each step, a mark where a step reaches a key."""

from bisect import bisect_left, bisect_right

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from app.panels.timeline_marks import DONE, mark
from app.panels.tracks import Tracks
from app.theme import Theme
from engine.messages import Timeline, Touch

EMPTY = Tracks(Timeline(0, (), (), (), ()))
ROW, HEAD = 26, 18
LEAST, MOST = 7.0, 26.0
"""Pixels that a column is wide."""


class TimelineView(QAbstractScrollArea):
    """Shows the steps of a run as columns, one of which is the present one. Left and Right go on, Up and Down to other
    keys, Ctrl+Left and Ctrl+Right to the next step that reaches this key."""

    moved = Signal(int)
    """The present step is another."""
    chosen = Signal(int)
    """Another key, by the number of its track."""
    activated = Signal(int)
    """A step was double-clicked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.tracks = EMPTY
        self.columns: list[int] = []
        """The steps that are shown."""
        self.parts: list[str] = []
        self.names: list[str] = []
        self.step = 0
        self.track = 0
        self.label = self.pitch = 0.0
        """How wide the column of names is, and a step."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline of contexts")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.viewport().update()

    def show_tracks(self, tracks: Tracks, columns: list[int]) -> None:
        """Show these steps of a run; the present one stays, as far as there is one."""
        self.tracks, self.columns = tracks, columns
        self.parts, self.names = tracks.parts(columns), tracks.names
        self.track = min(self.track, max(0, len(tracks) - 1))
        self.step = min(self.step, max(0, tracks.last))
        self._refit()
        self._reveal()

    def go(self, step: int) -> None:
        """Make a step the present one."""
        if step != self.step and 0 <= step <= self.tracks.last:
            self.step = step
            self._reveal()
            self.moved.emit(step)

    def choose(self, track: int) -> None:
        """Make a key the present one."""
        if track != self.track and 0 <= track < len(self.tracks):
            self.track = track
            bar, top = self.verticalScrollBar(), track * ROW
            bar.setValue(min(max(bar.value(), top + ROW - self._room()), top))
            self.viewport().update()
            self.chosen.emit(track)

    def move(self, by: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Go on by so many of the steps that are shown."""
        if self.columns:
            here = bisect_right(self.columns, self.step) - 1 if by > 0 else bisect_left(self.columns, self.step)
            self.go(self.columns[min(max(here + by, 0), len(self.columns) - 1)])

    # Where things are.

    def cell(self, column: int, track: int) -> QRectF:
        """Where a step and a key meet."""
        left = self.label + column * self.pitch - self.horizontalScrollBar().value()
        return QRectF(left, HEAD + track * ROW - self.verticalScrollBar().value(), self.pitch, ROW)

    def at(self, point: QPointF) -> tuple[int, int]:
        """The column and the track at a point, or the nearest."""
        column = int((point.x() - self.label + self.horizontalScrollBar().value()) // self.pitch)
        track = int((point.y() - HEAD + self.verticalScrollBar().value()) // ROW)
        return min(max(column, 0), len(self.columns) - 1), min(max(track, 0), len(self.tracks) - 1)

    @property
    def column(self) -> int:
        """The column of the present step, or the last before it."""
        return max(0, bisect_right(self.columns, self.step) - 1)

    def _room(self) -> int:
        return self.viewport().height() - HEAD

    def _refit(self) -> None:
        widest = max((self.fontMetrics().horizontalAdvance(name) for name in self.names), default=0)
        self.label = min(widest * 1.1 + 130, self.viewport().width() * 0.4)
        width = self.viewport().width() - self.label - 6
        self.pitch = min(MOST, max(LEAST, width / max(1, len(self.columns))))
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        room = round(self.viewport().width() - self.label - 6)
        across.setRange(0, max(0, round(len(self.columns) * self.pitch) - room))
        across.setPageStep(max(1, room))
        across.setSingleStep(round(self.pitch))
        down.setRange(0, max(0, len(self.tracks) * ROW - self._room()))
        down.setPageStep(max(1, self._room()))
        down.setSingleStep(ROW)
        self.viewport().update()

    def _reveal(self) -> None:
        bar, left = self.horizontalScrollBar(), self.column * self.pitch
        room = self.viewport().width() - self.label - 6
        if not bar.value() <= left <= bar.value() + room - self.pitch:
            bar.setValue(round(left - room / 2))
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(600, 160)

    def resizeEvent(self, event: object) -> None:
        del event
        self._refit()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        with QPainter(self.viewport()) as p:
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            p.fillRect(self.viewport().rect(), self.theme.panel)
            if not self.columns:
                return
            first, _ = self.at(QPointF(self.label, 0))
            last, _ = self.at(QPointF(self.viewport().width(), 0))
            width, height = self.viewport().width(), self.viewport().height()
            top, bottom = self.at(QPointF(0, HEAD))[1], self.at(QPointF(0, height))[1]
            p.setClipRect(QRectF(self.label, HEAD, width, height))
            for track in range(top, bottom + 1):
                self._paint_lane(p, track, first, last)
            p.setClipRect(QRectF(self.label, 0, width, height))
            self._paint_parts(p, first, last)
            self._paint_present(p)
            p.setClipRect(QRectF(0, HEAD, width, height))
            for track in range(top, bottom + 1):
                self._paint_label(p, track)

    def _paint_parts(self, p: QPainter, first: int, last: int) -> None:
        """The frames that steps are in, over the lanes."""
        start = first
        for column in range(first, last + 2):
            if column <= last and self.parts[column] == self.parts[start]:
                continue
            rect = self.cell(start, 0)
            area = QRectF(rect.left(), 0, (column - start) * self.pitch, self.viewport().height())
            p.fillRect(area.adjusted(0, 0, 0, HEAD - area.height()), self.theme.surfaces[1])
            p.setPen(QPen(self.theme.line, 1))
            p.drawLine(QPointF(round(area.left()) + 0.5, 0), QPointF(round(area.left()) + 0.5, area.height()))
            left = max(area.left(), self.label)
            text = QRectF(left + 4, 0, area.right() - left - 6, HEAD)
            if self.parts[start] and text.width() > 24:
                p.setPen(self.theme.text_dim)
                name = self.fontMetrics().elidedText(self.parts[start], Qt.TextElideMode.ElideRight, int(text.width()))
                p.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
            start = column

    def _paint_present(self, p: QPainter) -> None:
        rect = self.cell(self.column, 0)
        p.fillRect(QRectF(rect.left(), 0, rect.width(), self.viewport().height()), self.theme.select_fill)
        colour = QColor(self.theme.selection)
        colour.setAlphaF(0.55)
        p.fillRect(QRectF(rect.center().x() - 0.75, HEAD, 1.5, self.viewport().height()), colour)
        tip = QPointF(rect.center().x(), HEAD)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(self.theme.selection)
        p.drawPolygon(QPolygonF([tip, tip + QPointF(-5, -7), tip + QPointF(5, -7)]))

    def _paint_lane(self, p: QPainter, track: int, first: int, last: int) -> None:
        """What a key holds, as a bar as high as its list is long, with a mark for each touch."""
        tracks, tint = self.tracks, self.theme.provider(track)
        ended = tracks.timeline.tracks[track].last
        touches = tracks.touches(track, self.columns[first], self.columns[last])
        before = tracks.held(track, self.columns[first])
        shown = [*([before] if before and before not in touches else []), *touches]
        for index, touch in enumerate(shown):
            start = max(bisect_left(self.columns, touch.step), first)
            until = bisect_left(self.columns, shown[index + 1].step) if index + 1 < len(shown) else last + 1
            if ended < tracks.last:
                until = min(until, bisect_right(self.columns, ended))
            self._paint_bar(p, track, touch, start, until, tint.header)
        bottom = self.cell(0, track).bottom() - 0.5
        p.setPen(QPen(self.theme.line, 1))
        p.drawLine(QPointF(self.label, bottom), QPointF(self.viewport().width(), bottom))
        radius = min(4.6, self.pitch * 0.45)
        for touch in touches:
            column = bisect_left(self.columns, touch.step)
            if column < len(self.columns) and self.columns[column] == touch.step:
                mark(p, self.cell(column, track).center(), touch.how, tint.edge, tint.fill, radius)
        if ended < tracks.last and first < (column := bisect_right(self.columns, ended)) <= last:
            at = self.cell(column, track)
            mark(p, QPointF(at.left(), at.center().y()), "clear", self.theme.text_dim, tint.fill, radius)

    def _paint_bar(self, p: QPainter, track: int, touch: Touch, start: int, until: int, colour: QColor) -> None:
        content, deepest = touch.content, self.tracks.deepest[track]
        if content.text == "nothing" or until <= start:
            return
        share = 1.0 if content.count is None or not deepest else content.count / deepest
        left, right = self.cell(start, track), self.cell(until, track).left()
        high = max(1.5, (ROW - 6) * share)
        p.fillRect(QRectF(left.left(), left.bottom() - 3 - high, right - left.left(), high), colour)

    def _paint_label(self, p: QPainter, track: int) -> None:
        """A key's name, and in a word what it holds at the present step."""
        rect = QRectF(0, self.cell(0, track).top(), self.label - 1, ROW)
        chosen = track == self.track
        p.fillRect(rect, self.theme.panel)
        if chosen:
            p.fillRect(rect, self.theme.select_fill)
            p.fillRect(QRectF(0, rect.top(), 3, ROW), self.theme.selection)
        held = self.tracks.held(track, self.step)
        value = held.content.text.partition(", mean")[0] if held else "–"
        metrics = self.fontMetrics()
        room = rect.width() - 18
        wide = min(metrics.horizontalAdvance(value), room * 0.5)
        font = QFont(self.font())
        font.setBold(chosen)
        p.setFont(font)
        p.setPen(self.theme.text)
        name = metrics.elidedText(self.names[track], Qt.TextElideMode.ElideMiddle, int(room - wide - 10))
        p.drawText(rect.adjusted(10, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
        p.setFont(self.font())
        p.setPen(self.theme.text_dim)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        p.drawText(
            QRectF(rect.right() - 8 - wide, rect.top(), wide, ROW),
            right,
            metrics.elidedText(value, Qt.TextElideMode.ElideRight, int(wide) + 1),
        )
        p.setPen(QPen(self.theme.line, 1))
        p.drawLine(QPointF(0, rect.bottom() - 0.5), QPointF(rect.right(), rect.bottom() - 0.5))

    # Hands.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.columns:
            _, track = self.at(event.position())
            if event.position().y() >= HEAD:
                self.choose(track)
            self._scrub(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.columns:
            self._scrub(event.position())

    def _scrub(self, at: QPointF) -> None:
        if at.x() >= self.label:
            self.go(self.columns[self.at(at)[0]])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.columns:
            self.activated.emit(self.step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if way and event.modifiers() & Qt.KeyboardModifier.ControlModifier and len(self.tracks):
            step = self.tracks.next(self.track, self.step, way)
            if step is not None:
                self.go(step)
        elif way:
            self.move(way)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.choose(self.track + (1 if event.key() == Qt.Key.Key_Down else -1))
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.columns:
            self.go(self.columns[0 if event.key() == Qt.Key.Key_Home else -1])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self.step)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.columns:
            QToolTip.showText(event.globalPos(), self._tip(QPointF(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def _tip(self, at: QPointF) -> str:
        column, track = self.at(at)
        if at.x() < self.label:
            found = self.tracks.timeline.tracks[track]
            return f"{found.label} of {found.path or 'the whole graph'}"
        step = self.columns[column]
        held = self.tracks.held(track, step)
        text = held.content.text if held else "not provided any more"
        if held and held.step == step:
            text = f"{DONE[held.how]} {self.tracks.timeline.tracks[track].label}: {text}"
        return f"{self.tracks.path(step) or 'Start'}\n{text}"
