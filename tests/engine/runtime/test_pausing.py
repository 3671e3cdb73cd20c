"""Breakpoints, in the real worker: where a run pauses, what can be seen and done there, and what ends it."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetContexts, SetInputs, SetParam, SetView
from engine.document.graph import Graph, Input, Node, Place, Tree, View
from engine.document.sources import ListSource, NoiseSource, NumberSource
from engine.messages import (
    Apply,
    Cancel,
    Configure,
    Export,
    Finished,
    Held,
    Load,
    Paused,
    Preview,
    Resume,
    Run,
    Saved,
    Shapes,
    Stopped,
    Watch,
)
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.tree import node
from tests.engine.document.drawn import adapter, graph_of, with_adapters
from tests.engine.runtime.test_worker import LONG, Line, leaf


def down() -> Graph:
    """x + 1, a Breakpoint in a frame of its own, then a list that grows, times 10, a second Breakpoint, minus 1."""
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(2)),)))
    edits.apply(graph, SetContexts("root", {"unet": {"held": ListSource([]), "t": NumberSource(5)}}))
    inner = Tree(
        Node("down", "Chain", "Down", contexts={"own": {"k": NumberSource(1)}}), None, (leaf("stop", "Breakpoint"),)
    )
    trees = (
        leaf("add", "Lambda", func="lambda x: x + 1"),
        inner,
        leaf("put", "SetContext", context="unet", key="held", callback="lambda held, x: held.append(x)"),
        leaf("times", "Lambda", func="lambda x: x * 10"),
        leaf("again", "Breakpoint"),
        leaf("minus", "Lambda", func="lambda x: x - 1"),
    )
    edits.apply(graph, Insert(Place("root", 0), trees))
    return graph


@pytest.fixture(scope="module")
def worker() -> Iterator[Line]:
    found = Line()
    yield found
    found.send(Load(files.dump(down()), ""), Run(1, pauses=True))
    here(found)
    found.pipe.close()
    found.process.join(LONG)
    assert found.process.exitcode == 0, "the end of the pipe ends the worker, though it is paused"


@pytest.fixture
def line(worker: Line) -> Line:
    """A worker that holds `down` and has been asked for a run that pauses."""
    worker.send(Cancel(), Configure(), Load(files.dump(down()), ""))
    worker.until(Stopped)
    worker.send(Run(1, ("stop", "times"), pauses=True))
    return worker


def here(line: Line) -> Paused:
    return line.until(Paused)[-1]


def ends(line: Line) -> Finished:
    return line.until(Finished)[-1]


def test_a_run_pauses_after_each_breakpoint_and_tells_what_is_known_there(line):
    heard = line.until(Paused)
    paused = heard[-1]
    assert (paused.run, paused.node, paused.path, paused.value) == (1, "stop", "Down.Breakpoint", "3")
    assert paused.contexts == (
        Held("root", "unet.held", "[]"),
        Held("root", "unet.t", "5"),
        Held("down", "own.k", "1"),
    )
    assert [m.node for m in heard if isinstance(m, Preview)] == ["stop"], "what has not run yet has no value"
    line.send(Resume(1))
    paused = here(line)
    assert (paused.path, paused.value) == ("Breakpoint", "30")
    assert [held.text for held in paused.contexts] == ["[3]", "5"]
    line.send(Resume(1))
    assert ends(line).text == "29"


def test_a_step_goes_past_one_node(line):
    here(line)
    seen = []
    for _ in range(4):
        line.send(Resume(1, step=True))
        paused = here(line)
        seen.append((paused.node, paused.value, paused.contexts[0].text))
    assert seen == [("put", "3", "[3]"), ("times", "30", "[3]"), ("again", "30", "[3]"), ("minus", "29", "[3]")]
    line.send(Resume(1, step=True))
    assert ends(line).text == "29"


def test_meanwhile_values_can_be_looked_at_and_exported_and_looks_changed(line, tmp_path):
    here(line)
    line.send(
        Watch(("add", "minus")), Export("stop", str(tmp_path / "value.npy")), Apply(SetView("stop", View(note="n")))
    )
    heard = line.until(Saved)
    assert [(m.node, m.text) for m in heard if isinstance(m, Preview)] == [("add", "3")]
    assert np.load(tmp_path / "value.npy") == 3
    line.send(Apply(SetParam("again", "enabled", False)), Resume(1))
    assert ends(line).text == "29"
    line.send(Run(2))
    assert ends(line).status == "done"


@pytest.mark.parametrize(
    "message",
    [Apply(SetParam("minus", "func", "lambda x: x")), Configure("cpu", "float64"), Load(files.dump(down()), "")],
)
def test_what_changes_the_result_ends_a_paused_run(line, message):
    here(line)
    line.send(message, Resume(1), Run(2))
    assert ends(line).status == "cancelled"
    end = ends(line)
    assert (end.run, end.status) == (2, "done")


def test_a_newer_run_ends_a_paused_one(line):
    here(line)
    line.send(Run(2, pauses=True))
    assert ends(line).status == "cancelled"
    assert here(line).run == 2
    line.send(Resume(1), Resume(2), Resume(2))
    assert ends(line).text == "29"


def test_cancel_ends_a_paused_run(line):
    here(line)
    line.send(Cancel())
    assert ends(line).status == "cancelled"
    line.until(Stopped)
    line.send(Run(2))
    assert ends(line).status == "done"


def test_a_disabled_breakpoint_does_not_pause_and_switching_it_lowers_nothing_again(line):
    here(line)
    line.send(Apply(SetParam("stop", "enabled", False)), Apply(SetParam("again", "enabled", False)), Resume(1))
    assert ends(line).text == "29"
    line.send(Run(2, pauses=True))
    heard = line.until(Finished)
    assert (heard[-1].run, heard[-1].status) == (2, "done")
    assert not [m for m in heard if isinstance(m, Paused | Shapes)]


def test_a_run_that_does_not_pause_goes_past(line):
    here(line)
    line.send(Run(2))
    assert ends(line).status == "cancelled"
    heard = line.until(Finished)
    assert not [m for m in heard if isinstance(m, Paused)]


def test_without_anybody_to_wait_for_a_pause_is_told_and_over():
    heard: list[Any] = []
    session = Session(CATALOGUE, heard.append)
    session.take(Load(files.dump(down()), ""))
    session.take(Run(1, pauses=True))
    assert [m.path for m in heard if isinstance(m, Paused)] == ["Down.Breakpoint", "Breakpoint"]
    assert heard[-1].status == "done"


def test_what_a_context_held_is_known_though_memory_is_short():
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(2)),)))
    edits.apply(graph, SetContexts("root", {"c": {"k": NumberSource(0)}}))
    trees = (
        leaf("ones", "Lambda", func="lambda x: torch.ones(4) * x"),
        leaf("put", "SetContext", context="c", key="k", callback=""),
        leaf("sum", "Lambda", func="lambda x: x.sum()"),
        leaf("stop", "Breakpoint"),
        leaf("neg", "Lambda", func="lambda x: -x"),
    )
    edits.apply(graph, Insert(Place("root", 0), trees))
    heard: list[Any] = []
    session = Session(CATALOGUE, heard.append)
    session.take(Configure(room=1))
    session.take(Load(files.dump(graph), ""))
    session.take(Run(1, pauses=True))
    (paused,) = [m for m in heard if isinstance(m, Paused)]
    assert (paused.value, paused.contexts[0].text) == ("float32 () = 8.0", "float32 (4,)")


def test_a_breakpoint_of_an_adapter_is_told_of_the_node_that_it_wraps():
    wrapped = node("Chain", node("Target"), node("Breakpoint"), name="Wrapped")
    graph = with_adapters(graph_of(node("Sin"), node("Cos")), adapter("a", ("Sin", wrapped)))
    edits.apply(graph, SetInputs((Input("x", NoiseSource([2])),)))
    heard: list[Any] = []
    session = Session(CATALOGUE, heard.append)
    session.take(Load(files.dump(graph), ""))
    session.take(Run(1, pauses=True))
    (paused,) = [m for m in heard if isinstance(m, Paused)]
    assert session.graph.nodes[paused.node].kind == "Sin"
    assert (paused.path, paused.value) == ("Wrapped.Breakpoint", "float32 (2,)")


def test_the_time_of_a_run_is_without_its_pauses():
    waited = 0.0

    def think(_: object) -> Resume:
        nonlocal waited
        since = perf_counter()
        np.sort(np.random.default_rng(0).random(1_000_000))  # for as long as this takes
        waited += perf_counter() - since
        return Resume(1)

    heard: list[Any] = []
    session = Session(CATALOGUE, heard.append, attend=think)
    session.take(Load(files.dump(down()), ""))
    began = perf_counter()
    session.take(Run(1, pauses=True))
    whole = perf_counter() - began
    assert heard[-1].status == "done"
    assert 0 < heard[-1].seconds < whole - waited
