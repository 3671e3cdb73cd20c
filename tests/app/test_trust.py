"""Python code that a graph names: nothing of it is imported before the user agrees, and everything else goes on."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.window import Window
from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import NumberSource
from tests.app.hands import STARTING, Hands

MINE = """
import os, pathlib, sys

pathlib.Path(__file__).with_name("imported").touch()


def double(x):
    print("doubling", x)
    return x * 2


def negate(x):
    return -x


def leave(x):
    sys.exit(3)


def end(x):
    os._exit(7)
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a module in it, and a graph that names a function of it between two that need none."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.py").write_text(MINE)
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", NumberSource(3)),)))
    functions = {"before": "lambda x: x + 1", "named": "mine:double", "after": "lambda x: x * 10"}
    leaves = tuple(Tree(Node(node, "Lambda", node, {"func": func})) for node, func in functions.items())
    edits.apply(graph, edits.Insert(Place("root", 0), leaves))
    files.save(graph, folder / "graph.catenary", None)
    return folder


def open_graph(qtbot: QtBot, window: Window, path: Path) -> None:
    with qtbot.waitSignal(window.link.shapes, timeout=STARTING, check_params_cb=lambda m: "after" in m.returns):
        window.files.open(path)
    window.refresh()


def imported(folder: Path) -> bool:
    return (folder / "imported").exists()


def untrusted(window: Window) -> list[str]:
    window.refresh()
    return [problem.node for problem in window.problems if problem.code == "untrusted"]


def test_nothing_is_imported_before_it_is_trusted_and_the_rest_goes_on(
    qtbot: QtBot, live: Window, hands: Hands, mine: Path
) -> None:
    window = live
    open_graph(qtbot, window, mine / "graph.catenary")
    assert window.consent.isVisible()
    assert "mine:double" in window.consent.names.text()
    assert "named" in window.consent.names.text()
    assert untrusted(window) == ["named"]
    finished = hands.run()
    assert finished.fault is not None
    assert finished.fault.code == "untrusted"
    hands.click(window.consent.later_button)
    assert not window.consent.isVisible()
    window.document.apply(SetParam("before", "func", "lambda x: x + 2"), "Change")
    qtbot.waitUntil(lambda: not window.link.running, timeout=STARTING)
    hands.trigger("save")
    assert b"x + 2" in (mine / "graph.catenary").read_bytes()
    assert not window.consent.isVisible(), "it was asked about"
    assert not imported(mine)


def test_trusted_code_runs_and_what_it_prints_is_in_the_log(
    qtbot: QtBot, live: Window, hands: Hands, mine: Path
) -> None:
    window = live
    open_graph(qtbot, window, mine / "graph.catenary")
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        hands.click(window.consent.trust_button)
    assert waiting.args is not None
    assert waiting.args[0].text == "80"
    qtbot.waitUntil(lambda: "doubling 4" in window.log.toPlainText(), timeout=STARTING)
    assert imported(mine)
    assert not window.consent.isVisible()
    assert untrusted(window) == []


def test_a_problem_leads_back_to_the_question(qtbot: QtBot, live: Window, hands: Hands, mine: Path) -> None:
    window = live
    open_graph(qtbot, window, mine / "graph.catenary")
    hands.click(window.consent.show_button)
    assert window.canvas.selection == ["named"]
    hands.click(window.consent.later_button)
    window.refresh()
    row = next(i for i, problem in enumerate(window.problems_panel.problems) if problem.code == "untrusted")
    button = window.problems_panel.detail(row).findChild(QPushButton)
    assert button is not None
    assert button.text() == "Trust…"
    hands.click(button)
    assert window.consent.isVisible()
    assert window.document.history.undos == [], "to ask changes nothing"


