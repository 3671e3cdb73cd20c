"""What the worker says, as problems with fixes."""

from engine.document.document import Document
from engine.faults import problems_of
from engine.messages import Fault
from nodes import CATALOGUE
from tests.app.canvas.hands import graph_of, tree

FAULT = Fault(
    "a", "shape", "takes (..., in_features) with in_features = 64, but receives 3 there\n(torch says)", "Linear",
    ("float32 (1, 3)",), "in_features", 3,
)  # fmt: skip


def test_a_size_that_does_not_fit_can_be_set_right() -> None:
    document = Document(graph_of(tree("Linear", "a")), CATALOGUE)
    (problem,) = problems_of([FAULT], [], document.graph)
    assert (problem.node, problem.param) == ("a", "in_features")
    assert problem.message.splitlines()[0].endswith("receives 3 there (received float32 (1, 3))")
    assert problem.message.splitlines()[1] == "(torch says)"
    (fix,) = problem.fixes
    document.apply(fix.edit, fix.label)
    assert fix.label == "Set in_features to 3"
    assert document.graph.nodes["a"].params["in_features"] == 3
    document.undo()
    assert document.graph.nodes["a"].params["in_features"] == 64


def test_what_the_check_has_told_is_not_told_again() -> None:
    graph = graph_of(tree("Linear", "a"))
    found = problems_of([FAULT], [], graph)
    assert problems_of([FAULT], found, graph) == []
    assert problems_of([Fault("gone", "shape", "no")], [], graph) == []
