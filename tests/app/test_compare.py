"""A/B: another variant of the graph, or a picture that was held, beside what the preview shows."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.panels.compare import difference, distance
from app.panels.compare_bar import with_adapters, with_values
from app.window import Window
from engine.document.adapters import Adapter, Patch
from engine.document.document import new_tree
from engine.document.edits import Insert, SetAdapterParam, SetAdapters, SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.kinds import Param
from engine.document.sources import NoiseSource
from engine.messages import Picture, Preview, Shapes
from nodes import CATALOGUE
from tests.app.hands import STARTING, Hands

SIZE = 8


def fill(window: Window) -> str:
    """Noise, doubled by an adapter, times one; gives the Multiply."""
    document = window.document
    document.apply(SetInputs((Input("x", NoiseSource([1, 1, SIZE, SIZE], 3)),)), "Input")
    tree = new_tree(document.graph, document.catalogue, "Multiply", scale=1.0)
    document.apply(Insert(Place("root", 0), (tree,)), "Insert")
    around = Tree(Node("c", "Chain"), children=(Tree(Node("t", "Target")), scaled("=factor")))
    param = Param(name="factor", type="float", default=2.0, low=0.0, high=4.0, live=True)
    adapter = Adapter("a", "Doubled", (Patch("Multiply", around),), (param,))
    document.apply(SetAdapters((adapter,)), "Add adapter")
    return tree.node.id


def scaled(scale: str) -> Tree:
    return Tree(Node("f", "Multiply", params={"scale": scale}))


def values(picture: Picture | None) -> np.ndarray:
    assert picture is not None
    return np.frombuffer(picture.values, np.float32)


def flat(value: float, size: int = SIZE) -> Picture:
    level = bytes([round(255 * value)]) * 3 * size * size
    return Picture(size, size, level, "", np.full(size * size, value, np.float32).tobytes(), 1)


def test_an_adapter_is_compared_with_its_absence(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    panel, told = live.preview, []
    live.link.shapes.connect(told.append)
    steps = len(live.document.history.undos)
    live.canvas.setFocus()
    hands.key(Qt.Key.Key_M)
    qtbot.waitUntil(lambda: panel.picture.other is not None, timeout=STARTING)
    assert np.array_equal(values(panel.picture.picture), 2 * values(panel.picture.other))
    assert panel.bar.isVisible()
    assert panel.bar.title.text() == "B: without Doubled"
    assert panel.bar.numbers.text().startswith("apart by ")
    assert len(live.document.history.undos) == steps, "nothing was edited"
    assert not [each for each in told if isinstance(each, Shapes)], "nor was the canvas told"


def test_b_follows_the_graph(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = fill(live)
    hands.run()
    bar, view = live.preview.bar, live.preview.picture
    bar.choose(next(with_adapters(live.document.graph)))
    qtbot.waitUntil(lambda: view.other is not None, timeout=STARTING)
    before = values(view.other)
    live.document.apply(SetParam(node, "scale", 3.0), "Set scale")
    qtbot.waitUntil(lambda: np.allclose(values(view.other), 3 * before), timeout=STARTING)
    assert np.array_equal(values(view.picture), 2 * values(view.other))
    live.document.apply(SetAdapterParam("a", "factor", 1.0), "Set factor")
    qtbot.waitUntil(lambda: "equal" in bar.numbers.text(), timeout=STARTING)


def test_b_has_a_turn_though_a_drag_leaves_no_gap(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = fill(live)
    hands.run()
    bar, view, link = live.preview.bar, live.preview.picture, live.link
    bar.choose(next(with_adapters(live.document.graph)))
    qtbot.waitUntil(lambda: view.other is not None, timeout=STARTING)
    moves = 0

    def drag() -> None:  # whenever a run begins, the slider moves on
        nonlocal moves
        if link.running and not link.stale:
            moves += 1
            live.document.apply(SetParam(node, "scale", 2.0 + moves), "Set scale", "drag")

    link.state_changed.connect(drag)
    before = values(view.other)
    live.document.apply(SetParam(node, "scale", 2.0), "Set scale", "drag")
    qtbot.waitUntil(lambda: not np.array_equal(values(view.other), before), timeout=STARTING)
    assert moves > 0
    assert link.pace.waits or link.running, "the drag goes on"
    link.state_changed.disconnect(drag)
    qtbot.waitUntil(lambda: np.array_equal(values(view.picture), 2 * values(view.other)), timeout=STARTING)


def test_a_value_as_it_is_now_stays_while_the_slider_moves(qtbot: QtBot, live: Window, hands: Hands) -> None:
    fill(live)
    hands.run()
    view = live.preview.picture
    choice = next(each for each in with_values(live.document.graph, CATALOGUE) if each.title == "Doubled: factor = 2")
    live.preview.bar.choose(choice)
    qtbot.waitUntil(lambda: view.other is not None, timeout=STARTING)
    before = values(view.picture)
    live.document.apply(SetAdapterParam("a", "factor", 0.5), "Set factor")
    qtbot.waitUntil(lambda: np.allclose(4 * values(view.picture), before), timeout=STARTING)
    assert np.array_equal(values(view.other), before)


def test_a_held_picture_stays_as_it_was(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = fill(live)
    hands.run()
    view = live.preview.picture
    live.canvas.setFocus()
    hands.key(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    held = view.other
    assert held is view.picture
    assert "equal" in live.preview.bar.numbers.text()
    live.document.apply(SetParam(node, "scale", -1.0), "Set scale")
    qtbot.waitUntil(lambda: view.picture is not held, timeout=STARTING)
    assert view.other is held
    assert live.preview.bar.numbers.text().startswith("apart by ")
    hands.click(live.preview.bar.off)
    assert view.other is None
    assert not live.preview.bar.isVisible()


def test_the_line_is_dragged_and_the_sides_are_swapped(qtbot: QtBot, window: Window, hands: Hands) -> None:
    view = window.preview.picture
    show(window, flat(0.0), flat(1.0))
    assert shades(window) == ("black", "white")
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(round(view.line), 50))
    qtbot.mouseMove(view, QPoint(view.width() - 2, 50))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() - 2, 50))
    assert view.divider > 0.9
    assert shades(window) == ("black", "black")
    view.setFocus()
    hands.key(Qt.Key.Key_C)
    assert shades(window) == ("white", "white")
    for _ in range(20):
        hands.key(Qt.Key.Key_Left)
    assert view.divider == 0.0
    assert shades(window) == ("black", "black")


def test_while_b_is_held_b_alone_is_shown(qtbot: QtBot, window: Window) -> None:
    view = window.preview.picture
    show(window, flat(0.0), flat(1.0))
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_B)
    assert shades(window) == ("white", "white")
    qtbot.keyRelease(view, Qt.Key.Key_B)
    assert shades(window) == ("black", "white")
    button = window.preview.bar.show_b
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    assert shades(window) == ("white", "white")
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert shades(window) == ("black", "white")


def test_the_difference_is_brighter_with_more_gain(window: Window, hands: Hands) -> None:
    show(window, flat(0.5), flat(0.25))
    hands.click(window.preview.bar.apart)
    assert shades(window) == ("white", "white"), "the extremes of both pictures together are black and white"
    assert window.preview.bar.gain.isVisible()
    one = flat(0.0)
    ramp = np.linspace(0, 1, SIZE * SIZE, dtype=np.float32)
    other = Picture(SIZE, SIZE, one.rgb, "", (ramp * 0.1 + (ramp == 1) * 0.9).astype(np.float32).tobytes(), 1)
    dim, bright = (difference(one, other, gain).pixelColor(4, 4).red() for gain in (1.0, 8.0))
    assert 0 < 4 * dim < bright
    assert distance(one, other) == (1.0, np.float32(np.frombuffer(other.values, np.float32).mean()))


def test_what_is_not_finite_in_one_is_infinitely_far() -> None:
    one = flat(0.5)
    broken = np.full(SIZE * SIZE, 0.5, np.float32)
    broken[3] = np.nan
    other = Picture(SIZE, SIZE, one.rgb, "", broken.tobytes(), 1)
    assert distance(one, other) == (np.inf, np.inf)
    assert distance(other, other) == (0, 0)
    assert difference(one, other, 1.0).pixelColor(3, 0).red() == 255


def test_pictures_of_different_sizes_have_no_difference(window: Window) -> None:
    show(window, flat(0.0), flat(1.0, 4))
    assert window.preview.bar.numbers.text() == "no difference can be told of pictures of 8 × 8 and 4 × 4 pixels"
    assert distance(flat(0.0), flat(1.0, 4)) is None


def show(window: Window, one: Picture, other: Picture) -> None:
    """Have one picture in the preview, compared with another that was held."""
    window.preview.show_preview(Preview(1, "root", "", None, other))
    window.preview.bar.hold()
    window.preview.show_preview(Preview(1, "root", "", None, one))


def shades(window: Window) -> tuple[str, str]:
    """What stands at the left and at the right of the picture."""
    view = window.preview.picture
    image = view.grab().toImage()
    ratio = view.devicePixelRatioF()
    rect = view.shown_rect()
    y = round((rect.bottom() - 12) * ratio)
    left, right = (image.pixelColor(round(x * ratio), y) for x in (rect.left() + 12, rect.right() - 12))
    return name_of(left), name_of(right)


def name_of(colour: QColor) -> str:
    return "white" if colour.lightness() > 250 else "black" if colour.lightness() < 5 else colour.name()
