"""Dragging nodes: what Alt and shaking mean, and how the place of the drop is shown."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from app.canvas import targets
from app.canvas.view import Canvas
from app.window import Window
from engine.document.edits import Insert, apply
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph, Place, same
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import LEFT, Hand, graph_of, middle, order, tree, wire_point

ALT = Qt.KeyboardModifier.AltModifier


def branches() -> Graph:
    return graph_of(
        tree("Linear", "a"),
        tree("ReLU", "b"),
        tree("Sum", "s", tree("Identity", "x"), tree("Chain", "t", tree("Tanh", "y"), tree("SiLU", "z"))),
    )


def hints(canvas: Canvas) -> list[str]:
    said: list[str] = []
    canvas.hint.connect(said.append)
    return said


def colour_at(canvas: Canvas, at: QPointF) -> QColor:
    image = canvas.grab().toImage()
    return image.pixelColor((at * image.devicePixelRatio()).toPoint())


def shake(hand: Hand, at: QPointF) -> None:
    """Three strokes to and fro, the button down."""
    for turn in range(4):
        for step in range(1, 5):
            hand.move(at + QPointF(40 * step / 4 if turn % 2 == 0 else 40 - 40 * step / 4, 0))


def test_alt_keeps_wires_from_catching_what_is_dragged(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    wire = wire_point(canvas, Wire(("y", "out"), ("z", "in")))
    told = hints(canvas)
    hand.drag(middle(canvas, "a"), wire, release=False)
    assert "on this wire" in told[-1]
    QTest.keyPress(canvas, Qt.Key.Key_Alt)
    assert told[-1] == "Drop to make Linear part of Chain"
    QTest.keyRelease(canvas, Qt.Key.Key_Alt)
    assert "on this wire" in told[-1]
    hand.move(wire, keys=ALT)
    hand.release(wire, keys=ALT)
    assert order(canvas, "t") == ["y", "a", "z"]


def test_keys_pressed_while_dragging_are_the_gestures(window: Window) -> None:
    window.document.apply(Insert(Place("root", 0), (tree("ReLU", "a"), tree("SiLU", "b"))), "Draw")
    canvas, hand = window.canvas, Hand(window.canvas)
    canvas.frame_all()
    canvas.setFocus()
    start = middle(canvas, "a")
    hand.drag(start, start + QPointF(50, 70), release=False)
    QTest.keyPress(canvas, Qt.Key.Key_Alt, ALT)
    QTest.keyRelease(canvas, Qt.Key.Key_Alt)
    assert window.menuBar().activeAction() is None
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert order(canvas) == ["a", "b"]
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(start + QPointF(50, 70))
    assert order(canvas) == ["a", "b"]
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert order(canvas) == ["b"]


def test_alt_and_a_drag_pull_a_node_out_of_its_wires(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    before = canvas.document.graph.copy()
    hand.drag(middle(canvas, "y"), middle(canvas, "b"), keys=ALT)
    assert order(canvas, "t") == ["z"]
    assert canvas.document.graph.segments("root") == [["y"]]
    hand.drag(middle(canvas, "b"), QPointF(600, 740), keys=ALT)
    assert canvas.document.graph.segments(CANVAS) == [["b"]]
    assert [step.label for step in canvas.document.history.undos] == ["Take out Tanh", "Take out ReLU"]
    canvas.document.undo()
    canvas.document.undo()
    assert same(canvas.document.graph, before)


def test_shaking_pulls_out_and_the_node_can_go_on_another_wire(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    start = middle(canvas, "b")
    told = hints(canvas)
    QTest.mousePress(canvas, LEFT, pos=start.toPoint())
    shake(hand, start)
    assert told[-1] == "Drop to park ReLU in Chain, not wired"
    hand.release(start)
    assert order(canvas) == ["a", "s"]
    assert canvas.document.graph.segments("root") == [["b"]]
    canvas.document.undo()
    start, wire = middle(canvas, "b"), wire_point(canvas, Wire(("y", "out"), ("z", "in")))
    QTest.mousePress(canvas, LEFT, pos=start.toPoint())
    shake(hand, start)
    hand.move(wire)
    hand.release(wire)
    assert order(canvas, "t") == ["y", "b", "z"]


def test_going_back_once_is_no_shake(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    start = middle(canvas, "b")
    hand.drag(start, start + QPointF(60, 0), release=False)
    hand.move(start + QPointF(2, 0))
    told = hints(canvas)
    hand.move(start)
    hand.release(start)
    assert order(canvas) == ["a", "b", "s"]
    assert not any("not wired" in each for each in told)


def test_branches_are_put_in_another_order_and_make_room_for_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    said = hints(canvas)
    inside, head = canvas.rect_of("s"), canvas.rect_of("t")
    free = QPointF(inside.right() - 8, inside.top() + 60)
    plain = colour_at(canvas, free)
    stood = colour_at(canvas, head.topLeft() + QPointF(60, 4))
    below = QPointF(head.center().x(), head.bottom() + 3)
    hand.drag(middle(canvas, "t"), QPointF(canvas.rect_of("x").center().x(), canvas.rect_of("x").top() - 8),
              release=False)  # fmt: skip
    assert said[-1] == "Drop to make Chain a branch of Sum"
    assert colour_at(canvas, free) != plain  # the frame is tinted
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(below)
    assert order(canvas, "s") == ["x", "t"]
    assert colour_at(canvas, head.topLeft() + QPointF(60, 4)) == stood
    hand.drag(middle(canvas, "x"), below, release=False)
    assert said[-1] == "Drop to make Identity a branch of Sum"
    hand.release(below)
    assert order(canvas, "s") == ["t", "x"]
    assert len(canvas.document.history.undos) == 1


def test_what_follows_the_place_of_a_drop_moves_over(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    wire = wire_point(canvas, Wire(("a", "out"), ("b", "in")))
    edge = QPointF(canvas.rect_of("b").left() + 20, canvas.rect_of("b").top() + 6)
    body = colour_at(canvas, edge)
    hand.drag(middle(canvas, "z"), wire, release=False)
    assert colour_at(canvas, edge) != body
    room = canvas.rect_of("z").width() + 24
    assert colour_at(canvas, edge + QPointF(round(room), 0)) == body
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert colour_at(canvas, edge) == body


def test_where_a_row_s_wire_turns_stays_as_it_is(open_canvas: Open) -> None:
    frame = tree("Chain", "c", *(tree("Linear", f"n{n}") for n in range(12)))
    canvas, _ = open_canvas(graph_of(frame))
    scene, arrangement = canvas.scene, canvas.arrangement
    item = scene.by_node["c"]
    ways = {r.wire.start[0]: r.points for r in arrangement.routes("c") if r.wire and len(r.points) > 2}
    turning = [n for n in ways if n.startswith("n")]
    assert turning
    for node in turning:
        at = canvas.rect_of(node)
        found = targets.target_at(scene, arrangement, at.left() + 2, at.center().y(), wires=False)
        assert found.band
        assert at.right() < found.band.right() < item.x + ways[node][1][0] * scene.zoom - 6


def test_wires_of_empty_frames_and_of_parked_nodes_catch_as_well(open_canvas: Open) -> None:
    graph = graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("Chain", "e"))
    apply(graph, Insert(Place("root", 0, 0, new=True), (tree("Tanh", "p"), tree("SiLU", "q"))))
    canvas, hand = open_canvas(graph)
    hand.drag(middle(canvas, "a"), wire_point(canvas, Wire(("e", "in"), ("e", "out"))), release=False)
    canvas.grab()
    hand.release(wire_point(canvas, Wire(("e", "in"), ("e", "out"))))
    assert order(canvas, "e") == ["a"]
    hand.drag(middle(canvas, "b"), wire_point(canvas, Wire(("p", "out"), ("q", "in"))), release=False)
    canvas.grab()
    hand.release(wire_point(canvas, Wire(("p", "out"), ("q", "in"))))
    assert graph.segments("root") == [["p", "b", "q"]]


def test_a_place_that_changes_nothing_says_so_and_goes_on_saying_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(
        graph_of(tree("Linear", "a"), tree("Residual", "r", tree("Chain", "c", tree("ReLU", "b"))))
    )
    canvas.select(["r", "b"])  # what is in the other goes along with it
    said: list[str] = []
    canvas.refused.connect(said.append)
    told = hints(canvas)
    at = middle(canvas, "r")
    hand.drag(at, at + QPointF(18, 0), release=False)
    assert told[-1] == "Residual is already there"
    hand.release(at + QPointF(18, 0))
    assert said == ["Residual is already there"]
    assert told[-1] == ""  # the hint goes before the refusal is told, which stays
