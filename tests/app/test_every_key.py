"""Each key of each command, pressed where it is meant to work, does that command's work; one without a deed fails."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QWidget

from app.action import Action
from app.canvas import travel
from app.canvas.renaming import NameField
from app.keys_dialog import KeysDialog
from app.picker import Picker
from app.window import Window
from engine.document import files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetAdapters, SetContexts, SetName, apply
from engine.document.graph import CANVAS, Graph, Place
from engine.document.scopes import Key
from engine.document.sources import NumberSource
from engine.messages import Figures, Picture, Preview
from nodes.adapters import ADAPTERS
from tests.app import test_breakpoints
from tests.app.canvas.hands import order, tree
from tests.app.test_keys import PAIRS, press

D = TypeVar("D", bound=QDialog)
Deed = Callable[[Window, str], object]
"""Comes to where a command makes sense, presses the key, and sees that its work is done."""

DEEDS: dict[str, Deed] = {
    "continue": lambda *_: test_breakpoints.test_continue_and_step_by_keys_and_buttons,  # with a run that has paused
    "step": lambda *_: test_breakpoints.test_continue_and_step_by_keys_and_buttons,
}
SKIP = Key("root", "unet", "skip")


def drawn() -> Graph:
    """root provides unet.skip: [a, res: [b, c], lin, put, use, n1: [r1], n2: [r2]]"""
    graph = new_graph()
    apply(graph, SetContexts("root", {"unet": {"skip": NumberSource(1)}}))
    leaves = (
        tree("ReLU", "a"),
        tree("Residual", "res", tree("SiLU", "b"), tree("SiLU", "c")),
        tree("Linear", "lin"),
        tree("SetContext", "put", context="unet", key="skip"),
        tree("UseContext", "use", context="unet", key="skip"),
        *(tree("Chain", f"n{i}", tree("ReLU", f"r{i}")) for i in (1, 2)),
    )
    apply(graph, Insert(Place("root", 0), leaves))
    return graph


@pytest.fixture
def window(kept: Window) -> Window:
    """The window with the graph in it as it was drawn, the focus on the canvas."""
    kept.document.replace(drawn())
    for name in ("palette", "inspector"):
        kept.docks[name].show()
        kept.docks[name].raise_()
    kept.activateWindow()
    kept.canvas.frame_all()
    kept.canvas.setFocus()
    QApplication.processEvents()
    return kept


@pytest.mark.parametrize(("action", "key"), [pytest.param(*pair, id=f"{pair[0].id} {pair[1]}") for pair in PAIRS])
def test_each_key_does_its_work(window: Window, action: Action, key: str) -> None:
    DEEDS[action.id](window, key)
    for dialog in window.findChildren(QDialog):
        dialog.close()
    for picker in window.findChildren(Picker):
        picker.close()


def does(command: str) -> Callable[[Deed], Deed]:
    def enter(deed: Deed) -> Deed:
        DEEDS[command] = deed
        return deed

    return enter


def kinds(window: Window, frame: str = "root") -> list[str]:
    return [window.document.graph.nodes[n].kind for n in order(window.canvas, frame)]


def picker(window: Window) -> Picker:
    [found] = [each for each in window.findChildren(Picker) if each.isVisible()]
    return found


def dialog(window: Window, kind: type[D], name: str) -> D:
    [found] = [each for each in window.findChildren(kind, name) if each.isVisible()]
    return found


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found
    return found


def took_back(window: Window, before: bytes) -> bool:
    """One step of undo leads back to what was."""
    window.document.undo()
    return files.dump(window.document.graph) == before


# File.


@does("new")
def _(window: Window, key: str) -> None:
    press(key)
    assert list(window.document.graph.nodes) == ["root"]


@does("open")
def _(window: Window, key: str) -> None:
    press(key)
    assert dialog(window, QFileDialog, "open")


@does("save")
def _(window: Window, key: str) -> None:
    path = Path(window.settings.fileName()).with_name("saved.catenary")
    window.files.save_to(path)
    window.document.apply(SetName("a", "Renamed"), "Rename")
    press(key)
    assert path.read_bytes() == files.dump(window.document.graph)
    assert not window.document.modified


@does("save-as")
def _(window: Window, key: str) -> None:
    press(key)
    assert dialog(window, QFileDialog, "save-as")


@does("quit")
def _(window: Window, key: str) -> None:
    window.document.apply(SetName("a", "Renamed"), "Rename")
    press(key)
    dialog(window, QMessageBox, "unsaved").reject()
    assert window.isVisible(), "there was something to lose"


# Edit.


@does("undo")
def _(window: Window, key: str) -> None:
    window.document.apply(SetName("a", "Renamed"), "Rename")
    press(key)
    assert window.document.graph.nodes["a"].name == ""


@does("redo")
def _(window: Window, key: str) -> None:
    window.document.apply(SetName("a", "Renamed"), "Rename")
    window.document.undo()
    press(key)
    assert window.document.graph.nodes["a"].name == "Renamed"


@does("add-node")
def _(window: Window, key: str) -> None:
    window.canvas.select(["a"])
    press(key)
    assert picker(window).line.hasFocus()
    QTest.keyClicks(picker(window).line, "sigm")
    press("Return")
    assert kinds(window)[:2] == ["ReLU", "Sigmoid"]


@does("replace")
def _(window: Window, key: str) -> None:
    window.document.apply(SetName("lin", "Proj"), "Rename")
    window.canvas.select(["lin"])
    press(key)
    QTest.keyClicks(picker(window).line, "conv2d")
    press("Return")
    new = window.document.graph.nodes[order(window.canvas)[2]]
    assert (new.kind, new.name) == ("Conv2d", "Proj")


@does("rename")
def _(window: Window, key: str) -> None:
    window.canvas.select(["a"])
    press(key)
    [field] = [each for each in window.canvas.findChildren(NameField) if each.isVisible()]
    QTest.keyClicks(field, "Act")
    press("Return")
    assert window.document.graph.nodes["a"].name == "Act"


@does("note")
def _(window: Window, key: str) -> None:
    window.docks["inspector"].hide()
    window.canvas.select(["a"])
    press(key)
    QTest.keyClicks(focus(), "why")
    window.canvas.setFocus()
    assert window.document.graph.view("a").note == "why"


@does("bypass")
def _(window: Window, key: str) -> None:
    window.canvas.select(["b"])
    press(key)
    assert window.document.graph.nodes["b"].mode == "bypass"


@does("mute")
def _(window: Window, key: str) -> None:
    window.canvas.select(["b"])
    press(key)
    assert window.document.graph.nodes["b"].mode == "mute"


@does("wrap-chain")
def _(window: Window, key: str) -> None:
    before = files.dump(window.document.graph)
    window.canvas.select(["a", "res"])
    press(key)
    assert order(window.canvas, order(window.canvas)[0]) == ["a", "res"]
    assert took_back(window, before)


@does("unwrap")
def _(window: Window, key: str) -> None:
    before = files.dump(window.document.graph)
    window.canvas.select(["n1"])
    press(key)
    assert order(window.canvas)[-2:] == ["r1", "n2"]
    assert took_back(window, before)


@does("cut")
def _(window: Window, key: str) -> None:
    before = files.dump(window.document.graph)
    window.canvas.select(["res"])
    press(key)
    assert "res" not in window.document.graph
    assert '"kind": "Residual"' in QApplication.clipboard().text()
    assert took_back(window, before)


@does("copy")
def _(window: Window, key: str) -> None:
    QApplication.clipboard().clear()
    window.canvas.select(["lin"])
    press(key)
    assert '"kind": "Linear"' in QApplication.clipboard().text()


def _pasting(window: Window, key: str) -> bytes:
    window.canvas.select(["lin"])
    press("Ctrl+C")
    window.canvas.select(["a"])
    before = files.dump(window.document.graph)
    press(key)
    return before


@does("paste")
def _(window: Window, key: str) -> None:
    before = _pasting(window, key)
    assert kinds(window)[:3] == ["ReLU", "Linear", "Residual"]
    assert took_back(window, before)


@does("paste-beside")
def _(window: Window, key: str) -> None:
    before = _pasting(window, key)
    frame = order(window.canvas)[0]
    assert window.document.graph.nodes[frame].kind == "Sum"
    assert kinds(window, frame) == ["ReLU", "Linear"]
    assert took_back(window, before)


@does("paste-parked")
def _(window: Window, key: str) -> None:
    before = _pasting(window, key)
    [[parked]] = window.document.graph.segments(CANVAS)
    assert window.document.graph.nodes[parked].kind == "Linear"
    assert took_back(window, before)


@does("duplicate")
def _(window: Window, key: str) -> None:
    before = files.dump(window.document.graph)
    window.canvas.select(["res"])
    press(key)
    assert kinds(window)[1:3] == ["Residual", "Residual"]
    assert took_back(window, before)


@does("duplicate-beside")
def _(window: Window, key: str) -> None:
    before = files.dump(window.document.graph)
    window.canvas.select(["a"])
    press(key)
    assert kinds(window, order(window.canvas)[0]) == ["ReLU", "ReLU"]
    assert kinds(window)[0] == "Sum"
    assert took_back(window, before)


@does("wire-to")
def _(window: Window, key: str) -> None:
    window.canvas.select(["a"])
    for each in (key, "Right", "Right", "Return"):
        press(each)
    assert order(window.canvas)[:2] == ["a", "lin"]


@does("extract")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res"])
    press(key)
    assert window.document.graph.segments(CANVAS) == [["res"]]
    assert order(window.canvas)[:2] == ["a", "lin"]


@does("delete")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res", "a"])
    press(key)
    assert order(window.canvas)[0] == "lin"


@does("place-again")
def _(window: Window, key: str) -> None:
    window.canvas.select(["lin"])
    press(key)
    first, second = order(window.canvas)[2:4]
    nodes = window.document.graph.nodes
    assert nodes[first].shared == nodes[second].shared != ""


@does("select-all")
def _(window: Window, key: str) -> None:
    press(key)
    assert window.canvas.selection == order(window.canvas)
    window.canvas.select(["b"])
    press(key)
    assert window.canvas.selection == ["b", "c"]


@does("select-by")
def _(window: Window, key: str) -> None:
    press(key)
    QTest.keyClicks(window.selector.line, "kind=Linear & out_features>=1")
    assert window.canvas.selection == ["lin"]
    press("Return")


@does("find-node")
def _(window: Window, key: str) -> None:
    press(key)
    QTest.keyClicks(picker(window).line, "silu")
    press("Return")
    assert window.canvas.selection == ["b"]


@does("find-next")
def _(window: Window, key: str) -> None:
    DEEDS["find-node"](window, "Ctrl+F")
    window.refresh()
    press(key)
    assert window.canvas.selection == ["c"]


@does("find-previous")
def _(window: Window, key: str) -> None:
    DEEDS["find-next"](window, "F3")
    press(key)
    assert window.canvas.selection == ["b"]


@does("find-kind")
def _(window: Window, key: str) -> None:
    window.docks["outline"].raise_()
    QApplication.processEvents()
    press(key)
    assert window.palette_panel.search.hasFocus()
    assert not window.palette_panel.search.visibleRegion().isEmpty(), "its panel is in front"


# Contexts and adapters.


@does("go-to-provider")
def _(window: Window, key: str) -> None:
    window.canvas.select(["use"])
    press(key)
    assert (window.canvas.selection, window.canvas.pinned) == (["root"], SKIP)


@does("find-accesses")
def _(window: Window, key: str) -> None:
    window.canvas.select(["use"])
    press(key)
    assert picker(window).titles() == ["writes  SetContext", "reads  UseContext"]


@does("pin-key")
def _(window: Window, key: str) -> None:
    window.canvas.select(["use"])
    for expected in (SKIP, None):
        press(key)
        assert window.canvas.pinned == expected


@does("compare-adapters")
def _(window: Window, key: str) -> None:
    window.document.apply(SetAdapters((ADAPTERS["lora"],)), "Add LoRA")
    window.refresh()
    for expected in (False, True):
        press(key)
        assert window.document.graph.adapters[0].enabled is expected


# View.


@does("zoom-in")
def _(window: Window, key: str) -> None:
    before = window.canvas.zoom
    press(key)
    assert window.canvas.zoom > before


@does("zoom-out")
def _(window: Window, key: str) -> None:
    before = window.canvas.zoom
    press(key)
    assert window.canvas.zoom < before


@does("zoom-actual")
def _(window: Window, key: str) -> None:
    window.canvas.set_zoom(2.0)
    press(key)
    assert window.canvas.zoom == 1.0


@does("frame-all")
def _(window: Window, key: str) -> None:
    window.canvas.set_zoom(3.0)
    window.canvas.pan_by(-5000, 0)
    press(key)
    assert window.canvas.rect().contains(window.canvas.rect_of("root").toRect())


@does("frame-selection")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res"])
    before = window.canvas.zoom
    press(key)
    assert window.canvas.zoom > before
    assert window.canvas.rect().contains(window.canvas.rect_of("res").toRect())
    window.canvas.select([])
    press(key)
    assert window.canvas.rect().contains(window.canvas.rect_of("root").toRect())


@does("leave")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res"])
    press("Return")
    assert travel.where(window.canvas) == "res"
    press(key)
    assert travel.where(window.canvas) == "root"


@does("view-back")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res"])
    press("Return")
    press(key)
    assert travel.where(window.canvas) == "root"


@does("view-forward")
def _(window: Window, key: str) -> None:
    DEEDS["view-back"](window, "Alt+Left")
    press(key)
    assert travel.where(window.canvas) == "res"


@does("collapse")
def _(window: Window, key: str) -> None:
    window.canvas.select(["res", "n1"])
    for expected in (True, False):
        press(key)
        assert [window.document.graph.view(n).collapsed for n in ("res", "n1")] == [expected] * 2


@does("fold-repeats")
def _(window: Window, key: str) -> None:
    for expected in (True, False):
        press(key)
        assert window.document.graph.view("root").repeats is expected


@does("next-pane")
def _(window: Window, key: str) -> None:
    press(key)
    assert window.palette_panel.isAncestorOf(focus())


@does("previous-pane")
def _(window: Window, key: str) -> None:
    DEEDS["next-pane"](window, "F6")
    press(key)
    assert window.canvas.hasFocus()


def _show_picture(window: Window) -> None:
    window.canvas.select([])
    figures = Figures((1, 3, 2, 2), "float32", "cpu", 0.0, 1.0, 0.25, 0.5, 2, (1, 5, 2))
    window.preview.show_preview(Preview(1, "root", "", figures, Picture(2, 2, bytes(12), "the first of 1")))


@does("compare-hold")
def _(window: Window, key: str) -> None:
    _show_picture(window)
    press(key)
    assert window.preview.picture.other is window.preview.picture.picture
    window.preview.bar.off.click()


@does("compare")
def _(window: Window, key: str) -> None:
    _show_picture(window)
    press("Shift+M")
    before = window.preview.picture.mode
    press(key)
    assert window.preview.picture.mode != before
    window.preview.bar.off.click()


@does("compare-swap")
def _(window: Window, key: str) -> None:
    _show_picture(window)
    press("Shift+M")
    before = window.preview.picture.swapped
    press(key)
    assert window.preview.picture.swapped != before
    window.preview.bar.off.click()


@does("minimap")
def _(window: Window, key: str) -> None:
    before = window.overlays.minimap.wanted
    for expected in (not before, before):
        press(key)
        assert window.overlays.minimap.wanted is expected


# Run and help.


@does("run")
def _(window: Window, key: str) -> None:
    window.link.auto = False
    press(key)
    assert window.link.running


@does("cancel")
def _(window: Window, key: str) -> None:
    DEEDS["run"](window, "F5")
    window.refresh()
    press(key)
    assert window.status.currentMessage() == "Cancelling…"


@does("find-command")
def _(window: Window, key: str) -> None:
    window.canvas.select(["a"])
    press(key)
    QTest.keyClicks(picker(window).line, "duplicate")
    press("Return")
    assert kinds(window)[:2] == ["ReLU", "ReLU"]


@does("keys")
def _(window: Window, key: str) -> None:
    press(key)
    assert dialog(window, KeysDialog, "keys")
