"""Weights shared in the window: a second place by key or menu, the mark, the way to the others, unshare."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.panels.node_page import NodePage
from app.panels.sharing import SharingSection
from app.window import Window
from engine.document import files, parsing
from engine.document.document import new_tree
from engine.document.edits import Insert, SetParam, SetWeights
from engine.document.graph import Place, Weights
from engine.document.sharing import sharers
from nodes import CATALOGUE
from tests.app.hands import Hands


def add(window: Window, kind: str) -> str:
    document = window.document
    tree = new_tree(document.graph, CATALOGUE, kind)
    document.apply(Insert(Place("root", len(document.graph.children["root"])), (tree,)), f"Insert {kind}")
    return tree.node.id


@pytest.fixture
def linear(window: Window, hands: Hands) -> str:
    node = add(window, "Linear")
    add(window, "ReLU")
    hands.click_node(node)
    return node


def again(window: Window, hands: Hands) -> str:
    """Alt+D on what is selected; gives the second place."""
    hands.key(Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    (new,) = window.canvas.selection
    return new


def section(qtbot: QtBot, window: Window) -> SharingSection:
    """What the node's page says of sharing, once it is there."""

    def there() -> bool:
        page = window.inspector.page
        return isinstance(page, NodePage) and page.sharing is not None and page.sharing.isVisible()

    qtbot.waitUntil(there)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    assert page.sharing
    return page.sharing


def test_a_key_places_a_layer_again(window: Window, hands: Hands, linear: str) -> None:
    before = files.dump(window.document.graph)
    second = again(window, hands)
    graph = window.document.graph
    assert graph.children["root"][:2] == [linear, second]
    assert sharers(graph, second) == [linear]
    assert window.document.history.undos[-1].label == "Place again with the same weights"
    hands.trigger("undo")
    assert files.dump(window.document.graph) == before


def test_of_a_frame_it_is_a_structural_copy(window: Window, hands: Hands) -> None:
    frame = add(window, "MultiLinear")
    window.canvas.select([frame])
    window.canvas.setFocus()
    assert window.actions_by_id["place-again"].text() == "Structural copy"
    copy = again(window, hands)
    graph = window.document.graph
    assert copy != frame
    assert [len(sharers(graph, node)) for node in graph.walk(copy)] == [0, 1, 0, 1]


@pytest.mark.parametrize("kind", ["ReLU", "UseContext", "Sum"])
def test_what_has_no_weights_offers_nothing(window: Window, kind: str) -> None:
    node = add(window, kind)
    window.canvas.select([node])
    assert not window.actions_by_id["place-again"].isEnabled()
    assert not window.actions_by_id["unshare"].isEnabled()


def test_the_page_leads_to_the_others_and_unshares(qtbot: QtBot, window: Window, hands: Hands, linear: str) -> None:
    second = again(window, hands)
    third = again(window, hands)
    found = section(qtbot, window)
    assert [button.text() for button in found.others.values()] == ["Linear_1", "Linear_2"]
    hands.click(found.others[linear])
    assert window.canvas.selection == [linear]
    found = section(qtbot, window)
    assert list(found.others) == [second, third]
    hands.click(found.unshare)
    assert sharers(window.document.graph, linear) == []
    assert sharers(window.document.graph, second) == [third]
    assert "new initial ones" in window.status.currentMessage()
    qtbot.waitUntil(lambda: not found.isVisible())


def test_with_a_file_unsharing_keeps_its_values(window: Window, hands: Hands, linear: str) -> None:
    window.document.apply(SetWeights("root", Weights("w.safetensors")), "Weights")
    window.canvas.select([linear])
    again(window, hands)
    hands.trigger("unshare")
    assert "still those of w.safetensors" in window.status.currentMessage()


def test_sharers_wear_a_mark_and_are_outlined_with_the_selected_one(window: Window, hands: Hands, linear: str) -> None:
    canvas = window.canvas
    second = again(window, hands)
    assert set(canvas.marks.shared) == {linear, second}
    canvas.frame_all()
    canvas.select([])
    QTest.mouseMove(canvas, QPoint(2, 2))
    plain = canvas.grab().toImage()
    canvas.select([second])
    selected = canvas.grab().toImage()
    area = canvas.rect_of(linear).adjusted(-6, -6, 6, 6).toRect()
    assert plain.copy(area) != selected.copy(area), "the other one is outlined"
    canvas.select([])
    hands.trigger("undo")
    assert canvas.marks.shared == {}


def test_params_set_on_one_are_set_on_all(qtbot: QtBot, window: Window, hands: Hands, linear: str) -> None:
    second = again(window, hands)
    section(qtbot, window)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    hands.write(page.fields["out_features"], "32")
    assert window.document.graph.nodes[linear].params["out_features"] == 32
    hands.trigger("undo")
    assert [window.document.graph.nodes[node].params["out_features"] for node in (linear, second)] == [64, 64]


def test_the_context_menu_has_both(qtbot: QtBot, window: Window, hands: Hands, linear: str) -> None:
    second = again(window, hands)
    at = window.canvas.rect_of(second).center().toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, window.canvas.mapToGlobal(at))
    QApplication.sendEvent(window.canvas, event)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    titles = [action.text() for action in menu.actions()]
    assert "Place again with the same weights" in titles
    unshare = next(action for action in menu.actions() if action.text() == "Unshare")
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(unshare).center())
    assert sharers(window.document.graph, second) == []
    assert linear in window.document.graph


def test_a_check_finds_what_a_file_brought(qtbot: QtBot, window: Window, hands: Hands, linear: str) -> None:
    second = again(window, hands)
    text = files.dump(window.document.graph).decode()
    line = next(line for line in text.splitlines() if f'"id": "{second}"' in line)
    broken = parsing.parse(text.replace(line, line.replace('"out_features": 64', '"out_features": 5')).encode())
    window.document.replace(broken)
    qtbot.waitUntil(lambda: any("shares the weights" in p.message for p in window.problems))
    problem = next(p for p in window.problems if p.code == "shared-differs")
    window.document.apply(problem.fixes[0].edit, problem.fixes[0].label)
    assert window.document.graph.nodes[second].params == window.document.graph.nodes[linear].params
    window.document.apply(SetParam(linear, "bias", False), "Set")
    assert window.document.graph.nodes[second].params["bias"] is False
