"""The selector bar and the page of several nodes, with real keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.summary_page import SummaryPage
from app.window import Window
from engine.document import files
from engine.document.edits import Insert
from engine.document.graph import Place
from tests.app.canvas.hands import tree
from tests.app.hands import Hands, text_of

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def drawn(window: Window, hands: Hands) -> Window:
    """root: [res: [a: Linear, b: Linear], c: Linear, d: Dropout]"""
    inside = tree("Residual", "res", tree("Linear", "a"), tree("Linear", "b"))
    window.document.apply(Insert(Place("root", 0), (inside, tree("Linear", "c"), tree("Dropout", "d"))), "Draw")
    window.canvas.frame_all()
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_L, CONTROL)
    return window


def test_what_is_typed_selects_and_counts_and_enter_keeps_it(drawn):
    bar = drawn.selector
    assert bar.line.hasFocus()
    QTest.keyClicks(bar.line, "Linear in Residual")
    assert drawn.canvas.selection == ["a", "b"]
    assert bar.count.text() == "2 nodes"
    QTest.keyClick(bar.line, Qt.Key.Key_Return)
    assert not bar.isVisible()
    assert drawn.canvas.hasFocus()
    assert drawn.canvas.selection == ["a", "b"]


def test_params_are_compared(drawn):
    convs = [tree("Conv2d", f"conv{size}", out_channels=size) for size in (320, 640, 1280)]
    drawn.document.apply(Insert(Place("root", 0), (*convs, tree("ConvTranspose2d", "up", out_channels=640))), "Draw")
    QTest.keyClicks(drawn.selector.line, "kind=Conv2d & out_channels>=640")
    assert drawn.canvas.selection == ["conv640", "conv1280"]
    assert drawn.selector.count.text() == "2 nodes"


def test_escape_takes_the_selection_of_before_back(drawn):
    QTest.keyClick(drawn.selector.line, Qt.Key.Key_Escape)
    drawn.canvas.select(["d"])
    QTest.keyClick(drawn.canvas, Qt.Key.Key_L, CONTROL)
    QTest.keyClicks(drawn.selector.line, "Linear")
    assert drawn.canvas.selection == ["a", "b", "c"]
    QTest.keyClick(drawn.selector.line, Qt.Key.Key_Escape)
    assert drawn.canvas.selection == ["d"]
    assert not drawn.selector.isVisible()


def test_what_takes_nothing_or_can_not_be_read_says_why(drawn):
    line = drawn.selector.line
    QTest.keyClicks(line, "Lineal")
    assert "did you mean Linear" in drawn.selector.count.toolTip()
    QTest.keyClicks(line, " &")
    assert "Lineal &" in drawn.selector.count.toolTip()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert drawn.selector.isVisible()
    assert drawn.canvas.selection == []


def test_a_param_of_several_nodes_is_set_in_one_step(drawn):
    before = files.dump(drawn.document.graph)
    QTest.keyClicks(drawn.selector.line, "Linear")
    QTest.keyClick(drawn.selector.line, Qt.Key.Key_Return)
    page = drawn.inspector.page
    assert isinstance(page, SummaryPage)
    field = text_of(page.fields["out_features"])
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    QTest.keyClick(field, Qt.Key.Key_Return)
    nodes = drawn.document.graph.nodes
    assert [nodes[n].params["out_features"] for n in "abc"] == [12, 12, 12]
    drawn.document.undo()
    assert files.dump(drawn.document.graph) == before
    drawn.canvas.select(["a", "d"])
    page = drawn.inspector.page
    assert isinstance(page, SummaryPage)
    assert page.fields == {}, "a Linear and a Dropout have no param in common"
