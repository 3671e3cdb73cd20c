"""The outline and the breadcrumbs beside the canvas, with real keys and drops."""

from typing import cast

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from app.canvas import travel
from app.panels.outline import Outline
from app.theme import LIGHT
from app.window import Window
from engine.document import files
from engine.document.document import Document, new_graph
from engine.document.edits import Insert
from engine.document.graph import CANVAS, Node, Place, Tree
from nodes import CATALOGUE
from tests.app.canvas.hands import Hand, middle, order, tree
from tests.app.hands import Hands, drag

ALT = Qt.KeyboardModifier.AltModifier
MOVE = Qt.DropAction.MoveAction
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def outline(window: Window, hands: Hands) -> Outline:
    """root: [a, res: [b, inner: [c, e]], d]"""
    inner = tree("Chain", "inner", tree("SiLU", "c"), tree("Linear", "e"))
    trees = (tree("ReLU", "a"), tree("Residual", "res", tree("SiLU", "b"), inner), tree("ReLU", "d"))
    window.document.apply(Insert(Place("root", 0), trees), "Draw")
    window.canvas.frame_all()
    window.docks["outline"].raise_()
    window.outline.expandAll()
    window.outline.setFocus()
    return window.outline


def lines(outline: Outline, parent: QModelIndex | None = None, depth: int = 0) -> list[str]:
    """The texts of all lines, by depth."""
    parent = parent or QModelIndex()
    found: list[str] = []
    for row in range(outline.nodes.rowCount(parent)):
        index = outline.nodes.index(row, 0, parent)
        found += ["  " * depth + str(index.data()), *lines(outline, index, depth + 1)]
    return found


def place(outline: Outline, node: str) -> QPoint:
    return outline.visualRect(outline.nodes.index_of(node)).center()


def settled(qtbot: QtBot, window: Window, nodes: list[str]) -> None:
    """The outline shows a selection in a turn of its own."""
    qtbot.waitUntil(lambda: sorted(window.outline.selected()) == sorted(nodes))


def test_it_lists_the_tree_and_follows_edits(window, outline):
    assert outline.columnWidth(0) >= outline.viewport().width(), "the selected line is marked from side to side"
    assert lines(outline) == [
        "Chain", "  ReLU", "  Residual", "    SiLU", "    Chain", "      SiLU", "      Linear", "  ReLU",
    ]  # fmt: skip
    window.canvas.select(["c"])
    window.actions_by_id["extract"].trigger()
    window.canvas.select(["e"])
    QTest.keyClick(window.canvas, Qt.Key.Key_D)
    assert lines(outline)[-1] == "SiLU (parked)"
    assert "      Linear (bypassed)" in lines(outline)
    assert outline.isExpanded(outline.nodes.index_of("inner")), "an edit folds nothing"
    window.document.undo()
    window.document.undo()
    window.document.undo()
    assert lines(outline) == ["Chain"]


def test_selections_go_both_ways(window, outline, qtbot):
    QTest.mouseClick(outline.viewport(), Qt.MouseButton.LeftButton, pos=place(outline, "c"))
    assert window.canvas.selection == ["c"]
    QTest.mouseClick(outline.viewport(), Qt.MouseButton.LeftButton, CONTROL, place(outline, "a"))
    assert set(window.canvas.selection) == {"a", "c"}
    Hand(window.canvas).click(middle(window.canvas, "d"))
    settled(qtbot, window, ["d"])
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_A, CONTROL)
    settled(qtbot, window, ["a", "res", "d"])


def test_what_is_selected_on_the_canvas_is_unfolded_here(window, outline, qtbot):
    outline.collapseAll()
    window.canvas.select(["e"])
    settled(qtbot, window, ["e"])
    assert outline.isExpanded(outline.nodes.index_of("inner"))


def test_dragging_a_line_moves_its_node_and_undo_takes_it_back(window, outline):
    before = files.dump(window.document.graph)
    above = outline.visualRect(outline.nodes.index_of("c"))
    data = outline.nodes.mimeData([outline.nodes.index_of("d")])
    drag(outline.viewport(), data, QPointF(above.center().x(), above.top()), MOVE)
    assert order(window.canvas, "inner") == ["d", "c", "e"]
    assert order(window.canvas) == ["a", "res"]
    window.document.undo()
    assert files.dump(window.document.graph) == before
    onto = outline.visualRect(outline.nodes.index_of("res"))
    drag(outline.viewport(), outline.nodes.mimeData([outline.nodes.index_of("a")]), QPointF(onto.center()), MOVE)
    assert order(window.canvas, "res") == ["b", "inner", "a"]


def test_a_frame_dragged_into_itself_is_refused_with_a_reason(window, outline):
    before = files.dump(window.document.graph)
    onto = outline.visualRect(outline.nodes.index_of("inner"))
    drag(outline.viewport(), outline.nodes.mimeData([outline.nodes.index_of("res")]), QPointF(onto.center()), MOVE)
    assert files.dump(window.document.graph) == before
    assert "itself" in window.status.currentMessage() or "in it" in window.status.currentMessage()


