"""A check after edits finds what a check from nothing finds, and looks at few nodes for that."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import edits
from engine.document.check import Checker, check
from engine.document.document import Change, Document, new_graph
from engine.document.edits import (
    Batch,
    Edit,
    EditError,
    Fold,
    Insert,
    Move,
    Remove,
    SetContexts,
    SetInputs,
    SetName,
    SetParam,
)
from engine.document.graph import CANVAS, Graph, Input, Node, Place, Tree
from engine.document.kinds import ParamValue
from engine.document.problems import Fix, Problem
from engine.document.sources import NumberSource, UnsetSource
from engine.document.subject import Subject
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.strategies import edits_of, graphs, ids

RANDOM = "shared-differs"
"""The problem whose fixes may name a group that is called at random."""


def known(problems: list[Problem]) -> list[Problem]:
    """Problems as values to compare."""

    def plain(problem: Problem) -> Problem:
        return replace(problem, fixes=tuple(Fix(fix.label, Batch(())) for fix in problem.fixes))

    return [plain(problem) if problem.code == RANDOM else problem for problem in problems]


def checker_of(document: Document) -> Checker:
    """A checker that hears of the document's edits."""
    checker = Checker(document.graph, document.catalogue)

    def hear(change: Change) -> None:
        assert change.touched
        checker.touch(change.touched)

    document.listeners.append(hear)
    return checker


def test_order_holds_however_deep_one_builds():
    """Numbers of the order lie ever closer, until those of a larger frame are given anew."""
    document = Document(new_graph(), CATALOGUE)
    checker = checker_of(document)
    lost: dict[str, ParamValue] = {"context": "lost", "key": "x"}
    around = Place(document.graph.root, 0)
    for depth in range(60):
        leaf = Tree(Node(f"leaf{depth}", "UseContext", params=lost))
        frame = Tree(Node(f"frame{depth}", "Chain"), children=())
        document.apply(Insert(around, (leaf, frame, Tree(Node(f"last{depth}", "UseContext", params=lost)))), "Insert")
        around = Place(frame.node.id, 0)
        checker.problems()
    assert known(checker.problems()) == known(check(document.graph, CATALOGUE))
    assert [p.node for p in checker.problems() if p.code == "context-undeclared"][-3:] == ["last2", "last1", "last0"]


@given(graphs(), st.data())
def test_a_check_after_edits_is_a_check_from_nothing(graph, data):
    document, fresh = Document(graph, CATALOGUE), ids("m")
    checker = checker_of(document)
    for _ in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["apply", "apply", "apply", "undo", "redo", "check", "fix"])):
            case "apply":
                with suppress(EditError):
                    document.apply(data.draw(edits_of(document.graph, fresh)), "Edit")
            case "undo":
                document.undo()
            case "redo":
                document.redo()
            case "check":
                assert known(checker.problems()) == known(check(document.graph, CATALOGUE))
            case _:
                if fixes := [fix for p in checker.problems() if p.code != RANDOM for fix in p.fixes]:
                    document.apply(data.draw(st.sampled_from(fixes)).edit, "Fix")
    assert known(checker.problems()) == known(check(document.graph, CATALOGUE))


def func(id: str, source: str) -> Tree:
    return Tree(Node(id, "Lambda", params={"func": source}))


def frame(id: str, kind: str, *children: Tree) -> Tree:
    return Tree(Node(id, kind), None, children)


SPLIT, ONE = "lambda x: (x, x)", "lambda x: x"

COUNTED = [
    Insert(Place("root", 0), (func("new", SPLIT),)),
    Insert(Place("near", 0), (func("new", SPLIT),)),
    Insert(Place("strange", 0), (func("new", SPLIT),)),
    SetParam("first", "func", SPLIT),
    SetParam("second", "func", "lambda x, y: x"),
    SetParam("second", "func", "nonsense("),
    SetInputs((Input("x", NumberSource(1)), Input("y", NumberSource(1)))),
    SetInputs(()),
    Move(("near",), Place("root", 0)),
    Move(("near",), Place(CANVAS, 0, 0, new=True)),
    Move(("side",), Place("far", 0)),
    Move(("second",), Place("strange", 1)),
    Move(("third",), Place("far", 1)),
    Remove(("parallel",)),
    Remove(("far",)),
    Batch((Remove(("first",)), Insert(Place("near", 0), (func("first", "nonsense("),)))),
    SetName("near", "Far"),
    Fold("near", collapsed=True),
    SetContexts("root", {"c": {"k": UnsetSource()}}),
    SetContexts("far", {"c": {"k": UnsetSource()}}),
]
"""Edits that change what reaches nodes elsewhere, or how they are called."""


def counted() -> Graph:
    """Lambdas that take one value, behind and in frames that pass on as many as they get, one, or two."""
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(1)),)))
    side = Tree(Node("side", "UseContext", params={"context": "c", "key": "k"}))
    children = (
        frame("near", "Chain", func("first", ONE), frame("deep", "Chain", func("second", ONE))),
        frame("far", "Chain", func("third", ONE), side),
        frame("parallel", "Parallel", func("left", ONE), func("right", ONE)),
        func("both", "lambda x, y: x + y"),
        frame("strange", "Mystery", func("inside", ONE)),
    )
    edits.apply(graph, Insert(Place("root", 0), children))
    return graph


@pytest.mark.parametrize("second", COUNTED, ids=str)
@pytest.mark.parametrize("first", COUNTED, ids=str)
def test_what_an_edit_changes_elsewhere_is_found(first: Edit, second: Edit):
    document = Document(counted(), CATALOGUE)
    checker = checker_of(document)
    for edit in (first, second):
        with suppress(EditError):
            document.apply(edit, "Edit")
            assert known(checker.problems()) == known(check(document.graph, CATALOGUE))
    while document.undo():
        assert known(checker.problems()) == known(check(document.graph, CATALOGUE))


def test_an_edit_of_a_large_graph_has_few_nodes_looked_at_again():
    document = Document(build(MODELS["sdxl-unet"]), CATALOGUE)
    graph, looked = document.graph, Subject(document.graph, CATALOGUE)
    assert looked.update() == set(graph.nodes)
    assert looked.update() == set()

    def hear(change: Change) -> None:
        assert change.touched
        looked.touch(change.touched)

    document.listeners.append(hear)
    deep = max(graph.walk(), key=lambda node: len(graph.ancestors(node)))
    around = set(graph.ancestors(deep))
    for edit in [
        SetParam(deep, "bias", False),
        SetName(deep, "Renamed"),
        Remove((deep,)),
        Insert(Place(graph.parents[deep], 0), (Tree(Node("new", "ReLU")),)),
        Fold("root", collapsed=True),
    ]:
        document.apply(edit, "Edit")
        assert len(looked.update() - around) <= 2, "the node itself, and one that now gets another number of values"
