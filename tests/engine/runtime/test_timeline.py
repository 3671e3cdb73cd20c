"""The timeline of a run: what contexts hold after each step, in words."""

from pathlib import Path

import pytest
import torch

from engine.document import edits, files
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Graph, Input, Place
from engine.document.sources import ListSource, NoiseSource, NumberSource, UnsetSource
from engine.messages import Timeline, Touch
from nodes.tree import node
from tests.engine.document.drawn import adapter, graph_of, with_adapters
from tests.engine.runtime.test_loop import fn, toy, use
from tests.engine.runtime.test_session import Ear, graph, leaf

FOLDER = Path("resources/examples").absolute()
PUSH = "lambda held, x: held.append(x)"


def residuals() -> Graph:
    return files.load(FOLDER / "context-residuals.catenary")[0]


def recorded(ear: Ear) -> Timeline:
    """The timeline of one more run."""
    assert ear.run(records=True).status == "done"
    return ear.last(Timeline)


def told(timeline: Timeline, label: str) -> list[tuple[str, str, str]]:
    """Node, what it did, and what was held then, for the touches of a key."""
    return [
        (node_at(timeline, touch), touch.how, touch.content.text)
        for touch in timeline.touches
        if timeline.tracks[touch.track].label == label
    ]


def node_at(timeline: Timeline, touch: Touch) -> str:
    return timeline.places[timeline.steps[touch.step]].node


def test_pushes_and_pops_of_residuals_are_seen() -> None:
    timeline = recorded(Ear(residuals()))
    assert [(node, how) for node, how, _ in told(timeline, "skips.residuals")] == [
        ("", "start"), ("push1", "push"), ("push2", "push"), ("push3", "push"), ("pop1", "pop"), ("pop2", "pop"),
        ("pop3", "pop"),
    ]  # fmt: skip
    assert [touch.content.items for touch in timeline.touches][2:5] == [
        ("2.0", "4.0"),
        ("2.0", "4.0", "16.0"),
        ("2.0", "4.0"),
    ]
    done = [timeline.places[step].path for step in timeline.steps]
    assert done[:4] == ["", "Down.Push_1", "Down.Square_1", "Down.Push_2"], "every node is a step, in order"
    assert timeline.tracks[0].provider == "root"
    assert timeline.tracks[0].last == len(timeline.steps) - 1


def test_tensors_are_described_and_not_kept() -> None:
    found = graph(
        leaf("set", "SetContext", context="c", key="now"),
        leaf("one", "SetContext", context="c", key="held", callback=PUSH),
        fn("empty", "lambda x: x * 2"),
        leaf("clear", "SetContext", context="c", key="held", callback="lambda held, x: held.clear()"),
        use("read", "c", "now"),
        contexts={"c": {"now": UnsetSource(), "held": ListSource([1.0]), "t": NumberSource(999)}},
        x=NoiseSource([2, 3], 1),
    )
    ear = Ear(found)
    timeline = recorded(ear)
    [_, (_, _, text), read] = told(timeline, "c.now")
    assert told(timeline, "c.now")[0] == ("", "start", "nothing")
    assert read == ("read", "read", text)
    x = torch.as_tensor(ear.session.values["set"]) if "set" in ear.session.values else ear.result
    assert isinstance(x, torch.Tensor)
    assert text == f"float32 (2, 3), mean {x.mean().item():.4g}, std {x.std(correction=0).item():.4g}"
    assert [how for _, how, _ in told(timeline, "c.held")] == ["start", "push", "clear"]
    assert told(timeline, "c.t") == [("", "start", "999")]


