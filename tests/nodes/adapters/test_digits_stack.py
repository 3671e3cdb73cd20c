"""The adapters of the digits model together: whatever is done to the stack, a run that finds values of earlier ones is
a fresh one, and without adapters the model is itself again, to the bit."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.document import Change, Document
from engine.document.edits import Edit, SetAdapterParam, SetAdapters, SetInputs, SetParam
from engine.document.graph import Graph, Input
from engine.document.sources import ImageSource, LiteralSource, NoiseSource
from engine.document.stack import moved, removed, switched, with_sources
from engine.messages import Apply, Configure
from nodes import CATALOGUE, examples
from nodes.adapters import digits
from tests.engine.runtime.test_session import Ear

FOLDER = Path("resources/examples").absolute()
PICTURE = LiteralSource(
    [[[[float((row * column) % 5 > 2) for column in range(16)] for row in range(16)]] * 3], "float32"
)


def guided(adapter: Adapter) -> Adapter:
    return with_sources(adapter, lambda _, source: PICTURE if isinstance(source, ImageSource) else source)


STACK = tuple(guided(each) for each in digits.shipped("../digits"))
IDS = [each.id for each in STACK]


def sampling() -> Graph:
    """One digit in two steps, without adapters."""
    found = examples.graphs()["digits"]
    edits.apply(found, SetAdapters(()))
    edits.apply(found, SetParam("n001", "steps", 2))
    edits.apply(found, SetInputs((Input("noise", NoiseSource([1, 1, 16, 16], 5)),)))
    return found


def started(graph: Graph) -> Ear:
    ear = Ear(graph, FOLDER)
    ear.take(Configure("cpu"))
    return ear


def result(ear: Ear) -> bytes:
    finished = ear.run()
    assert finished.status == "done", finished.fault
    return ear.result.numpy().tobytes()


@st.composite
def edits_of(draw: st.DrawFn, graph: Graph) -> Edit:
    """An edit of the stack, of a strength, or of the sampling."""
    here = [each.id for each in graph.adapters]
    match draw(
        st.sampled_from(["add", "add", "remove", "move", "switch", "scale", "scale", "steps", "guidance", "seed"])
    ):
        case "add" if left := [each for each in STACK if each.id not in here]:
            at = draw(st.integers(0, len(here)))
            return SetAdapters((*graph.adapters[:at], draw(st.sampled_from(left)), *graph.adapters[at:]))
        case "remove" if here:
            return removed(graph, draw(st.sampled_from(here)))
        case "move" if here:
            return moved(graph, draw(st.sampled_from(here)), draw(st.integers(0, len(here) - 1)))
        case "switch" if here:
            return switched(graph, draw(st.sets(st.sampled_from(here))))
        case "scale" if scaled := [each.id for each in graph.adapters if any(p.name == "scale" for p in each.params)]:
            return SetAdapterParam(draw(st.sampled_from(scaled)), "scale", draw(st.sampled_from([0.0, 0.5, 1.0])))
        case "steps":
            return SetParam("n001", "steps", draw(st.sampled_from([1, 2, 3])))
        case "guidance":
            return SetParam("n001", "guidance", draw(st.sampled_from([1.0, 2.0])))
        case _:
            return SetInputs((Input("noise", NoiseSource([1, 1, 16, 16], draw(st.integers(0, 2)))),))


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.data())
def test_whatever_is_done_to_the_stack_a_run_is_a_fresh_one_and_ejecting_all_gives_the_base(
    data: st.DataObject,
) -> None:
    document = Document(sampling(), CATALOGUE)
    ear = started(document.graph)

    def tell(change: Change) -> None:
        if change.edit:
            ear.take(Apply(change.edit))

    document.listeners.append(tell)
    base = result(ear)
    for _ in range(4):
        for _ in range(data.draw(st.integers(1, 3))):
            if data.draw(st.integers(0, 4)) == 4:
                document.undo()
            else:
                document.apply(data.draw(edits_of(document.graph)), "Change")
        assert result(ear) == result(started(document.graph))
    document.apply(switched(document.graph, ()), "Eject")
    alone = document.graph.copy()
    edits.apply(alone, SetAdapters(()))
    assert result(ear) == result(started(alone))
    while document.undo():
        pass
    assert result(ear) == base


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.permutations(IDS), st.permutations(IDS))
def test_in_any_order_of_injection_and_ejection_the_base_is_itself_again(
    injected: list[str], ejected: list[str]
) -> None:
    found = sampling()
    edits.apply(found, SetParam("n001", "steps", 1))
    by_id = {each.id: replace(each, enabled=False) for each in STACK}
    ear = started(found)
    base = result(ear)
    ear.take(Apply(SetAdapters(tuple(by_id[each] for each in injected))))
    assert result(ear) == base
    for id in injected:
        ear.take(Apply(edits.SetAdapter(replace(by_id[id], enabled=True))))
    assert result(ear) != base
    for id in ejected:
        ear.take(Apply(edits.SetAdapter(by_id[id])))
    assert result(ear) == base
