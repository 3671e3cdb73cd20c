"""The palette: found by typing, dragged, or put on the canvas with Enter or a double click."""

import pytest
from PySide6.QtCore import QPointF, Qt

from app.canvas.drops import KIND_MIME
from app.panels.palette import KIND_ROLE, tooltip
from app.search import kinds
from app.window import Window
from nodes import CATALOGUE
from tests.app.hands import Hands


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("lin", "Linear"),
        ("relu", "ReLU"),
        ("usecontext", "UseContext"),
        ("convolution", "Conv2d"),
        ("luma", "Grayscale"),
        ("residul", "Residual"),
    ],
)
def test_search_finds_by_name_category_doc_and_in_spite_of_slips(text: str, first: str) -> None:
    assert kinds(CATALOGUE, text)[0].name == first


def test_nonsense_finds_nothing() -> None:
    assert kinds(CATALOGUE, "qqqzzz") == []


def test_every_kind_is_there_with_its_doc(window: Window) -> None:
    model = window.palette_panel.model
    for kind in CATALOGUE.values():
        index = model.index_of(kind.name)
        assert index.isValid()
        assert index.parent().data() == kind.category
        assert index.data(Qt.ItemDataRole.ToolTipRole) == tooltip(kind)


def test_categories_are_neither_dragged_nor_added(window: Window, hands: Hands) -> None:
    model = window.palette_panel.model
    category = model.index(0, 0)
    assert not category.flags() & Qt.ItemFlag.ItemIsDragEnabled
    assert model.mimeData([category]).data(KIND_MIME).isEmpty()
    hands.qtbot.mouseDClick(
        window.palette_panel.tree.viewport(),
        Qt.MouseButton.LeftButton,
        pos=window.palette_panel.tree.visualRect(category).center(),
    )
    assert len(window.document.graph) == 1


def test_what_is_dragged_names_the_kind(window: Window, hands: Hands) -> None:
    node = hands.drop_kind("Sigmoid", QPointF(40, 40))
    assert window.document.graph.node(node).kind == "Sigmoid"
    assert window.canvas.selection == [node]


def test_typing_and_enter_adds_the_best_match(window: Window, hands: Hands) -> None:
    window.canvas.setFocus()
    hands.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    search = window.palette_panel.search
    assert search.hasFocus()
    hands.qtbot.keyClicks(search, "gel")
    hands.key(Qt.Key.Key_Return)
    assert [n.kind for n in window.document.graph.nodes.values()] == ["Chain", "GELU"]
    hands.click(search)
    hands.key(Qt.Key.Key_Escape)
    assert search.text() == ""
    assert window.palette_panel.model.index_of("Chain").parent().isValid()


def test_the_arrow_leads_from_the_search_into_the_list(window: Window, hands: Hands) -> None:
    search, tree = window.palette_panel.search, window.palette_panel.tree
    hands.click(search)
    hands.key(Qt.Key.Key_Down)
    assert tree.hasFocus()
    assert tree.currentIndex().data() == "LoRA"
    hands.click(search)
    hands.qtbot.keyClicks(search, "sum")
    hands.key(Qt.Key.Key_Down)
    assert tree.hasFocus()
    assert tree.currentIndex().data(KIND_ROLE) == "Sum"
    hands.key(Qt.Key.Key_Return)
    assert [n.kind for n in window.document.graph.nodes.values()] == ["Chain", "Sum"]


def test_a_double_click_adds(window: Window, hands: Hands) -> None:
    tree = window.palette_panel.tree
    index = window.palette_panel.model.index_of("Sigmoid")
    tree.scrollTo(index)
    at = tree.visualRect(index).center()
    hands.click(tree.viewport(), at)
    hands.qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [n.kind for n in window.document.graph.nodes.values()] == ["Chain", "Sigmoid"]


def test_what_is_dragged_leaves_the_wire_under_the_pointer_in_sight(window: Window) -> None:
    panel = window.palette_panel
    image = panel.tree.dragged(panel.model.index_of("Conv2d")).toImage()
    seen = [(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).alpha()]
    assert seen
    assert min(x for x, _ in seen) >= 12
    assert min(y for _, y in seen) >= 12
    assert max(image.pixelColor(x, y).alphaF() for x, y in seen) < 1
    row = panel.tree.visualRect(panel.model.index_of("Conv2d"))
    assert image.width() / image.devicePixelRatio() < max(row.width(), 140)
