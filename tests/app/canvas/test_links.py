"""Context links: what goes together, and how one key's writers and readers are told apart."""

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage

from app.canvas import links, remarks
from app.canvas.bundles import bundle, gathered
from app.canvas.view import Canvas
from engine.document.graph import Contexts, Graph
from engine.document.scopes import Key
from engine.document.sources import NumberSource
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree

KEY = Key("p", "unet", "skip")
NO_BUTTON = Qt.MouseButton.NoButton
VIEW = QRectF(0, 0, 1000, 800)


def test_links_into_one_frame_go_together() -> None:
    ways = {f"d{n}": ["down", "all", "p", "root"] for n in range(4)} | {
        "u1": ["inner", "up", "all", "p", "root"],
        "u2": ["up", "all", "p", "root"],
    }
    together, alone = gathered(ways, "p")
    assert together == {"down": ["d0", "d1", "d2", "d3"]}
    assert alone == ["u1", "u2"], "two are no bundle"
    together, alone = gathered({each: ["p"] for each in "abcd"}, "p")
    assert together == {"p": ["a", "b", "c", "d"]}
    assert gathered({}, "p") == ({}, [])


def test_a_bundle_has_a_spine_and_a_rail_for_each_row() -> None:
    ends = [QRectF(x, y, 40, 20) for y in (200, 300) for x in (150, 250, 350)]
    found = bundle(QPointF(900, 50), QRectF(100, 100, 400, 300), 130, ends, VIEW, lane=0)
    assert found.count == 6
    assert found.hub.x() == 493, "at the edge of the frame that the trunk comes from"
    rails = [line for line in found.lines if line.dy() == 0]
    assert [(rail.x1(), rail.x2()) for rail in rails] == [(170, 493)] * 2
    tips = [line.p2() for line in found.lines if line.dx() == 0 and line.x1() != found.hub.x()]
    assert tips == [QPointF(rect.center().x(), rect.top()) for rect in ends]
    beside = bundle(QPointF(900, 50), QRectF(100, 100, 400, 300), 130, ends, VIEW, lane=1)
    assert beside.hub.x() < found.hub.x()


def test_a_pinned_key_is_shown_alone_with_signs(open_canvas: Open) -> None:
    readers = [tree("UseContext", f"r{n}", context="unet", key="skip") for n in range(4)]
    other = tree("UseContext", "other", context="unet", key="t")
    leaves = (tree("SetContext", "w", context="unet", key="skip"), tree("Chain", "up", *readers), other)
    given: Contexts = {"unet": {"skip": NumberSource(1), "t": NumberSource(2)}}
    canvas, _ = open_canvas(graph_of(tree("Chain", "p", *leaves, contexts=given)))
    canvas.set_links_shown("none")
    before = canvas.grab().toImage()
    canvas.pin(KEY)
    pinned = canvas.grab().toImage()
    edge = canvas.theme.provider(0).edge.rgb()
    assert links.focus(canvas) == KEY
    assert painted(pinned, above(canvas, "w"), edge), "a full triangle"
    assert painted(pinned, beside(canvas, "r2"), edge), "an outline"
    assert not painted(pinned, beside(canvas, "other"), edge)
    canvas.pin(Key("p", "unet", "gone"))
    assert canvas.grab().toImage() == before, "a key that is no more is not shown"


def readers() -> Graph:
    """p provides unet.skip: [use, a, b]"""
    use = tree("UseContext", "use", context="unet", key="skip")
    inside = (tree("Linear", "a"), use, tree("Linear", "b"))
    return graph_of(tree("Chain", "p", *inside, contexts={"unet": {"skip": NumberSource(1)}}))


@pytest.mark.parametrize(("mode", "seen"), [
    ("none", [False, False, False]), ("hover", [False, True, True]), ("few", [True] * 3), ("all", [True] * 3),
])  # fmt: skip
def test_links_are_shown_as_chosen(open_canvas: Open, mode: str, seen: list[bool]) -> None:
    """With the pointer elsewhere, over the leaf, and with the leaf selected."""
    canvas, hand = open_canvas(readers())
    tip = above(canvas, "use").toAlignedRect()
    found: list[bool] = []
    for pointed, selected in ((False, False), (True, False), (False, True)):
        hand.move(canvas.rect_of("use").center() if pointed else QPointF(5, 5), NO_BUTTON)
        canvas.select(["use"] if selected else [])
        canvas.set_links_shown("none")
        without = canvas.grab().toImage().copy(tip)
        canvas.set_links_shown(mode)
        found.append(canvas.grab().toImage().copy(tip) != without)
    assert found == seen


def test_a_chip_under_the_pointer_veils_all_but_its_leaves(open_canvas: Open) -> None:
    canvas, hand = open_canvas(readers())
    header = canvas.scene.by_node["p"].header
    assert header
    [(key, text, rect)] = header.chips
    assert (key, text) == (Key("p", "unet", "skip"), "unet.skip = 1")
    other = canvas.rect_of("b").topLeft() + QPointF(8, 8)
    plain = canvas.grab().toImage().pixel(other.toPoint())
    hand.move(rect.center(), NO_BUTTON)
    veiled = canvas.grab().toImage()
    assert links.focus(canvas) == key
    assert veiled.pixel(other.toPoint()) != plain
    assert painted(veiled, beside(canvas, "use"), canvas.theme.provider(0).edge.rgb()), "the sign of who reads"
    hand.move(QPointF(5, 5), NO_BUTTON)
    assert canvas.grab().toImage().pixel(other.toPoint()) == plain


def above(canvas: Canvas, node: str) -> QRectF:
    tip = canvas.rect_of(node).topLeft() + QPointF(canvas.rect_of(node).width() / 2, -4)
    return QRectF(tip.x() - 1, tip.y() - 1, 2, 2)


def beside(canvas: Canvas, node: str) -> QRectF:
    rect = canvas.rect_of(node)
    return QRectF(rect.left() - 4, rect.center().y() - 8, 4, 16)


def painted(image: QImage, area: QRectF, colour: int) -> bool:
    rect = area.toAlignedRect()
    points = ((x, y) for x in range(rect.left(), rect.right() + 1) for y in range(rect.top(), rect.bottom() + 1))
    return any(image.pixel(x, y) == colour for x, y in points)


def test_links_run_under_what_is_written_below_nodes(open_canvas: Open) -> None:
    both = tree("Sum", "both", tree("Identity", "above"), tree("UseContext", "r", context="unet", key="skip"))
    canvas, _ = open_canvas(graph_of(tree("Chain", "p", both, contexts={"unet": {"skip": NumberSource(1)}})))
    shape = {"above": ("float32 (1, 1280, 32, 32)",)}
    canvas.set_shapes(shape, {})
    canvas.set_links_shown("none")
    item = canvas.scene.by_node["above"]
    (place,) = remarks.places(canvas.texts, item, "", shape["above"], None, canvas.zoom)
    plain = canvas.grab().toImage()
    canvas.set_links_shown("all")
    linked = canvas.grab().toImage()
    words = place.toAlignedRect()
    assert plain.copy(words) == linked.copy(words)
    gap = QRectF(words.x(), item.y + item.height, words.width(), canvas.rect_of("r").top() - item.y - item.height)
    assert plain.copy(gap.toAlignedRect()) != linked.copy(gap.toAlignedRect()), "the arrow shows below it"
