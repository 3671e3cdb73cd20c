"""The status bar: what can be done here, how the run is going, what is wrong, and how the engine is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar, QStyle, QStyleOption

from app import tones
from app.canvas.heat import count
from app.link import Link
from engine.document.document import Document
from engine.messages import Finished, Progress

if TYPE_CHECKING:
    from app.window import Window

PROGRESS_AFTER = 150
"""Milliseconds after which a run shows its progress; shorter ones would only flicker."""
READ = 4000
"""Milliseconds that a refusal stands, whatever there is to say of a run meanwhile: edits start runs by themselves."""
FADES = 20_000
"""Milliseconds after which a refusal or a remark is gone: nobody is doing any more what it is about."""


MARGIN = 8
"""Pixels on both sides of the message."""


class Status(QStatusBar):
    """Left: hints and refusals. Right: node and progress of a run, count of problems, state of the engine."""

    def __init__(self, window: "Window") -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.node = QLabel()
        self.node.setProperty("tone", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(120, 8)
        self.count = QPushButton()
        self.count.setFlat(True)
        self.count.setToolTip("Show the problems")
        self.count.clicked.connect(lambda: (window.docks["problems"].show(), window.docks["problems"].raise_()))
        self.state = QLabel()
        for widget in (self.node, self.bar, self.count, self.state):
            self.addPermanentWidget(widget)
        self.setContentsMargins(4, 0, 8, 0)
        self.messageChanged.connect(self.setToolTip)
        self._showing = QTimer(self)
        self._showing.setSingleShot(True)
        self._showing.setInterval(PROGRESS_AFTER)
        self._showing.timeout.connect(lambda: self._show_progress(True))
        self._report, self._tone = "", ""
        """What is said of a run, until there is another or it holds no more; and how."""
        self._found = ""
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(READ)
        self._reading.timeout.connect(lambda: self._report and self._write(self._report, self._tone))
        self._lasting = QTimer(self)
        self._lasting.setSingleShot(True)
        self._lasting.setInterval(PROGRESS_AFTER)
        self._lasting.timeout.connect(lambda: self._tell("Running…"))
        self._show_progress(False)

    def hint(self, text: str) -> None:
        """What can be done, or what has just been done."""
        self._reading.stop()
        self._write(text, "")

    def remark(self, text: str) -> None:
        """What has come of something, for a while."""
        self._reading.stop()
        self._write(text, "", FADES)

    def found(self, text: str) -> None:
        """Which of several the selected node is; until another one is selected."""
        self.hint(text)
        self._found = text

    def selected(self) -> None:
        """Something else is selected."""
        if self._found and self.currentMessage() == self._found:
            self.hint("")
        self._found = ""

    def refuse(self, reason: str) -> None:
        """Why a gesture did nothing."""
        self._write(reason, "refused", FADES)
        self._reading.start()

    def problems(self, text: str) -> None:
        """How many problems there are, if any."""
        self.count.setText(text or "No problems")
        self.count.setFixedSize(self.count.sizeHint().expandedTo(self.count.minimumSize()))  # no layout at each change

    def progress(self, message: Progress, document: Document) -> None:
        """A node is about to run."""
        if message.node in document.graph:
            self.node.setText(document.graph.nodes[message.node].title)
        self.bar.setRange(0, max(1, message.total))
        self.bar.setValue(message.done)
        if self.bar.isHidden() and not self._showing.isActive():
            self._showing.start()

    def finished(self, message: Finished) -> None:
        """A run has ended."""
        self.clear()
        seconds = f"{message.seconds:.2f} s" if message.seconds >= 1 else f"{message.seconds * 1000:.0f} ms"
        if message.status == "done" and message.total:
            self._tell(f"Done, {message.ran} of {message.total} nodes ran ({seconds})")
            return
        text = {"done": "Done", "failed": "Failed", "cancelled": "Cancelled"}[message.status]
        self._tell(f"{text} in {seconds}", "refused" if message.status == "failed" else "")

    def working(self, text: str) -> None:
        """Something other than a run is under way, nobody knows for how long; until `clear`."""
        self._tell(text)
        self.node.clear()
        self.bar.setRange(0, 0)
        self._show_progress(True)

    def cancelling(self) -> None:
        """A run was asked to stop."""
        self._lasting.stop()
        self._tell("Cancelling…")

    def clear(self) -> None:
        """No run is in progress, and what was said of one does not hold any more."""
        self._showing.stop()
        self._lasting.stop()
        self._show_progress(False)
        if self._report and self.currentMessage() == self._report:
            self._write("", "")
        self._report = ""

    def engine(self, link: Link) -> None:
        """How the worker is."""
        if link.paused_at:
            self._lasting.stop()
            self._tell(f"Paused at {link.paused_at.path}")
        elif link.running and not self._lasting.isActive() and self._report not in ("Running…", "Cancelling…"):
            self._lasting.start()
        elif link.holds_back:
            self._tell(f"Auto-run waits for a first Run: the model has {count(link.parameters)} parameters")
        elif link.stale and not link.running:
            self.clear()
        used = link.configured_as
        if link.client.pid is None:
            text = "engine stopped"
        elif not link.is_ready or used is None:
            text = "starting engine…"
        else:
            text = f"ready: {used.detail or used.device}"
        self.state.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the message, cut with an ellipsis where it is too long; Qt cuts it off."""
        del event
        option = QStyleOption()
        option.initFrom(self)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option, painter, self)
        right = min(each.x() for each in (self.node, self.bar, self.count, self.state) if each.isVisibleTo(self))
        room = self.rect().adjusted(MARGIN, 0, 0, 0)
        room.setRight(right - MARGIN)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.currentMessage(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)

    def _show_progress(self, shown: bool) -> None:
        self.node.setVisible(shown)
        self.bar.setVisible(shown)

    def _tell(self, report: str, tone: str = "") -> None:
        self._report, self._tone = report, tone
        if not self._reading.isActive():
            self._write(report, tone)

    def _write(self, text: str, tone: str, fades: int = 0) -> None:
        tones.wear(self, tone)
        self.showMessage(text, fades)
