"""File > Import: models in Python and structures of weights files, through the dialog and the real worker."""

import hashlib
import sys
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file, save_file

from app.importing import ImportDialog
from app.window import Window
from engine.document.edits import SetInputs
from engine.document.graph import Input, Weights
from engine.document.sources import NoiseSource
from tests.app.hands import STARTING, Hands

MODELS = """
import os, sys, time
import torch

print("hello from the module")


def tripled(x):
    for _ in range(2):
        x = x + x
    return x


class Shift(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.shift = torch.nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x + self.shift


class Small(torch.nn.Sequential):
    def __init__(self, size=3):
        super().__init__(torch.nn.Linear(size, size), Shift(size))


def failing():
    raise RuntimeError("no luck today")


def leaving():
    sys.exit(3)


def ending():
    os._exit(5)


def hanging():
    print("sleeping")
    while True:
        time.sleep(0.01)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "smalls.py").write_text(MODELS)
    return tmp_path


def dialog_of(window: Window, hands: Hands) -> ImportDialog:
    hands.trigger("import-model")
    [found] = [each for each in window.findChildren(ImportDialog) if each.isVisible()]
    return found


def fill(qtbot: QtBot, dialog: ImportDialog, name: str, folder: Path, arguments: str = "") -> None:
    line = dialog.name.lineEdit()
    assert line is not None
    line.selectAll()
    qtbot.keyClicks(line, name)
    qtbot.keyClicks(dialog.arguments, arguments)
    qtbot.keyClicks(dialog.folder, str(folder))


def press(qtbot: QtBot, dialog: ImportDialog) -> None:
    assert dialog.import_button.isEnabled()
    qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)


def test_a_model_becomes_a_graph_with_its_weights_and_runs(
    qtbot: QtBot, live: Window, hands: Hands, folder: Path
) -> None:
    window = live
    dialog = dialog_of(window, hands)
    fill(qtbot, dialog, "smalls:Small", folder, '{"size": 4}')
    assert "smalls" in dialog.warning.text()
    dialog.weights.click()
    assert dialog.file.text() == str(folder / "Small.safetensors")
    with qtbot.waitSignal(window.files.moved, timeout=STARTING):
        press(qtbot, dialog)
    assert not dialog.isVisible()
    graph = window.document.graph
    titles = [graph.nodes[node].title for node in graph.walk()]
    assert titles == ["Small", "Linear", "Shift"]
    assert window.files.path is None
    assert window.files.folder == folder
    digest = hashlib.sha256((folder / "Small.safetensors").read_bytes()).hexdigest()
    assert graph.nodes[graph.root].weights == Weights("Small.safetensors", digest)
    assert set(load_file(folder / "Small.safetensors")) == {"Linear.weight", "Linear.bias", "Shift.shift"}
    assert "hello from the module" in window.log.toPlainText()
    assert "a placeholder for Shift" in window.log.toPlainText()
    assert not window.consent.isVisible(), "its code has been agreed to"
    window.document.apply(SetInputs((Input("x", NoiseSource([2, 4])),)), "Input")
    finished = hands.run()
    assert finished.fault is None
    assert finished.text == "float32 (2, 4)"
    assert "smalls" not in sys.modules, "the window imports nothing"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("smalls:failing", "RuntimeError: no luck today"),
        ("smalls:leaving", "it calls sys.exit(3)"),
        ("smalls:Missing", "smalls has no Missing"),
        ("no_such_module:Model", "there is no Python module no_such_module"),
        ("smalls:ending", "the worker process ended with exit code 5"),
    ],
)
def test_what_can_t_be_imported_says_why_and_can_be_tried_again(
    qtbot: QtBot, live: Window, hands: Hands, folder: Path, name: str, why: str
) -> None:
    dialog = dialog_of(live, hands)
    before = live.document.graph
    fill(qtbot, dialog, name, folder)
    press(qtbot, dialog)
    qtbot.waitUntil(dialog.error.isVisible, timeout=STARTING)
    assert why in dialog.error.text()
    assert live.document.graph is before
    fill(qtbot, dialog, "smalls:Small", folder)
    dialog.folder.setText(str(folder))
    with qtbot.waitSignal(live.files.moved, timeout=STARTING):
        press(qtbot, dialog)
    assert len(live.document.graph) == 3


def test_code_that_hangs_is_stopped(qtbot: QtBot, live: Window, hands: Hands, folder: Path) -> None:
    dialog = dialog_of(live, hands)
    fill(qtbot, dialog, "smalls:hanging", folder)
    press(qtbot, dialog)
    qtbot.waitUntil(lambda: "sleeping" in dialog.output.toPlainText(), timeout=STARTING)
    before = live.link.client.pid
    with qtbot.waitSignal(live.link.ready, timeout=STARTING):
        qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert live.link.client.pid != before
    assert "Stopped" in dialog.error.text()
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_what_is_typed_is_checked_and_what_was_imported_is_offered_again(
    qtbot: QtBot, window: Window, hands: Hands, folder: Path
) -> None:
    dialog = dialog_of(window, hands)
    assert not dialog.import_button.isEnabled()
    fill(qtbot, dialog, "smalls.Small", folder)
    assert "with a colon between" in dialog.warning.text()
    assert not dialog.import_button.isEnabled()
    fill(qtbot, dialog, "smalls:Small", folder, "size=3")
    assert "must be a JSON object" in dialog.warning.text()
    dialog.arguments.setPlainText('{"size": 5}')
    dialog.folder.setText(str(folder))
    press(qtbot, dialog)  # there is no worker: it waits
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window, hands)
    assert dialog.name.itemText(0) == "smalls:Small"
    dialog.name.activated.emit(0)
    assert dialog.arguments.toPlainText() == '{"size": 5}'
    assert dialog.folder.text() == str(folder)


def test_a_module_beside_the_graph_is_found_without_choosing_a_folder(
    qtbot: QtBot, live: Window, hands: Hands, folder: Path
) -> None:
    live.files.save_to(folder / "graph.catenary")
    dialog = dialog_of(live, hands)
    assert dialog.folder.text() == str(folder)
    line = dialog.name.lineEdit()
    assert line is not None
    qtbot.keyClicks(line, "smalls:Small")
    with qtbot.waitSignal(live.files.moved, timeout=STARTING):
        press(qtbot, dialog)
    assert "Shift" in [node.title for node in live.document.graph.nodes.values()]


def test_the_structure_of_a_weights_file(qtbot: QtBot, live: Window, hands: Hands, tmp_path: Path) -> None:
    tensors = {"0.weight": torch.randn(5, 3), "0.bias": torch.randn(5), "1.weight": torch.randn(2, 5)}
    save_file(tensors, tmp_path / "model.safetensors")
    hands.trigger("import-structure")
    chooser = live.findChild(QFileDialog, "import-structure")
    assert chooser is not None
    with qtbot.waitSignal(live.files.moved, timeout=STARTING):
        chooser.selectFile(str(tmp_path / "model.safetensors"))
        chooser.accept()
    graph = live.document.graph
    assert [graph.nodes[node].kind for node in graph.walk()] == ["Chain", "Linear", "Linear"]
    leaf = graph.children[graph.root][0]
    assert graph.views[leaf].note.startswith("Guessed from 0")
    live.document.apply(SetInputs((Input("x", NoiseSource([1, 3])),)), "Input")
    finished = hands.run()
    assert finished.fault is None
    assert finished.text == "float32 (1, 2)"
    assert live.notice.isHidden() or "missing" not in live.notice.label.text(), "its weights are the file's"
