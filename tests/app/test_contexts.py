"""Commands about a context key, by chip, by leaf, by key, by menu."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.contexts import CONTEXTS
from app.name_dialog import NameDialog
from app.picker import Picker
from app.window import Window
from engine.document.edits import Insert
from engine.document.graph import Node, Place, Tree
from engine.document.kinds import ParamValue
from engine.document.scopes import Key
from engine.document.sources import ListSource, NumberSource
from tests.app.canvas.hands import take
from tests.app.hands import Hands

HELD = Key("unet", "skips", "held")


def leaf(node: str, kind: str, **params: ParamValue) -> Tree:
    return Tree(Node(node, kind, params=params))


@pytest.fixture
def unet(window: Window) -> Window:
    """A frame that provides a list and a number; who write and read the list lie two to a frame in it."""
    ways: dict[str, ParamValue] = {"context": "skips", "key": "held"}
    down = Tree(
        Node("down", "Chain", "Down"), None, (leaf("put1", "SetContext", **ways), leaf("put2", "SetContext", **ways))
    )
    up = Tree(Node("up", "Chain", "Up"), None, (leaf("get1", "UseContext", **ways), leaf("get2", "UseContext", **ways)))
    other = leaf("stray", "UseContext", context="lost", key="t")
    provider = Node("unet", "Chain", "UNet", contexts={"skips": {"held": ListSource([]), "t": NumberSource(1)}})
    window.document.apply(Insert(Place("root", 0), (Tree(provider, None, (down, up, other)),)), "Insert")
    window.document.mark_saved()
    window.canvas.frame_all()
    return window


def chip(window: Window, key: Key) -> QPoint:
    """Where a key's chip is."""
    return next(
        rect.center().toPoint()
        for item in window.canvas.scene.items
        if item.header
        for each, _, rect in item.header.chips
        if each == key
    )


def menu_of(window: Window, key: Key) -> QMenu:
    """The menu that a right click on a key's chip opens."""
    at, canvas = chip(window, key), window.canvas
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_a_click_pins_a_chip_and_escape_lets_go(qtbot: QtBot, unet: Window, hands: Hands) -> None:
    canvas = unet.canvas
    hands.click(canvas, chip(unet, HELD))
    assert canvas.pinned == HELD
    hands.click(canvas, chip(unet, HELD))
    assert canvas.pinned is None
    hands.click_node("get1")
    hands.key(Qt.Key.Key_K)
    assert canvas.pinned == HELD
    assert unet.actions_by_id["pin-key"].isChecked()
    hands.key(Qt.Key.Key_Escape)
    assert canvas.pinned is None
    assert canvas.selection == ["get1"]


def test_from_a_leaf_to_its_provider_and_to_all_who_share_the_key(qtbot: QtBot, unet: Window, hands: Hands) -> None:
    canvas = unet.canvas
    hands.click_node("get2")
    hands.key(Qt.Key.Key_F12)
    assert (canvas.selection, canvas.pinned) == (["unet"], HELD)
    hands.trigger("select-writers")
    assert canvas.selection == ["put1", "put2"]
    canvas.select(["unet"])
    hands.key(Qt.Key.Key_F12, Qt.KeyboardModifier.ShiftModifier)
    [picker] = unet.findChildren(Picker)
    titles = [picker.model.item(row, 0).text() for row in range(picker.model.rowCount())]
    assert titles == ["writes  SetContext", "writes  SetContext", "reads  UseContext", "reads  UseContext"]
    qtbot.keyClicks(picker.line, "up")
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert canvas.selection == ["get1"]
    for node, place in (("get2", 4), ("put1", 1)):
        hands.key(Qt.Key.Key_F3)
        assert canvas.selection == [node]
        assert unet.status.currentMessage() == f"{place} of 4 for skips.held"
    hands.click_node("stray")
    assert unet.status.currentMessage() == ""
    hands.key(Qt.Key.Key_F12)
    assert unet.status.currentMessage() == "UseContext: no frame around it declares the context lost"
    assert not unet.actions_by_id["rename-key"].isEnabled()


def test_a_name_is_checked_while_it_is_typed(qtbot: QtBot, unet: Window, hands: Hands) -> None:
    graph = unet.document.graph
    hands.click_node("get1")
    hands.trigger("pin-key")
    hands.trigger("rename-key")
    [dialog] = unet.findChildren(NameDialog)
    dialog.line.clear()
    qtbot.keyClicks(dialog.line, "t")
    assert "'t' is already taken" in dialog.message.text()
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible(), "nothing is taken that will not do"
    qtbot.keyClicks(dialog.line, "wo")
    assert not dialog.message.isVisible()
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert list(graph.nodes["unet"].contexts["skips"]) == ["two", "t"]
    assert all(graph.nodes[node].params["key"] == "two" for node in ("put1", "put2", "get1", "get2"))
    assert unet.canvas.pinned == Key("unet", "skips", "two")
    unet.document.undo()
    assert list(graph.nodes["unet"].contexts["skips"]) == ["held", "t"]


def test_the_menu_of_a_chip(qtbot: QtBot, unet: Window, hands: Hands) -> None:
    canvas, graph = unet.canvas, unet.document.graph
    hands.click_node("get1")
    menu = menu_of(unet, HELD)
    assert [each.objectName() for each in menu.actions() if not each.isSeparator()] == [each.id for each in CONTEXTS]
    assert all(each.isEnabled() for each in menu.actions())
    assert canvas.selection == ["unet"]
    take(menu, "Provide it farther out")
    assert "skips" in graph.nodes["root"].contexts
    assert canvas.pinned == Key("root", "skips", "held")
    take(menu_of(unet, Key("root", "skips", "held")), "Provide it farther in")
    assert "skips" in graph.nodes["unet"].contexts
    take(menu_of(unet, HELD), "Provide it farther in")
    assert unet.status.currentMessage() == "UNet is the smallest frame around all who reach it"


def test_what_the_guidance_of_a_sample_varies_counts_as_read_by_it(unet: Window, hands: Hands) -> None:
    sample = leaf("steps", "Sample", condition="skips.t")
    unet.document.apply(Insert(Place("unet", 2), (sample,)), "Insert")
    canvas = unet.canvas
    canvas.select(["steps"])
    hands.trigger("pin-key")
    assert canvas.pinned == Key("unet", "skips", "t")
    hands.trigger("select-readers")
    assert canvas.selection == ["steps"]
    hands.trigger("go-to-provider")
    assert canvas.selection == ["unet"]
    hands.trigger("select-readers")
    assert canvas.selection == ["steps"]