def test_keys_move_rename_bypass_and_delete(window, outline, qtbot):
    before = files.dump(window.document.graph)
    QTest.mouseClick(outline.viewport(), Qt.MouseButton.LeftButton, pos=place(outline, "d"))
    QTest.keyClick(outline, Qt.Key.Key_Up, ALT)
    assert order(window.canvas) == ["a", "d", "res"]
    QTest.keyClick(outline, Qt.Key.Key_Down, ALT)
    assert order(window.canvas) == ["a", "res", "d"]
    QTest.keyClick(outline, Qt.Key.Key_F2)
    field = cast(QLineEdit, outline.viewport().findChild(QLineEdit))
    QTest.keyClicks(field, "Last")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.document.graph.nodes["d"].name == "Last")
    outline.setFocus()
    QTest.keyClick(outline, Qt.Key.Key_B, CONTROL)
    assert window.document.graph.nodes["d"].mode == "bypass"
    QTest.keyClick(outline, Qt.Key.Key_Delete)
    assert "d" not in window.document.graph
    for _ in range(5):
        window.document.undo()
    assert files.dump(window.document.graph) == before


def test_enter_goes_into_a_frame_and_the_breadcrumbs_lead_back(window, outline, qtbot):
    canvas = window.canvas
    canvas.setFocus()
    assert travel.where(canvas) == "root"
    canvas.select(["inner"])
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert travel.where(canvas) == "inner"
    qtbot.waitUntil(lambda: window.breadcrumbs.frames == ["root", "res", "inner"])
    buttons = [b for b in window.breadcrumbs.findChildren(QToolButton) if b.text() == "Residual"]
    QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert travel.where(canvas) == "res"
    QTest.keyClick(canvas, Qt.Key.Key_Left, ALT)
    assert travel.where(canvas) == "inner"
    QTest.keyClick(canvas, Qt.Key.Key_Right, ALT)
    assert travel.where(canvas) == "res"


def test_u_and_escape_lead_out(window, outline):
    canvas = window.canvas
    canvas.setFocus()
    travel.enter(canvas, "inner")
    canvas.select(["c"])
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert (canvas.selection, travel.where(canvas)) == ([], "inner")
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert travel.where(canvas) == "res"
    QTest.keyClick(canvas, Qt.Key.Key_U)
    assert travel.where(canvas) == "root"
    camera = (canvas.camera.zoom, canvas.camera.x, canvas.camera.y)
    QTest.keyClick(canvas, Qt.Key.Key_U)
    assert (canvas.camera.zoom, canvas.camera.x, canvas.camera.y) == camera


def test_entering_unfolds_and_another_graph_forgets_the_way(window, outline):
    window.document.set_collapsed("res", True)
    outline.setCurrentIndex(outline.nodes.index_of("res"))
    outline.setFocus()
    QTest.keyClick(outline, Qt.Key.Key_Return)
    assert not window.document.graph.view("res").collapsed
    window.document.mark_saved()
    window.files.new()
    camera = replace(window.canvas.camera)
    window.canvas.travels.back()
    assert window.canvas.camera == camera
    assert lines(outline) == ["Chain"]
    assert CANVAS not in window.document.graph


def test_behind_another_tab_it_rests_until_it_is_shown(qtbot, window, outline):
    settled(qtbot, window, [])
    window.docks["palette"].raise_()
    qtbot.waitUntil(lambda: window.outline.visibleRegion().isEmpty())
    window.canvas.select(["c"])
    window.document.apply(Insert(Place("inner", 0), (tree("GELU", "new"),)), "Add")
    QApplication.processEvents()
    assert outline.selected() == []
    window.docks["outline"].raise_()
    settled(qtbot, window, ["c"])
    qtbot.waitUntil(lambda: outline.visualRect(outline.nodes.index_of("new")).isValid())


def test_the_scroll_bar_does_not_come_and_go_for_the_line_that_it_covers(qtbot):
    document = Document(new_graph(), CATALOGUE)
    narrow = [tree("ReLU", f"n{index}") for index in range(40)]
    wide = Tree(Node("wide", "SiLU", "ANameThatIsWiderThanThePanelByFar"))
    document.apply(Insert(Place("root", 0), (*narrow[:14], wide, *narrow[14:])), "Draw")
    outline = Outline(document, LIGHT)
    qtbot.addWidget(outline)
    bar, changes = outline.horizontalScrollBar(), []

    def changed() -> None:
        changes.append(outline.height())
        if changes.count(outline.height()) > 20:
            outline.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # or it never ends

    bar.rangeChanged.connect(changed)
    outline.resize(140, 200)
    outline.show()
    shown = set[bool]()
    for height in range(200, 400, 3):
        outline.resize(140, height)
        QApplication.processEvents()
        shown.add(bar.maximum() > 0)
    assert shown == {False, True}
    assert max(map(changes.count, changes)) <= 4
