"""Weights in the window: chosen, looked at, mended, saved, and told when they change."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.panels.node_page import NodePage
from app.weights import LoadDialog
from app.window import Window
from engine.document import files
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.sources import NoiseSource
from engine.messages import Loaded, WeightsReport, WeightsSaved
from tests.app.hands import STARTING, Hands

np = pytest.importorskip("numpy")
stored = pytest.importorskip("safetensors.numpy")

LONG = 20_000


def linear(node: str, name: str = "") -> Tree:
    return Tree(Node(node, "Linear", name, {"in_features": 3, "out_features": 3}))


def tensors(*prefixes: str) -> dict[str, object]:
    return {f"{p}.{n}": np.ones(shape, np.float32) for p in prefixes for n, shape in (("weight", (3, 3)), ("bias", 3))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def desk(live: Window, folder: Path) -> Window:
    """Body(First, Second), Linear, saved in a folder of its own."""
    body = Tree(Node("body", "Chain", "Body"), children=(linear("a", "First"), linear("b", "Second")))
    live.link.set_auto(False)
    live.document.apply(SetInputs((Input("x", NoiseSource([2, 3])),)), "")
    live.document.apply(Insert(Place("root", 0), (body, linear("d"))), "")
    live.files.save_to(folder / "graph.catenary")
    return live


def choose(window: Window, name: str, path: Path, pattern: str = "") -> None:
    """Answer a file dialog."""
    dialog = window.findChild(QFileDialog, name)
    assert dialog is not None
    dialog.setDirectory(str(path.parent))
    if pattern:
        dialog.selectNameFilter(pattern)
    dialog.selectFile(path.name)
    dialog.accept()


def looked_at(qtbot: QtBot, window: Window) -> LoadDialog:
    """The dialog that shows how a file fits, once it does."""
    dialog = window.findChild(LoadDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.answer is not None, timeout=STARTING)
    return dialog


def load(qtbot: QtBot, window: Window, hands: Hands, path: Path, action: str = "load-weights") -> LoadDialog:
    hands.trigger(action)
    choose(window, "weights", path)
    return looked_at(qtbot, window)


def press(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def reports(qtbot: QtBot, window: Window, fits: object) -> tuple[WeightsReport, ...]:
    qtbot.waitUntil(lambda: bool(window.weights.reports) and fits(window.weights.reports), timeout=LONG)  # pyright: ignore[reportCallIssue]
    return window.weights.reports


def test_loading_shows_how_the_file_fits_and_is_one_edit(
    qtbot: QtBot, desk: Window, hands: Hands, folder: Path
) -> None:
    stored.save_file(tensors("Body.First", "Body.Second", "Linear"), folder / "w.safetensors")
    dialog = load(qtbot, desk, hands, folder / "w.safetensors")
    assert dialog.view.summary.text() == "6 tensors from w.safetensors"
    qtbot.mouseClick(dialog.strict, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.strict.height() // 2))
    press(qtbot, dialog.accept_button)
    weights = desk.document.graph.nodes["root"].weights
    assert weights
    assert (weights.path, len(weights.sha256)) == ("w.safetensors", 64)
    (report,) = reports(qtbot, desk, lambda told: told[0].exact)
    assert report.count == 6
    assert hands.run().status == "done"
    hands.trigger("undo")
    assert desk.document.graph.nodes["root"].weights is None
    qtbot.waitUntil(lambda: not desk.weights.reports, timeout=LONG)


def test_strictly_what_does_not_fit_is_refused_and_nothing_changes(
    qtbot: QtBot, desk: Window, hands: Hands, folder: Path
) -> None:
    stored.save_file(tensors("Body.First", "Linear") | {"Odd.weight": np.ones(7)}, folder / "w.safetensors")
    before = files.dump(desk.document.graph)
    dialog = load(qtbot, desk, hands, folder / "w.safetensors")
    assert dialog.accept_button.isEnabled()
    qtbot.mouseClick(dialog.strict, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.strict.height() // 2))
    assert not dialog.accept_button.isEnabled()
    assert "Not all of it fits" in dialog.refusal.text()
    shown = [finding.text for finding in dialog.view.lines.findings]
    assert "Body.Second.weight (3, 3)" in shown
    assert "Odd.weight" in shown
    dialog.view.filter.setFocus()
    qtbot.keyClicks(dialog.view.filter, "second.b")
    assert [finding.text for finding in dialog.view.lines.shown] == ["Body.Second.bias (3,)"]
    press(qtbot, dialog.view.copy_button)
    assert "missing: Body.Second.bias (3,)\nnot used: Odd.weight" in QApplication.clipboard().text()
    dialog.reject()
    assert files.dump(desk.document.graph) == before


def test_a_frame_takes_a_file_of_its_own_from_the_prefix_that_is_chosen(
    qtbot: QtBot, desk: Window, hands: Hands, folder: Path
) -> None:
    both = tensors("net.First", "net.Second") | tensors("ema.First", "ema.Second")
    stored.save_file(both, folder / "many.safetensors")
    desk.canvas.select(["body"])
    dialog = load(qtbot, desk, hands, folder / "many.safetensors", "load-weights-here")
    assert dialog.prefix.itemText(0) == "ema: 4 fit"
    qtbot.keyClick(dialog.prefix, Qt.Key.Key_Down)
    dialog = looked_at(qtbot, desk)
    assert dialog.answer
    assert dialog.answer.report.prefix == "net"
    press(qtbot, dialog.accept_button)
    node = desk.document.graph.nodes["body"]
    assert node.weights
    assert (node.weights.path, node.key) == ("many.safetensors", "net")
    reports(qtbot, desk, lambda told: told[0].frame == "body")
    page = desk.inspector.page
    assert isinstance(page, NodePage)
    assert page.weights
    assert page.weights.source.text() == "many.safetensors, below net"
    assert page.weights.fit.text().startswith("4 tensors from many.safetensors")
    hands.click(page.weights.remove)
    assert desk.document.graph.nodes["body"].weights is None
    assert desk.document.graph.nodes["body"].key == ""


def test_near_misses_are_taken_with_one_click(qtbot: QtBot, desk: Window, hands: Hands, folder: Path) -> None:
    stored.save_file(tensors("Body.first", "Body.second", "Linear"), folder / "w.safetensors")
    press(qtbot, load(qtbot, desk, hands, folder / "w.safetensors").accept_button)
    reports(qtbot, desk, lambda told: len(told[0].near) == 2)
    assert desk.notice.isVisible()
    assert "near misses" in desk.notice.label.text()
    press(qtbot, desk.notice.button)
    assert desk.docks["weights"].isVisible()
    view = desk.weights_panel.report
    assert view.fix_all_button.text() == "Take all 2 near misses"
    press(qtbot, view.fix_all_button)
    assert [desk.document.graph.nodes[node].key for node in "ab"] == ["Body.first", "Body.second"]
    reports(qtbot, desk, lambda told: told[0].exact)
    assert not desk.notice.isVisible()
    assert [finding.sort for finding in view.lines.findings] == ["renamed", "renamed"]
    hands.trigger("undo")
    reports(qtbot, desk, lambda told: len(told[0].near) == 2)


def test_a_file_of_near_misses_alone_is_loaded_and_its_report_opens(
    qtbot: QtBot, desk: Window, hands: Hands, folder: Path
) -> None:
    stored.save_file(tensors("Body.first", "Body.second", "linear"), folder / "w.safetensors")
    dialog = load(qtbot, desk, hands, folder / "w.safetensors")
    assert dialog.refusal.text() == (
        "Nothing fits by name. Load it to take the near misses, in the report that opens then."
    )
    press(qtbot, dialog.accept_button)
    reports(qtbot, desk, lambda told: len(told[0].near) == 3)
    button = desk.weights_panel.report.fix_all_button
    assert button.isVisible()
    press(qtbot, button)
    assert reports(qtbot, desk, lambda told: told[0].count == 6)[0].exact


def test_saving_names_the_new_file_and_forgets_old_keys(qtbot: QtBot, desk: Window, hands: Hands, folder: Path) -> None:
    stored.save_file(tensors("Body.first", "Body.second", "Linear"), folder / "w.safetensors")
    press(qtbot, load(qtbot, desk, hands, folder / "w.safetensors").accept_button)
    reports(qtbot, desk, lambda told: len(told[0].near) == 2)
    press(qtbot, desk.weights_panel.report.fix_all_button)
    hands.trigger("save-weights")
    with qtbot.waitSignal(desk.link.weights_saved, timeout=LONG) as saved:
        choose(desk, "save-weights", folder / "new.safetensors", "Weights, float16 (*.safetensors)")
    assert isinstance(saved.args[0], WeightsSaved)  # pyright: ignore[reportOptionalSubscript]
    found = stored.load_file(folder / "new.safetensors")
    assert set(found) == set(tensors("Body.First", "Body.Second", "Linear"))
    assert {tensor.dtype for tensor in found.values()} == {np.dtype(np.float16)}
    root = desk.document.graph.nodes["root"].weights
    assert root
    assert root.path == "new.safetensors"
    assert [desk.document.graph.nodes[node].key for node in "ab"] == ["", ""]
    hands.trigger("undo")
    assert desk.document.graph.nodes["root"].weights != root
    assert desk.document.graph.nodes["a"].key == "Body.first"


def test_a_file_that_is_gone_or_another_is_told_with_what_to_do(
    qtbot: QtBot, desk: Window, hands: Hands, folder: Path
) -> None:
    file = folder / "w.safetensors"
    stored.save_file(tensors("Body.First", "Body.Second", "Linear"), file)
    press(qtbot, load(qtbot, desk, hands, file).accept_button)
    reports(qtbot, desk, lambda told: told[0].exact)
    desk.files.save()
    stored.save_file({key: value * 2 for key, value in stored.load_file(file).items()}, file)
    desk.files.open(folder / "graph.catenary")
    reports(qtbot, desk, lambda told: bool(told[0].changed))
    assert "its content has changed since" in desk.notice.label.text()
    assert desk.notice.other_button.text() == "Choose another…"
    before = desk.document.graph.nodes["root"].weights
    press(qtbot, desk.notice.button)
    after = desk.document.graph.nodes["root"].weights
    assert before
    assert after == Weights("w.safetensors", after.sha256 if after else "")
    assert after != before
    reports(qtbot, desk, lambda told: not told[0].changed)
    file.unlink()
    with qtbot.waitSignal(desk.link.loaded, timeout=LONG) as told:
        hands.run()
    assert isinstance(told.args[0], Loaded)  # pyright: ignore[reportOptionalSubscript]
    assert "there is no file" in desk.notice.label.text()
    press(qtbot, desk.notice.button)
    assert desk.findChild(QFileDialog, "weights") is not None


def test_a_refused_file_is_shown_in_the_dialog(qtbot: QtBot, desk: Window, hands: Hands, folder: Path) -> None:
    (folder / "w.pt").write_bytes(b"weights, honestly")
    dialog = load(qtbot, desk, hands, folder / "w.pt")
    assert "is damaged, or was not written by torch.save" in dialog.view.summary.text()
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_an_engine_that_stops_while_it_reads_is_told(qtbot: QtBot, desk: Window, hands: Hands, folder: Path) -> None:
    stored.save_file(tensors("Body.First"), folder / "w.safetensors")
    hands.trigger("load-weights")
    choose(desk, "weights", folder / "w.safetensors")
    desk.link.died.emit("test", True)
    dialog = looked_at(qtbot, desk)
    assert not dialog.accept_button.isEnabled() or dialog.answer
    dialog.reject()
