"""The preview: follows the selection, keeps pins, says when it is out of date, tells pixels."""

import numpy as np
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.panels.picture import PictureView
from app.panels.preview import STALE_AFTER
from app.window import Window
from engine.document.document import new_tree
from engine.document.edits import Insert
from engine.document.graph import CANVAS, Place
from engine.messages import Figures, Picture, Preview
from tests.app.hands import STARTING, Hands


def add(window: Window, kind: str, **params: str) -> str:
    document = window.document
    tree = new_tree(document.graph, document.catalogue, kind, **params)
    document.apply(Insert(Place("root", len(document.graph.children["root"])), (tree,)), f"Insert {kind}")
    return tree.node.id


def picture(node: str, rgb: bytes = b"\xff\x00\x00" * 4) -> Preview:
    figures = Figures((1, 3, 2, 2), "float32", "cpu", 0.0, 1.0, 0.25, 0.5, 2, (1, 5, 2))
    return Preview(1, node, "float32 (1, 3, 2, 2)", figures, Picture(2, 2, rgb, "the first of 1"))


def test_it_follows_the_selection_and_falls_back_to_the_result(window: Window) -> None:
    node = add(window, "ReLU")
    panel = window.preview
    panel.show_preview(picture(node))
    panel.show_preview(Preview(1, "root", "42"))
    window.canvas.select([node])
    assert panel.node == node
    assert panel.picture.isVisible()
    assert panel.caption.text() == "the first of 1"
    assert panel.figures.facts.text() == "1 × 3 × 2 × 2  ·  float32  ·  cpu"
    assert panel.figures.values["mean"].text() == "0.25"
    assert panel.figures.warning.isVisible()
    window.canvas.select([])
    assert panel.node == "root"
    assert not panel.picture.isVisible()
    assert panel.text.toPlainText() == "42"


def test_what_a_node_has_not_made_yet_is_said(window: Window) -> None:
    node = add(window, "ReLU")
    window.canvas.select([node])
    assert "Run" in window.preview.empty.text()
    tree = new_tree(window.document.graph, window.document.catalogue, "ReLU")
    window.document.apply(Insert(Place(CANVAS, 0, 0, new=True), (tree,)), "Park")
    window.canvas.select([tree.node.id])
    assert "parked" in window.preview.empty.text()


def test_a_run_whose_worker_ends_is_no_longer_said_to_go_on(window: Window) -> None:
    preview = window.preview
    preview.set_state(False, True)
    window.canvas.select([add(window, "ReLU")])
    assert preview.empty.text() == "Running…"
    preview.set_state(True, False)
    assert preview.empty.text() == "Nothing yet: press Run."


def test_pins_stay_while_the_selection_goes_on(qtbot: QtBot, live: Window, hands: Hands) -> None:
    window, panel = live, live.preview
    one, two = add(window, "Lambda", func="lambda: 1"), add(window, "Lambda", func="lambda x: x + 1")
    window.canvas.select([one])
    hands.click(panel.pin)
    window.canvas.select([two])
    assert panel.node == two
    assert panel.tabs.nodes == [two, one]
    hands.run()
    qtbot.waitUntil(lambda: {one, two} <= set(panel.previews), timeout=STARTING)
    assert panel.previews[one].text == "1"
    hands.click(panel.tabs, panel.tabs.tabRect(1).center())
    assert panel.node == one
    hands.click(panel.pin)
    assert panel.tabs.pinned == []
    window.canvas.select([one])
    hands.click(panel.pin)
    hands.trigger("delete")
    assert panel.tabs.pinned == []


def test_tabs_are_called_what_tells_their_nodes_apart(window: Window) -> None:
    first, second = add(window, "ReLU"), add(window, "ReLU")
    panel = window.preview
    for node in ("root", first, second):
        panel.pin_node(node)
    assert [panel.tabs.tabText(index) for index in range(4)] == ["result", "result", "ReLU_1", "ReLU_2"]
    assert [panel.tabs.tabIcon(index).isNull() for index in range(4)] == [True, False, False, False]


def test_pictures_that_keep_coming_are_not_out_of_date(qtbot: QtBot, window: Window) -> None:
    panel = window.preview
    panel.show_preview(picture("root"))
    panel.set_state(stale=True, running=True)
    for _ in range(3):
        qtbot.wait(STALE_AFTER // 2)  # as quick as a slow graph's pictures come
        assert panel.state.text() == ""
        panel.show_preview(picture("root"))
    qtbot.waitUntil(lambda: panel.state.text() == "out of date")
    assert panel.picture.faded


def test_selecting_another_node_shows_its_value_of_the_last_run(qtbot: QtBot, live: Window, hands: Hands) -> None:
    one = add(live, "Lambda", func="lambda: 'first'")
    add(live, "Lambda", func="lambda x: 'second'")
    live.canvas.select([])
    hands.run()
    with qtbot.waitSignal(live.link.previewed, timeout=STARTING, check_params_cb=lambda m: m.node == one):
        live.canvas.select([one])
    assert "first" in live.preview.text.toPlainText()


def test_a_value_older_than_the_document_is_marked(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    node = add(live, "Lambda", func="lambda: 1")
    live.canvas.select([node])
    hands.run()
    qtbot.waitUntil(lambda: node in live.preview.previews, timeout=STARTING)
    assert live.preview.state.text() == ""
    add(live, "Identity")
    qtbot.waitUntil(lambda: live.preview.state.text() == "out of date")
    hands.run()
    qtbot.waitUntil(lambda: live.preview.state.text() == "")


def view_of(qtbot: QtBot, values: bytes = b"") -> PictureView:
    """Four pixels by two, black but for a green one at the lower right."""
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(400, 400)
    view.show_picture(Picture(4, 2, bytes(21) + b"\0\xff\0", "", values, 1 if values else 0))
    view.show()
    return view


def test_a_picture_is_fitted_and_tells_the_pixel_under_the_pointer(qtbot: QtBot) -> None:
    view = view_of(qtbot)
    assert view.shown_rect().width() == 400
    assert view.shown_rect().top() == 100
    assert view.pixel_at(QPointF(399, 299)) == (3, 1)
    assert view.pixel_at(QPointF(200, 50)) is None
    with qtbot.waitSignal(view.hovered, check_params_cb=lambda text: text == "(3, 1)  0 255 0 of 255"):
        qtbot.mouseMove(view, QPointF(380, 280).toPoint())


def test_the_values_themselves_are_told_where_they_came_along(qtbot: QtBot) -> None:
    view = view_of(qtbot, np.arange(8, dtype=np.float32).tobytes())
    qtbot.mouseMove(view, QPointF(20, 120).toPoint())
    with qtbot.waitSignal(view.hovered, check_params_cb=lambda text: text == "(3, 1)  7"):
        qtbot.mouseMove(view, QPointF(380, 280).toPoint())
    newer = np.full(8, -0.125, np.float32).tobytes()
    with qtbot.waitSignal(view.hovered, check_params_cb=lambda text: text == "(3, 1)  -0.125"):
        view.show_picture(Picture(4, 2, bytes(24), "", newer, 1))


def test_a_picture_zooms_around_the_pointer_and_goes_back_to_fit(qtbot: QtBot) -> None:
    view = view_of(qtbot)
    at = QPointF(130, 210)
    before = view.pixel_at(at)
    view.set_zoom(2 * view.zoom, at)
    assert view.pixel_at(at) == before
    view.set_zoom(view.devicePixelRatioF())
    assert view.shown_rect().width() == 4
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.fitted
    assert view.shown_rect().width() == 400
