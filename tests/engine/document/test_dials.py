"""Dials: every number of a graph that a run reads anew, and the edit that turns several."""

import pytest

from engine.document import edits
from engine.document.adapters import Adapter, Patch
from engine.document.dials import Dial, dials, read, turned
from engine.document.document import new_graph
from engine.document.edits import EditError, Insert, SetAdapters, SetContexts, SetInputs
from engine.document.graph import Graph, Input, Node, Place, Tree
from engine.document.kinds import Param
from engine.document.sources import LiteralSource, NoiseSource, NumberSource
from nodes import CATALOGUE

SCALE = Dial("param", "m", "scale")
SEED = Dial("input", "root", "x")
STEP = Dial("input", "root", "t")
ONE = Dial("context", "root", "c.one")
TWO = Dial("context", "root", "c.two")
FACTOR = Dial("adapter", "a", "factor")


@pytest.fixture
def graph() -> Graph:
    found = new_graph()
    edits.apply(found, Insert(Place("root", 0), (Tree(Node("m", "Multiply", params={"scale": 2.0})),)))
    sources = (Input("x", NoiseSource([2], 7)), Input("t", NumberSource(3)), Input("l", LiteralSource([1.0])))
    edits.apply(found, SetInputs(sources))
    edits.apply(found, SetContexts("root", {"c": {"one": NumberSource(0.5), "two": NumberSource(True)}}))
    patch = Patch("Multiply", Tree(Node("t", "Target")))
    param = Param(name="factor", type="float", default=1.0, low=0.0, high=2.0, live=True)
    edits.apply(found, SetAdapters((Adapter("a", "Bold", (patch,), (param,)),)))
    return found


def test_every_number_is_found_with_its_title_and_value(graph: Graph) -> None:
    found = dials(graph, CATALOGUE)
    assert {dial: (reading.title, reading.value) for dial, reading in found.items()} == {
        FACTOR: ("Bold: factor", 1.0),
        SEED: ("x: seed", 7),
        STEP: ("t", 3),
        ONE: ("c.one", 0.5),
        SCALE: ("Multiply: scale", 2.0),
        Dial("param", "m", "bias"): ("Multiply: bias", 0.0),
    }
    assert (found[FACTOR].low, found[FACTOR].high) == (0.0, 2.0)
    assert [found[dial].whole for dial in (SEED, STEP, ONE)] == [True, True, False]


def test_several_are_turned_by_one_edit_that_is_exactly_undone(graph: Graph) -> None:
    before = dials(graph, CATALOGUE)
    settings = {FACTOR: 1.5, SEED: 9.0, STEP: 4.4, ONE: 0.25, SCALE: -1.0}
    inverse = edits.apply(graph, turned(graph, CATALOGUE, settings))
    assert [read(graph, CATALOGUE, dial).value for dial in settings] == [1.5, 9, 4, 0.25, -1.0]  # pyright: ignore
    assert graph.inputs[2].source == LiteralSource([1.0])
    edits.apply(graph, inverse)
    assert dials(graph, CATALOGUE) == before


@pytest.mark.parametrize(
    "gone", [TWO, Dial("param", "none", "scale"), Dial("adapter", "b", "x"), Dial("param", "m", "y")]
)
def test_what_is_no_number_is_refused(graph: Graph, gone: Dial) -> None:
    assert read(graph, CATALOGUE, gone) is None
    with pytest.raises(EditError, match="choose another"):
        turned(graph, CATALOGUE, {gone: 1.0})
