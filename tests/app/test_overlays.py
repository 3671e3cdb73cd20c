"""Minimap, heat and thumbnails in the window, with a real worker."""

from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.canvas.heat import Heat
from app.window import Window
from engine.document.document import new_graph
from engine.document.edits import Insert, SetAdapters, SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import NoiseSource
from nodes.adapters import ADAPTERS
from tests.app.hands import Hands

RUNNING = 30_000


def two_layers(window: Window) -> None:
    """A Conv2d and a Flatten, at 100 %."""
    conv = Node("conv", "Conv2d", params={"in_channels": 3, "out_channels": 8, "kernel_size": 3, "padding": 1})
    trees = (Tree(conv), Tree(Node("flat", "Flatten")))
    window.document.apply(Insert(Place("root", 0), trees), "Insert")
    window.document.apply(SetInputs((Input("x", NoiseSource([1, 3, 16, 16])),)), "Set inputs")
    window.canvas.frame_all()
    window.canvas.set_zoom(1.0)


def heat_of(window: Window) -> Heat:
    assert window.canvas.marks.heat is not None
    return window.canvas.marks.heat


def test_nodes_show_what_they_came_to_and_what_they_made(qtbot: QtBot, live: Window, hands: Hands) -> None:
    canvas, legend = live.canvas, live.overlays.legend
    live.link.set_auto(False)
    two_layers(live)
    hands.trigger("heat-parameters")
    qtbot.waitUntil(lambda: bool(canvas.marks.heat and canvas.marks.heat.values), timeout=RUNNING)
    assert heat_of(live).words("conv") == "224 · 100 %", "without a run"
    hands.trigger("heat-time")
    assert legend.note.text() == "Not measured yet: run the graph"
    hands.run()
    heat = heat_of(live)
    assert heat.values.keys() == {"root", "conv", "flat"}
    assert legend.isVisible()
    assert not legend.note.isVisible()
    at = canvas.rect_of("conv").center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    assert f"Time: {heat.words('conv')}" in QToolTip.text()
    QToolTip.hideText()
    QTest.mouseClick(legend.more, Qt.MouseButton.LeftButton)
    legend.list.setCurrentRow(0)
    QTest.keyClick(legend.list, Qt.Key.Key_Return)
    assert canvas.selection == [max(("conv", "flat"), key=heat.values.__getitem__)]
    lora = ADAPTERS["lora"]
    live.document.apply(SetAdapters((lora,)), "Add LoRA")
    live.drawing.open(lora.id)
    assert canvas.marks.heat is None, "nothing is known of the nodes of an adapter"
    live.drawing.leave()
    hands.trigger("heat-mean")
    assert heat_of(live).values.keys() == {"root", "conv", "flat"}, "measured already"

    qtbot.waitUntil(lambda: "conv" in canvas.marks.pictures, timeout=RUNNING)
    assert "flat" not in canvas.marks.pictures
    picture = canvas.marks.pictures["conv"]
    plain = canvas.grab().toImage()
    hands.trigger("heat-none")
    assert not legend.isVisible()
    worn = canvas.grab().toImage()
    live.document.apply(SetParam("conv", "bias", False), "Set bias")
    hands.run()
    qtbot.waitUntil(lambda: canvas.marks.pictures["conv"] is not picture, timeout=RUNNING)
    hands.trigger("thumbnails")
    assert not canvas.marks.pictures
    assert worn != canvas.grab().toImage() != plain
    hands.trigger("thumbnails")
    qtbot.waitUntil(lambda: "conv" in canvas.marks.pictures, timeout=RUNNING)
    live.document.replace(new_graph())
    assert not canvas.marks.pictures


def test_what_one_looks_at_is_looked_at_again_at_the_next_start(qtbot: QtBot, settings: QSettings) -> None:
    settings.setValue("heat", "time")
    settings.setValue("links", "all")
    window = Window(settings)
    qtbot.addWidget(window)
    assert (window.overlays.heat, window.link.measures) == ("time", True)
    assert heat_of(window).name == "time"
    assert window.canvas.links_shown == "all"
    assert "background" in window.overlays.legend.styleSheet(), "it lies over the canvas"
    assert not window.overlays.legend.close_button.icon().isNull()
    assert window.overlays.legend.note.text() == "Not measured yet: run the graph"
    window.actions_by_id["heat-none"].trigger()
    assert (settings.value("heat"), window.link.measures) == ("", False)
    window.close()


def test_the_minimap_is_a_key_away_and_its_absence_is_remembered(
    qtbot: QtBot, window: Window, hands: Hands, settings: QSettings
) -> None:
    two_layers(window)
    window.canvas.set_zoom(3.0)
    minimap = window.overlays.minimap
    qtbot.waitUntil(minimap.isVisible)
    window.canvas.setFocus()
    hands.key(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    assert not minimap.isVisible()
    assert settings.value("minimap", True, bool) is False
    hands.key(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(minimap.isVisible)
