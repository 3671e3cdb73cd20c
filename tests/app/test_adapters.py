"""Adapters in the window, with real events and the real worker: drop, see, inject, slide, compare, draw, share."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.adapters import own_folder
from app.canvas import adapting
from app.panels.adapter_card import AdapterCard
from app.panels.adapter_details import AdapterDetails
from app.panels.adapter_grip import moving
from app.panels.adapter_page import AdapterPage
from app.panels.formula_field import FormulaField
from app.panels.node_page import NodePage
from app.panels.numbers import NumberSlider
from app.panels.palette import ADAPTER_ID_ROLE
from app.window import Window
from engine.document import adapter_files, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetAdapterParam, SetInputs, apply
from engine.document.graph import Graph, Input, Node, Place, Tree, Weights
from engine.document.kinds import ParamValue, defaults
from engine.document.sources import NoiseSource
from engine.messages import Figures
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from tests.app.hands import STARTING, Hands, drag

DIGITS = Path(__file__).parent.parent.parent / "resources" / "digits"
LEFT = Qt.MouseButton.LeftButton


def leaf(kind: str, id: str, **params: ParamValue) -> Tree:
    return Tree(Node(id, kind, params=defaults(CATALOGUE[kind]) | params))


def small() -> Graph:
    """Two frames, one with two Linear layers and an activation, the other with one."""
    graph = new_graph()
    linear: dict[str, ParamValue] = {"in_features": 4, "out_features": 4}
    first = Tree(Node("f1", "Chain", "First"), children=(leaf("Linear", "l1", **linear), leaf("ReLU", "r1"),
                                                          leaf("Linear", "l2", **linear)))  # fmt: skip
    second = Tree(Node("f2", "Chain", "Second"), children=(leaf("Linear", "l3", **linear),))
    apply(graph, Insert(Place("root", 0), (first, second)))
    apply(graph, SetInputs((Input("x", NoiseSource([2, 4], 0)),)))
    return graph


@pytest.fixture
def two_frames(window: Window) -> Window:
    window.link.set_auto(False)
    window.document.replace(small())
    window.refresh()
    window.canvas.frame_all()
    window.docks["adapters"].raise_()
    return window


def dragged(window: Window, adapter: str) -> QMimeData:
    model = window.palette_panel.model
    return model.mimeData([model.index_of(adapter, ADAPTER_ID_ROLE)])


def hover(target: QWidget, mime: QMimeData, at: QPointF) -> None:
    """Drag data over a widget without letting it go."""
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(target, QDragEnterEvent(at.toPoint(), copy, mime, LEFT, none))
    QApplication.sendEvent(target, QDragMoveEvent(at.toPoint(), copy, mime, LEFT, none))


def let_go(target: QWidget, mime: QMimeData, at: QPointF) -> None:
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(target, QDropEvent(at, copy, mime, LEFT, none))


def head_of(window: Window, frame: str) -> QPointF:
    item = window.canvas.scene.by_node[frame]
    return QPointF(item.x + item.width * 0.85, item.y + item.height_of_header / 2)


def only_card(window: Window) -> AdapterCard:
    [card] = window.adapters_panel.cards
    return card


def press(window: Window, hands: Hands, button: QWidget) -> None:
    """Click a button of the panel, once it is in view."""
    panel = window.adapters_panel
    window.docks["adapters"].raise_()

    def in_view() -> bool:
        panel.ensureWidgetVisible(button)
        return button.visibleRegion().contains(button.rect().center())

    hands.qtbot.waitUntil(in_view)
    hands.click(button)


def focus_canvas(window: Window, hands: Hands) -> None:
    """Have keys go to the canvas, of a window that is in front."""
    window.activateWindow()
    hands.qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()


def details_of(window: Window, hands: Hands) -> AdapterDetails:
    """Unfold the one card there is by its arrow."""
    card = only_card(window)
    if window.adapters_panel.current != card.adapter:
        press(window, hands, card.fold)
    assert card.details
    return card.details


def slide(qtbot: QtBot, slider: NumberSlider, shares: list[float]) -> None:
    """Press the handle, drag it to shares of its way, and release."""
    bar = slider.slider
    middle = bar.height() / 2
    start = QPointF(bar.width() * bar.value() / bar.maximum(), middle).toPoint()
    qtbot.mousePress(bar, LEFT, pos=start)
    for share in shares:
        qtbot.mouseMove(bar, QPointF(bar.width() * share, middle).toPoint())
    qtbot.mouseRelease(bar, LEFT, pos=QPointF(bar.width() * shares[-1], middle).toPoint())


def scale_of(window: Window) -> NumberSlider:
    slider = only_card(window).fields["scale"].findChild(NumberSlider)
    assert isinstance(slider, NumberSlider)
    return slider


def test_one_dropped_on_the_selector_bar_goes_to_what_its_line_takes(two_frames: Window, hands: Hands) -> None:
    window = two_frames
    focus_canvas(window, hands)
    hands.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    line = window.selector.line
    QTest.keyClicks(line, "in Second")
    at = QPointF(line.rect().center())
    mime = dragged(window, "lora")
    hover(line, mime, at)
    assert "1 Linear" in window.status.currentMessage()
    let_go(line, mime, at)
    [adapter] = window.document.graph.adapters
    assert adapter.where == "in Second"
    hands.qtbot.waitUntil(lambda: only_card(window).count.text() == "at 1 Linear")
    window.document.undo()
    line.clear()
    QTest.keyClicks(line, "Nowhere")
    hover(line, mime, at)
    let_go(line, mime, at)
    assert not window.document.graph.adapters
    assert "goes to nothing here" in window.status.currentMessage()


def test_the_story_of_a_slider(qtbot: QtBot, live: Window, hands: Hands) -> None:
    """Drag LoRA onto a frame, see the count, inject, move the slider, watch, A/B, eject, undo to the start."""
    window, canvas, document = live, live.canvas, live.document
    window.link.set_auto(False)
    graph = build(MODELS["digits"])
    apply(graph, SetInputs((Input("x", NoiseSource([1, 1, 16, 16], 1)),)))
    graph.nodes[graph.root] = replace(graph.nodes[graph.root], weights=Weights(str(DIGITS / "base.safetensors")))
    document.replace(graph)
    window.refresh()
    canvas.frame_all()
    start = files.dump(document.graph)
    assert hands.run().status == "done"
    qtbot.waitUntil(lambda: not window.preview.picture.image.isNull(), timeout=STARTING)
    base = window.preview.previews[graph.root].picture

    # What it would change is told before it is dropped.
    frame = next(n for n in graph.walk() if graph.nodes[n].name == "UpBlocks")
    mime = dragged(window, "lora")
    hover(canvas, mime, head_of(window, frame))
    assert "LoRA at 20 Conv2d, 6 Linear" in window.status.currentMessage()
    let_go(canvas, mime, head_of(window, frame))
    window.refresh()
    assert only_card(window).count.text() == "at 20 Conv2d, 6 Linear"
    [adapter] = document.graph.adapters

    # Its weights, from a file of the whole model: what it does not go to is told as not used.
    window.adapters.take_weights(adapter.id, DIGITS / "bold.safetensors")
    qtbot.waitUntil(lambda: document.graph.adapters[0].weights is not None, timeout=STARTING)
    qtbot.waitUntil(lambda: document.graph.adapters[0].weights is not None, timeout=STARTING)
    assert hands.run().status == "done"
    assert "52 tensors from" in details_of(window, hands).fit.text()
    injected = window.preview.previews[graph.root].picture
    assert injected != base

    # The slider changes the picture while it is dragged, in one step of undo.
    window.link.set_auto(True)
    steps = len(document.history.undos)
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        slide(qtbot, scale_of(window), [0.8, 0.9, 1.0])
    qtbot.waitUntil(lambda: not window.link.stale and not window.link.running, timeout=STARTING)
    assert document.graph.adapters[0].values["scale"] == 2.0
    assert len(document.history.undos) == steps + 1
    assert window.preview.previews[graph.root].picture not in (base, injected)

    # A/B by the key: without it, the base to the bit; and back.
    strong = window.preview.previews[graph.root].picture
    focus_canvas(window, hands)
    for expected in (base, strong, base):
        with qtbot.waitSignal(window.link.finished, timeout=STARTING):
            hands.key(Qt.Key.Key_E)
        qtbot.waitUntil(lambda: not window.link.stale and not window.link.running, timeout=STARTING)
        assert window.preview.previews[graph.root].picture == expected
    assert not only_card(window).enabled.isChecked()

    window.link.set_auto(False)
    press(window, hands, only_card(window).remove)
    assert document.graph.adapters == ()
    while document.history.undos:
        hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert files.dump(document.graph) == start


def test_dropped_on_a_node_it_goes_to_that_alone(two_frames: Window, hands: Hands) -> None:
    window, canvas = two_frames, two_frames.canvas
    drag(canvas, dragged(window, "lora"), canvas.rect_of("l2").center())
    assert [(a.where, a.enabled) for a in window.document.graph.adapters] == [("#l2", True)]
    window.refresh()
    assert canvas.marks.signs.at.keys() == {"l2"}
    assert canvas.marks.signs.within.keys() == {"f1", "root"}
    assert only_card(window).count.text() == "at 1 Linear"
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.graph.adapters == ()


def test_dropped_on_a_node_it_does_not_fit_it_goes_to_the_frame_around(two_frames: Window) -> None:
    window, canvas = two_frames, two_frames.canvas
    drag(canvas, dragged(window, "lora"), canvas.rect_of("r1").center())
    assert window.document.graph.adapters[0].where == "in #f1"


def test_dropped_where_nothing_is_it_goes_everywhere(two_frames: Window) -> None:
    window, canvas = two_frames, two_frames.canvas
    drag(canvas, dragged(window, "lora"), QPointF(5, 5))
    window.refresh()
    assert canvas.marks.signs.at.keys() == {"l1", "l2", "l3"}


def test_what_would_change_is_tinted_while_dragging_and_not_after(two_frames: Window) -> None:
    window, canvas = two_frames, two_frames.canvas
    before = canvas.grab().toImage()
    mime = dragged(window, "lora")
    hover(canvas, mime, head_of(window, "f1"))
    assert window.status.currentMessage().startswith("Drop to put LoRA at 2 Linear: Linear_1, Linear_2")
    at = canvas.rect_of("l1")
    place = QPointF(at.left() + 4, at.bottom() - 4).toPoint()
    shown = canvas.grab().toImage()
    assert shown.pixelColor(place) != before.pixelColor(place)
    other = QPointF(canvas.rect_of("l3").left() + 4, canvas.rect_of("l3").bottom() - 4).toPoint()
    assert shown.pixelColor(other) == before.pixelColor(other)
    hover(canvas, mime, QPointF(canvas.rect_of("f2").center()))
    assert canvas.grab().toImage().pixelColor(place) == before.pixelColor(place)


def test_an_adapter_that_fits_nowhere_is_refused_with_the_reason(two_frames: Window) -> None:
    window, canvas = two_frames, two_frames.canvas
    drag(canvas, dragged(window, "ip-adapter"), head_of(window, "f1"))
    assert window.document.graph.adapters == ()
    assert "IP-Adapter goes to nothing here: no node is a SD1UNet" in window.status.currentMessage()


def test_dropped_into_the_panel_it_is_a_problem_where_it_fits_nothing(two_frames: Window, hands: Hands) -> None:
    window = two_frames
    drag(window.adapters_panel.viewport(), dragged(window, "ip-adapter"), QPointF(30, 200))
    window.refresh()
    assert "goes to no node: no node is a SD1UNet" in only_card(window).count.text()
    [problem] = [p for p in window.problems if p.code == "adapter-unmatched"]
    detail = window.problems_panel.detail(window.problems_panel.problems.index(problem))
    window.adapters_panel.select("")
    detail.fixed.emit(next(fix for fix in problem.fixes if fix.label == "Disable it"))
    window.refresh()
    assert not window.document.graph.adapters[0].enabled
    assert not [p for p in window.problems if p.adapter]


def test_a_double_click_applies_to_the_selection(two_frames: Window, qtbot: QtBot) -> None:
    window, tree = two_frames, two_frames.palette_panel.tree
    window.canvas.select(["f2"])
    index = window.palette_panel.model.index_of("lora", ADAPTER_ID_ROLE)
    tree.scrollTo(index)
    at = tree.visualRect(index).center()
    qtbot.mouseClick(tree.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(tree.viewport(), LEFT, pos=at)
    assert [a.where for a in window.document.graph.adapters] == ["in #f2"]
    assert window.adapters_panel.current == window.document.graph.adapters[0].id


def test_the_sign_says_which_and_leads_to_the_card(two_frames: Window, qtbot: QtBot) -> None:
    window, canvas = two_frames, two_frames.canvas
    for node in ("l1", "l3"):
        window.canvas.select([node])
        window.adapters.apply(ADAPTERS["lora"])
    window.refresh()
    one, other = window.document.graph.adapters
    assert one.colour != other.colour
    assert (one.name, other.name) == ("LoRA", "LoRA 2")
    item = canvas.scene.by_node["l1"]
    [(sign, rect)] = adapting.rects(item, canvas.zoom, adapting.worn(canvas.marks.signs, item))
    assert sign.adapter == one.id
    assert window.adapters_panel.current == other.id
    qtbot.mouseClick(canvas, LEFT, pos=rect.center().toPoint())
    assert window.adapters_panel.current == one.id
    assert not window.docks["adapters"].visibleRegion().isEmpty()
    assert "LoRA" in canvas._tooltip(rect.center().toPoint())


def test_where_it_goes_is_typed_and_counted_at_once(two_frames: Window, hands: Hands, qtbot: QtBot) -> None:
    window = two_frames
    window.adapters.apply(ADAPTERS["lora"])
    window.refresh()
    details = details_of(window, hands)
    steps = len(window.document.history.undos)
    details.where.setFocus()
    qtbot.keyClicks(details.where, "in First")
    window.refresh()
    assert window.document.graph.adapters[0].where == "in First"
    assert only_card(window).count.text() == "at 2 Linear"
    assert details.counts[0].text() == "2 Linear"
    assert details.named.isHidden()
    hands.key(Qt.Key.Key_Tab)
    assert len(window.document.history.undos) == steps + 1
    details.where.setFocus()
    details.where.selectAll()
    qtbot.keyClicks(details.where, "in #f1")
    assert details.named.text() == "#f1 is First"
    hands.key(Qt.Key.Key_Escape)

    details.where.setFocus()
    details.where.selectAll()
    qtbot.keyClicks(details.where, "Linear &")
    message = details.editing.messages["where"]
    assert "there should be a kind" in message.text()
    assert window.document.graph.adapters[0].where == "Linear"
    hands.key(Qt.Key.Key_Escape)
    assert window.document.graph.adapters[0].where == "in First"
    assert message.isHidden()


def test_what_a_param_drives_is_listed_with_its_values_and_leads_there(two_frames: Window, hands: Hands) -> None:
    window = two_frames
    window.adapters.apply(ADAPTERS["lora"])
    window.refresh()
    details = details_of(window, hands)
    hands.write(only_card(window).fields["scale"], "0.25")
    names = [details.driven.topLevelItem(i).text(0) for i in range(2)]  # pyright: ignore[reportOptionalMemberAccess]
    assert names == ["rank: 6 places", "scale: 3 places"]
    scale = details.driven.topLevelItem(1)
    assert scale is not None
    rows = [(scale.child(i).text(0), scale.child(i).text(1)) for i in range(scale.childCount())]  # pyright: ignore[reportOptionalMemberAccess]
    assert rows == [
        (f"{path}.Lora.Multiply.scale", "0.25") for path in ("First.Linear_1", "First.Linear_2", "Second.Linear")
    ]
    details.driven.itemClicked.emit(scale.child(2), 0)
    assert window.canvas.selection == ["l3"]


def test_cards_are_reordered_by_drag_and_soloed(two_frames: Window, hands: Hands) -> None:
    window, panel = two_frames, two_frames.adapters_panel
    for _ in range(3):
        window.adapters.apply(ADAPTERS["lora"])
    ids = [a.id for a in window.document.graph.adapters]
    panel.select("")
    QApplication.processEvents()
    first = panel.cards[0]
    drag(panel.viewport(), moving(ids[2]), QPointF(30, first.mapTo(panel.viewport(), first.rect().topLeft()).y() + 2))
    assert [a.id for a in window.document.graph.adapters] == [ids[2], ids[0], ids[1]]
    press(window, hands, panel.card(ids[0]).solo)
    assert [a.enabled for a in window.document.graph.adapters] == [False, True, False]
    press(window, hands, panel.card(ids[0]).solo)
    assert all(a.enabled for a in window.document.graph.adapters)
    press(window, hands, panel.card(ids[2]).enabled)
    for solo in (ids[2], ids[0]):  # from one to the next: what was before all that is kept
        press(window, hands, panel.card(solo).solo)
    press(window, hands, panel.card(ids[0]).solo)
    assert [a.enabled for a in window.document.graph.adapters] == [False, True, True], "those that were before"
    press(window, hands, panel.card(ids[2]).enabled)
    panel.select("")
    focus_canvas(window, hands)
    hands.key(Qt.Key.Key_E)
    assert not any(a.enabled for a in window.document.graph.adapters)
    hands.key(Qt.Key.Key_E)
    assert all(a.enabled for a in window.document.graph.adapters)
    for _ in range(9):
        hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [a.enabled for a in window.document.graph.adapters] == [True] * 3
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [a.id for a in window.document.graph.adapters] == ids


def test_a_new_adapter_is_drawn_on_the_canvas(qtbot: QtBot, live: Window, hands: Hands) -> None:
    window, canvas, document = live, live.canvas, live.document
    window.link.set_auto(False)
    document.replace(small())
    window.refresh()
    before = files.dump(document.graph)

    def made() -> Figures | None:
        assert hands.run().status == "done"
        return window.preview.previews["root"].figures

    base = made()
    canvas.select(["f2"])
    hands.trigger("new-adapter")
    assert canvas.document is not document
    assert window.drawing_bar.title.text() == "Adapter"
    page = window.inspector.page
    qtbot.waitUntil(lambda: isinstance(window.inspector.page, AdapterPage))
    drawn = canvas.document.graph
    assert [drawn.nodes[n].kind for n in drawn.walk()] == ["Chain", "Sum", "Target", "Chain", "ZeroLinear", "Multiply"]
    assert made() == base  # a branch of zeros

    # Another layer is dropped onto the wire before the Multiply, and its params are formulas.
    canvas.frame_all()
    zero = next(n for n in drawn.walk() if drawn.nodes[n].kind == "ZeroLinear")
    canvas.select([zero])
    hands.trigger("delete")
    branch = next(n for n in drawn.walk() if drawn.nodes[n].name == "Branch")
    multiply = drawn.children[branch][0]
    canvas.select([multiply])
    page = window.inspector.page
    assert isinstance(page, NodePage)
    field = page.fields["bias"]
    assert isinstance(field, FormulaField)
    hands.click(field.button)
    hands.write(field.line, "scale * 2")
    hands.key(Qt.Key.Key_Tab)
    assert document.graph.adapters[0].patches[0].tree.children is not None
    assert canvas.document.graph.nodes[multiply].params["bias"] == "=scale * 2"
    assert made() != base

    # Undo works in it, and shows what it undid.
    focus_canvas(window, hands)
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: canvas.document.graph.nodes[multiply].params["bias"] == 0.0)
    assert canvas.document is not document

    # Params are declared on its page.
    canvas.select([])
    page = window.inspector.page
    assert isinstance(page, AdapterPage)
    hands.click(page.add)
    row = page.rows[1]
    hands.write(row.name, "rank")
    hands.choose(row.type, "int")
    hands.write(row.default, "3")
    hands.write(page.name, "Mine")
    adapter = document.graph.adapters[0]
    assert (adapter.name, [(p.name, p.type, p.default) for p in adapter.params][1]) == ("Mine", ("rank", "int", 3))
    assert window.drawing_bar.title.text() == "Mine"

    hands.click(window.drawing_bar.back)
    assert canvas.document is document
    window.refresh()
    assert canvas.marks.signs.at.keys() == {"l3"}
    focus_canvas(window, hands)
    while document.history.undos:
        hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert files.dump(document.graph) == before


def test_removing_an_adapter_that_is_drawn_goes_back_to_the_graph(two_frames: Window, hands: Hands) -> None:
    window = two_frames
    window.adapters.apply(ADAPTERS["lora"])
    window.drawing.open("lora")
    assert window.drawing_bar.next.text() == "Tree 1 of 2"
    hands.click(window.drawing_bar.next)
    assert window.drawing_bar.about.text() == "around kind=Conv2d"
    window.docks["adapters"].raise_()
    press(window, hands, only_card(window).remove)
    assert window.canvas.document is window.document


def test_what_is_folded_in_a_drawing_stays_so_and_undo_works_after_it(two_frames: Window, hands: Hands) -> None:
    window, canvas = two_frames, two_frames.canvas
    window.adapters.apply(ADAPTERS["lora"])
    window.drawing.open("lora")
    drawn = canvas.document.graph
    frame = next(node for node in drawn.children if node != drawn.root)
    canvas.toggle_collapsed([frame])
    window.document.apply(SetAdapterParam("lora", "scale", 0.5), "Set scale")
    assert canvas.document.graph.view(frame).collapsed
    window.drawing.leave()
    focus_canvas(window, hands)
    canvas.add_kind("ReLU")
    assert canvas.selection
    hands.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not canvas.selection


def test_a_drawing_without_a_target_is_a_problem_and_the_base_runs(two_frames: Window, hands: Hands) -> None:
    window = two_frames
    hands.trigger("new-adapter")
    drawn = window.canvas.document.graph
    window.canvas.select([n for n in drawn.walk() if drawn.nodes[n].kind == "Target"])
    hands.trigger("delete")
    window.refresh()
    [problem] = [p for p in window.problems if p.adapter]
    assert problem.code == "adapter-flawed"
    assert "holds no node of kind Target" in problem.message


def test_an_adapter_is_shared_as_a_file(
    two_frames: Window, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = two_frames
    window.canvas.select(["f1"])
    window.adapters.apply(ADAPTERS["lora"])
    window.adapters_panel.select("lora")
    hands.trigger("save-adapter")
    dialog = window.findChild(QFileDialog, "save-adapter")
    assert dialog is not None
    assert Path(dialog.directory().absolutePath()) == own_folder()
    dialog.accept()
    path = own_folder() / "LoRA.catenary-adapter"
    [here] = window.document.graph.adapters
    assert here.where == "in #f1"
    assert adapter_files.load(path) == (replace(here, where=""),), "the ids of this graph are nothing to another"
    model, group = window.palette_panel.model, window.palette_panel.model.index(0, 0)
    names = [model.index(row, 0, group).data() for row in range(model.rowCount(group))]
    assert names.count("LoRA") == 2

    window.canvas.select(["f2"])
    window.adapters.add_file(path)
    assert [(a.id, a.where) for a in window.document.graph.adapters] == [("lora", "in #f1"), ("lora-2", "in #f2")]
    (tmp_path / "broken.catenary-adapter").write_text("{}")
    window.adapters.add_file(tmp_path / "broken.catenary-adapter")
    assert "has no version" in window.notice.label.text()


def test_a_step_of_the_slider_takes_no_check_of_the_whole(two_frames: Window) -> None:
    """What is known of the expansion is kept while only values change."""
    window = two_frames
    window.adapters.apply(ADAPTERS["lora"])
    window.refresh()
    before = window.checker.expanded
    QTest.keyClick(only_card(window).fields["scale"].findChild(NumberSlider).slider, Qt.Key.Key_Right)  # pyright: ignore[reportOptionalMemberAccess]
    window.refresh()
    assert window.document.graph.adapters[0].values
    assert window.checker.expanded is before
