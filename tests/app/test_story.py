"""The story of the first issue, with real events and the real worker: draw, run, look, undo, save, reopen."""

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.panels.graph_page import GraphPage
from app.panels.node_page import NodePage
from app.panels.sources import ImageValues
from app.window import Window
from engine.document import files, parsing
from engine.document.graph import Node
from tests.app.hands import STARTING, Hands


def page_of(window: Window) -> NodePage:
    page = window.inspector.page
    assert isinstance(page, NodePage)
    return page


def shown_pixels(window: Window) -> bytes:
    """What the preview shows on the screen."""
    return window.preview.picture.grab().toImage().constBits().tobytes()  # pyright: ignore[reportAttributeAccessIssue] - a memoryview


def set_input_picture(window: Window, hands: Hands, path: Path) -> None:
    page = window.inspector.page
    assert isinstance(page, GraphPage)
    hands.click(page.inputs.add)
    row = page.inputs.rows[0]
    hands.choose(row.source.sort, "image file")
    assert isinstance(row.source.values, ImageValues)
    hands.write(row.source.values.file.line, str(path))
    hands.write(row.name, "photo")


def test_draw_wire_set_run_look_undo_redo_save_reopen(qtbot: QtBot, live: Window, hands: Hands, tmp_path: Path) -> None:
    window, canvas, document = live, live.canvas, live.document
    window.link.set_auto(False)
    empty = files.dump(document.graph)
    ramp = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")

    set_input_picture(window, hands, tmp_path / "ramp.png")

    # Four nodes: one dropped on the wire of the empty graph, three on the free canvas, then wired up by mouse.
    root = canvas.rect_of("root")
    blur = hands.drop_kind("Blur", root.center())
    parked = [
        hands.drop_kind(kind, QPointF(60 + 170 * index, canvas.height() - 60))
        for index, kind in enumerate(("Multiply", "Grayscale", "Lambda"))
    ]
    assert document.graph.children["root"] == [blur]
    assert all(document.graph.is_loose(node) for node in parked)
    for start, end in zip([blur, *parked], parked, strict=False):
        hands.draw_wire(canvas.port_of(start, "out"), canvas.port_of(end, "in"))
    assert document.graph.children["root"] == [blur, *parked]
    multiply, _, function = parked

    # Params by typing.
    hands.click_node(blur)
    hands.write(page_of(window).fields["radius"], "5")
    hands.write(page_of(window).fields["sigma"], "2.5")
    hands.click_node(multiply)
    hands.write(page_of(window).fields["scale"], "0.5")
    hands.click_node(function)
    hands.write(page_of(window).fields["func"], "lambda x: x + 0.1")
    assert document.graph.node(blur).params == {"radius": 5, "sigma": 2.5}
    assert document.graph.node(multiply).params["scale"] == 0.5
    assert document.graph.node(function).params["func"] == "lambda x: x + 0.1"

    canvas.select([])
    assert hands.run().status == "done"
    qtbot.waitUntil(lambda: not window.preview.picture.image.isNull(), timeout=STARTING)
    before = shown_pixels(window)

    # With auto-run, a change alone is enough.
    hands.trigger("auto-run")
    hands.click_node(multiply)
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        hands.write(page_of(window).fields["bias"], "0.4")
    canvas.select([])
    qtbot.waitUntil(lambda: not window.link.stale and not window.link.running, timeout=STARTING)
    qtbot.waitUntil(lambda: shown_pixels(window) != before, timeout=STARTING)
    assert window.preview.node == "root"
    hands.trigger("auto-run")

    # Undo everything: the bytes of the empty document. Redo everything: what was drawn.
    drawn = files.dump(document.graph)
    canvas.setFocus()
    steps = len(document.history.undos)
    for _ in range(steps):
        hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert files.dump(document.graph) == empty
    assert not window.actions_by_id["undo"].isEnabled()
    for _ in range(steps):
        hands.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert files.dump(document.graph) == drawn

    # Save under a name, change something, reopen: equal.
    hands.trigger("save")
    dialog = window.findChild(QFileDialog, "save-as")
    assert dialog is not None
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("drawn")
    dialog.accept()
    path = tmp_path / "drawn.catenary"
    qtbot.waitUntil(path.exists)
    assert not document.modified
    saved = path.read_bytes()
    assert document.graph.inputs[0].source == parsing.parse(saved).inputs[0].source
    hands.trigger("new")
    assert files.dump(document.graph) == empty
    window.files.open(path)
    assert files.dump(document.graph) == saved
    assert document.graph.node(blur) == Node(blur, "Blur", params={"radius": 5, "sigma": 2.5})
    assert hands.run().status == "done"
