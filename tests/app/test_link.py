"""The link: the newest change wins, what nobody waits for is not run, looks are not run at all."""

import os
import signal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.document.document import new_graph, new_tree
from engine.document.edits import Insert, SetName, SetParam, SetView
from engine.document.graph import Node, Place, Tree, View
from engine.messages import Finished
from tests.app.hands import STARTING, Hands


def test_many_changes_at_once_are_one_run_with_the_last_value(qtbot: QtBot, live: Window) -> None:
    tree = new_tree(live.document.graph, live.document.catalogue, "Lambda", func="lambda: 0")
    with qtbot.waitSignal(live.link.finished, timeout=STARTING):
        live.document.apply(Insert(Place("root", 0), (tree,)), "Insert")
    ends: list[Finished] = []
    live.link.finished.connect(ends.append)
    for value in range(1, 101):
        live.document.apply(SetParam(tree.node.id, "func", f"lambda: {value}"), "Set", "drag")
    qtbot.waitUntil(lambda: bool(ends) and not live.link.running and not live.link.stale, timeout=STARTING)
    assert ends[-1].text == "100"
    assert len(ends) <= 3


def test_a_large_model_waits_for_a_first_run(
    qtbot: QtBot, live: Window, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.link.LARGE", 6)
    path = tmp_path / "large.catenary"
    path.write_text(
        '{"catenary": 1, "root": "root", "nodes": ['
        '{"id": "l", "kind": "Linear", "params": {"in_features": 2, "out_features": 3}},'
        '{"id": "o", "kind": "Lambda", "params": {"func": "lambda: torch.ones(1, 2)"}},'
        '{"id": "root", "kind": "Chain", "children": ["o", "l"]}], "view": []}'
    )
    with qtbot.waitSignal(live.link.shapes, timeout=STARTING, check_params_cb=lambda m: "l" in m.returns):
        live.files.open(path)
    with qtbot.waitSignal(live.link.shapes, timeout=STARTING):
        live.document.apply(SetParam("l", "out_features", 4), "Set")
    assert (live.link.auto, live.link.running) == (True, False)
    assert "waits for a first Run: the model has 12 parameters" in live.status.currentMessage()
    hands.run()
    assert live.status.currentMessage().startswith("Done")
    with qtbot.waitSignal(live.link.finished, timeout=STARTING):
        live.document.apply(SetParam("l", "out_features", 5), "Set")


def test_a_note_makes_nothing_out_of_date(qtbot: QtBot, live: Window, hands: Hands) -> None:
    hands.run()
    live.document.apply(SetView("root", View(note="hello")), "Set note")
    assert not live.link.stale


def test_settings_reach_the_worker_and_survive_its_restart(qtbot: QtBot, live: Window, hands: Hands) -> None:
    with qtbot.waitSignal(live.link.configured, timeout=STARTING, check_params_cb=lambda m: m.dtype == "float64"):
        hands.trigger("dtype-float64")
    with qtbot.waitSignal(live.link.configured, timeout=STARTING, check_params_cb=lambda m: m.dtype == "float64"):
        hands.trigger("restart")
    tree = new_tree(live.document.graph, live.document.catalogue, "Linear", in_features=2, out_features=3)
    live.document.apply(Insert(Place("root", 0), (tree,)), "Insert")
    assert live.toolbar.dtype.text() == "float64"


def test_a_document_that_the_worker_cannot_take_in_is_not_tried_for_ever(qtbot: QtBot, live: Window) -> None:
    live.link.client.catalogue = "tests.engine.test_client:LETHAL"
    deaths: list[bool] = []
    live.link.died.connect(lambda _, again: deaths.append(again))
    live.link.restart()
    with qtbot.waitSignal(live.link.shapes, timeout=STARTING):
        pass
    live.document.apply(Insert(Place("root", 0), (Tree(Node("exit", "Exit")),)), "Insert")
    qtbot.waitUntil(lambda: deaths == [True, False], timeout=STARTING)
    assert not live.link.busy
    assert live.status.state.text() == "engine stopped"
    live.document.apply(SetName("root", "Another"), "Rename")
    assert not live.link.running, "the same document is not tried again by itself"
    with qtbot.waitSignal(live.link.shapes, timeout=STARTING):
        live.document.replace(new_graph())
    assert deaths == [True, False]


def test_taking_in_a_document_can_be_cancelled(qtbot: QtBot, live: Window, hands: Hands) -> None:
    qtbot.waitUntil(lambda: not live.link.busy, timeout=STARTING)
    cancel = live.actions_by_id["cancel"]
    assert not cancel.isEnabled()
    pid = live.link.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # as one that builds a huge model
    live.document.replace(new_graph())
    assert cancel.isEnabled()
    with qtbot.waitSignal(live.link.died, timeout=STARTING):
        hands.trigger("cancel")
    assert not live.link.running
