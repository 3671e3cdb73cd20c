"""What is out of date on the canvas, and what the status bar says of a run, with a real worker."""

import re

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QToolTip
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.document.edits import Insert, SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import NoiseSource
from tests.app.hands import Hands

RUNNING = 30_000


def row(window: Window) -> None:
    """Lambdas a, b and c, one after the other, at a legible size."""
    trees = tuple(Tree(Node(name, "Lambda", params={"func": "lambda x: x + 1"})) for name in "abc")
    window.document.apply(Insert(Place("root", 0), trees), "Insert")
    window.document.apply(SetInputs((Input("x", NoiseSource([2])),)), "Set inputs")
    window.canvas.frame_all()


def ring(window: Window, node: str) -> QColor:
    """What the canvas shows at the middle of a node's outlet."""
    at = window.canvas.scene.by_node[node].port("out")
    image = window.canvas.grab().toImage()
    ratio = image.devicePixelRatio()
    return image.pixelColor(round(at.x() * ratio), round(at.y() * ratio))


def tip(window: Window, node: str) -> str:
    """The tooltip of a node, in plain text."""
    canvas = window.canvas
    at = canvas.scene.by_node[node].rect.center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    text = re.sub("<[^>]*>", " ", QToolTip.text()).strip()
    QToolTip.hideText()
    return text


def test_values_are_marked_from_an_edit_until_they_are_made_again(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    row(live)
    hands.run()
    canvas = live.canvas
    before = ring(live, "c")
    assert canvas.staleness.kept == {"a", "b", "c", "root"}
    assert tip(live, "c").endswith("a run takes it as it is")
    live.document.apply(SetParam("b", "func", "lambda x: x + 2"), "Set func")
    qtbot.waitUntil(lambda: canvas.staleness.nodes == {"b", "c", "root"}, timeout=RUNNING)
    assert canvas.staleness.kept == {"a"}
    assert ring(live, "c") != before
    assert "before it was changed" in tip(live, "c")
    live.document.undo()
    qtbot.waitUntil(lambda: not canvas.staleness.nodes, timeout=RUNNING)
    assert canvas.staleness.kept == {"a", "b", "c", "root"}
    assert ring(live, "c") == before


def test_the_status_bar_says_how_much_ran(live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    row(live)
    hands.run()
    assert live.status.currentMessage().startswith("Done, 3 of 3 nodes ran (")
    live.document.apply(SetParam("c", "func", "lambda x: x + 2"), "Set func")
    hands.run()
    assert live.status.currentMessage().startswith("Done, 1 of 3 nodes ran (")
    live.document.undo()
    hands.run()
    assert live.status.currentMessage().startswith("Done, 0 of 3 nodes ran (")
    live.canvas.select(["a", "c"])
    hands.trigger("wrap-chain")
    refusal = live.status.currentMessage()
    assert "neighbours" in refusal
    hands.run()
    assert live.status.currentMessage() == refusal, "there is time to read it"
    live.canvas.hint.emit("")
    hands.run()
    assert live.status.currentMessage().startswith("Done")


def test_how_much_is_kept_can_be_chosen(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    row(live)
    hands.run()
    used = live.link.configured_as
    assert used is not None
    assert used.room > 1 << 20
    hands.trigger("room")
    dialog = live.findChild(QInputDialog, "room")
    assert dialog is not None
    assert dialog.intValue() == used.room >> 20
    dialog.setIntValue(0)
    with qtbot.waitSignal(live.link.configured, timeout=RUNNING):
        dialog.accept()
    hands.run()
    assert live.status.currentMessage().startswith("Done, 3 of 3 nodes ran ("), "nothing was kept"
    hands.run()
    assert live.status.currentMessage().startswith("Done, 3 of 3 nodes ran (")
