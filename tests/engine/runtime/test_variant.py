"""Variants: what a node would make after an edit that is taken back."""

import numpy as np
import pytest

from engine.document.adapters import Adapter, Patch
from engine.document.edits import Remove, SetAdapter, SetAdapters, SetInputs, SetParam
from engine.document.graph import Input, Node, Tree
from engine.document.kinds import Param
from engine.document.sources import LiteralSource, NumberSource
from engine.messages import ALL, Apply, Finished, Run, Variant, Varied, Watch
from tests.engine.runtime.test_session import Ear, graph, leaf

ONES = LiteralSource([[1.0, 2.0], [3.0, 4.0]])


def doubled(enabled=True, factor=2.0):
    hole = Tree(Node("t", "Target"))
    times = leaf("m", "Multiply", scale="=factor")
    patch = Patch("Identity", Tree(Node("c", "Chain"), children=(hole, times)))
    param = Param(name="factor", type="float", default=1.0, live=True)
    return Adapter("a", "Doubled", (patch,), (param,), {"factor": factor}, enabled=enabled)


def vary(ear, edit, node="root"):
    [answer] = ear.take(Variant(7, node, edit))
    assert isinstance(answer, Varied)
    assert answer.number == 7
    return answer


def values(answer):
    assert answer.status == "done", answer
    return np.frombuffer(answer.preview.picture.values, np.float32).tolist()


def test_a_live_param_stands_in_without_lowering() -> None:
    ear = Ear(graph(leaf("m", "Multiply", scale=1.0), x=ONES))
    assert ear.run().status == "done"
    program = ear.lowered.program
    assert values(vary(ear, SetParam("m", "scale", 10.0))) == [10, 20, 30, 40]
    assert ear.lowered.program is program
    assert ear.session.graph.nodes["m"].params == {"scale": 1.0}
    assert ear.result.tolist() == ONES.value, "the last run's values are kept"
    assert ear.run().status == "done"
    assert ear.result.tolist() == ONES.value


def test_an_adapter_is_left_out_and_is_there_again() -> None:
    found = graph(leaf("i", "Identity"), x=ONES)
    ear = Ear(found)
    ear.take(Apply(SetAdapters((doubled(),))))
    ear.run()
    assert values(vary(ear, SetAdapter(doubled(enabled=False)))) == [1, 2, 3, 4]
    ear.run()
    assert ear.result.tolist() == [[2, 4], [6, 8]]


def test_structure_and_sources_stand_in_and_nothing_is_told_of_them() -> None:
    ear = Ear(graph(leaf("m", "Multiply", scale=3.0), leaf("n", "Multiply", scale=5.0), x=ONES))
    ear.run()
    told = len(ear.heard)
    assert values(vary(ear, Remove(("m",)))) == [5, 10, 15, 20]
    assert values(vary(ear, SetInputs((Input("x", LiteralSource([[1.0, 0.0], [0.0, 0.0]])),)))) == [15, 0, 0, 0]
    ear.settle()
    assert [type(each) for each in ear.heard[told:]] == [Varied, Varied]
    ear.run()
    assert ear.result.tolist() == [[15, 30], [45, 60]]


def test_shapes_that_a_variant_hid_are_told_afterwards() -> None:
    ear = Ear(graph(leaf("m", "Multiply", scale=3.0), x=ONES))
    ear.take(Apply(SetInputs((Input("x", LiteralSource([1.0, 2.0, 3.0])),))))
    vary(ear, SetParam("m", "scale", 4.0))
    [shapes] = ear.settle()
    assert shapes.returns["m"] == ("float32 (3,)",)


def test_what_fails_is_said_and_taken_back() -> None:
    ear = Ear(graph(leaf("m", "Multiply", scale=3.0), x=ONES))
    ear.run()
    answer = vary(ear, SetInputs((Input("x", NumberSource(1)), Input("y", NumberSource(2)))))
    assert answer.status == "failed"
    assert answer.error
    assert "gone" in vary(ear, SetParam("gone", "scale", 1.0)).error
    assert ear.run().status == "done"
    assert ear.result.tolist() == [[3, 6], [9, 12]]


def test_a_newer_run_abandons_it() -> None:
    waiting = False
    ear = Ear(graph(leaf("m", "Multiply", scale=3.0), x=ONES), interrupted=lambda: waiting)
    ear.run()
    waiting = True
    assert vary(ear, SetParam("m", "scale", 4.0)).status == "cancelled"
    waiting = False
    [*_, end] = ear.take(Run(9))
    assert isinstance(end, Finished)
    assert ear.result.tolist() == [[3, 6], [9, 12]]


@pytest.mark.parametrize(("index", "shown"), [((0,), [1, 2]), ((1,), [3, 4]), ((ALL,), None)])
def test_watched_slices_are_those_asked_for(index, shown) -> None:
    source = LiteralSource([[[1.0, 2.0]], [[3.0, 4.0]]])
    ear = Ear(graph(leaf("i", "Identity"), x=source))
    ear.run()
    [preview] = ear.take(Watch(("root",), {"root": index}))
    found = np.frombuffer(preview.picture.values, np.float32)
    if shown:
        assert found.tolist() == shown
    else:
        assert sorted(found[np.isfinite(found)].tolist()) == [1, 2, 3, 4]
        assert preview.picture.tile == (2, 1)
