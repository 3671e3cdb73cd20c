"""docs/first-adapter.md, followed step by step with real events. The pictures in it are taken on the way:

CATENARY_PICTURES=docs/pictures .venv/bin/python -m pytest tests/app/test_first_adapter.py
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.examples import EXAMPLES
from app.panels.node_page import NodePage
from app.panels.numbers import NumberSlider
from app.window import Window
from engine.messages import Figures
from tests.app.canvas.test_commands import type_and_take
from tests.app.hands import STARTING, Hands
from tests.app.test_adapters import dragged, focus_canvas, head_of, hover, let_go, press, slide

Picture = Callable[[str], None]
PLAIN = (0.25, 0.45)
"""Between these is the mean of sixteen threes of usual strokes."""


@pytest.fixture
def picture(window: Window) -> Picture:
    """Takes a picture of the window, where pictures are wanted."""
    folder = os.environ.get("CATENARY_PICTURES", "")

    def take(name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            QApplication.processEvents()
            window.grab().save(str(Path(folder) / f"{name}.png"))

    return take


def settle(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: not window.link.stale and not window.link.running, timeout=STARTING)
    window.refresh()


def made(window: Window) -> Figures:
    found = window.preview.previews[window.document.graph.root].figures
    assert found
    return found


def set_slider(qtbot: QtBot, window: Window, hands: Hands, adapter: str, share: float) -> float:
    """Drag the first slider of a card; gives the value."""
    card = window.adapters_panel.card(adapter)
    slider = card.fields["scale"].findChild(NumberSlider)
    assert isinstance(slider, NumberSlider)
    press(window, hands, card.count)
    slide(qtbot, slider, [(slider.slider.value() / slider.slider.maximum() + share) / 2, share])
    settle(qtbot, window)
    value = window.adapters_panel.card(adapter).data.values["scale"]
    assert isinstance(value, float)
    return value


def test_the_guide(qtbot: QtBot, live: Window, hands: Hands, picture: Picture) -> None:
    window, canvas, document = live, live.canvas, live.document
    window.files.open_example(EXAMPLES / "digits.catenary", window.link.run)
    qtbot.waitUntil(lambda: len(document.graph.adapters) == 2, timeout=STARTING)
    settle(qtbot, window)
    canvas.frame_all()
    qtbot.waitUntil(lambda: document.graph.root in window.preview.previews, timeout=STARTING)
    plain = made(window)
    assert PLAIN[0] < plain.mean < PLAIN[1]
    picture("first-adapter-1")

    # Move a slider.
    bold = document.graph.adapters[0].id
    scale = set_slider(qtbot, window, hands, bold, 0.75)
    assert 0.8 < scale < 1.3
    assert made(window).mean > plain.mean + 0.1
    picture("first-adapter-2")

    # Compare.
    focus_canvas(window, hands)
    window.adapters_panel.select("")
    thick = made(window)
    for expected in (plain, thick):
        hands.key(Qt.Key.Key_E)
        settle(qtbot, window)
        assert made(window).mean == pytest.approx(expected.mean, abs=1e-6)

    # Drag one onto a frame.
    frame = next(n for n in document.graph.walk() if document.graph.nodes[n].name == "UpBlocks")
    mime = dragged(window, "digits-slant")
    hover(canvas, mime, head_of(window, frame))
    assert window.status.currentMessage().startswith("Drop to put Slant 2 at 20 Conv2d, 6 Linear")
    picture("first-adapter-3")
    let_go(canvas, mime, head_of(window, frame))
    settle(qtbot, window)
    slanted = document.graph.adapters[-1]
    assert slanted.where == f"in #{frame}"
    assert window.notice.isHidden(), "that its file has more is what was asked for"
    picture("first-adapter-4")
    focus_canvas(window, hands)
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(document.graph.adapters) == 2

    # Draw one.
    middle = next(n for n in document.graph.walk() if document.graph.nodes[n].name == "MiddleBlock")
    focus_canvas(window, hands)
    hands.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    type_and_take("MiddleBlock")
    window.activateWindow()  # a window manager does that
    qtbot.waitUntil(window.isActiveWindow)
    assert canvas.selection == [middle]
    hands.trigger("new-adapter")
    drawn = canvas.document.graph
    [zero] = [n for n in drawn.walk() if drawn.nodes[n].kind == "ZeroConv2d"]
    settle(qtbot, window)
    picture("first-adapter-5")
    before = made(window)
    canvas.frame_all()
    hands.click_node(zero)
    assert isinstance(window.inspector.page, NodePage)
    hands.key(Qt.Key.Key_Delete)
    settle(qtbot, window)
    assert window.problems == []
    assert made(window).mean != before.mean
    hands.click(window.drawing_bar.back)
    mine = document.graph.adapters[-1].id
    assert window.adapters_panel.current == mine
    slider = window.adapters_panel.card(mine).fields["scale"]
    qtbot.waitUntil(lambda: slider.visibleRegion().boundingRect() == slider.rect())
    assert set_slider(qtbot, window, hands, mine, 0.1) < 0.3
    picture("first-adapter-6")
    assert canvas.marks.signs.at
