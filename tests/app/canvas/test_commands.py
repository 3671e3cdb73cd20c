"""Commands on the selection, by key and menu, in the window."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from app.canvas import picture
from app.canvas.renaming import NameField
from app.picker import Picker
from app.window import Window
from engine.document import files
from engine.document.check import check
from engine.document.document import new_graph
from engine.document.edits import Insert, SetAdapters, SetContexts
from engine.document.graph import CANVAS, Place
from engine.document.sources import NumberSource
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from tests.app.canvas.hands import Hand, middle, order, take, tree
from tests.app.hands import Hands

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def drawn(window: Window, hands: Hands) -> Window:
    """root: [a, res: [b, c], d], with the camera on all of it and the focus on the canvas"""
    trees = (tree("ReLU", "a"), tree("Residual", "res", tree("SiLU", "b"), tree("SiLU", "c")), tree("ReLU", "d"))
    window.document.apply(Insert(Place("root", 0), trees), "Draw")
    window.canvas.frame_all()
    window.canvas.setFocus()
    return window


def key(window: Window, pressed: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.canvas, pressed, modifiers)


def picker() -> Picker:
    [found] = [w for w in QApplication.topLevelWidgets() if isinstance(w, Picker) and w.isVisible()]
    return found


def type_and_take(text: str) -> None:
    line = picker().line
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def command(window: Window, title: str) -> None:
    """Call a command by its title."""
    window.refresh()
    key(window, Qt.Key.Key_P, CONTROL | SHIFT)
    type_and_take(title)


def kinds(window: Window, frame: str = "root") -> list[str]:
    return [window.document.graph.nodes[n].kind for n in order(window.canvas, frame)]


def undone_is(window: Window, before: bytes) -> None:
    key(window, Qt.Key.Key_Z, CONTROL)
    assert files.dump(window.document.graph) == before


def test_tab_adds_after_the_selected_node(drawn: Window) -> None:
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_Tab)
    type_and_take("sigm")
    assert kinds(drawn) == ["ReLU", "Sigmoid", "Residual", "ReLU"]
    assert drawn.canvas.hasFocus()
    undone_is(drawn, before)


@pytest.mark.parametrize("modifiers", [Qt.KeyboardModifier.NoModifier, SHIFT])
def test_escape_leaves_everything_as_it_was(drawn: Window, modifiers: Qt.KeyboardModifier) -> None:
    before = files.dump(drawn.document.graph)
    key(drawn, Qt.Key.Key_A if modifiers else Qt.Key.Key_Tab, modifiers)
    QTest.keyClicks(picker().line, "conv")
    QTest.keyClick(picker().line, Qt.Key.Key_Escape)
    assert files.dump(drawn.document.graph) == before


def test_a_double_click_where_nothing_is_adds_there(drawn: Window) -> None:
    root = drawn.canvas.rect_of("root")
    Hand(drawn.canvas).double_click(QPointF(root.left() + 40, root.bottom() + 30))
    type_and_take("dropout")
    [[node]] = drawn.document.graph.segments(CANVAS)
    assert drawn.document.graph.nodes[node].kind == "Dropout"


def test_the_list_has_no_more_than_what_answers(drawn: Window) -> None:
    key(drawn, Qt.Key.Key_Tab)
    opened = picker()
    QTest.keyClicks(opened.line, "layernorm")
    assert opened.titles()[0] == "LayerNorm"
    QTest.keyClick(opened.line, Qt.Key.Key_Down)
    second = opened.titles()[1]
    QTest.keyClick(opened.line, Qt.Key.Key_Return)
    assert second in [node.kind for node in drawn.document.graph.nodes.values()]


def test_a_wire_let_go_where_nothing_is_offers_what_fits(drawn: Window) -> None:
    drawn.canvas.set_shapes({"a": ("float32 (1, 8, 32, 32)",)}, {})
    root = drawn.canvas.rect_of("root")
    Hand(drawn.canvas).drag(drawn.canvas.port_of("a", "out"), QPointF(root.left() + 60, root.bottom() + 40))
    opened = picker()
    QTest.keyClicks(opened.line, "conv")
    assert "Conv2d" in opened.titles()
    assert "Conv1d" not in opened.titles()
    opened.line.clear()
    QTest.keyClicks(opened.line, "conv2d")
    QTest.keyClick(opened.line, Qt.Key.Key_Return)
    conv = order(drawn.canvas)[1]
    assert drawn.document.graph.nodes[conv].params["in_channels"] == 8
    assert kinds(drawn) == ["ReLU", "Conv2d", "Residual", "ReLU"]


def test_wrap_and_unwrap(drawn: Window) -> None:
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["a", "res"])
    key(drawn, Qt.Key.Key_G, CONTROL)
    [chain, _] = order(drawn.canvas)
    assert order(drawn.canvas, chain) == ["a", "res"]
    assert drawn.canvas.selection == [chain]
    key(drawn, Qt.Key.Key_G, CONTROL | SHIFT)
    assert files.dump(drawn.document.graph) == before
    assert drawn.canvas.selection == ["a", "res"]


def test_wrapping_in_any_frame_from_the_menu(drawn: Window) -> None:
    drawn.canvas.select(["a"])
    for kind in ("Residual", "Sum", "Parallel", "Concatenate", "Passthrough", "Distribute", "Matmul"):
        menu = drawn.menus["Edit/Wrap in"]
        menu.popup(drawn.mapToGlobal(drawn.rect().center()))
        take(menu, kind)
        assert kinds(drawn)[0] == kind
        key(drawn, Qt.Key.Key_Z, CONTROL)
        drawn.canvas.select(["a"])


def test_a_residual_is_not_unwrapped(drawn: Window) -> None:
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_G, CONTROL | SHIFT)
    assert files.dump(drawn.document.graph) == before
    assert "more than run its children" in drawn.status.currentMessage()


def test_copy_paste_duplicate_cut(drawn: Window) -> None:
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_C, CONTROL)
    assert '"kind": "Residual"' in QApplication.clipboard().text()
    drawn.canvas.select(["d"])
    key(drawn, Qt.Key.Key_V, CONTROL)
    assert kinds(drawn) == ["ReLU", "Residual", "ReLU", "Residual"]
    undone_is(drawn, before)
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_D, CONTROL)
    assert kinds(drawn) == ["ReLU", "ReLU", "Residual", "ReLU"]
    undone_is(drawn, before)
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_X, CONTROL)
    assert kinds(drawn) == ["ReLU", "ReLU"]
    key(drawn, Qt.Key.Key_V, CONTROL | Qt.KeyboardModifier.AltModifier)
    [[parked]] = drawn.document.graph.segments(CANVAS)
    assert drawn.document.graph.nodes[parked].kind == "Residual"


def test_what_is_copied_goes_to_another_window_and_into_a_file(drawn: Window, kept: Window, tmp_path: Path) -> None:
    drawn.document.apply(SetContexts("root", {"unet": {"skip": NumberSource(1)}}), "Provide")
    reader = tree("UseContext", "use", context="unet", key="skip", name="Skip")
    drawn.document.apply(Insert(Place("res", 0), (reader,)), "Insert")
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_C, CONTROL)
    kept.activateWindow()
    assert QTest.qWaitForWindowActive(kept)
    kept.canvas.setFocus()
    key(kept, Qt.Key.Key_V, CONTROL)
    path = tmp_path / "pasted.catenary"
    path.write_text(QApplication.clipboard().text())
    for graph in (kept.document.graph, files.load(path)[0]):
        [frame] = graph.children[graph.root]
        assert [graph.nodes[n].title for n in graph.children[frame]] == ["Skip", "SiLU", "SiLU"]
        assert graph.nodes[graph.root].contexts == {"unet": {"skip": NumberSource(1)}}, "what it reads goes along"
        assert {problem.code for problem in check(graph, CATALOGUE)} == {"no-input"}
    key(kept, Qt.Key.Key_Z, CONTROL)
    assert files.dump(kept.document.graph) == files.dump(new_graph())


def test_pasting_what_is_no_graph_says_so(drawn: Window) -> None:
    QApplication.clipboard().setText("a shopping list")
    key(drawn, Qt.Key.Key_V, CONTROL)
    assert "the clipboard holds no nodes" in drawn.status.currentMessage()


def test_taken_out_of_the_run(drawn: Window) -> None:
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_X, CONTROL | SHIFT)
    assert order(drawn.canvas) == ["a", "d"]
    assert drawn.document.graph.segments(CANVAS) == [["res"]]


def test_another_kind_in_its_place(drawn: Window) -> None:
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_R, CONTROL)
    type_and_take("sigmoid")
    assert kinds(drawn) == ["Sigmoid", "Residual", "ReLU"]


def test_a_name_is_typed_in_place(drawn: Window) -> None:
    drawn.canvas.select(["res"])
    key(drawn, Qt.Key.Key_F2)
    field = drawn.canvas.findChild(QLineEdit, "name-field")
    assert isinstance(field, NameField)
    QTest.keyClicks(field, "Skip")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert drawn.document.graph.nodes["res"].name == "Skip"
    assert drawn.canvas.hasFocus()
    key(drawn, Qt.Key.Key_F2)
    field = drawn.canvas.findChildren(NameField)[-1]
    QTest.keyClicks(field, "Other")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert drawn.document.graph.nodes["res"].name == "Skip"


def test_a_node_out_of_sight_is_shown_to_be_renamed(drawn: Window) -> None:
    canvas = drawn.canvas
    canvas.select(["b"])
    canvas.toggle_collapsed(["res"])
    canvas.pan_by(-9000, 0)
    key(drawn, Qt.Key.Key_F2)
    field = canvas.findChildren(NameField)[-1]
    assert canvas.rect().contains(field.geometry())
    assert canvas.rect_of("b").toRect().intersects(field.geometry())
    assert not drawn.document.graph.view("res").collapsed
    QTest.keyClick(field, Qt.Key.Key_Escape)


def test_a_wrong_name_is_refused_where_it_is_typed(drawn: Window) -> None:
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_F2)
    field = drawn.canvas.findChildren(NameField)[-1]
    QTest.keyClicks(field, "not a name")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "is no name" in drawn.status.currentMessage()
    assert field.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert drawn.document.graph.nodes["a"].name == ""


def test_a_skip_through_a_context_and_back(drawn: Window) -> None:
    drawn.document.apply(SetContexts("root", {"unet": {}}), "Provide")
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["res"])
    command(drawn, "route through context")
    chain = order(drawn.canvas)[1]
    assert kinds(drawn, chain) == ["SetContext", "SiLU", "SiLU", "Sum"]
    routed = files.dump(drawn.document.graph)
    undone_is(drawn, before)
    key(drawn, Qt.Key.Key_Y, CONTROL)
    drawn.canvas.select([order(drawn.canvas, chain)[0]])
    command(drawn, "inline context")
    assert kinds(drawn) == ["ReLU", "Residual", "ReLU"]
    undone_is(drawn, routed)


def test_find_goes_from_match_to_match(drawn: Window) -> None:
    key(drawn, Qt.Key.Key_F, CONTROL)
    type_and_take("silu")
    assert drawn.canvas.selection == ["b"]
    key(drawn, Qt.Key.Key_F3)
    assert drawn.canvas.selection == ["c"]
    key(drawn, Qt.Key.Key_F3, SHIFT)
    assert drawn.canvas.selection == ["b"]


def test_find_looks_in_the_tree_of_an_adapter_that_is_drawn(drawn: Window) -> None:
    drawn.document.apply(SetAdapters((ADAPTERS["lora"],)), "Add LoRA")
    drawn.drawing.open("lora")
    key(drawn, Qt.Key.Key_F, CONTROL)
    type_and_take("linear")
    canvas = drawn.canvas
    assert canvas.document is not drawn.document
    assert [canvas.document.graph.nodes[node].kind for node in canvas.selection] == ["Linear"]
    first = canvas.selection
    key(drawn, Qt.Key.Key_F3)
    assert canvas.selection != first


def test_commands_are_found_by_typing(drawn: Window) -> None:
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_P, CONTROL | SHIFT)
    type_and_take("duplicate")
    assert kinds(drawn) == ["ReLU", "ReLU", "Residual", "ReLU"]


def menu_at(window: Window, at: QPointF) -> QMenu:
    """The menu that a right click opens there."""
    canvas = window.canvas
    where = at.toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, canvas.mapToGlobal(where))
    QApplication.sendEvent(canvas, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_the_menu_of_a_node_and_that_of_the_canvas_offer_what_can_be_done_there(drawn: Window) -> None:
    canvas = drawn.canvas
    menu = menu_at(drawn, middle(canvas, "a"))
    assert canvas.selection == ["a"]
    texts = {action.text() for action in menu.actions()}
    assert {"Rename", "Duplicate", "Copy", "Delete", "Wrap in"} <= texts
    assert not {"Unwrap", "Route through context", "Inline context"} & texts
    take(menu, "Copy")
    take(menu_at(drawn, middle(canvas, "res")), "Route through context")
    assert kinds(drawn, order(canvas)[1]) == ["SetContext", "SiLU", "SiLU", "Sum"]
    take(menu_at(drawn, QPointF(8, 8)), "Paste beside the graph")
    [[parked]] = drawn.document.graph.segments(CANVAS)
    assert drawn.document.graph.nodes[parked].kind == "ReLU"


def test_d_bypasses_what_is_selected_and_has_it_run_again(drawn):
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["a", "res"])
    key(drawn, Qt.Key.Key_D)
    assert [drawn.document.graph.nodes[n].mode for n in ("a", "res", "d")] == ["bypass", "bypass", ""]
    assert drawn.canvas.marks.idle == {"a", "res", "b", "c"}
    assert drawn.actions_by_id["bypass"].isChecked()
    key(drawn, Qt.Key.Key_B, CONTROL)
    assert files.dump(drawn.document.graph) == before
    assert not drawn.actions_by_id["bypass"].isChecked()
    drawn.document.undo()
    assert drawn.document.graph.nodes["res"].mode == "bypass"


def test_ctrl_m_mutes_what_is_selected_and_undo_takes_it_back(drawn):
    before = files.dump(drawn.document.graph)
    drawn.canvas.select(["b"])
    key(drawn, Qt.Key.Key_M, CONTROL)
    assert drawn.document.graph.nodes["b"].mode == "mute"
    undone_is(drawn, before)
    drawn.canvas.select([drawn.document.graph.root])
    key(drawn, Qt.Key.Key_M, CONTROL)
    assert files.dump(drawn.document.graph) == before


def test_idle_nodes_wear_signs(drawn):
    plain = picture.image(drawn.canvas)
    drawn.canvas.select(["a"])
    key(drawn, Qt.Key.Key_D)
    bypassed = picture.image(drawn.canvas)
    key(drawn, Qt.Key.Key_M, CONTROL)
    muted = picture.image(drawn.canvas)
    assert plain != bypassed != muted != plain


def test_nodes_of_one_name_are_told_by_their_paths(drawn: Window) -> None:
    """A path too long for the list is cut in its middle; it never leaves the view to the right."""
    inner = tree("SiLU", "deep")
    for level in range(8):
        inner = tree("Chain", f"level{level}", inner)
    drawn.document.apply(Insert(Place("root", 0), (inner,)), "Draw")
    key(drawn, Qt.Key.Key_F, CONTROL)
    QTest.keyClicks(picker().line, "silu")
    view = picker().view
    QTest.qWaitForWindowExposed(picker())
    assert picker().titles() == ["SiLU", "SiLU", "SiLU"]
    assert view.horizontalScrollBar().maximum() == 0
    assert view.columnWidth(1) >= view.fontMetrics().horizontalAdvance("Chain.Chain…SiLU")
