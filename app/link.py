"""The link to the worker: its messages as Qt signals, and when to run. It owns the client; the worker owns torch."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from app.answers import Answers
from app.pace import Pace
from engine.client import Client
from engine.document import files
from engine.document.document import Change, Document
from engine.document.effect import runs_differently
from engine.messages import (
    Configure,
    Configured,
    Examine,
    Export,
    ExportModel,
    Finished,
    FromWorker,
    Glance,
    Import,
    ImportStructure,
    Load,
    Paused,
    Ready,
    Resume,
    Run,
    SaveWeights,
    Shapes,
    Trust,
    Variant,
    Watch,
    WriteCode,
)

LARGE = 300_000_000
"""Parameters from which on auto-run waits for a first run that is asked for: they take gigabytes, and long to draw."""


class Link(Answers):
    """Sends what the document goes through, asks for runs, and passes on what the worker says."""

    died = Signal(str, bool)
    """Why the worker ended, and whether it was started again."""
    state_changed = Signal()
    """Running, paused, stale, ready or auto-run is another."""

    _arrived = Signal(object)
    _ended = Signal(object)

    def __init__(
        self,
        document: Document,
        folder: Callable[[], Path],
        trusted: Callable[[], tuple[str, ...]] = tuple,
        parent: QObject | None = None,
    ) -> None:
        """Relative paths start at `folder`, and `trusted` names the Python code that may be imported."""
        super().__init__(parent)
        self.document = document
        self.settings = Configure()
        self.configured_as: Configured | None = None
        """The settings in force, once the worker has said so."""
        self.auto = True
        self.measures = False
        """Whether runs measure what nodes come to."""
        self.records = False
        """Whether runs record what contexts hold."""
        self.running = False
        self.paused_at: Paused | None = None
        """Where the run in progress waits to be resumed."""
        self._pauses = False
        """Whether the run asked for last pauses at Breakpoints."""
        self._opening = False
        """Whether the worker has a whole document to take in."""
        self.stale = True
        """Whether the document has changed since the last run began."""
        self.parameters = 0
        """How many numbers can be learned in the document, as far as the worker has said."""
        self.dead = False
        """Whether the worker has ended and was not started again: it could not take in this very document."""
        self._life = 0
        """The number of the worker; what an earlier one still says counts no more."""
        self._folder = folder
        self._trusted = trusted
        self._text = b""
        """A file of the document, as long as nothing has changed since it was made."""
        self._number = 0
        self._oldest = 1
        self._watched = Watch(())
        self.pace = Pace(self)
        self.pace.due.connect(self._run_if_due)
        queued = Qt.ConnectionType.QueuedConnection
        self._arrived.connect(self._take, queued)
        self._ended.connect(self._bury, queued)
        self.client = Client("nodes:CATALOGUE", self._snapshot, lambda _: None, lambda _: None)  # until it begins
        document.listeners.append(self._changed)

    def start(self) -> None:
        """Start the worker, with the run that was asked for before. `ready` comes when it has imported torch."""
        self._begin(self.client.start)
        if self.running:
            self._send_run()

    def close(self) -> None:
        """End the worker."""
        self.pace.stop()
        self.client.close()

    @property
    def number(self) -> int:
        """Of the run asked for last."""
        return self._number

    @property
    def is_ready(self) -> bool:
        return self.client.ready

    @property
    def busy(self) -> bool:
        """Whether there is something to cancel: a run, or a document that is being taken in."""
        return self.running or (self.is_ready and self._opening)

    @property
    def idle(self) -> bool:
        """Whether the worker has nothing to do, and nothing before it."""
        return self.is_ready and not self.busy and not self.pace.waits

    @property
    def holds_back(self) -> bool:
        """Whether auto-run waits for a first run that is asked for: the model is large, and has not run here yet."""
        return self.auto and not self.running and self.parameters >= LARGE and self._number < self._oldest

    def run(self, pauses: bool = False) -> None:
        """Run now; a run in progress is abandoned for it. Before the worker is started, it waits for that.

        One that the user asked for `pauses` at Breakpoints; one that follows a change would be in the way.
        """
        self._pauses = pauses
        self.paused_at = None
        if self.dead:
            self._revive()
        self._number += 1
        self.running = True
        self.stale = False
        self.pace.begin()
        self._send_run()
        self.state_changed.emit()

    def _send_run(self) -> None:
        asked = Run(self._number, self._watched.nodes, self._pauses, measures=self.measures, records=self.records)
        self.client.send(asked)

    def resume(self, step: bool = False) -> None:
        """Go on with the paused run: to the next Breakpoint, or past one more node."""
        if self.paused_at is not None:
            self.client.send(Resume(self.paused_at.run, step))
            self.paused_at = None
            self.state_changed.emit()

    def cancel(self) -> None:
        """Stop the run in progress, or whatever else the worker is at, and forget the run that waits."""
        self.pace.stop()
        self.client.cancel()

    def restart(self) -> None:
        """End the worker and start another one on the same document."""
        self._stop_waiting()
        self._revive()
        self.state_changed.emit()

    def set_auto(self, auto: bool) -> None:
        """Run after every change from now on, or only when asked."""
        self.auto = auto
        if auto and self.stale:
            self._want()
        elif not auto:
            self.pace.stop()
        self.state_changed.emit()

    def configure(self, settings: Configure) -> None:
        """Use another device, dtype or seed."""
        if settings != self.settings:
            self.settings = settings
            self.client.send(settings)
            self._outdate()

    def reload(self) -> None:
        """Hand the worker the document as a whole: the folder that its paths start at is another."""
        self.client.send(self._snapshot())
        self._outdate()

    def trust(self) -> None:
        """Tell the worker what is trusted now."""
        self.client.send(Trust(self._trusted()))
        self._outdate()

    def bring(self, message: Import | ImportStructure) -> None:
        """Import; `importing` tells what that is at, and `imported` how it went."""
        if self.dead:
            self._revive()
        self.client.send(message)

    def export(self, node: str, path: Path) -> None:
        """Write what a node made in the last run to a file; `saved` tells how that went."""
        self.client.send(Export(node, str(path)))

    def ask(self, message: Examine | SaveWeights | WriteCode | ExportModel | Variant) -> None:
        """Ask about weights, for an export or a variant; `examined`, `weights_saved`, `coded`, `exported` or `varied`
        brings the answer."""
        if self.dead:
            self._revive()
        self.client.send(message)

    def watch(self, nodes: Sequence[str], indices: Mapping[str, tuple[int, ...]] | None = None) -> None:
        """Ask for previews of these nodes, and these slices of them: from the last run at once, and after every later
        one."""
        wanted = Watch(tuple(nodes), dict(indices or {}))
        if wanted != self._watched:
            self._watched = wanted
            self.client.send(wanted)

    def glance(self, nodes: tuple[str, ...]) -> bool:
        """Ask for small pictures of what these nodes made in the last run, if the worker has nothing else to do;
        `glanced` brings them."""
        if self.idle:
            self.client.send(Glance(nodes))
            return True
        return False

    def _snapshot(self) -> Load:
        self._opening = True
        self._text = self._text or files.dump(self.document.graph)
        return Load(self._text, str(self._folder()), self._trusted())

    def _changed(self, change: Change) -> None:
        self._text = change.prepared.text if change.prepared else b""
        self.client.hear(change)
        if change.edit is None:
            # What is still under way belongs to another document: opening one runs nothing.
            self.pace.stop()
            if self.running:
                self.client.cancel()
            self._oldest = self._number + 1
            self.running = False
            self.parameters = 0
            self.paused_at = None
            self.stale = True
            if self.dead:
                self._revive()
            self.state_changed.emit()
        elif runs_differently(change.edit, self.document.graph, self.document.catalogue):
            self._outdate()

    def _outdate(self) -> None:
        self.stale = True
        self.state_changed.emit()
        if self.auto:
            self._want()

    def _want(self) -> None:
        """Run at once, or when the run in progress has ended or has had its time."""
        if self.dead or self.holds_back:
            return
        if not self.running:
            self.run()
        else:
            self.pace.want()

    def _run_if_due(self) -> None:
        if self.stale:
            self.run()

    def _begin(self, start: Callable[[], None]) -> None:
        """Start a worker whose words carry its number."""
        self._life += 1
        life = self._life
        self.client.on_message = lambda message: self._arrived.emit((life, message))
        self.client.on_death = lambda reason: self._ended.emit((life, reason))
        self.dead = False
        start()

    def _take(self, told: tuple[int, FromWorker]) -> None:
        life, message = told
        if life != self._life:
            return
        number = getattr(message, "run", None)
        if number and number < self._oldest:
            return
        if isinstance(message, Finished) and message.run == self._number:
            self.running = False
            self.paused_at = None
            self.pace.end(message.seconds)
        if isinstance(message, Paused):
            if message.run != self._number:
                return
            self.paused_at = message
        if isinstance(message, Configured):
            self.configured_as = message
        if isinstance(message, Shapes):
            self._opening = False
            self.parameters = message.parameters.get(self.document.graph.root, 0)
        self.tell(message)
        if isinstance(message, Finished | Paused | Ready | Configured | Shapes):
            self.state_changed.emit()

    def _bury(self, told: tuple[int, str]) -> None:
        life, reason = told
        if life != self._life:
            return
        again = self.client.answered
        innocent = not self.running and self._number >= self._oldest  # there was a run, and it did not do this
        self._stop_waiting()
        if again:
            self._revive()
            if self.auto and innocent:
                self.run()
        else:
            self.client.close()
            self.dead = True
        self.died.emit(reason, again)
        self.state_changed.emit()

    def _revive(self) -> None:
        self._begin(self.client.restart)
        self.client.send(self._watched)

    def _stop_waiting(self) -> None:
        self.pace.stop()
        self.running = self._opening = False
        self.paused_at = None
        self.stale = True
        self.configured_as = None
        self._oldest = self._number + 1
