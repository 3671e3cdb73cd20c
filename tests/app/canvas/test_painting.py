"""What is painted: both themes, every state, and never more than one can see."""

import random

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.canvas import brushes, links, picture, render
from app.canvas.brushes import Brushes
from app.canvas.view import Canvas
from app.theme import DARK, LIGHT, Theme
from engine.document.document import Document
from engine.document.edits import Insert, SetContexts, SetInputs, apply
from engine.document.graph import CANVAS, Contexts, Graph, Input, Node, Place, Tree
from engine.document.problems import Problem
from engine.document.scopes import Key
from engine.document.sources import NumberSource
from engine.messages import Fault
from nodes import CATALOGUE
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, middle, tree


def provider() -> Graph:
    use = tree("UseContext", "use", context="unet", key="residuals")
    put = tree("SetContext", "put", context="unet", key="residuals")
    entry: Contexts = {"unet": {"residuals": NumberSource(4)}}
    provides = tree("Chain", "p", tree("Sum", "s", use, tree("Linear", "l")), put, contexts=entry)
    graph = graph_of(provides, *(tree(kind, kind) for kind in CATALOGUE))
    apply(graph, Insert(Place("s", 0, 0, new=True), (tree("ReLU", "parked"),)))
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (tree("ReLU", "free"), Tree(Node("odd", "Unheard")))))
    apply(graph, SetInputs((Input("x", NumberSource(2.0)), Input("y", NumberSource(3)))))
    return graph


def big(count: int) -> Graph:
    """A tree of about `count` nodes, of all sorts of frames."""
    chance, made = random.Random(7), [0]

    def build(depth: int) -> Tree:
        made[0] += 1
        name = f"n{made[0]}"
        if depth == 0:
            return tree(chance.choice(["Conv2d", "SiLU", "Linear"]), name)
        kind = chance.choice(["Chain", "Chain", "Residual", "Sum", "Concatenate"])
        return tree(kind, name, *(build(depth - 1) for _ in range(chance.choice([2, 3, 4, 5]))))

    tops: list[Tree] = []
    while made[0] < count:
        tops.append(build(chance.choice([1, 2, 3, 4])))
    return graph_of(*tops)


