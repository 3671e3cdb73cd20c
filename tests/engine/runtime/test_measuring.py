"""What nodes come to: time, memory and the numbers of values, in runs that ask for it; params without a run."""

from typing import Any

import pytest
import torch

from engine.document.edits import Insert, SetParam
from engine.document.graph import Graph, Node, Place, Tree
from engine.document.sources import NoiseSource
from engine.messages import Apply, Glance, Glanced, Measured, Run, Shapes
from engine.runtime.measuring import spread
from engine.runtime.thumbnails import SIDE, thumbnail
from tests.engine.document.drawn import adapter, lora, with_adapters
from tests.engine.runtime.test_cached_runs import Ran, graph_of, leaf
from tests.engine.runtime.test_loop import toy

BYTES = 2 * 3 * 4
"""Of a float32 tensor (2, 3)."""


def frame(id: str, kind: str, *children: Tree, **params: Any) -> Tree:
    return Tree(Node(id, kind, params=params), children=children)


class Metered(Ran):
    """A session whose runs measure."""

    def measured(self) -> Measured:
        self.heard.clear()
        self.session.take(Run(1, measures=True))
        assert self.finished.status == "done", self.finished.fault
        return next(m for m in self.heard if isinstance(m, Measured))

    def parameters(self) -> dict[str, int]:
        self.session.settle()
        return next(m for m in reversed(self.heard) if isinstance(m, Shapes)).parameters


def inner_and_flat() -> Graph:
    inner = frame("inner", "Chain", leaf("half", "Multiply", scale=0.5), leaf("relu", "ReLU"))
    return graph_of(inner, leaf("flat", "Flatten"), x=NoiseSource([2, 3]))


def test_a_run_that_measures_tells_what_every_node_came_to():
    told = Metered(inner_and_flat())
    nodes = told.measured().nodes
    assert {"root", "inner", "half", "relu", "flat"} == nodes.keys()
    assert nodes["half"].bytes == nodes["relu"].bytes == BYTES
    assert nodes["flat"].bytes == 0, "a view takes no memory of its own"
    assert nodes["inner"].bytes == nodes["root"].bytes == 2 * BYTES
    parts = nodes["half"].seconds + nodes["relu"].seconds
    assert 0 < nodes["half"].seconds < nodes["inner"].seconds == pytest.approx(parts)
    assert nodes["root"].seconds == pytest.approx(parts + nodes["flat"].seconds)
    relu: Any = told.session.values["relu"]
    seen = nodes["relu"].spread
    assert seen is not None
    assert seen.mean == pytest.approx(relu.mean().item())
    assert seen.std == pytest.approx(relu.std(correction=0).item())
    assert seen.zeros == pytest.approx((relu == 0).float().mean().item())
    assert nodes["inner"].spread == seen, "a frame's value is that of what it ends in"


def test_what_is_known_keeps_its_measure_and_what_was_never_measured_runs_again():
    told = Metered(inner_and_flat())
    told.run()
    assert not any(isinstance(m, Measured) for m in told.heard), "nothing is measured unless it is asked for"
    first = told.measured().nodes
    assert told.finished.ran == 3, "their values were at hand, but not what they cost"
    assert told.measured().nodes == first
    assert told.finished.ran == 0
    told.session.take(Apply(SetParam("flat", "start_dim", 1)))
    third = told.measured().nodes
    assert told.finished.ran == 1
    assert third["inner"] == first["inner"]
    assert third["flat"].seconds != first["flat"].seconds


def test_the_steps_of_a_loop_add_up():
    nodes = Metered(toy(leaf("small", "Multiply", scale=0.1), guidance=2.0)).measured().nodes
    assert nodes["small"].calls == nodes["sample"].calls == 4, "nothing depends on the condition: one pass a step"
    assert nodes["sample"].seconds > nodes["small"].seconds > 0, "the solver takes its part"


def test_numbers_that_can_be_learned_are_known_without_a_run():
    two: dict[str, Any] = {"in_features": 2, "out_features": 2}
    told = Metered(
        graph_of(
            frame("one", "Chain", leaf("a", "Linear", **two), leaf("b", "Linear", bias=False, **two)),
            frame("two", "Chain", Tree(Node("c", "Linear", params=two, shared="c"))),
            Tree(Node("d", "Linear", params=two, shared="c")),
            x=NoiseSource([1, 2]),
        )
    )
    assert told.parameters() == {"a": 6, "b": 4, "one": 10, "c": 6, "two": 6, "d": 6, "root": 16}
    told.session.take(Apply(Insert(Place("two", 1), (leaf("e", "Linear", **two),))))
    assert told.parameters()["root"] == 22


def test_what_an_adapter_adds_is_part_of_the_node_that_it_is_at():
    graph = graph_of(leaf("a", "Linear", in_features=4, out_features=4, bias=False), x=NoiseSource([1, 4]))
    told = Metered(with_adapters(graph, adapter("l", ("Linear", lora()))))
    nodes = told.measured().nodes
    assert nodes.keys() == {"root", "a"}
    assert nodes["a"].bytes == 4 * (4 + 2 + 4 + 4 + 4), "its own, down, up, the scale, and the sum"
    assert told.parameters() == {"a": 16 + 8 + 8, "root": 32}


def test_the_numbers_of_a_tensor():
    seen = spread(torch.tensor([0.0, 2.0, float("nan"), float("inf")], dtype=torch.float16))
    assert seen is not None
    assert (seen.mean, seen.std, seen.zeros, seen.not_finite) == (1.0, 1.0, 0.25, 0.5)
    assert spread(torch.tensor([False, True])) == spread(torch.tensor([0.0, 1.0]))
    assert spread(torch.zeros(0)) is spread(None) is None
    nothing = spread(torch.tensor([float("nan")]))
    assert nothing is not None
    assert (nothing.mean, nothing.not_finite) == (0.0, 1.0)


def test_pictures_are_made_small_and_other_values_have_none():
    image = thumbnail(torch.rand(2, 3, 400, 200))
    assert image is not None
    assert (image.width, image.height, image.values) == (SIDE // 2, SIDE, b"")
    maps = thumbnail([torch.randn(1, 64, 8, 8)])
    assert maps is not None
    assert (maps.width, maps.height) == (8, 8)
    for value in (torch.rand(1, 77, 768), torch.rand(1, 4, 2, 2), torch.rand(5, 0, 8, 8), 3.0, "text"):
        assert thumbnail(value) is None


def test_a_glance_shows_what_is_still_there():
    told = Metered(graph_of(leaf("a", "ReLU"), leaf("b", "Flatten"), x=NoiseSource([1, 3, 8, 8])))
    told.session.take(Glance(("a",)))
    assert told.heard[-1] == Glanced(0, {"a": None}), "there was no run"
    told.run()
    told.session.take(Glance(("a", "b", "gone")))
    found = told.heard[-1]
    assert isinstance(found, Glanced)
    assert {node: bool(picture) for node, picture in found.pictures.items()} == {"a": True, "b": False, "gone": False}
