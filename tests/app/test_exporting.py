"""File > Export, with a real worker: the code is shown, copied and saved, and other formats are written."""

from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from app.exporting import ExportDialog
from app.window import Window
from engine.document.edits import Batch, SetInputs
from engine.document.graph import Input
from engine.document.sources import NoiseSource
from engine.messages import Exported
from tests.app.hands import STARTING, Hands
from tests.engine.export.written import imported, run_alone
from tests.engine.runtime.test_exporting import net, noise


@pytest.fixture
def drawn(live: Window) -> Window:
    live.document.replace(net())
    return live


def open_dialog(qtbot: QtBot, window: Window, hands: Hands, action: str) -> ExportDialog:
    """Choose an export from the menu, and wait for the code."""
    hands.trigger(action)
    dialog = window.findChild(ExportDialog, "export")
    assert isinstance(dialog, ExportDialog)
    qtbot.waitUntil(dialog.bar.isHidden, timeout=STARTING)
    return dialog


def save(qtbot: QtBot, window: Window, hands: Hands, dialog: ExportDialog, path: Path) -> Exported:
    """Press Save and choose a file."""
    hands.click(dialog.save_button)
    chooser = window.findChild(QFileDialog, "export-file")
    assert isinstance(chooser, QFileDialog)
    with qtbot.waitSignal(window.link.exported, timeout=STARTING) as waiting:
        chooser.selectFile(str(path))
        chooser.accept()
    answer = waiting.args[0]  # pyright: ignore[reportOptionalSubscript]
    assert isinstance(answer, Exported)
    return answer


def test_code_is_shown_copied_and_saved_with_its_weights(
    qtbot: QtBot, drawn: Window, hands: Hands, tmp_path: Path
) -> None:
    dialog = open_dialog(qtbot, drawn, hands, "export-refiners")
    assert "class Block(fl.Residual):" in dialog.code.toPlainText()
    assert dialog.code.isReadOnly()
    hands.click(dialog.copy_button)
    assert QGuiApplication.clipboard().text() == dialog.code.toPlainText()
    hands.choose(dialog.form, "PyTorch Python (*.py)")
    qtbot.waitUntil(dialog.bar.isHidden, timeout=STARTING)
    assert "def forward(self, x: Tensor, *, strength: float = 0.5) -> Tensor:" in dialog.code.toPlainText()
    qtbot.keyClick(dialog.weights, Qt.Key.Key_Space)
    assert dialog.weights.isChecked()
    answer = save(qtbot, drawn, hands, dialog, tmp_path / "model.py")
    assert answer.files == (str(tmp_path / "model.py"), str(tmp_path / "model.pt"))
    assert run_alone(tmp_path, (noise(),), {}).shape == (1, 2)
    assert drawn.notice.label.text() == "Wrote model.py and model.pt"
    assert drawn.notice.button.text() == "Show in folder"
    assert drawn.status.bar.isHidden()


def test_an_archive_holds_all_and_shows_no_code(qtbot: QtBot, drawn: Window, hands: Hands, tmp_path: Path) -> None:
    dialog = open_dialog(qtbot, drawn, hands, "export-pt2")
    assert dialog.code.isHidden()
    assert dialog.weights.isHidden()
    assert dialog.copy_button.isHidden()
    save(qtbot, drawn, hands, dialog, tmp_path / "net.pt2")
    again = torch.export.load(tmp_path / "net.pt2").module()
    assert again(x=noise(), strength=0.5).shape == (1, 2)


def test_the_selected_frame_is_exported_by_itself(qtbot: QtBot, drawn: Window, hands: Hands) -> None:
    graph = drawn.document.graph
    frame = next(n for n in graph.walk() if graph.nodes[n].name == "Block")
    drawn.canvas.select([frame])
    dialog = open_dialog(qtbot, drawn, hands, "export-here")
    assert type(imported(dialog.code.toPlainText()).build()).__name__ == "Block"
    dialog.reject()


def test_a_graph_that_will_not_run_is_told_of_with_the_node(qtbot: QtBot, drawn: Window, hands: Hands) -> None:
    drawn.document.apply(Batch((SetInputs((Input("x", NoiseSource([1, 5, 8, 8])),)),)), "Another input")
    dialog = open_dialog(qtbot, drawn, hands, "export-torch")
    assert dialog.error.text().startswith("Conv2d will not run: ")
    assert not dialog.save_button.isEnabled()
    assert not dialog.copy_button.isEnabled()
    hands.choose(dialog.form, "Refiners Python (*.py)")
    qtbot.waitUntil(dialog.bar.isHidden, timeout=STARTING)
    assert dialog.save_button.isEnabled()
    hands.click(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel))


def test_what_can_not_be_written_is_told(qtbot: QtBot, drawn: Window, hands: Hands, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").mkdir()
    drawn.exports.ask("onnx")
    dialog = drawn.exports.dialog
    assert dialog is not None
    hands.click(dialog.save_button)
    chooser = drawn.findChild(QFileDialog, "export-file")
    assert isinstance(chooser, QFileDialog)
    with qtbot.waitSignal(drawn.link.exported, timeout=STARTING):
        chooser.fileSelected.emit(str(tmp_path / "net.onnx"))
    chooser.reject()
    assert drawn.notice.label.text().startswith("net.onnx was not exported: ")
    assert drawn.notice.property("tone") == "error"


def test_nothing_is_asked_for_while_no_frame_is_selected(window: Window) -> None:
    window.canvas.select([])
    window.refresh()
    assert not window.actions_by_id["export-here"].isEnabled()