def test_every_turn_of_a_loop_begins_as_the_first() -> None:
    pushed = leaf("push", "SetContext", context="own", key="held", callback=PUSH)
    back = leaf("use", "UseContext", context="own", key="held", compose="lambda held: held[0]")
    found = toy(pushed, back, after=(use("late", "own", "held"),), contexts={"own": {"held": ListSource([])}}, steps=3)
    ear = Ear(found)
    timeline = recorded(ear)
    turn = [("push", "push", "list of 1"), ("use", "read", "list of 1")]
    again = ("sample", "clear", "list of 0")
    assert told(timeline, "own.held") == [
        ("", "start", "list of 0"), *turn, again, *turn, again, *turn, again, ("late", "read", "list of 0"),
    ]  # fmt: skip
    times = told(timeline, "diffusion.timestep")
    assert [(node, how) for node, how, _ in times][1:4] == [("sample", "write")] * 3
    assert recorded(ear).touches == timeline.touches, "though the values are known from before"
    found = toy(pushed, after=(fn("double", "lambda x: x * 2"),), contexts={"own": {"held": ListSource([])}}, steps=3)
    ear = Ear(found)
    timeline = recorded(ear)
    assert recorded(ear).touches == timeline.touches, "though nothing needs them"


def test_a_run_that_fails_or_does_not_ask_for_it() -> None:
    found = graph(
        leaf("set", "SetContext", context="c", key="now"),
        fn("wrong", "lambda x: 1 / (x - 2)"),
        contexts={"c": {"now": UnsetSource()}},
        x=NumberSource(2),
    )
    ear = Ear(found)
    ear.run()
    assert not any(isinstance(message, Timeline) for message in ear.heard)
    assert ear.run(records=True).status == "failed"
    assert [how for _, how, _ in told(ear.last(Timeline), "c.now")] == ["start", "write"]


@pytest.mark.parametrize("limit", ["MOST_STEPS", "MOST_TOUCHES"])
def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(f"engine.runtime.timeline.{limit}", 4)
    timeline = recorded(Ear(residuals()))
    assert len(timeline.touches) <= 4
    assert timeline.left_out + len(timeline.steps) == 19


def test_values_that_only_contexts_hold_in_a_loop_are_there() -> None:
    """What a list holds besides what the loop reads of it is made outside, and needed by nobody there."""
    found = toy(
        leaf("use", "UseContext", context="own", key="held", compose="lambda held: held[0]"),
        contexts={"own": {"held": ListSource([])}},
        steps=2,
    )
    first = leaf("a", "SetContext", context="own", key="held", callback=PUSH)
    second = leaf("b", "SetContext", context="own", key="held", callback="lambda held, x: held.append(x * 3)")
    edits.apply(found, Insert(Place("root", 0), (first, second)))
    assert [how for _, how, _ in told(recorded(Ear(found)), "own.held")] == ["start", "push", "push", "read", "read"]


def test_what_an_adapter_inserts_is_told_at_its_target_by_its_own_path() -> None:
    keeping = node("SetContext", context="own", key="x")
    reading = node("UseContext", context="own", key="x")
    tree = node("Chain", keeping, node("Target"), reading, name="Kept", contexts={"own": {"x": UnsetSource()}})
    found = with_adapters(graph_of(node("Sin"), node("Cos")), adapter("a", ("Sin", tree)))
    edits.apply(found, SetInputs((Input("x", NoiseSource([2], 1)),)))
    timeline = recorded(Ear(found))
    assert timeline.tracks[0].provider == "n1"
    done = [timeline.places[step] for step in timeline.steps]
    assert [(each.node, each.path) for each in done[1:]] == [
        ("n1", "Sin.SetContext"), ("n1", "Sin"), ("n1", "Sin.UseContext"), ("n2", "Cos"),
    ]  # fmt: skip
    assert timeline.tracks[0].last == 3, "before the end: its provider is done"


def test_a_pause_tells_how_far_it_has_come() -> None:
    found = graph(
        leaf("set", "SetContext", context="c", key="now"),
        leaf("stop", "Breakpoint"),
        use("read", "c", "now"),
        contexts={"c": {"now": UnsetSource()}},
        x=NumberSource(2),
    )
    ear = Ear(found)
    assert ear.run(records=True, pauses=True).status == "done"
    assert [len(each.steps) for each in ear.heard if isinstance(each, Timeline)] == [3, 4]
