"""The worker process: takes messages off the pipe, one session answers them.

Torch is imported only once the pipe is being emptied, since that takes seconds.
"""

import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

import msgspec

from engine.document import kinds
from engine.messages import Cancel, Fault, FromWorker, Ready, Run, Shapes, ToWorker, decode_to_worker, encode


class Inbox:
    """The messages that wait. A thread empties the pipe at once, so that the sender is never kept waiting.

    The end of the pipe means that the window is gone: the process ends on the spot, whatever it is computing.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[ToWorker] = deque()
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def next(self) -> ToWorker:
        """The oldest message, taken out; waits for one."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting)
            return self._waiting.popleft()

    @property
    def empty(self) -> bool:
        return not self._waiting

    def interrupts(self) -> bool:
        """Whether a newer run, or the wish to cancel, waits."""
        with self._arrived:
            return any(isinstance(message, Run | Cancel) for message in self._waiting)

    def attend(self, fits: Callable[[ToWorker], bool]) -> ToWorker | None:
        """The oldest message, taken out if it fits; None, and left for `next`, if not. Waits for one."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting)
            return self._waiting.popleft() if fits(self._waiting[0]) else None

    def _read(self) -> None:
        while True:
            try:
                data = self._connection.recv_bytes()
            except (EOFError, OSError):
                os._exit(0)
            try:
                message = decode_to_worker(data)
            except msgspec.DecodeError:
                traceback.print_exc()
                continue
            with self._arrived:
                self._waiting.append(message)
                self._arrived.notify()


def serve(connection: Connection, catalogue: str) -> None:
    """Answer messages until the pipe ends. `catalogue` names the node kinds, as "module:attribute"."""
    inbox = Inbox(connection)

    import torch

    from engine.runtime.session import Session, devices

    torch.set_num_threads(
        max(1, (len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1) - 1)
    )

    def send(message: FromWorker) -> None:
        connection.send_bytes(encode(message))

    found = kinds.resolve(catalogue)
    assert isinstance(found, Mapping)
    session = Session(found, send, inbox.interrupts, inbox.attend)
    send(Ready(str(torch.__version__), devices()))
    while True:
        message = inbox.next()
        try:
            session.take(message)
            if inbox.empty:
                session.settle()
            while inbox.empty and session.check():
                pass
        except Exception as error:  # a fault of ours must not cost people their session
            traceback.print_exc()
            text = f"the worker failed at {type(message).__name__}: {error!r}"
            session.replica.tell(Shapes({}, {}, (Fault(session.graph.root, "internal", text),)))
