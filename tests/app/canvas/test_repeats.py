"""Folded repeats: a stack is unfolded, selected, moved and wired as what it stands for."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from app.canvas import repeats, travel
from app.canvas import scene as scenes
from app.canvas.view import Canvas
from app.panels.summary_page import SummaryPage
from app.window import Window
from engine.document import files
from engine.document.edits import Insert, SetParam
from engine.document.graph import Graph, Place
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import Hand, graph_of, middle, order, tree
from tests.app.hands import Hands

CONTROL = Qt.KeyboardModifier.ControlModifier


def drawn() -> Graph:
    """root: [a, b1: [c1, r1], b2: [c2, r2], b3: [c3, r3], d]"""
    blocks = [tree("Chain", f"b{n}", tree("Conv2d", f"c{n}"), tree("ReLU", f"r{n}"), name="Block") for n in "123"]
    return graph_of(tree("ReLU", "a"), *blocks, tree("SiLU", "d"))


def count_of(canvas: Canvas, node: str) -> QPointF:
    rect = repeats.count_rect(canvas.scene.by_node[node], canvas.zoom)
    assert rect
    return rect.center()


def seen(canvas: Canvas) -> set[str]:
    return {item.node for item in canvas.scene.items}


def test_a_stack_stands_for_its_run_and_its_count_unfolds_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(drawn())
    repeats.fold(canvas)
    canvas.frame_all()
    assert seen(canvas) == {"root", "a", "b1", "c1", "r1", "d"}
    hand.click(middle(canvas, "b1"))
    assert canvas.selection == ["b1", "b2", "b3"]
    hand.click(middle(canvas, "r1"))
    assert canvas.selection == ["r1"]
    hand.click(middle(canvas, "b1"), CONTROL)
    assert canvas.selection == ["r1", "b1", "b2", "b3"]
    hand.click(middle(canvas, "b1"), CONTROL)
    assert canvas.selection == ["r1"]
    for node in ("b2", "c3", "r2"):
        assert scenes.shown(canvas.arrangement, node) == "b1"
    before = canvas.rect_of("b1").topLeft()
    hand.click(count_of(canvas, "b1"))
    assert canvas.rect_of("b1").topLeft() == before
    canvas.frame_all()
    assert {"b1", "b2", "b3", "c3"} <= seen(canvas)
    assert not canvas.document.modified


def test_dragging_a_stack_moves_the_run_and_its_outlet_is_the_last_ones(open_canvas: Open) -> None:
    canvas, hand = open_canvas(drawn())
    repeats.fold(canvas)
    canvas.frame_all()
    port = canvas.port_of("b1", "out")
    assert canvas.hit(port.x(), port.y()).node == "b3"
    after = canvas.rect_of("d")
    hand.drag(middle(canvas, "b1"), QPointF(after.right() + 6, after.center().y() + 30))
    assert order(canvas) == ["a", "d", "b1", "b2", "b3"]
    start = canvas.rect_of("b1")
    hand.drag(middle(canvas, "a"), QPointF(start.right() + 12, start.bottom() - 20))
    assert order(canvas) == ["d", "b1", "b2", "b3", "a"]


def test_keys_walk_past_a_stack_and_going_to_a_hidden_node_unfolds(open_canvas: Open) -> None:
    canvas, hand = open_canvas(drawn())
    repeats.fold(canvas)
    canvas.frame_all()
    hand.click(middle(canvas, "a"))
    walked = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left):
        QTest.keyClick(canvas, key)
        walked.append(canvas.selection)
    run = ["b1", "b2", "b3"]
    assert walked == [run, ["d"], run, ["c1"], run, ["a"]]
    assert canvas.document.graph.view("root").repeats
    for key, selected in (
        (Qt.Key.Key_Right, ["a", *run]),
        (Qt.Key.Key_Right, ["a", *run, "d"]),
        (Qt.Key.Key_Left, ["a", *run]),
    ):
        QTest.keyClick(canvas, key, Qt.KeyboardModifier.ShiftModifier)
        assert canvas.selection == selected
    canvas.select(run)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert travel.where(canvas) == "b1"
    assert canvas.document.graph.view("root").repeats
    canvas.reveal("r3")
    assert not canvas.document.graph.view("root").repeats
    assert "r3" in seen(canvas)


def test_commands_fold_select_in_all_and_make_equal(window: Window, hands: Hands) -> None:
    canvas, document = window.canvas, window.document
    blocks = [tree("Chain", f"b{n}", tree("Linear", f"c{n}"), tree("ReLU", f"r{n}"), name="Block") for n in "123"]
    document.apply(Insert(Place("root", 0), tuple(blocks)), "Draw")
    document.apply(SetParam("c2", "out_features", 77), "Set")
    canvas.setFocus()
    canvas.select([])
    QTest.keyClick(canvas, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
    assert document.graph.view("root").repeats
    canvas.frame_all()
    Hand(canvas).click(middle(canvas, "b1"))
    assert isinstance(window.inspector.page, SummaryPage)
    text = window.inspector.page.repeats.text()
    assert text.startswith("They are built alike, but for:")
    assert "77" in text
    assert "out_features" in repeats.tip(canvas.arrangement, "b1")
    Hand(canvas).click(middle(canvas, "c1"))
    hands.trigger("select-repeats")
    assert canvas.selection == ["c1", "c2", "c3"]
    before = files.dump(document.graph)
    Hand(canvas).click(middle(canvas, "b1"))
    hands.trigger("even-out")
    assert document.graph.nodes["c2"].params == document.graph.nodes["c1"].params
    document.undo()
    assert files.dump(document.graph) == before
    canvas.select([])
    QTest.keyClick(canvas, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
    assert not document.graph.view("root").repeats
