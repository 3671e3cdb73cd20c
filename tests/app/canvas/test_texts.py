"""Words at every zoom: they fit, they never overlap, and zooming in only adds to them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.canvas import frames
from app.canvas.brushes import Brushes
from app.canvas.headers import LARGEST, arranged
from app.canvas.scene import TOO_LARGE
from app.canvas.texts import SMALLEST, Texts
from app.canvas.view import Canvas
from app.theme import LIGHT
from engine.document.document import Document
from engine.document.graph import Graph, Node
from engine.document.sources import NumberSource
from nodes import CATALOGUE
from nodes.models import MODELS, build

pytestmark = pytest.mark.usefixtures("qapp")

LEVELS = [0.02 * 150 ** (step / 39) for step in range(40)]
"""From 2 % to 300 %."""

Written = list[tuple[str, QRectF]]


@given(
    text=st.text(st.characters(min_codepoint=32, max_codepoint=383), min_size=1, max_size=40),
    size=st.integers(SMALLEST, 60),
    bold=st.booleans(),
    room=st.floats(8, 500),
    more=st.floats(1, 2),
)
def test_more_room_never_makes_a_text_shorter_or_smaller(
    text: str, size: int, bold: bool, room: float, more: float
) -> None:
    texts = Texts(QApplication.font().family())
    before, small, thick = texts.fit(text, size, bold, room)
    assert small <= size
    assert texts.width(before, small, thick) <= room
    after, large, _ = texts.fit(text, round(size * more), bold, room * more)
    assert len(after) >= len(before) or after == text
    assert large >= small or not before


@given(
    words=st.lists(
        st.sampled_from(["Cross", "Attention", "SDXL", "Block2d", " …", ", Linear"]), min_size=1, max_size=6
    ),
    size=st.integers(SMALLEST, 13),
    wide=st.floats(24, 300),
    high=st.floats(10, 200),
    more=st.floats(1, 2),
)
def test_a_title_on_several_lines_fits_and_more_room_only_adds_to_it(
    words: list[str], size: int, wide: float, high: float, more: float
) -> None:
    texts, title = Texts(QApplication.font().family()), "".join(words)

    def seen(wide: float, high: float) -> tuple[str, int]:
        whole, lines = texts.block(title, size, wide, high)
        fitted = [texts.fit(line, whole, True, wide) for line in lines]
        assert all(texts.width(*each) <= wide for each in fitted)
        assert len(lines) == 1 or len(lines) * whole <= high
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
        return "".join(text for text, _, _ in fitted), min(size for _, size, _ in fitted)

    (before, small), (after, large) = seen(wide, high), seen(wide * more, high * more)
    assert len(after.replace(" ", "")) >= len(before.replace(" ", ""))
    assert large >= small or not before


def model(name: str) -> Callable[[], Graph]:
    return lambda: build(MODELS[name])


def test_fonts_of_sizes_long_gone_are_not_kept():
    texts = Texts(QApplication.font().family())
    kept = [texts.font(size, bold) for size in range(SMALLEST, 80) for bold in (False, True)]
    assert texts.font(79, True) is kept[-1]  # one that was just in use
    assert texts.font(SMALLEST, False) is not kept[0]
    assert texts.font(SMALLEST, False) == kept[0]


def test_the_words_on_the_shelf_of_a_huge_frame_are_no_larger_than_titles():
    picture = QImage(300, 600, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    with QPainter(picture) as painter:
        frames.shelf(Brushes(painter, LIGHT, Texts(QApplication.font().family()), 6.0), QRectF(9, 9, 9000, 3000), 1600)
    inked = [y for y in range(600) if any(picture.pixelColor(x, y) != QColor("white") for x in range(0, 300, 3))]
    assert inked[0] == 9
    assert 40 < inked[-1] < LARGEST


@pytest.mark.parametrize("made", [model("digits"), model("sd15-unet")], ids=["digits", "SD1.5"])
def test_no_text_is_on_another_at_any_zoom(made: Callable[[], Graph]) -> None:
    canvas, written = opened(made())
    leaves = [node for node in canvas.document.graph.walk() if not canvas.document.graph.is_frame(node)]
    total = 0
    for zoom in LEVELS:
        bring(canvas, leaves[len(leaves) // 2], zoom)
        written.clear()
        canvas.grab()
        total += len(written)
        written.sort(key=lambda each: each[1].left())
        for number, (text, rect) in enumerate(written):
            for other, beside in written[number + 1 :]:
                if beside.left() >= rect.right() - 0.5:
                    break
                again = (text, rect) == (other, beside)  # links paint their chip once more, over itself
                assert again or rect.intersected(beside).height() <= 0.5, f"{text} and {other} at {zoom:.2f}"
    assert total > 500


def test_frames_that_are_open_have_titles_and_stay_so_while_zooming_in_and_all_keeps_its_place() -> None:
    canvas, _ = opened(build(MODELS["sd15-unet"]))
    canvas.set_shapes({}, {})
    graph = canvas.document.graph
    node = next(node for node in graph.walk() if graph.nodes[node].kind == "SelfAttention")
    opened_once: set[str] = set()
    for zoom in LEVELS:
        bring(canvas, node, zoom)
        states = {item.node: item.state for item in canvas.scene.items}
        assert not [frame for frame in opened_once if states.get(frame) == "plate"]
        opened_once |= {frame for frame, state in states.items() if state == "open"}
        for item in canvas.scene.items:
            titled = item.header is not None and item.header.size >= 6.5
            assert item.state != "open" or titled or item.width * item.height >= TOO_LARGE
        for item in canvas.scene.items[:40]:
            x, y = canvas.arrangement.corner(item.node)
            box = canvas.arrangement.boxes[item.node]
            assert item.x == pytest.approx(canvas.camera.x + x * zoom, abs=1e-6)
            assert item.y == pytest.approx(canvas.camera.y + y * zoom, abs=1e-6)
            assert (item.width, item.height) == pytest.approx((box.width * zoom, box.height * zoom))
    assert len(opened_once) > 20


def test_the_title_of_a_frame_leaves_the_view_with_it() -> None:
    canvas, _ = opened(build(MODELS["digits"]))
    root = canvas.document.graph.root
    canvas.set_zoom(0.5)
    fitted: set[tuple[str, int, bool]] = set()
    for left in (-canvas.rect_of(root).width() + 30, -500, 0, 300, canvas.width() - 30):
        canvas.pan_by(left - canvas.rect_of(root).left(), 100 - canvas.rect_of(root).top())
        header = canvas.scene.by_node[root].header
        assert header
        fitted.add(canvas.texts.fit(header.title, round(header.size), True, header.room))
        assert header.left >= canvas.rect_of(root).left()
    assert len(fitted) == 1


def test_chips_and_tags_go_around_their_texts() -> None:
    node = Node("n", "Residual", "Name", contexts={"unet": {"skip": NumberSource(1)}})
    texts = Texts(QApplication.font().family())
    for high in (11.0, 14.0, 20.0, 40.0):
        header = arranged(node, "residual", QRectF(0, 5, 900, high), 900, texts)
        assert header
        outlines = [(rect, header.small) for _, _, rect in header.chips]
        outlines += [(header.tag[1], header.small * 0.88)] if header.tag else []
        assert outlines
        for rect, size in outlines:
            assert rect.height() >= 1.3 * round(size)
            assert 5 <= rect.top() < rect.bottom() <= 5 + high


def opened(graph: Graph) -> tuple[Canvas, Written]:
    """A canvas that notes the texts which it paints, and where: the ink of them, not their lines."""
    canvas, written = Canvas(Document(graph, CATALOGUE), LIGHT), Written()
    canvas.resize(1400, 900)
    canvas.set_shapes(dict.fromkeys(graph.nodes, ("float32 (1, 320, 64, 64)",)), {})
    texts, paint = canvas.texts, canvas.texts.draw
    metrics: dict[tuple[int, bool], QFontMetricsF] = {}

    def draw(
        painter: QPainter, text: str, x: float, middle: float, room: float, size: float, colour: QColor,
        bold: bool = False, centred: bool = False,
    ) -> float:  # fmt: skip
        wide = paint(painter, text, x, middle, room, size, colour, bold, centred)
        if wide:
            shown, whole, thick = texts.fit(text, round(size), bold, room)
            font = metrics.setdefault((whole, thick), QFontMetricsF(texts.font(whole, thick)))
            left = x + (room - wide) / 2 if centred else x
            base = middle - font.height() / 2 + font.ascent()
            written.append((shown, font.tightBoundingRect(shown).translated(left, base)))
        return wide

    texts.draw = draw
    return canvas, written


def bring(canvas: Canvas, node: str, zoom: float) -> None:
    """Look at a node from this far."""
    canvas.set_zoom(zoom)
    at = canvas.rect_of(node).center()
    canvas.pan_by(canvas.width() / 2 - at.x(), canvas.height() / 2 - at.y())
