"""The convnet with which Refiners' documentation introduces Fluxion, built by hand, given weights, reading real digits.

Two Chains of Conv2d, ReLU and MaxPool2d, then Flatten and two Linears; here for the 8x8 digits of scikit-learn.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QDialog, QFileDialog
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import nn

from app.panels.graph_page import GraphPage
from app.panels.node_page import NodePage
from app.panels.sources import TensorValues
from app.weights import LoadDialog
from app.window import Window
from engine.document import files
from engine.document.flow import Wire
from tests.app.canvas.hands import wire_point
from tests.app.hands import STARTING, Hands

PATHS = ("Block_1.Conv2d", "Block_2.Conv2d", "Linear_1", "Linear_2")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights.safetensors, by Fluxion paths, and heldout.safetensors, digits not trained on."""
    folder = tmp_path_factory.mktemp("digits")
    pixels, target = load_digits(return_X_y=True)
    images = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    labels = torch.tensor(target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    held_out, rest = order[:400], order[400:]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            nn.Flatten(),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for _ in range(12):
            for batch in rest[torch.randperm(len(rest))].split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
                optimizer.step()
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    found = {f"{path}.{n}": t for path, layer in zip(PATHS, layers, strict=True) for n, t in layer.state_dict().items()}
    save_file(found, folder / "weights.safetensors")
    save_file({"images": images[held_out], "labels": labels[held_out]}, folder / "heldout.safetensors")
    np.save(folder / "labels.npy", labels[held_out].numpy())
    return folder


def set_params(window: Window, hands: Hands, node: str, **params: int) -> None:
    """Click a node and type its params."""
    window.canvas.frame_all()
    hands.click_node(node)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    for name, value in params.items():
        hands.write(page.fields[name], str(value))


def block(window: Window, hands: Hands, at: QPointF, ins: int, outs: int) -> str:
    """Drop a Chain on a wire, name it, and drop Conv2d, ReLU and MaxPool2d on the wires inside it."""
    canvas = window.canvas
    chain = hands.drop_kind("Chain", at)
    hands.click_node(chain)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    hands.write(page.name, "Block")
    inside: list[str] = []
    for kind in ("Conv2d", "ReLU", "MaxPool2d"):
        canvas.frame_all()
        wire = Wire((inside[-1], "out"), (chain, "out")) if inside else Wire((chain, "in"), (chain, "out"))
        inside.append(hands.drop_kind(kind, wire_point(canvas, wire)))
    assert window.document.graph.children[chain] == inside
    set_params(window, hands, inside[0], in_channels=ins, out_channels=outs, kernel_size=3, padding=1)
    set_params(window, hands, inside[2], kernel_size=2)
    canvas.frame_all()
    return chain


def accept(window: Window, name: str, path: Path) -> None:
    """Choose a file in a dialog that is open."""
    dialog = window.findChild(QFileDialog, name)
    assert dialog is not None
    dialog.setDirectory(str(path.parent))
    dialog.selectFile(path.name)
    dialog.accept()


def answers(qtbot: QtBot, window: Window, hands: Hands, path: Path) -> np.ndarray:
    """Run, and export what the preview of the result shows: a row of ten scores for each picture."""
    window.canvas.select([])
    with qtbot.waitSignal(window.link.previewed, timeout=STARTING, check_params_cb=lambda m: m.node == "root"):
        assert hands.run().status == "done"
    hands.trigger("export-value")
    with qtbot.waitSignal(window.link.saved, timeout=STARTING):
        accept(window, "value", path)
    return np.load(path)


def test_a_convnet_built_by_hand_reads_digits(
    qtbot: QtBot, live: Window, hands: Hands, trained: Path, tmp_path: Path
) -> None:
    window, canvas, document = live, live.canvas, live.document
    window.link.set_auto(False)

    # The digits: a tensor of a file.
    page = window.inspector.page
    assert isinstance(page, GraphPage)
    hands.click(page.inputs.add)
    row = page.inputs.rows[0]
    hands.choose(row.source.sort, "tensor file")
    assert isinstance(row.source.values, TensorValues)
    hands.write(row.source.values.file, str(trained / "heldout.safetensors"))
    hands.write(row.source.values.key, "images")

    # Two blocks on the wire; the rest parked on the canvas, wired up by mouse there, then to the blocks.
    one = block(window, hands, canvas.rect_of("root").center(), 1, 16)
    two = block(window, hands, wire_point(canvas, Wire((one, "out"), ("root", "out"))), 16, 32)
    kinds = ("Flatten", "Linear", "ReLU", "Linear")
    ends = [hands.drop_kind(kind, QPointF(80 + 170 * i, canvas.height() - 50)) for i, kind in enumerate(kinds)]
    for start, end in [*pairwise(ends), (two, ends[0])]:
        assert document.graph.is_loose(end)
        hands.draw_wire(canvas.port_of(start, "out"), canvas.port_of(end, "in"))
    assert document.graph.children["root"] == [one, two, *ends]
    set_params(window, hands, ends[0], start_dim=1)
    set_params(window, hands, ends[1], in_features=128, out_features=64)
    set_params(window, hands, ends[3], in_features=64, out_features=10)
    qtbot.waitUntil(lambda: canvas.marks.returns.get("root") == ("float32 (400, 10)",), timeout=STARTING)
    window.refresh()
    assert window.problems == []

    # Without weights it guesses.
    labels = np.load(trained / "labels.npy")
    guessed = answers(qtbot, window, hands, tmp_path / "guessed.npy")
    assert (guessed.argmax(1) == labels).mean() < 0.5

    # With them it reads.
    hands.trigger("load-weights")
    with qtbot.waitSignal(window.link.examined, timeout=STARTING):
        accept(window, "weights", trained / "weights.safetensors")
    dialog = window.findChild(QDialog, "load-weights")
    assert isinstance(dialog, LoadDialog)
    assert dialog.answer is not None
    assert dialog.answer.report.exact
    with qtbot.waitSignal(window.link.loaded, timeout=STARTING):
        hands.click(dialog.accept_button)
    read = answers(qtbot, window, hands, tmp_path / "read.npy")
    assert (read.argmax(1) == labels).mean() >= 0.95

    # Saved and reopened, it is the same.
    hands.trigger("save")
    accept(window, "save-as", tmp_path / "convnet.catenary")
    qtbot.waitUntil(lambda: window.files.path == tmp_path / "convnet.catenary", timeout=STARTING)
    saved = files.dump(document.graph)
    hands.trigger("new")
    assert len(document.graph) == 1
    window.files.open(tmp_path / "convnet.catenary")
    qtbot.waitUntil(lambda: files.dump(document.graph) == saved, timeout=STARTING)
    again = answers(qtbot, window, hands, tmp_path / "again.npy")
    assert np.array_equal(again, read)
