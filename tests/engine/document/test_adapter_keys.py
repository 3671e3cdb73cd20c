"""An adapter's weights file goes on fitting, whatever is done to the graph around its targets."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import adapter_files, files, parsing
from engine.document.adapter_keys import added_keys
from engine.document.attach import attached, rehomed
from engine.document.document import Document
from engine.document.edits import (
    Batch,
    Edit,
    EditError,
    Insert,
    Move,
    Remove,
    SetAdapter,
    SetAdapterParam,
    SetAdapters,
    SetName,
)
from engine.document.expand import expand
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, Weights
from nodes import CATALOGUE
from nodes.tree import linear, node
from tests.engine.document.drawn import adapter, graph_of, lora, with_adapters
from tests.strategies import edits_of, graphs, ids

FILE, BASE = Weights("lora.safetensors"), Weights("base.safetensors")
LORA = adapter("l", ("Linear", lora()), weights=FILE)


def document(weights: Weights | None = None) -> Document:
    """Body has the Linears n2 and n3, the root n4."""
    graph = graph_of(node("Chain", linear(2, 2), linear(2, 2), name="Body"), linear(2, 2))
    found = Document(with_adapters(graph, LORA), CATALOGUE)
    found.apply(attached(graph, "root", weights), "")
    return found


def keys(graph: Graph) -> dict[str, str]:
    """What the adapter's file calls the first of the layers that it puts at each target."""
    found = added_keys(expand(graph, CATALOGUE), graph)
    return {node.removeprefix("l.a4."): key for node, key in found.items() if node.startswith("l.a4.")}


def called(**names: str) -> dict[str, str]:
    return {target: f"{name}.Lora.Linear_1" for target, name in names.items()}


WRAPPED = Batch((Insert(Place("n1", 0), (Tree(Node("new", "Residual"), children=()),)), Move(("n2",), Place("new", 0))))
FRAMED = Batch((Insert(Place("root", 0), (Tree(Node("new", "Chain"), children=()),)), Move(("n1",), Place("new", 0))))
NEW = Tree(Node("x", "Linear", params={"in_features": 2, "out_features": 2, "bias": True}))


@pytest.mark.parametrize("weights", [None, BASE])
@pytest.mark.parametrize(
    ("edit", "noted"),
    [
        (WRAPPED, {"n2": "Body.Linear_1", "n3": "Body.Linear_2"}),
        (FRAMED, {"n1": "Body"}),
        (SetName("n1", "Other"), {"n1": "Body"}),
        (Remove(("n2",)), {"n3": "Body.Linear_2"}),
        (Insert(Place("n1", 0), (NEW,)), {"n2": "Body.Linear_1", "n3": "Body.Linear_2", "x": "Body.Linear_1~x"}),
        (Move(("n1",), Place(CANVAS, 0, 0, new=True)), {"n1": "Body"}),
    ],
)
def test_edits_of_the_structure_leave_the_names_of_targets(weights: Weights | None, edit: Edit, noted: dict[str, str]):
    found = document(weights)
    before, data = keys(found.graph), files.dump(found.graph)
    assert before == called(n2="Body.Linear_1", n3="Body.Linear_2", n4="Linear")
    found.apply(edit, "")
    after = keys(found.graph)
    assert {target: key for target, key in after.items() if target in before}.items() <= before.items()
    assert after.get("x") not in before.values()
    if weights is None:  # with a file, the graph's own keys are kept already
        assert found.graph.adapters[0].keys == noted
    assert keys(parsing.parse(files.dump(found.graph))) == after
    found.undo()
    assert files.dump(found.graph) == data


def test_a_target_that_was_parked_comes_back_with_its_name():
    found = document()
    before = keys(found.graph)
    found.apply(Move(("n2",), Place(CANVAS, 0, 0, new=True)), "")
    found.apply(SetName("n1", "Other"), "")
    found.apply(Move(("n2",), Place("root", 0)), "")
    assert keys(found.graph) == before
    found.apply(Batch((SetName("n1", "Body"), Move(("n2",), Place("n1", 0)))), "")
    assert keys(found.graph) == before
    assert not found.graph.adapters[0].keys, "nothing is noted that follows again"


@pytest.mark.parametrize(
    "edit",
    [
        lambda graph: rehomed(graph, "root", Weights("new.safetensors"), {}),
        lambda graph: attached(graph, "n1", Weights("new.safetensors")),
        lambda graph: attached(graph, "root", None),
    ],
)
def test_other_files_for_the_graph_itself_leave_the_names_of_targets(edit):
    found = document(BASE)
    found.apply(WRAPPED, "")
    before, data = keys(found.graph), files.dump(found.graph)
    found.apply(edit(found.graph), "")
    assert keys(found.graph) == before
    found.undo()
    assert files.dump(found.graph) == data


def test_what_is_noted_is_of_one_graph_and_stays_out_of_the_adapter_s_own_file():
    found = document()
    found.apply(WRAPPED, "")
    (kept,) = adapter_files.parse(adapter_files.dump(*found.graph.adapters))
    assert kept == replace(found.graph.adapters[0], keys={})


def _of_adapters(edit: Edit) -> bool:
    if isinstance(edit, Batch):
        return any(map(_of_adapters, edit.edits))
    return isinstance(edit, SetAdapters | SetAdapter | SetAdapterParam)


EVERYWHERE = adapter("l", ("*", node("Sum", node("Target"), linear(1, 1))), weights=FILE)
NESTED = adapter("m", ("by L", node("Sum", node("Target"), linear(1, 1))), weights=FILE)


@given(graphs(), st.data())
def test_no_target_loses_its_weights(graph, data):
    found, fresh = Document(with_adapters(graph, EVERYWHERE, NESTED), CATALOGUE), ids("m")
    start = files.dump(found.graph)
    known: dict[str, str] = {}
    for _ in range(4):
        whole = expand(found.graph, CATALOGUE)
        if not whole.amiss:
            there = added_keys(whole, found.graph)
            assert {node: known.get(node, key) for node, key in there.items()} == there
            known |= there
        edit = data.draw(edits_of(found.graph, fresh))
        if not _of_adapters(edit):
            with suppress(EditError):
                found.apply(edit, "Edit")
    while found.undo():
        pass
    assert files.dump(found.graph) == start
