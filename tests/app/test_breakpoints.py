"""Breakpoints in the window: a run that the user started pauses, shows what is known, and goes on, steps or ends."""

import os
import signal
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from app.panels.node_page import NodePage
from app.window import Window
from engine.document.edits import Insert, SetContexts, SetInputs, SetView
from engine.document.graph import Input, Node, Place, Tree, View
from engine.document.kinds import ParamValue
from engine.document.sources import ListSource, NumberSource
from engine.messages import Finished, Paused
from tests.app.hands import STARTING, Hands


def leaf(node: str, kind: str, **params: ParamValue) -> Tree:
    return Tree(Node(node, kind, params=params))


@pytest.fixture
def paused(qtbot: QtBot, live: Window, hands: Hands) -> Window:
    """x + 1 and a Breakpoint in a frame, then a list that grows, then times 10; paused at the Breakpoint."""
    live.runs.set_auto(False)
    document = live.document
    document.apply(SetInputs((Input("x", NumberSource(2)),)), "Input")
    document.apply(SetContexts("root", {"unet": {"held": ListSource([])}}), "Contexts")
    down = Tree(
        Node("down", "Chain", "Down"), None, (leaf("add", "Lambda", func="lambda x: x + 1"), leaf("stop", "Breakpoint"))
    )
    put = leaf("put", "SetContext", context="unet", key="held", callback="lambda held, x: held.append(x)")
    times = leaf("times", "Lambda", func="lambda x: x * 10")
    document.apply(Insert(Place("root", 0), (down, put, times)), "Insert")
    document.mark_saved()
    live.canvas.frame_all()
    wait(qtbot, live, lambda: hands.key(Qt.Key.Key_F5))
    return live


def wait(qtbot: QtBot, window: Window, do: Callable[[], object]) -> Paused:
    with qtbot.waitSignal(window.link.paused, timeout=STARTING) as waiting:
        do()
    return waiting.args[0]  # pyright: ignore[reportOptionalSubscript]


def end(qtbot: QtBot, window: Window, do: Callable[[], object]) -> Finished:
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        do()
    return waiting.args[0]  # pyright: ignore[reportOptionalSubscript]


def page_of(window: Window, hands: Hands, node: str) -> NodePage:
    """The inspector's page of a node that is clicked."""
    hands.click_node(node)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    return page


def test_the_window_shows_where_a_run_has_paused_and_what_is_known(qtbot: QtBot, paused: Window) -> None:
    box = paused.preview.pause
    qtbot.waitUntil(box.isVisible)
    assert box.place.text() == "Paused at Down.Breakpoint"
    assert box.value.text() == "3"
    assert box.contexts.text() == "unet.held = []"
    assert paused.status.currentMessage() == "Paused at Down.Breakpoint"
    assert paused.canvas.selection == ["stop"]
    assert paused.canvas.marks.paused == "stop"
    qtbot.waitUntil(lambda: paused.preview.text.toPlainText() == "3", timeout=STARTING)
    assert paused.preview.state.text() == "", "what was made in this run is not out of date"
    rect = paused.canvas.rect_of("stop")
    picture = paused.canvas.grab().toImage()
    above = {picture.pixelColor(round(rect.center().x()), round(rect.top()) - d).name() for d in range(6)}
    assert paused.theme.warning.name() in above


def test_continue_and_step_by_keys_and_buttons(qtbot: QtBot, paused: Window, hands: Hands) -> None:
    stepped = wait(qtbot, paused, lambda: hands.key(Qt.Key.Key_F10))
    assert stepped.node == "put"
    assert paused.preview.pause.contexts.text() == "unet.held = [3]"
    stepped = wait(qtbot, paused, lambda: hands.click(paused.preview.pause.step))
    assert (stepped.node, stepped.value) == ("times", "30")
    assert end(qtbot, paused, lambda: hands.key(Qt.Key.Key_F8)).text == "30"
    assert not paused.preview.pause.isVisible()
    assert paused.canvas.marks.paused is None
    assert not paused.actions_by_id["continue"].isEnabled()
    wait(qtbot, paused, lambda: hands.trigger("run"))
    assert end(qtbot, paused, lambda: hands.click(paused.preview.pause.go_on)).text == "30"


