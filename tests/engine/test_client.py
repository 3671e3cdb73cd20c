"""The client with the real worker process."""

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engine.client import Client
from engine.document import edits, files
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.kinds import NodeKind, Param, catalogue_of
from engine.document.sources import NoiseSource
from engine.messages import Configure, Configured, Finished, Load, Preview, Progress, Ready, Run, Shapes
from nodes import CATALOGUE

LONG = 60
"""Seconds after which a message that has not come will not come."""

LAYERS = 100


def leaf(node, kind, **params):
    return Tree(Node(node, kind, params=params))


class Desk:
    """A document, its client, and what the client has heard."""

    def __init__(self) -> None:
        graph = new_graph()
        edits.apply(graph, SetInputs((Input("x", NoiseSource([1, 3, 64, 64])),)))
        edits.apply(graph, Insert(Place("root", 0), (leaf("mul", "Multiply", scale=2.0),)))
        self.document = Document(graph, CATALOGUE)
        self.inbox: queue.Queue[Any] = queue.Queue()
        self.client = Client(
            "nodes:CATALOGUE",
            lambda: Load(files.dump(self.document.graph), ""),
            self.inbox.put,
            lambda reason: self.inbox.put(f"died: {reason}"),
        )
        self.document.listeners.append(self.client.hear)
        self.runs = 0

    def run(self, *watch: str) -> int:
        self.runs += 1
        self.client.send(Run(self.runs, watch))
        return self.runs

    def expect(self, kind: type, **fields: object) -> Any:
        """The next message of this type with these fields; others before it are passed over."""
        while True:
            message = self.inbox.get(timeout=LONG)
            if isinstance(message, kind) and all(getattr(message, k) == v for k, v in fields.items()):
                return message

    def lengthen(self, pixels: int = 1024) -> None:
        """Make the graph one that runs for many seconds, in many steps."""
        blurs = tuple(leaf(f"blur{i}", "Blur", radius=64, sigma=20.0) for i in range(LAYERS))
        size = SetInputs((Input("x", NoiseSource([1, 3, pixels, pixels])),))
        self.document.apply(edits.Batch((Insert(Place("root", 0), blurs), size)), "lengthen")

    def shorten(self) -> None:
        self.document.undo()


@pytest.fixture
def desk():
    found = Desk()
    found.client.start()
    yield found
    found.client.close()
    assert not multiprocessing.active_children()
    assert not [t for t in threading.enumerate() if t.name in ("to-worker", "from-worker")]


def test_edits_are_followed_and_runs_answered(desk):
    assert isinstance(desk.expect(Ready).torch, str)
    assert desk.expect(Configured).dtype == "float32"
    assert desk.expect(Shapes).returns["mul"] == ("float32 (1, 3, 64, 64)",)
    desk.document.apply(SetParam("mul", "scale", 0.0), "")
    number = desk.run("mul")
    assert desk.expect(Preview, run=number, node="mul").figures.std == 0
    assert desk.expect(Finished, run=number).status == "done"
    desk.document.undo()
    number = desk.run("mul")
    assert desk.expect(Preview, run=number).figures.std > 1.5
    desk.document.replace(new_graph())
    assert desk.expect(Shapes).returns.keys() == {"root"}


def test_settings_outlive_the_worker(desk):
    desk.client.send(Configure("cpu", "float64", 3))
    desk.expect(Configured, dtype="float64")
    desk.client.restart()
    assert desk.expect(Configured) == Configured("cpu", "float64", 3, "CPU", 2 << 30)
    assert desk.expect(Shapes).returns["mul"] == ("float64 (1, 3, 64, 64)",)


def test_a_cancel_stops_a_run_in_the_middle(desk):
    desk.lengthen()
    number = desk.run()
    desk.expect(Progress, run=number, node="blur5")
    desk.client.cancel()
    assert desk.expect(Finished, run=number).status == "cancelled"
    desk.shorten()
    number = desk.run()
    assert desk.expect(Finished, run=number).status == "done"


def test_a_newer_run_replaces_the_one_in_progress(desk):
    desk.lengthen()
    first = desk.run()
    desk.expect(Progress, run=first, node="blur2")
    desk.run()
    desk.shorten()
    last = desk.run()
    assert [desk.expect(Finished).status for _ in range(last)] == ["cancelled", "cancelled", "done"]


def test_killing_the_worker_in_the_middle_of_a_run(desk):
    desk.lengthen()
    number = desk.run()
    desk.expect(Progress, run=number, node="blur3")
    assert desk.client.ready
    os.kill(desk.client.pid, signal.SIGKILL)
    assert desk.expect(str).startswith("died: the worker process was ended by SIGKILL")
    desk.shorten()  # edits meanwhile are lost on nobody
    desk.document.apply(SetParam("mul", "scale", 0.0), "")
    desk.run()
    desk.client.restart()
    number = desk.run("mul")
    assert desk.expect(Preview, run=number).figures.std == 0
    assert desk.expect(Finished, run=number).status == "done"
    assert not [m for m in desk.inbox.queue if isinstance(m, str)], "a death is told once"


def test_a_run_that_does_not_heed_a_cancel_is_ended(desk):
    desk.expect(Shapes)
    os.kill(desk.client.pid, signal.SIGSTOP)  # as one that is stuck in a single long step
    desk.run()
    desk.client.cancel(patience=0.1)
    assert desk.expect(str) == "died: the worker did not stop within 0.1 seconds, so its process was ended"
    desk.client.restart()
    number = desk.run()
    assert desk.expect(Finished, run=number).status == "done"


def patience():
    """The threads that wait for a worker to heed a cancel."""
    return [thread for thread in threading.enumerate() if thread.name == "patience"]


