"""The client's end of the worker: starts the process, sends, listens, and starts another one when it has died."""

import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from engine.document.document import Change
from engine.messages import (
    Apply,
    Cancel,
    Configure,
    FromWorker,
    Load,
    Ready,
    Shapes,
    Stopped,
    ToWorker,
    decode_from_worker,
    encode,
)

PATIENCE = 5.0
"""Seconds that the worker has to heed a cancel."""


class Client:
    """One worker process at a time, for one document.

    `snapshot` gives the document as it is now, for a new worker. `on_message` hears what the worker says; when the
    worker has died, `on_death` hears why, once, and the owner answers with `restart`. Both are called on a thread of
    the client's own; everything else belongs on the thread that owns the document. Nothing here ever waits for the
    worker, except `close` and `restart` for the moment it takes to end.
    """

    def __init__(
        self,
        catalogue: str,
        snapshot: Callable[[], Load],
        on_message: Callable[[FromWorker], None],
        on_death: Callable[[str], None],
    ) -> None:
        """`catalogue` names the node kinds, as "module:attribute"."""
        self.catalogue = catalogue
        self.snapshot = snapshot
        self.on_message = on_message
        self.on_death = on_death
        self._settings = Configure()
        self._life: _Life | None = None

    @property
    def ready(self) -> bool:
        """Whether the worker has come up."""
        return self._life is not None and self._life.ready

    @property
    def answered(self) -> bool:
        """Whether the worker has taken in the document. One that dies before will hardly do better at the next try."""
        return self._life is not None and self._life.answered

    @property
    def pid(self) -> int | None:
        """The process id of the worker, or None when there is none."""
        return self._life.process.pid if self._life else None

    def start(self) -> None:
        """Start a worker and hand it settings and document. Returns at once; `Ready` comes when torch is imported."""
        self._life = _Life(self.catalogue, self.on_message, self.on_death)
        self.send(self._settings)
        self.send(self.snapshot())

    def send(self, message: ToWorker) -> None:
        """Send a message, in order, without ever waiting. Without a worker it is dropped: `restart` makes up for it."""
        if isinstance(message, Configure):
            self._settings = message
        if self._life is not None:
            self._life.send(message)

    def hear(self, change: Change) -> None:
        """The listener for the document: passes on what happens to it."""
        self.send(self.snapshot() if change.edit is None else Apply(change.edit))

    def cancel(self, patience: float = PATIENCE) -> None:
        """Stop what the worker is at: a run before its next node, all else when it is done.

        If that takes longer than `patience` seconds, the worker is ended, and `on_death` says so. One that is still
        coming up has as long as it needs for that.
        """
        if self._life is not None:
            self._life.cancel(patience)

    def restart(self) -> None:
        """End the worker, if there is one, and start another with the same settings and the document as it is now."""
        self.close()
        self.start()

    def close(self) -> None:
        """End the worker. Nothing is heard of it any more."""
        if self._life is not None:
            self._life.end()
            self._life = None


class _Life:
    """One worker process, from its start to its end, with a thread that listens and one that sends."""

    def __init__(
        self, catalogue: str, on_message: Callable[[FromWorker], None], on_death: Callable[[str], None]
    ) -> None:
        self.ready = False
        self.answered = False
        self._on_message = on_message
        self._on_death = on_death
        self._ended = False
        self._reason = ""
        self._guard = threading.Lock()
        """Held by whoever reads or changes what follows."""
        self._cancels = 0
        """Cancels that the worker has not come to yet; the oldest is timed."""
        self._patience = PATIENCE
        self._timer: threading.Timer | None = None
        # A thread of its own sends, because a pipe that is full makes the sender wait.
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(theirs, catalogue), name="catenary-worker", daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the worker ends the pipe
        self._sender = threading.Thread(target=self._send, name="to-worker", daemon=True)
        self._listener = threading.Thread(target=self._listen, name="from-worker", daemon=True)
        self._sender.start()
        self._listener.start()

    def send(self, message: ToWorker) -> None:
        self._outbox.put(encode(message))

    def cancel(self, patience: float) -> None:
        with self._guard:
            self._cancels += 1
            self._patience = patience
            if self._timer is None:
                self._start_timer()
        self.send(Cancel())

    def end(self) -> None:
        """End the process and the threads; quick, because a worker holds nothing that has to be saved."""
        self._ended = True
        with self._guard:
            self._stop_timer()
        self.process.kill()
        self.process.join()
        self._outbox.put(None)
        for thread in (self._sender, self._listener):
            if thread is not threading.current_thread():
                thread.join()

    def _overdue(self, patience: float) -> None:
        with self._guard:
            if self._timer is threading.current_thread():
                self._reason = f"the worker did not stop within {patience:g} seconds, so its process was ended"
                self.process.kill()

    def _start_timer(self) -> None:
        """Give the worker its time to come to the oldest cancel, if there is one and it listens."""
        if self.ready and self._cancels:
            self._timer = threading.Timer(self._patience, self._overdue, (self._patience,))
            self._timer.name = "patience"
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _send(self) -> None:
        while (data := self._outbox.get()) is not None:
            try:
                self._connection.send_bytes(data)
            except OSError:  # the worker has died, which the listener notices too
                return

    def _listen(self) -> None:
        while True:
            try:
                data = self._connection.recv_bytes()
            except (EOFError, OSError):
                break
            message = decode_from_worker(data)
            self._note(message)
            if not self._ended and not isinstance(message, Stopped):
                self._on_message(message)
        self.process.join()
        with self._guard:
            self._stop_timer()
        self._outbox.put(None)
        self._sender.join()
        self._connection.close()
        if not self._ended:
            self._on_death(self._reason or _cause(self.process.exitcode))

    def _note(self, message: FromWorker) -> None:
        """Keep account of what the worker has come to."""
        with self._guard:
            match message:
                case Ready():
                    self.ready = True
                    self._start_timer()
                case Shapes():
                    self.answered = True
                case Stopped():
                    self._cancels -= 1
                    self._stop_timer()
                    self._start_timer()
                case _:
                    pass


def _cause(code: int | None) -> str:
    """Why a process ended, in words."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = {
            "SIGKILL": "; the system may have run out of memory",
            "SIGBUS": "; a weights file may have been cut short while it was in use",
        }.get(name, "")
        return f"the worker process was ended by {name}{hint}"
    return f"the worker process ended with exit code {code}"


def _work(connection: Connection, catalogue: str) -> None:
    """What the worker process runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window, which ends the worker
    from engine.runtime.worker import serve

    serve(connection, catalogue)