def colours(image: QImage) -> set[int]:
    return {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_every_kind_and_mark_paints_in_both_themes(open_canvas: Open, theme: Theme) -> None:
    canvas, _ = open_canvas(provider())
    canvas.set_theme(theme)
    canvas.set_problems([
        Problem("context-never-set", "warning", "use", "never set"),
        Problem("shadowed", "info", "p", "shadowed"),
        Problem("unwired", "error", "", "of the graph itself"),
    ])  # fmt: skip
    canvas.set_faults([Fault("l", "shape", "shapes do not fit")])
    canvas.set_shapes({"l": ("float32 (1, 3, 8, 8)",)}, {"l": ("float",)})
    canvas.set_running("put")
    canvas.set_links_shown("all")
    plain = canvas.grab().toImage()
    assert colours(plain) >= {theme.canvas.rgb()}
    canvas.select(["use", "p"])
    assert canvas.grab().toImage() != plain
    for zoom in (0.02, 0.3, 1.0, 4.0):
        canvas.set_zoom(zoom)
        assert not canvas.grab().isNull()
    assert canvas.painted.nodes <= len(canvas.document.graph)


def test_problems_show_on_the_plate_that_hides_them(open_canvas: Open) -> None:
    canvas, _ = open_canvas(provider())
    canvas.toggle_collapsed(["p"])
    without = canvas.grab().toImage()
    canvas.set_problems([Problem("context-never-set", "error", "use", "never set")])
    rect = canvas.rect_of("p")
    with_badge = canvas.grab().toImage()
    changed = [
        (x, y)
        for x in range(with_badge.width())
        for y in range(with_badge.height())
        if with_badge.pixel(x, y) != without.pixel(x, y)
    ]
    assert changed
    assert all(abs(x - rect.right()) < 24 and abs(y - rect.top()) < 24 for x, y in changed)


def crossed() -> Graph:
    """A reader right below a leaf, so that the link to it from the header has to pass that leaf."""
    use = tree("UseContext", "use", context="unet", key="skip")
    above = tree("Lambda", "above", func="lambda x: x")
    entry: Contexts = {"unet": {"skip": NumberSource(4)}}
    return graph_of(tree("Chain", "p", tree("Sum", "s", above, use), tree("Linear", "l"), contexts=entry))


def test_links_run_under_nodes_and_words(open_canvas: Open) -> None:
    canvas, _ = open_canvas(crossed())
    canvas.set_links_shown("none")
    without = canvas.grab().toImage()
    canvas.set_links_shown("all")
    shown = canvas.grab().toImage()
    changed = [(x, y) for x in range(1200) for y in range(800) if shown.pixel(x, y) != without.pixel(x, y)]
    leaf = canvas.rect_of("above").adjusted(1, 1, -1, -1)
    assert changed
    assert min(y for _, y in changed) < leaf.top() < leaf.bottom() < max(y for _, y in changed)
    assert not [at for at in changed if leaf.contains(*at)]


def test_a_key_that_nobody_declares_has_a_place_of_its_own(open_canvas: Open) -> None:
    graph = crossed()
    apply(graph, SetContexts("p", {"unet": {"other": NumberSource(1)}}))
    canvas, _ = open_canvas(graph)
    anchor = links.chip_of(canvas, Key("p", "unet", "skip"), {})
    header = canvas.scene.by_node["p"].header
    assert header
    assert (anchor.text, anchor.dashed) == ("unet.skip?", True)
    assert anchor.rect.left() > header.chips[-1][2].right()
    assert not anchor.rect.intersects(header.button)
    canvas.set_zoom(0.1)
    far = links.chip_of(canvas, Key("p", "unet", "skip"), {})
    assert not far.text, "nothing is painted over the frame, links just end there"
    assert canvas.rect_of("root").contains(far.rect)


def test_a_repaint_costs_what_is_visible(open_canvas: Open) -> None:
    canvas, _ = open_canvas(big(10_000))
    canvas.resize(1920, 1080)
    canvas.frame_all()
    zoom, seen = canvas.zoom, 0
    while zoom < 1.2:
        for x, y in ((0, 0), (900, 500), (-700, 300)):
            canvas.set_zoom(zoom)
            canvas.pan_by(x, y)
            canvas.grab()
            seen = max(seen, canvas.painted.nodes)
            assert canvas.painted.nodes <= 1500
            assert canvas.painted.segments <= 6000
            canvas.pan_by(-x, -y)
        zoom *= 1.5
    assert seen > 100


def test_what_lies_under_a_frame_that_fills_the_view_is_left_out_and_nobody_sees_it(open_canvas: Open) -> None:
    rows = (tree("Chain", f"c{i}", *(tree("Linear", f"l{i}{j}") for j in range(5))) for i in range(8))
    canvas, _ = open_canvas(graph_of(tree("Sum", "s", *rows)))
    for zoom in (0.4, 1.6, 3.0):
        canvas.set_zoom(zoom)
        at = canvas.rect_of("l42").center()
        canvas.pan_by(600 - at.x(), 400 - at.y())
        image = canvas.grab().toImage()
        whole = QImage(image.size(), image.format())
        scene = canvas.scene
        hidden = scene.ground
        scene.ground = None
        with QPainter(whole) as p:
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            b = Brushes(p, canvas.theme, canvas.texts, scene.zoom)
            brushes.background(b, 1200, 800, scene.x, scene.y)
            everything = render.paint(b, scene, canvas.arrangement, canvas.marks, {})
        assert (hidden is not None) == (zoom > 1)
        assert everything.nodes - canvas.painted.nodes == (hidden or 0)
        assert whole == image


def test_a_picture_shows_the_whole_graph_without_a_window(qapp: QApplication) -> None:
    del qapp
    canvas = Canvas(Document(provider(), CATALOGUE), DARK)
    image = picture.image(canvas, 0.5)
    assert image.width() > 400
    assert image.pixel(2, 2) == QColor(DARK.canvas).rgb()
    assert picture.image(canvas, 1000.0, longest=2000).width() <= 2001


def test_small_frames_close_and_their_text_goes(open_canvas: Open) -> None:
    canvas, _ = open_canvas(provider())
    canvas.set_zoom(1.0)
    canvas.reveal("l")
    assert canvas.scene.by_node["s"].state == "open"
    at = middle(canvas, "s")
    canvas.zoom_by(0.03, at)
    assert canvas.scene.by_node["root"].state == "plate"
    assert canvas.hit(*canvas.rect_of("l").center().toTuple()).node == "root"


def test_shapes_stand_under_nodes_from_half_size_on_where_there_is_room(open_canvas: Open) -> None:
    canvas, _ = open_canvas(graph_of(tree("Linear", "l"), tree("Lambda", "f", func="x")))

    def marked(node: str, value: str) -> bool:
        canvas.set_shapes({}, {})
        below = canvas.rect_of(node).translated(0, canvas.rect_of(node).height()).toRect()
        before = canvas.grab(below).toImage()
        canvas.set_shapes({node: (value,)}, {})
        return canvas.grab(below).toImage() != before

    canvas.set_zoom(0.6)
    assert marked("l", "float32 (1, 3, 64)")
    assert not marked("f", f"float32 {tuple([1] * 30)}")
    canvas.set_zoom(0.4)
    assert not marked("l", "float32 (1, 3, 64)")