def test_a_cancel_with_nothing_to_cancel_ends_nobody(desk):
    desk.client.cancel(LONG)
    assert not patience(), "a worker that is still coming up has its time"
    number = desk.run()
    desk.expect(Finished, run=number)
    desk.client.cancel(LONG)
    number = desk.run()
    assert desk.expect(Finished, run=number).status == "done"
    for thread in patience():  # one that is told to end takes a moment
        thread.join(LONG / 2)
    assert not patience()


def test_a_run_that_is_stuck_after_another_was_cancelled_is_ended(desk):
    desk.lengthen()
    first = desk.run()
    desk.expect(Progress, run=first, node="blur2")
    desk.client.cancel(patience=LONG)
    desk.document.apply(SetParam("blur0", "sigma", 19.0), "")  # so that nothing of the first run counts for the second
    second = desk.run()
    assert desk.expect(Finished, run=first).status == "cancelled"
    desk.expect(Progress, run=second, node="blur2")
    os.kill(desk.client.pid, signal.SIGSTOP)
    desk.client.cancel(patience=0.1)
    assert desk.expect(str).startswith("died: the worker did not stop within 0.1 seconds")


def test_a_worker_that_is_stuck_without_a_run_is_ended(desk):
    desk.expect(Shapes)
    os.kill(desk.client.pid, signal.SIGSTOP)  # as one that lowers a huge document
    desk.document.apply(SetParam("mul", "scale", 3.0), "")
    desk.client.cancel(patience=0.1)
    assert desk.expect(str).startswith("died: the worker did not stop within 0.1 seconds")


LETHAL = catalogue_of(
    [
        *CATALOGUE.values(),
        NodeKind(
            name="Exit",
            category="Test",
            role="module",
            doc="Ends the process that builds it.",
            impl="os:_exit",
            params=(Param(name="status", type="int", default=3),),
        ),
    ]
)


def test_a_document_that_ends_the_worker_is_known_from_one_that_it_has_taken_in(desk):
    desk.client.close()
    desk.client.catalogue = "tests.engine.test_client:LETHAL"
    desk.client.start()
    assert not desk.client.answered
    desk.expect(Shapes)
    assert desk.client.answered
    desk.document.apply(Insert(Place("root", 0), (leaf("exit", "Exit"),)), "")
    assert desk.expect(str) == "died: the worker process ended with exit code 3"
    assert desk.client.answered
    desk.client.restart()
    assert desk.expect(str) == "died: the worker process ended with exit code 3"
    assert desk.client.ready
    assert not desk.client.answered


def test_sending_never_waits_for_the_worker(desk):
    desk.lengthen()
    number = desk.run()
    desk.expect(Progress, run=number, node="blur1")
    started = time.perf_counter()
    for step in range(500):
        desk.document.apply(SetParam("mul", "scale", float(step)), "drag", merge="drag")
    sending = time.perf_counter() - started
    waiting = [m for m in list(desk.inbox.queue) if isinstance(m, Finished)]
    assert not waiting, "the run was still in progress while the edits were sent"
    assert sending < LONG / 10
    desk.client.cancel()
    assert desk.expect(Finished, run=number).status == "cancelled"


def test_sending_never_waits_for_a_worker_that_stands_still(desk):
    desk.expect(Shapes)
    os.kill(desk.client.pid, signal.SIGSTOP)
    big = Load(b" " * 10_000_000 + files.dump(desk.document.graph), "")
    for _ in range(5):
        desk.client.send(big)
    os.kill(desk.client.pid, signal.SIGCONT)
    number = desk.run()
    assert desk.expect(Finished, run=number).status == "done"


def test_closing_is_quick_whatever_the_worker_does():
    for moment in (None, Ready, Shapes):
        desk = Desk()
        desk.client.start()
        if moment:
            desk.expect(moment)
        pid = desk.client.pid
        assert pid is not None
        desk.client.close()
        assert desk.client.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        desk.client.close()  # once more does no harm
        desk.run()  # nobody is there to hear
    assert desk.inbox.empty() or not any(isinstance(m, str) for m in desk.inbox.queue)


def test_a_catalogue_that_is_not_there_is_a_death_before_ready(capfd):
    desk = Desk()
    desk.client.catalogue = "nodes:NOTHING"
    desk.client.start()
    assert desk.expect(str) == "died: the worker process ended with exit code 1"
    assert not desk.client.ready
    desk.client.close()
    assert "NOTHING" in capfd.readouterr().err


WINDOW = """
import sys, threading
from engine.client import Client
from engine.document import files
from engine.document.document import new_graph
from engine.messages import Load, Ready

if __name__ == "__main__":
    ready = threading.Event()
    hear = lambda message: ready.set() if isinstance(message, Ready) else None
    client = Client("nodes:CATALOGUE", lambda: Load(files.dump(new_graph()), ""), hear, print)
    client.start()
    assert ready.wait(60)
    assert "torch" not in sys.modules
    print(client.pid, flush=True)
    if sys.argv[1] == "wait":
        threading.Event().wait()
"""


@pytest.mark.parametrize("end", ["killed", "exits"])
def test_the_worker_goes_with_the_window(tmp_path, end):
    script = tmp_path / "window.py"
    script.write_text(WINDOW)
    mode = "wait" if end == "killed" else "exit"
    with subprocess.Popen(
        [sys.executable, str(script), mode], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
    ) as window:
        assert window.stdout is not None
        pid = int(window.stdout.readline())
        if end == "killed":
            window.kill()
        window.wait(LONG)
    deadline = time.monotonic() + LONG
    while _alive(pid):
        assert time.monotonic() < deadline, "the worker outlives its window"
        threading.Event().wait(0.01)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()  # an orphan may wait for its new parent to bury it
    return stat.rpartition(")")[2].split()[0] != "Z"