def test_other_values_can_be_looked_at_meanwhile(qtbot: QtBot, paused: Window, hands: Hands) -> None:
    hands.click_node("add")
    qtbot.waitUntil(lambda: paused.preview.text.toPlainText() == "3", timeout=STARTING)
    hands.click_node("times")
    assert paused.preview.empty.isVisible(), "it has not run yet"
    paused.document.apply(SetView("times", View(note="later")), "Note")
    paused.link.auto = True
    hands.trigger("heat-time")
    assert paused.overlays.legend.note.text() == "Not measured yet: run the graph"
    assert end(qtbot, paused, lambda: hands.trigger("continue")).status == "done"


def test_stop_ends_it(qtbot: QtBot, paused: Window, hands: Hands) -> None:
    assert end(qtbot, paused, lambda: hands.click(paused.preview.pause.stop)).status == "cancelled"
    assert not paused.preview.pause.isVisible()
    assert not paused.actions_by_id["cancel"].isEnabled()


def test_an_edit_ends_it_and_with_auto_run_runs_past(qtbot: QtBot, paused: Window, hands: Hands) -> None:
    page = page_of(paused, hands, "times")
    assert end(qtbot, paused, lambda: hands.write(page.fields["func"], "lambda x: x * 100")).status == "cancelled"
    wait(qtbot, paused, lambda: hands.trigger("run"))
    page = page_of(paused, hands, "times")
    hands.trigger("auto-run")
    ends: list[Finished] = []
    paused.link.finished.connect(ends.append)
    hands.write(page.fields["func"], "lambda x: x * 1000")
    qtbot.waitUntil(lambda: bool(ends) and ends[-1].text == "3000", timeout=STARTING)
    assert paused.link.paused_at is None


def test_a_breakpoint_can_be_switched_off_meanwhile(qtbot: QtBot, paused: Window, hands: Hands) -> None:
    box = page_of(paused, hands, "stop").fields["enabled"].findChild(QCheckBox)
    assert box is not None
    hands.click(box, QPoint(8, box.height() // 2))
    assert paused.document.graph.node("stop").params["enabled"] is False
    assert paused.link.paused_at is not None
    assert end(qtbot, paused, lambda: hands.trigger("continue")).text == "30"
    assert end(qtbot, paused, lambda: hands.trigger("run")).text == "30"


def test_the_end_of_the_engine_ends_the_pause(qtbot: QtBot, paused: Window) -> None:
    pid = paused.link.client.pid
    assert pid is not None
    with qtbot.waitSignal(paused.link.died, timeout=STARTING):
        os.kill(pid, signal.SIGKILL)
    assert not paused.preview.pause.isVisible()
    assert not paused.link.running


def test_opening_another_graph_ends_it(qtbot: QtBot, paused: Window) -> None:
    paused.files.new()
    assert not paused.preview.pause.isVisible()
    assert not paused.link.running


def test_the_window_closes_while_a_run_is_paused(qtbot: QtBot, paused: Window) -> None:
    pid = paused.link.client.pid
    assert pid is not None
    paused.close()
    assert not paused.isVisible()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_a_return_keeps_from_running_is_faded(window: Window) -> None:
    window.document.apply(Insert(Place("root", 0), (leaf("late", "Identity"),)), "Insert")

    def edge() -> QColor:
        window.canvas.frame_all()
        rect = window.canvas.rect_of("late")
        return window.canvas.grab().toImage().pixelColor(round(rect.center().x()), round(rect.top()))

    plain = edge()
    window.document.apply(Insert(Place("root", 0), (leaf("end", "Return"),)), "Insert")
    assert edge().lightness() > plain.lightness()
    window.document.undo()
    assert edge() == plain
