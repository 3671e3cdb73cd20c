"""Renames of contexts and keys: whoever reaches the provider follows, nobody else does."""

import pytest

from engine.document.answers import Refusal
from engine.document.document import Document, new_graph, new_tree
from engine.document.edits import EditError, Insert, SetContexts, SetParam
from engine.document.graph import CANVAS, Place, state
from engine.document.providers import hoist, lower
from engine.document.renames import rename_context, rename_key
from engine.document.sources import NumberSource, UnsetSource
from nodes import CATALOGUE


@pytest.fixture
def document() -> Document:
    """Two nested providers of "mask", a reader under each, one on the outer's shelf, and one that reads nothing."""
    document = Document(new_graph(), CATALOGUE)
    document.apply(SetContexts("root", {"mask": {"a": NumberSource(1), "b": UnsetSource()}}), "")
    inner = add(document, "root", "Chain")
    document.apply(SetContexts(inner, {"mask": {"a": UnsetSource()}}), "")
    add(document, "root", "UseContext", context="mask", key="a")
    add(document, inner, "UseContext", context="mask", key="a")
    add(document, "root", "UseContext", context="other", key="a")
    tree = new_tree(document.graph, CATALOGUE, "SetContext", context="mask", key="a")
    document.apply(Insert(Place("root", 0, 0, new=True), (tree,)), "")
    stray = new_tree(document.graph, CATALOGUE, "UseContext", context="mask", key="a")
    document.apply(Insert(Place(CANVAS, 0, 0, new=True), (stray,)), "")
    return document


def add(document: Document, frame: str, kind: str, **params: str) -> str:
    tree = new_tree(document.graph, CATALOGUE, kind, **params)
    document.apply(Insert(Place(frame, len(document.graph.children[frame])), (tree,)), "")
    return tree.node.id


def reached(document: Document) -> list[tuple[object, object]]:
    """Context and key that each leaf names, in order."""
    nodes = [document.graph.nodes[n] for n in document.graph.walk(loose=True)]
    return [(n.params["context"], n.params["key"]) for n in nodes if "context" in n.params]


def test_a_key_is_renamed_where_it_is_reached(document: Document) -> None:
    before = state(document.graph.copy())
    document.apply(rename_key(document.graph, CATALOGUE, "root", "mask", "a", "strength"), "Rename")
    assert list(document.graph.node("root").contexts["mask"]) == ["strength", "b"]
    named = [("mask", "a"), ("mask", "strength"), ("other", "a"), ("mask", "strength"), ("mask", "a")]
    assert reached(document) == named
    document.undo()
    assert state(document.graph) == before


def test_a_context_is_renamed_where_it_is_reached(document: Document) -> None:
    document.apply(rename_context(document.graph, CATALOGUE, "root", "mask", "unsharp"), "Rename")
    assert list(document.graph.node("root").contexts) == ["unsharp"]
    assert reached(document) == [("mask", "a"), ("unsharp", "a"), ("other", "a"), ("unsharp", "a"), ("mask", "a")]


@pytest.mark.parametrize("new", ["", "  ", "b"])
def test_a_key_needs_a_name_of_its_own(document: Document, new: str) -> None:
    with pytest.raises(EditError):
        rename_key(document.graph, CATALOGUE, "root", "mask", "a", new)


@pytest.mark.parametrize("new", ["", "mask", "other"])
def test_a_context_is_not_mixed_up_with_another(document: Document, new: str) -> None:
    with pytest.raises(EditError):
        rename_context(document.graph, CATALOGUE, "root", "mask", new)


@pytest.fixture
def sampling() -> Document:
    """A Sample that provides what its guidance varies, with a reader; around it a frame that provides a strength."""
    document = Document(new_graph(), CATALOGUE)
    document.apply(SetContexts("root", {"mask": {"a": NumberSource(1)}}), "")
    sample = add(document, "root", "Sample", condition="diffusion.class")
    step = document.graph.nodes[sample].contexts["diffusion"]["timestep"]
    document.apply(SetContexts(sample, {"diffusion": {"timestep": step, "class": NumberSource(3)}}), "")
    add(document, sample, "UseContext", context="diffusion", key="class")
    return document


def sample_of(document: Document) -> str:
    return document.graph.children["root"][0]


def test_what_guidance_varies_follows(sampling: Document) -> None:
    graph, sample = sampling.graph, sample_of(sampling)
    before = state(graph.copy())
    sampling.apply(rename_key(graph, CATALOGUE, sample, "diffusion", "class", "digit"), "Rename")
    assert graph.nodes[sample].params["condition"] == "diffusion.digit"
    assert reached(sampling) == [("diffusion", "digit")]
    sampling.undo()
    assert state(graph) == before
    sampling.apply(SetParam(sample, "condition", "mask.a"), "")
    sampling.apply(rename_context(graph, CATALOGUE, "root", "mask", "weight"), "Rename")
    assert graph.nodes[sample].params["condition"] == "weight.a"
    sampling.apply(SetParam(sample, "condition", "mask.b"), "")
    with pytest.raises(EditError, match=r"varies mask\.b: choose"):
        rename_context(graph, CATALOGUE, "root", "weight", "mask")


def test_what_a_sample_tells_keeps_its_name_and_place(sampling: Document) -> None:
    graph, sample = sampling.graph, sample_of(sampling)
    with pytest.raises(EditError, match=r"Sample itself gives diffusion\.timestep its value"):
        rename_key(graph, CATALOGUE, sample, "diffusion", "timestep", "t")
    with pytest.raises(EditError, match=r"diffusion\.timestep"):
        rename_context(graph, CATALOGUE, sample, "diffusion", "noise")
    assert isinstance(hoist(graph, CATALOGUE, sample, "diffusion"), Refusal)
    sampling.apply(SetParam(sample, "condition", "mask.a"), "")
    lowered = lower(graph, CATALOGUE, "root", "mask")
    assert not isinstance(lowered, Refusal)
    sampling.apply(lowered, "Lower")
    assert list(graph.nodes[sample].contexts) == ["diffusion", "mask"], "the Sample itself reaches it"
