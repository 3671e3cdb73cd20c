"""Every gesture with real events, and what it makes of the graph."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QToolTip

from app.canvas.view import Canvas
from engine.document.document import new_graph
from engine.document.edits import Insert, apply
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph, Place, same
from engine.document.problems import Problem
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, middle, order, take, tree, wire_point

CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def row() -> Graph:
    return graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("SiLU", "c"), tree("GELU", "d"))


def branches() -> Graph:
    return graph_of(
        tree("Linear", "a"),
        tree("Sum", "s", tree("Identity", "x"), tree("Chain", "t", tree("ReLU", "y"), tree("SiLU", "z"))),
    )


def told(canvas: Canvas) -> list[str]:
    """What the canvas says when it refuses."""
    said: list[str] = []
    canvas.refused.connect(said.append)
    return said


def send_move(canvas: Canvas, at: QPointF, buttons: Qt.MouseButton) -> None:
    """A move of the mouse with these buttons down."""
    none = Qt.KeyboardModifier.NoModifier
    where = QPointF(canvas.mapToGlobal(at.toPoint()))
    event = QMouseEvent(QEvent.Type.MouseMove, at, where, Qt.MouseButton.NoButton, buttons, none)
    QApplication.sendEvent(canvas, event)


# Selecting.


def test_a_click_selects_and_a_click_on_nothing_clears(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    heard: list[list[str]] = []
    canvas.selection_changed.connect(heard.append)
    hand.click(middle(canvas, "b"))
    hand.click(QPointF(8, 8))
    assert heard == [["b"], []]


def test_shift_adds_and_control_toggles(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.click(middle(canvas, "a"))
    hand.click(middle(canvas, "c"), SHIFT)
    hand.click(middle(canvas, "d"), CONTROL)
    assert canvas.selection == ["a", "c", "d"]
    hand.click(middle(canvas, "c"), CONTROL)
    assert canvas.selection == ["a", "d"]


def test_a_click_on_one_of_many_selects_only_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    canvas.select(["a", "b"])
    hand.click(middle(canvas, "b"))
    assert canvas.selection == ["b"]


def test_a_box_selects_what_it_touches(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    above, below = canvas.rect_of("b"), canvas.rect_of("c")
    hand.drag(above.topLeft() + QPointF(4, -10), below.bottomRight() + QPointF(-4, 12))
    assert canvas.selection == ["b", "c"]
    assert not canvas.document.history.undos


def test_escape_abandons_a_drag_and_then_clears(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drag(middle(canvas, "a"), canvas.rect_of("d").center(), release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(canvas.rect_of("d").center())
    assert order(canvas) == ["a", "b", "c", "d"]
    assert canvas.selection == ["a"]
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selection == []


def test_another_button_neither_ends_a_drag_nor_opens_a_menu(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    asked: list[object] = []
    canvas.menu_requested.connect(lambda *told: asked.append(told))
    target = canvas.rect_of("d")
    end = QPointF(target.right() + 6, target.bottom() + 4)
    hand.drag(middle(canvas, "a"), end, release=False)
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, pos=end.toPoint())
    at = end.toPoint()
    menu = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, menu)
    assert order(canvas) == ["a", "b", "c", "d"]
    assert not asked
    send_move(canvas, end, Qt.MouseButton.LeftButton)
    hand.release(end)
    assert order(canvas) == ["b", "c", "d", "a"]


def test_a_drag_whose_release_was_lost_is_abandoned(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    end = canvas.rect_of("d").bottomRight() + QPointF(6, 4)
    hand.drag(middle(canvas, "a"), end, release=False)
    send_move(canvas, end, Qt.MouseButton.NoButton)
    hand.release(end)
    assert order(canvas) == ["a", "b", "c", "d"]


def test_another_graph_with_the_same_ids_has_nothing_selected(open_canvas: Open) -> None:
    canvas, _ = open_canvas(row())
    canvas.select(["b"])
    heard: list[list[str]] = []
    canvas.selection_changed.connect(heard.append)
    canvas.document.replace(row())
    assert canvas.selection == []
    assert heard == [[]]


def test_space_ends_with_the_focus(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert canvas.cursor().shape() == Qt.CursorShape.ArrowCursor
    hand.click(middle(canvas, "b"))
    assert canvas.selection == ["b"]
    QTest.keyRelease(canvas, Qt.Key.Key_Space)


def test_select_all_takes_the_frame_of_the_selected_node(open_canvas: Open) -> None:
    canvas, _ = open_canvas(branches())
    canvas.select_all()
    assert canvas.selection == ["a", "s"]
    canvas.select(["y"])
    canvas.select_all()
    assert canvas.selection == ["y", "z"]


# Moving.


def test_dragging_along_the_row_changes_the_order_in_one_step(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    target = canvas.rect_of("d")
    hand.drag(middle(canvas, "a"), QPointF(target.right() + 6, target.bottom() + 4))
    assert order(canvas) == ["b", "c", "d", "a"]
    assert len(canvas.document.history.undos) == 1
    canvas.document.undo()
    assert order(canvas) == ["a", "b", "c", "d"]


def test_dropping_on_a_wire_splices(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    hand.drag(middle(canvas, "a"), wire_point(canvas, Wire(("y", "out"), ("z", "in"))))
    assert order(canvas, "t") == ["y", "a", "z"]


def test_dropping_in_another_frame_moves_there(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    inside = canvas.rect_of("t")
    hand.drag(middle(canvas, "a"), QPointF(canvas.rect_of("y").left() - 9, inside.bottom() - 22))
    assert order(canvas, "t") == ["a", "y", "z"]


def test_dropping_on_the_free_canvas_parks_where_it_is_dropped(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    before = canvas.rect_of("b")
    hand.drag(before.center(), before.center() + QPointF(0, 200))
    graph = canvas.document.graph
    assert order(canvas) == ["a", "c", "d"]
    assert graph.segments(CANVAS) == [["b"]]
    shift = canvas.rect_of("b").topLeft() - before.topLeft()
    assert abs(shift.x()) <= 1
    assert abs(shift.y() - 200) <= 1


def test_dropping_on_the_shelf_parks_in_the_frame(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    root = canvas.rect_of("root")
    hand.drag(middle(canvas, "c"), QPointF(root.center().x(), root.bottom() - 4))
    assert order(canvas) == ["a", "b", "d"]
    assert canvas.document.graph.segments("root") == [["c"]]


def test_several_nodes_move_together_and_keep_their_order(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    canvas.select(["a", "b"])
    hand.drag(middle(canvas, "b"), wire_point(canvas, Wire(("d", "out"), ("root", "out"))))
    assert order(canvas) == ["c", "d", "a", "b"]


def test_a_refused_move_says_why_and_changes_nothing(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    said = told(canvas)
    before = canvas.document.graph.copy()
    hand.drag(middle(canvas, "a"), canvas.rect_of("a").center() + QPointF(14, 2))
    assert said == ["Linear is already there"]
    assert same(canvas.document.graph, before)


# Wiring.


def test_a_wire_from_port_to_port_connects(open_canvas: Open) -> None:
    graph = row()
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (tree("Sigmoid", "e"),)))
    canvas, hand = open_canvas(graph)
    hand.drag(canvas.port_of("d", "out"), canvas.port_of("e", "in"))
    assert order(canvas) == ["a", "b", "c", "d", "e"]
    canvas.document.undo()
    assert graph.segments(CANVAS) == [["e"]]


def test_a_wire_may_be_drawn_backwards(open_canvas: Open) -> None:
    graph = row()
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (tree("Sigmoid", "e"),)))
    canvas, hand = open_canvas(graph)
    hand.drag(canvas.port_of("e", "in"), canvas.port_of("b", "out"))
    assert order(canvas) == ["a", "b", "e", "c", "d"]


def test_a_wire_that_passes_nodes_over_makes_them_loose(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drag(canvas.port_of("a", "out"), canvas.port_of("d", "in"))
    assert order(canvas) == ["a", "d"]
    assert canvas.document.graph.segments("root") == [["b", "c"]]


def test_the_inlet_of_a_frame_leads_inside(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drag(canvas.port_of("root", "in"), canvas.port_of("c", "in"))
    assert order(canvas) == ["c", "d"]


def test_a_wire_across_frames_is_refused_and_offers_a_way(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    said = told(canvas)
    hints: list[str] = []
    canvas.hint.connect(hints.append)
    hand.drag(canvas.port_of("a", "out"), canvas.port_of("z", "in"))
    assert said
    assert "different frames" in said[0]
    assert said[0] in hints
    menu = canvas.findChild(QMenu, "offers")
    assert isinstance(menu, QMenu)
    reason = menu.findChild(QLabel)
    assert isinstance(reason, QLabel)
    assert reason.text().casefold() == said[0].casefold()
    assert reason.isVisible()
    assert reason.height() >= reason.heightForWidth(reason.width())
    assert menu.rect().contains(reason.geometry())
    for node in ("a", "z"):
        rect = canvas.rect_of(node).toAlignedRect()
        assert not menu.geometry().intersects(rect.translated(canvas.mapToGlobal(QPoint()))), f"{node} stays in sight"
    hints.clear()
    take(menu, "Move")
    assert order(canvas) == ["a", "z", "s"]
    assert hints == [""], "the refusal is taken back"


def test_an_inlet_dragged_to_nowhere_cuts_its_wire(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    port = canvas.port_of("c", "in")
    hand.drag(port, port + QPointF(0, 150))
    assert order(canvas) == ["a", "b"]
    assert canvas.document.graph.segments("root") == [["c", "d"]]


def test_an_outlet_dragged_to_nowhere_changes_nothing(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    port = canvas.port_of("c", "out")
    hand.drag(port, port + QPointF(0, 150))
    assert not canvas.document.history.undos


# The palette.


def test_a_kind_dropped_on_a_wire_goes_between(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drop("Sigmoid", wire_point(canvas, Wire(("b", "out"), ("c", "in"))))
    [new] = canvas.selection
    assert canvas.document.graph.nodes[new].kind == "Sigmoid"
    assert order(canvas) == ["a", "b", new, "c", "d"]


def test_a_kind_dropped_into_an_empty_graph_is_its_first_node(open_canvas: Open) -> None:
    canvas, hand = open_canvas(new_graph())
    hand.drop("Linear", canvas.rect_of("root").center())
    assert [canvas.document.graph.nodes[n].kind for n in order(canvas)] == ["Linear"]


def test_a_kind_dropped_on_the_free_canvas_is_parked_there(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drop("Sum", QPointF(600, 650))
    [[new]] = canvas.document.graph.segments(CANVAS)
    assert canvas.rect_of(new).topLeft().toPoint() == QPointF(600, 650).toPoint()


def test_a_kind_dropped_in_a_sum_is_a_branch(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    frame, last = canvas.rect_of("s"), canvas.rect_of("t")
    hand.drop("GELU", QPointF(frame.center().x(), last.bottom() + 3))
    assert len(order(canvas, "s")) == 3
    assert order(canvas, "s")[:2] == ["x", "t"]


def test_a_kind_dropped_on_a_closed_frame_goes_into_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    canvas.toggle_collapsed(["t"])
    hand.drop("GELU", canvas.rect_of("t").center() + QPointF(10, 0))
    assert len(order(canvas, "t")) == 3


def test_an_unknown_kind_is_not_taken(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    hand.drop("Nonsense", canvas.rect_of("root").center())
    assert not canvas.document.history.undos


def test_add_kind_goes_after_the_selected_node_or_into_the_empty_frame(open_canvas: Open) -> None:
    canvas, _ = open_canvas(row())
    canvas.select(["b"])
    new = canvas.add_kind("Sum")
    assert new
    assert order(canvas) == ["a", "b", new, "c", "d"]
    inner = canvas.add_kind("Linear")
    assert order(canvas, new) == [inner]
    canvas.select([])
    canvas.pan_by(0, 500)  # the middle of the view is on the free canvas now, so the root it is
    last = canvas.add_kind("ReLU")
    assert order(canvas)[-1] == last
    assert canvas.selection == [last]


def test_four_nodes_from_the_palette_undone_is_the_empty_graph(open_canvas: Open) -> None:
    canvas, hand = open_canvas(new_graph())
    hand.drop("Linear", canvas.rect_of("root").center())
    hand.drop("ReLU", canvas.port_of("root", "out") - QPointF(12, 0))
    hand.drop("Linear", QPointF(300, 700))
    hand.drop("SiLU", QPointF(600, 700))
    first, second = order(canvas)
    [third], [fourth] = canvas.document.graph.segments(CANVAS)
    hand.drag(canvas.port_of(second, "out"), canvas.port_of(third, "in"))
    hand.drag(canvas.port_of(third, "out"), canvas.port_of(fourth, "in"))
    assert order(canvas) == [first, second, third, fourth]
    while canvas.document.undo():
        pass
    assert same(canvas.document.graph, new_graph())
    while canvas.document.redo():
        pass
    assert order(canvas) == [first, second, third, fourth]


# Commands.


def test_deleting_takes_the_whole_selection_in_one_step(open_canvas: Open) -> None:
    canvas, _ = open_canvas(branches())
    before = canvas.document.graph.copy()
    canvas.select(["a", "y"])
    canvas.delete_selection()
    assert "a" not in canvas.document.graph
    assert order(canvas, "t") == ["z"]
    assert canvas.selection == []
    canvas.document.undo()
    assert same(canvas.document.graph, before)


def test_deleting_the_root_is_refused(open_canvas: Open) -> None:
    canvas, _ = open_canvas(row())
    said = told(canvas)
    canvas.select(["root"])
    canvas.delete_selection()
    assert said == ["the root stays; delete what is in it"]


def test_double_click_on_a_header_closes_and_on_the_plate_opens(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    hand.double_click(middle(canvas, "s"))
    assert canvas.document.graph.view("s").collapsed
    assert canvas.rect_of("y") == canvas.rect_of("s")
    hand.double_click(canvas.rect_of("s").center() + QPointF(20, 0))
    assert not canvas.document.graph.view("s").collapsed
    assert not canvas.document.modified


def test_the_button_on_a_header_closes_the_frame(open_canvas: Open) -> None:
    canvas, hand = open_canvas(branches())
    header = canvas.scene.by_node["t"].header
    assert header
    hand.click(header.button.center())
    assert canvas.document.graph.view("t").collapsed
    plate = canvas.rect_of("t")
    assert canvas.hit(plate.left() + 12, plate.center().y()).kind == "button"


def test_double_click_on_a_leaf_activates_it(open_canvas: Open) -> None:
    canvas, hand = open_canvas(row())
    heard: list[str] = []
    canvas.activated.connect(heard.append)
    hand.double_click(middle(canvas, "c"))
    assert heard == ["c"]


def test_the_context_menu_is_asked_for_with_the_node_under_the_pointer(open_canvas: Open) -> None:
    canvas, _ = open_canvas(row())
    asked: list[tuple[str | None, QPoint]] = []
    canvas.menu_requested.connect(lambda node, at: asked.append((node, at)))
    for at in (middle(canvas, "b").toPoint(), QPoint(9, 9)):
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
        QApplication.sendEvent(canvas, event)
    assert asked == [("b", canvas.mapToGlobal(middle(canvas, "b").toPoint())), (None, canvas.mapToGlobal(QPoint(9, 9)))]
    assert canvas.selection == ["b"]


def test_the_tooltip_says_what_a_node_is_and_what_is_wrong(open_canvas: Open) -> None:
    canvas, _ = open_canvas(row())
    canvas.set_problems([Problem("bad-param", "error", "b", "no such <thing>")])
    canvas.set_shapes({"b": ("float32 (1, 64)",)}, {})
    at = middle(canvas, "b").toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    text = QToolTip.text()
    for part in ("ReLU", "max(x, 0)", "float32 (1, 64)", "no such &lt;thing&gt;"):
        assert part in text
    QToolTip.hideText()


def test_arrows_walk_the_tree(open_canvas: Open) -> None:
    canvas, _ = open_canvas(branches())
    walked = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up):
        QTest.keyClick(canvas, key)
        walked += canvas.selection
    assert walked == ["root", "a", "s", "x", "t", "s"]
