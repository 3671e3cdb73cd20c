"""What a graph would import, found without importing any of it."""

from pathlib import Path

import pytest

from engine.document import edits
from engine.document.adapters import Adapter, Patch
from engine.document.check import check
from engine.document.direct import Direct
from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs
from engine.document.expressions import ExpressionError, evaluate, parse
from engine.document.graph import CANVAS, Input, Node, Place, Tree
from engine.document.references import Reference, fingerprint, references
from engine.document.sources import NumberSource
from nodes import CATALOGUE


def leaf(node: str, kind: str, **params: str) -> Tree:
    return Tree(Node(node, kind, params=dict(params)))


@pytest.mark.parametrize("source", ["mine:f", "a.b_c.d:E.f", " mine:f ", "größe:länge"])
def test_a_name_of_others_takes_all_arguments_and_is_never_evaluated_here(source):
    expression = parse(source)
    assert expression.reference == source.strip()
    assert expression.arity == (0, None)
    with pytest.raises(ExpressionError, match="which only a run imports, once it is trusted"):
        evaluate(expression, (1, 2), Direct(print))


@pytest.mark.parametrize(
    "source", ["lambda:x", "a:lambda", "a:b:c", "a.:b", "a:b.", ":b", "a:", "1:b", "a: b", "a:b()"]
)
def test_what_is_no_name_is_told_as_before(source):
    with pytest.raises(ExpressionError):
        parse(source)


def test_names_are_found_wherever_they_stand():
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(1)),)))
    leaves = (
        leaf("one", "Lambda", func="mine:f"),
        leaf("two", "Lambda", func="lambda x: x"),
        leaf("three", "UseContext", context="c", key="k", compose="mine:f"),
        leaf("four", "SetContext", context="c", key="k", callback="other.place:Held.add"),
        leaf("five", "Foreign", constructor="mine:Model", arguments="{}", path="a:b"),
        leaf("six", "Linear", func="not:a.param"),
    )
    edits.apply(graph, Insert(Place("root", 0), leaves))
    edits.apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (leaf("parked", "Lambda", func="parked:f"),)))
    graph.adapters = (Adapter("a", "Bold", (Patch("Linear", leaf("l", "Lambda", func="mine:f")),)),)
    assert references(graph, CATALOGUE) == (
        Reference("mine:Model", ("five",)),
        Reference("mine:f", ("one", "three"), ("Bold",)),
        Reference("other.place:Held.add", ("four",)),
        Reference("parked:f", ("parked",)),
    )
    codes = {problem.code for problem in check(graph, CATALOGUE) if problem.node in ("one", "three", "four", "five")}
    assert not codes & {"bad-expression", "bad-param", "argument-count"}


def test_a_file_is_known_by_its_content_and_that_of_modules_beside_it_in_its_folder(tmp_path: Path):
    found = (Reference("mine:f", ("one",)), Reference("torch.nn:Linear", ("two",)))
    assert fingerprint("d1", found, tmp_path) == "d1"
    assert fingerprint("d1", found, None) == "d1"
    (tmp_path / "mine.py").touch()
    here = fingerprint("d1", found, tmp_path)
    assert here not in ("d1", fingerprint("d2", found, tmp_path))
    (tmp_path / "mine.py").write_text("f = print")
    assert fingerprint("d1", found, tmp_path) not in ("d1", here), "the module is another one now"
    package = tmp_path / "elsewhere"
    (package / "mine").mkdir(parents=True)
    assert fingerprint("d1", found, package) not in ("d1", here)


@pytest.mark.parametrize(
    ("value", "fits"), [("mine:Model", True), ("mine.Model", False), ("lambda x: x", False), ("", False)]
)
def test_what_makes_a_foreign_module_must_be_a_name(value, fits):
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(1)),)))
    edits.apply(graph, Insert(Place("root", 0), (leaf("f", "Foreign", constructor=value),)))
    assert (not [problem for problem in check(graph, CATALOGUE) if problem.node == "f"]) == fits
