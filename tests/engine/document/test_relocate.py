"""A graph that moves: its relative paths lead to the same files, everything else stays."""

from pathlib import Path

from engine.document.document import Document, new_graph
from engine.document.edits import SetContexts, SetInputs, SetWeights
from engine.document.graph import Input, Weights, state
from engine.document.relocate import relocate
from engine.document.sources import ImageSource, NumberSource, TensorSource
from nodes import CATALOGUE

OLD, NEW = Path("/graphs/old"), Path("/graphs/new/deep")


def test_relative_paths_follow_and_absolute_ones_stay() -> None:
    document = Document(new_graph(), CATALOGUE)
    inputs = (
        Input("near", ImageSource("a.png")),
        Input("far", ImageSource("/pictures/b.png")),
        Input("none", ImageSource("")),
        Input("number", NumberSource(3)),
    )
    document.apply(SetInputs(inputs), "")
    document.apply(SetContexts("root", {"c": {"k": TensorSource("sub/t.safetensors", "w")}}), "")
    document.apply(SetWeights("root", Weights("weights.safetensors", "ab")), "")
    before = state(document.graph.copy())
    edit = relocate(document.graph, OLD, NEW)
    assert edit is not None
    document.apply(edit, "Move")
    sources = [i.source for i in document.graph.inputs]
    assert sources[0] == ImageSource("../../old/a.png")
    assert sources[1:] == [i.source for i in inputs[1:]]
    moved = TensorSource("../../old/sub/t.safetensors", "w")
    assert document.graph.node("root").contexts["c"]["k"] == moved
    assert document.graph.nodes["root"].weights == Weights("../../old/weights.safetensors", "ab")
    back = relocate(document.graph, NEW, OLD)
    assert back is not None
    document.apply(back, "Move back")
    assert state(document.graph) == before


def test_nothing_to_do_is_no_edit() -> None:
    graph = new_graph()
    assert relocate(graph, OLD, NEW) is None
    graph.inputs = (Input("x", ImageSource("a.png")),)
    assert relocate(graph, OLD, OLD) is None
