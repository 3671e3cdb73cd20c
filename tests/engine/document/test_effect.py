"""Which edits can change what a run gives."""

from engine.document.document import Document, new_graph
from engine.document.edits import Batch, Fold, Insert, SetName, SetParam, SetView
from engine.document.effect import runs_differently
from engine.document.graph import Node, Place, Tree, View
from nodes import CATALOGUE

LOOK = SetView("root", View(note="x"))


def test_looks_do_not_run() -> None:
    graph = new_graph()
    assert not runs_differently(LOOK, graph, CATALOGUE)
    assert not runs_differently(Batch((LOOK, Fold("root", True))), graph, CATALOGUE)
    assert runs_differently(Batch((LOOK, SetName("root", "x"))), graph, CATALOGUE)


def test_switching_a_breakpoint_does_not_run() -> None:
    document = Document(new_graph(), CATALOGUE)
    trees = (Tree(Node("stop", "Breakpoint")), Tree(Node("half", "Multiply")))
    document.apply(Insert(Place("root", 0), trees), "Insert")
    switch = SetParam("stop", "enabled", False)
    assert not runs_differently(switch, document.graph, CATALOGUE)
    assert runs_differently(SetParam("half", "scale", 0.5), document.graph, CATALOGUE)
    assert runs_differently(Batch((switch, SetParam("half", "scale", 0.5))), document.graph, CATALOGUE)
    document.undo()
    assert runs_differently(switch, document.graph, CATALOGUE), "who knows what a node was that is gone"