def test_the_same_bytes_are_asked_about_once(
    qtbot: QtBot, live: Window, hands: Hands, mine: Path, settings: QSettings
) -> None:
    window, path = live, mine / "graph.catenary"
    open_graph(qtbot, window, path)
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        hands.click(window.consent.trust_button)
    hands.trigger("save")
    hands.trigger("new")
    assert window.trust.names == ()
    open_graph(qtbot, window, path)
    assert not window.consent.isVisible()
    assert window.trust.names == ("mine:double",)
    path.write_bytes(path.read_bytes().replace(b"x + 1", b"x + 5"))
    window.files.new()
    open_graph(qtbot, window, path)
    assert window.consent.isVisible(), "another content"
    path.write_bytes(path.read_bytes().replace(b"x + 5", b"x + 1"))
    elsewhere = mine.parent / "elsewhere"
    shutil.copytree(mine, elsewhere)
    open_graph(qtbot, window, elsewhere / "graph.catenary")
    assert window.consent.isVisible(), "mine.py may be another one there"


def test_a_module_that_changes_is_imported_again_once_it_is_trusted_again(
    qtbot: QtBot, live: Window, hands: Hands, mine: Path
) -> None:
    window, module = live, mine / "mine.py"
    open_graph(qtbot, window, mine / "graph.catenary")
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        hands.click(window.consent.trust_button)
    before = module.read_text()
    module.write_text(before.replace("x * 2", "x * 3"))
    qtbot.waitUntil(window.consent.isVisible, timeout=STARTING)
    assert "has changed" in window.consent.label.text()
    assert "mine:double" in window.consent.names.text()
    assert hands.run().text == "80", "what was imported runs on"
    hands.click(window.consent.later_button)
    draft = module.with_suffix(".new")
    draft.write_text(before.replace("x * 2", "x * 4"))
    draft.replace(module)  # as many editors save
    qtbot.waitUntil(window.consent.isVisible, timeout=STARTING)
    module.write_text(before)
    qtbot.waitUntil(lambda: not window.consent.isVisible(), timeout=STARTING)
    assert window.trust.names == ("mine:double",), "what it was is still agreed to"
    module.write_text(before.replace("x * 2", "x * 5"))
    hands.trigger("save")
    assert window.consent.isVisible(), "saving agrees to nothing"
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        hands.click(window.consent.trust_button)
    assert waiting.args is not None
    assert waiting.args[0].text == "200"
    assert not window.consent.isVisible()


def test_a_name_that_is_typed_later_is_asked_about(qtbot: QtBot, live: Window, hands: Hands, mine: Path) -> None:
    window = live
    open_graph(qtbot, window, mine / "graph.catenary")
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        hands.click(window.consent.trust_button)
    window.document.apply(SetParam("after", "func", "mine:negate"), "Change")
    qtbot.waitUntil(lambda: untrusted(window) == ["after"], timeout=STARTING)
    assert window.consent.isVisible()
    assert "mine:negate" in window.consent.names.text()
    assert "mine:double" not in window.consent.names.text()
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        hands.click(window.consent.trust_button)
    assert waiting.args is not None
    assert waiting.args[0].text == "-8"


def test_code_that_exits_is_a_problem_at_its_node(qtbot: QtBot, live: Window, hands: Hands, mine: Path) -> None:
    window, path = live, mine / "graph.catenary"
    path.write_bytes(path.read_bytes().replace(b"mine:double", b"mine:leave"))
    open_graph(qtbot, window, path)
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        hands.click(window.consent.trust_button)
    assert waiting.args is not None
    assert waiting.args[0].fault.node == "named"
    assert waiting.args[0].fault.message == "mine:leave: it calls sys.exit(3)"


def test_code_that_ends_the_engine_is_not_trusted_again(qtbot: QtBot, live: Window, hands: Hands, mine: Path) -> None:
    window, path = live, mine / "graph.catenary"
    path.write_bytes(path.read_bytes().replace(b"mine:double", b"mine:end"))
    open_graph(qtbot, window, path)
    window.runs.set_auto(False)
    with qtbot.waitSignal(window.link.died, timeout=STARTING, check_params_cb=lambda _, restarted: not restarted):
        hands.click(window.consent.trust_button)
    assert window.consent.isVisible()
    with qtbot.waitSignal(window.link.shapes, timeout=STARTING, check_params_cb=lambda m: "after" in m.returns):
        hands.click(window.notice.button)
    assert untrusted(window) == ["named"]
