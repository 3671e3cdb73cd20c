"""Frames made by templates: new ones, what follows a param, what stays by hand, and building again."""

import pytest

from engine.document import edits, files, parsing
from engine.document.check import check
from engine.document.document import Document, new_graph, new_tree
from engine.document.edits import Insert, Remove, SetInputs, SetName, SetParam
from engine.document.graph import Graph, Input, Place, Tree
from engine.document.kinds import defaults
from engine.document.sources import ListSource, NoiseSource
from engine.document.templates import build_again, rebuild
from nodes import CATALOGUE

TEMPLATES = [kind.name for kind in CATALOGUE.values() if kind.template]


@pytest.fixture
def document() -> Document:
    """A root with a MultiLinear of three layers, called by its id "mlp"."""
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NoiseSource([1, 64])),)))
    tree = new_tree(graph, CATALOGUE, "MultiLinear", num_layers=3)
    edits.apply(graph, Insert(Place("root", 0), (tree,)))
    return Document(graph, CATALOGUE)


def top(document: Document) -> str:
    return document.graph.children["root"][0]


def outline(graph: Graph, node: str) -> list[tuple[str, object, object]]:
    params = [graph.nodes[child].params for child in graph.children[node]]
    kinds = [graph.nodes[child].kind for child in graph.children[node]]
    return [(k, p.get("in_features"), p.get("out_features")) for k, p in zip(kinds, params, strict=True)]


def follow(document: Document, param: str, value: int | None) -> None:
    document.apply(rebuild(document.graph, CATALOGUE, top(document), param, value), "Set")


def codes(document: Document) -> list[str]:
    return [problem.code for problem in check(document.graph, CATALOGUE)]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_template_makes_complete_children_of_known_kinds(kind):
    graph = new_graph()
    tree = new_tree(graph, CATALOGUE, kind)
    edits.apply(graph, Insert(Place("root", 0), (tree,)))

    def complete(part: Tree) -> None:
        assert part.node.params == defaults(CATALOGUE[part.node.kind]) | part.node.params
        for child in part.children or ():
            complete(child)

    complete(tree)
    assert tree.children
    assert build_again(graph, CATALOGUE, tree.node.id) is None
    assert files.dump(parsing.parse(files.dump(graph))) == files.dump(graph)


def test_contexts_of_a_template_are_declared_by_the_new_frame():
    tree = new_tree(new_graph(), CATALOGUE, "SelfAttention2d")
    assert tree.node.contexts == {"reshape": {"sizes": ListSource([])}}


def test_a_param_that_only_changes_params_keeps_the_nodes(document: Document):
    before = list(document.graph.children[top(document)])
    follow(document, "input_dim", 7)
    assert document.graph.children[top(document)] == before
    layers = [("Linear", 7, 64), ("ReLU", None, None), ("Linear", 64, 64), ("ReLU", None, None), ("Linear", 64, 64)]
    assert outline(document.graph, top(document)) == layers
    assert codes(document) == []


def test_a_param_that_changes_the_structure_is_one_step(document: Document):
    before = files.dump(document.graph)
    follow(document, "num_layers", 2)
    assert [kind for kind, *_ in outline(document.graph, top(document))] == ["Linear", "ReLU", "Linear"]
    assert document.undo() == "Set"
    assert files.dump(document.graph) == before


def test_children_changed_by_hand_stay(document: Document):
    last = document.graph.children[top(document)][-1]
    document.apply(SetParam(last, "bias", False), "No bias")
    follow(document, "num_layers", 2)
    assert document.graph.nodes[top(document)].params["num_layers"] == 2
    assert len(document.graph.children[top(document)]) == 5
    (problem,) = check(document.graph, CATALOGUE)
    assert (problem.code, problem.severity, problem.node) == ("template-differs", "info", top(document))
    (fix,) = problem.fixes
    assert fix.label == "Build it again"
    document.apply(fix.edit, fix.label)
    assert len(document.graph.children[top(document)]) == 3
    assert codes(document) == []


@pytest.mark.parametrize("change", ["rename", "remove"])
def test_other_changes_by_hand_are_seen(document: Document, change: str):
    first = document.graph.children[top(document)][0]
    document.apply(SetName(first, "Entry") if change == "rename" else Remove((first,)), "Change")
    assert "template-differs" in codes(document)


def test_true_is_not_one(document: Document):
    first = document.graph.children[top(document)][0]
    document.apply(SetParam(first, "in_features", True), "Set")
    assert {"bad-param", "template-differs"} <= set(codes(document))


def test_a_value_that_does_not_fit_leaves_the_children_alone(document: Document):
    follow(document, "num_layers", 0)
    assert len(document.graph.children[top(document)]) == 5
    assert codes(document) == ["bad-param"]
    follow(document, "num_layers", None)
    assert codes(document) == ["missing-param"]


def test_kinds_without_a_template_are_only_set(document: Document):
    leaf = document.graph.children[top(document)][1]
    assert rebuild(document.graph, CATALOGUE, leaf, "inplace", True) == SetParam(leaf, "inplace", True)
    assert rebuild(document.graph, CATALOGUE, "root", "x", 1) == SetParam("root", "x", 1)
