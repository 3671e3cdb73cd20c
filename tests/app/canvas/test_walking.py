"""Walking the graph by key."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.view import Canvas
from engine.document.edits import Insert, apply
from engine.document.graph import Graph, Place
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree

UP, DOWN = Qt.Key.Key_PageUp, Qt.Key.Key_PageDown


def nest() -> Graph:
    branch = tree("Chain", "t", tree("ReLU", "y"), tree("SiLU", "z"))
    return graph_of(tree("Linear", "a"), tree("Sum", "s", tree("Identity", "x"), branch), tree("GELU", "b"))


def walked(canvas: Canvas, *keys: Qt.Key) -> list[str]:
    """What is selected after each key."""
    found: list[str] = []
    for key in keys:
        QTest.keyClick(canvas, key)
        found += canvas.selection
    return found


def test_pages_go_from_leaf_to_leaf_in_the_order_of_running(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    assert walked(canvas, *[DOWN] * 6) == ["a", "x", "y", "z", "b", "b"]
    assert walked(canvas, *[UP] * 5) == ["z", "y", "x", "a", "a"]
    canvas.select([])
    assert walked(canvas, UP) == ["b"]


def test_from_a_frame_pages_go_into_it_and_before_it(open_canvas: Open) -> None:
    canvas, _ = open_canvas(nest())
    canvas.select(["t"])
    assert walked(canvas, DOWN) == ["y"]
    canvas.select(["t"])
    assert walked(canvas, UP) == ["x"]


def test_folded_frames_stay_folded_and_parked_nodes_end_the_walk(open_canvas: Open) -> None:
    graph = nest()
    apply(graph, Insert(Place("s", 0, 0, new=True), (tree("Tanh", "p"), tree("ReLU", "q"))))
    canvas, _ = open_canvas(graph)
    canvas.toggle_collapsed(["t"])
    canvas.select(["x"])
    assert walked(canvas, DOWN, DOWN) == ["t", "b"]
    assert graph.view("t").collapsed
    canvas.select(["p"])
    assert walked(canvas, DOWN, DOWN, UP, UP) == ["q", "q", "p", "p"]
