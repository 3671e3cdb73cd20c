"""Fields of params: what counts when, what is refused and loses nothing, numbers, names to choose from."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from app.panels.fields import NameField, NumberField
from app.panels.node_page import NodePage
from app.panels.numbers import NumberSlider
from app.window import Window
from engine.document import files
from engine.document.edits import SetContexts, SetParam
from engine.document.graph import Contexts
from engine.document.sources import (
    ListSource,
    UnsetSource,
)
from tests.app.hands import Hands, text_of
from tests.app.inspecting import add, drag_slider, node_page


def test_typing_is_one_step_and_keeps_the_type(window: Window, hands: Hands) -> None:
    node = add(window, "Conv2d")
    page = node_page(window, node)
    steps = len(window.document.history.undos)
    hands.write(page.fields["out_channels"], "128")
    hands.write(page.fields["kernel_size"], "3, 5")
    params = window.document.graph.node(node).params
    assert (params["out_channels"], params["kernel_size"]) == (128, [3, 5])
    assert len(window.document.history.undos) == steps + 2


def test_what_is_typed_counts_at_its_end(window: Window, hands: Hands) -> None:
    node = add(window, "Conv2d")
    page = node_page(window, node)

    def param(name: str) -> object:
        return window.document.graph.node(node).params[name]

    field = page.fields["kernel_size"]
    line = text_of(field)
    hands.click(line)
    hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.qtbot.keyClicks(line, "5, 7")
    assert param("kernel_size") == 3
    window.document.apply(SetParam(node, "stride", 3), "Set")
    assert line.property("text") == "5, 7", "what is being typed stays"
    hands.key(Qt.Key.Key_Escape)
    assert line.property("text") == "3"
    hands.qtbot.keyClicks(line, ", 5")
    hands.key(Qt.Key.Key_Return)
    assert param("kernel_size") == [3, 5]
    hands.qtbot.keyClicks(line, "0")
    hands.trigger("run")
    assert param("kernel_size") == [3, 50], "a command uses what stands in the field"
    number = text_of(page.fields["out_channels"])
    for end in (Qt.Key.Key_Return, Qt.Key.Key_Tab):
        hands.click(number)
        hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        hands.qtbot.keyClicks(number, "12" if end == Qt.Key.Key_Return else "13")
        assert param("out_channels") not in (1, 12, 13) or end == Qt.Key.Key_Tab
        hands.key(end)
        assert param("out_channels") == (12 if end == Qt.Key.Key_Return else 13)


def test_a_context_s_name_counts_when_its_field_is_left(window: Window, hands: Hands) -> None:
    node = add(window, "UseContext")
    page = node_page(window, node)

    def param(name: str) -> object:
        return window.document.graph.node(node).params[name]

    hands.write(page.fields["context"], "unet")
    assert param("context") == "unet"
    line = text_of(page.fields["key"])
    hands.click(line)
    hands.qtbot.keyClicks(line, "skip")
    assert param("key") == ""
    hands.key(Qt.Key.Key_Return)
    assert param("key") == "skip"
    field = page.fields["context"]
    assert isinstance(field, NameField)
    assert "Add context" in field.combo.itemText(0)
    assert not field.combo.model().flags(field.combo.model().index(0, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert field.combo.currentText() == "unet"


def test_context_and_key_offer_what_the_node_can_see(window: Window) -> None:
    inner: Contexts = {"unet": {"residuals": ListSource([])}}
    frame = add(window, "Chain")
    window.document.apply(SetContexts("root", {"outer": {"a": UnsetSource(), "b": UnsetSource()}}), "Set")
    window.document.apply(SetContexts(frame, inner), "Set")
    add(window, "SetContext", frame, context="unet", key="made_here")
    page = node_page(window, add(window, "UseContext", frame, context="unet"))

    def offered(name: str) -> list[str]:
        field = page.fields[name]
        assert isinstance(field, NameField)
        return [field.combo.itemText(i) for i in range(field.combo.count())]

    assert offered("context") == ["unet", "outer"]
    assert offered("key") == ["residuals", "made_here"]


def test_a_function_of_some_lines_is_shown_whole(window: Window, hands: Hands) -> None:
    page = node_page(window, add(window, "Lambda"))
    text = text_of(page.fields["func"])
    assert isinstance(text, QPlainTextEdit)
    for lines in (1, 2, 4, 6, 9):
        text.setPlainText("\n".join(["lambda x: ("] + ["  x +"] * (lines - 2) + ["  1)"] * (lines > 1)))
        QApplication.processEvents()
        assert text.verticalScrollBar().maximum() == max(0, lines - 6)


def test_what_is_no_number_stays_as_typed_and_is_not_taken(window: Window, hands: Hands) -> None:
    node = add(window, "Linear")
    page = node_page(window, node)
    line = text_of(page.fields["in_features"])
    hands.write(page.fields["in_features"], "many")
    message = page.editing.messages["in_features"]
    assert message.isVisible()
    assert "'many' is no whole number" in message.text()
    assert line.property("text") == "many"
    assert window.document.graph.node(node).params["in_features"] == 64
    window.document.apply(SetParam(node, "out_features", 3), "Set")  # another param's change wipes nothing
    assert line.property("text") == "many"
    hands.write(page.fields["in_features"], "0")
    assert "at least 1" in message.text()
    assert window.document.graph.node(node).params["in_features"] == 64
    hands.write(page.fields["in_features"], "12")
    assert not message.isVisible()
    assert window.document.graph.node(node).params["in_features"] == 12


def test_a_wrong_expression_is_kept_and_explained(window: Window, hands: Hands) -> None:
    node = add(window, "Lambda")
    page = node_page(window, node)
    hands.write(page.fields["func"], "lambda x: x.__class__")
    assert window.document.graph.node(node).params["func"] == "lambda x: x.__class__"
    window.refresh()
    assert page.editing.messages["func"].isVisible()
    assert "__class__" in page.editing.messages["func"].text()


def test_a_slider_drag_is_one_undo_step(window: Window, hands: Hands) -> None:
    node = add(window, "Blur")
    page = node_page(window, node)
    field = page.fields["sigma"]
    assert isinstance(field, NumberField)
    assert isinstance(field.number, NumberSlider)
    before = window.document.graph.node(node).params["sigma"]
    steps = len(window.document.history.undos)
    for expected in (1, 2):
        drag_slider(hands, field.number.slider)
        assert window.document.graph.node(node).params["sigma"] != before
        assert len(window.document.history.undos) == steps + expected
    hands.trigger("undo")
    hands.trigger("undo")
    assert window.document.graph.node(node).params["sigma"] == before


def test_an_optional_number_can_be_left_empty_again(window: Window, hands: Hands) -> None:
    for kind, param, text, value in (
        ("MaxPool2d", "stride", "2", 2),
        ("ScaledDotProductAttention", "slice_size", "4", 4),
    ):
        node = add(window, kind)
        hands.click_node(node)
        page = window.inspector.page
        assert isinstance(page, NodePage)
        hands.write(page.fields[param], text)
        assert window.document.graph.node(node).params[param] == value
        hands.click(text_of(page.fields[param]))
        hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        hands.key(Qt.Key.Key_Delete)
        hands.key(Qt.Key.Key_Tab)
        assert window.document.graph.node(node).params[param] is None


def test_the_wheel_changes_nothing_that_it_only_passes_over(window: Window) -> None:
    node = add(window, "GELU")
    blur = add(window, "Blur")
    for at, name in ((node, "approximate"), (blur, "radius")):
        page = node_page(window, at)
        before = files.dump(window.document.graph)
        field = page.fields[name]
        for widget in (field, *field.findChildren(QWidget)):
            spot = widget.rect().center()
            turn = QWheelEvent(
                QPointF(spot),
                QPointF(widget.mapToGlobal(spot)),
                QPoint(),
                QPoint(0, -120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(widget, turn)
        assert files.dump(window.document.graph) == before


def test_a_change_of_theme_keeps_what_is_being_typed(window: Window, hands: Hands) -> None:
    node = add(window, "Conv2d")
    line = text_of(node_page(window, node).fields["out_channels"])
    hands.click(line)
    hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.qtbot.keyClicks(line, "12")
    window.set_theme_mode("dark")
    assert window.document.graph.node(node).params["out_channels"] == 12
