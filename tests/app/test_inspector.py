"""The inspector: forms from declarations, refusals that lose nothing, providers, inputs, drags."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPlainTextEdit, QSlider, QWidget
from shiboken6 import isValid

from app.panels.contexts import ContextsEditor
from app.panels.fields import FIELDS, NameField, NumberField
from app.panels.graph_page import GraphPage
from app.panels.inspector import SummaryPage
from app.panels.node_page import NodePage
from app.panels.numbers import NumberSlider
from app.panels.sources import SORTS, ImageValues, LiteralValues, NumberValues, TensorValues
from app.window import Window
from engine.document import files
from engine.document.document import new_tree
from engine.document.edits import Insert, SetContexts, SetInputs, SetParam
from engine.document.graph import CANVAS, Contexts, Graph, Input, Node, Place, View
from engine.document.kinds import defaults
from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralSource,
    NoiseSource,
    NumberSource,
    Source,
    TensorSource,
    TextSource,
    UnsetSource,
)
from nodes import CATALOGUE
from tests.app.hands import Hands, text_of


def add(window: Window, kind: str, frame: str = "root", **params: str | float) -> str:
    document = window.document
    tree = new_tree(document.graph, document.catalogue, kind, **params)
    document.apply(Insert(Place(frame, len(document.graph.children[frame])), (tree,)), f"Insert {kind}")
    return tree.node.id


def node_page(window: Window, node: str) -> NodePage:
    window.canvas.select([node])
    page = window.inspector.page
    assert isinstance(page, NodePage)
    return page


def graph_page(window: Window) -> GraphPage:
    window.canvas.select([])
    page = window.inspector.page
    assert isinstance(page, GraphPage)
    return page


def drag_slider(hands: Hands, slider: QSlider) -> None:
    """Drag the handle to the right, in steps."""
    y = slider.height() // 2
    start = QPoint(round(slider.width() * slider.value() / slider.maximum()), y)
    start.setX(min(max(start.x(), 8), slider.width() - 8))
    left = Qt.MouseButton.LeftButton
    hands.qtbot.mousePress(slider, left, pos=start)
    for step in range(1, 6):
        hands.qtbot.mouseMove(slider, start + QPoint(6 * step, 0))
    hands.qtbot.mouseRelease(slider, left, pos=start + QPoint(30, 0))


def test_every_kind_has_a_form_with_a_field_for_each_param(window: Window) -> None:
    for kind in CATALOGUE.values():
        page = node_page(window, add(window, kind.name))
        assert list(page.fields) == [p.name for p in kind.params]
        assert all(isinstance(page.fields[p.name], FIELDS[p.type]) for p in kind.params)


def test_the_fields_show_what_the_document_says(window: Window) -> None:
    node = add(window, "Conv2d")
    page = node_page(window, node)
    for param, value, text in (("kernel_size", [3, 5], "3, 5"), ("stride", 2, "2"), ("out_channels", 8, "8")):
        window.document.apply(SetParam(node, param, value), "Set")
        assert text_of(page.fields[param]).property("text") == text
    assert files.dump(window.document.graph).count(b"kernel_size") == 1


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


def test_a_function_of_some_lines_is_shown_whole(window: Window, hands: Hands) -> None:
    page = node_page(window, add(window, "Lambda"))
    text = text_of(page.fields["func"])
    assert isinstance(text, QPlainTextEdit)
    for lines in (1, 2, 4, 6, 9):
        text.setPlainText("\n".join(["lambda x: ("] + ["  x +"] * (lines - 2) + ["  1)"] * (lines > 1)))
        QApplication.processEvents()
        assert text.verticalScrollBar().maximum() == max(0, lines - 6)


def test_a_name_restored_is_not_refused(window: Window, hands: Hands) -> None:
    page = node_page(window, add(window, "ReLU"))
    message = page.editing.messages["name"]
    hands.write(page.name, "6 4")
    assert message.isVisible()
    hands.click(page.name)
    hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.key(Qt.Key.Key_Delete)
    hands.key(Qt.Key.Key_Tab)
    assert not message.isVisible()
    hands.write(page.name, "6 4")
    hands.click(page.name)
    hands.key(Qt.Key.Key_Escape)
    assert page.name.text() == ""
    assert not message.isVisible()


def test_the_children_of_a_frame_follow_its_params(window: Window, hands: Hands) -> None:
    node = add(window, "MultiLinear")
    graph, page = window.document.graph, node_page(window, node)
    before, steps = files.dump(graph), len(window.document.history.undos)
    hands.write(page.fields["num_layers"], "3")
    assert [graph.nodes[child].kind for child in graph.children[node]] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    hands.write(page.fields["output_dim"], "10")
    assert graph.nodes[graph.children[node][-1]].params["out_features"] == 10
    assert window.inspector.page is page, "the form stays while its frame is rebuilt"
    assert len(window.document.history.undos) == steps + 2
    window.actions_by_id["undo"].trigger()
    window.actions_by_id["undo"].trigger()
    assert files.dump(graph) == before


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


def test_a_bad_name_is_refused_beside_the_field(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    page = node_page(window, node)
    hands.write(page.name, "my name")
    assert page.name.text() == "my name"
    assert "my name" in page.editing.messages["name"].text()
    hands.write(page.name, "Gate")
    assert window.document.graph.node(node).name == "Gate"
    assert page.title.text() == "Gate"
    assert not page.editing.messages["name"].isVisible()


def test_note_and_colour_are_set(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    page = node_page(window, node)
    hands.write(page.note, "keeps the sign")
    hands.click(page.colour.buttons["#3b7ddd"])
    assert window.document.graph.view(node) == View(note="keeps the sign", colour="#3b7ddd")
    hands.click(page.colour.buttons[""])
    assert window.document.graph.view(node).colour == ""


def test_two_visits_to_a_note_are_two_steps(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    note = node_page(window, node).note
    hands.write(note, "first")
    hands.write(note, "second")
    window.document.undo()
    assert window.document.graph.view(node).note == "first"


def test_a_change_of_theme_keeps_what_is_being_typed(window: Window, hands: Hands) -> None:
    node = add(window, "Conv2d")
    line = text_of(node_page(window, node).fields["out_channels"])
    hands.click(line)
    hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hands.qtbot.keyClicks(line, "12")
    window.set_theme_mode("dark")
    assert window.document.graph.node(node).params["out_channels"] == 12


def test_a_file_chosen_for_a_field_that_is_gone_changes_nothing(window: Window, hands: Hands, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"")
    window.document.apply(SetInputs((Input("x", ImageSource("old.png")),)), "Set")
    values = graph_page(window).findChild(ImageValues)
    assert values is not None
    hands.click(values.file.button)
    dialog = window.findChild(QFileDialog, "source-file")
    assert dialog is not None
    node = add(window, "ReLU")
    node_page(window, node)
    hands.qtbot.waitUntil(lambda: not isValid(values))
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(picture.name)
    dialog.accept()
    assert window.document.graph.inputs[0].source == ImageSource("old.png")
    hands.qtbot.waitUntil(lambda: not isValid(dialog))


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


def test_an_unknown_kind_shows_what_it_holds(window: Window) -> None:
    graph = Graph(Node("root", "Chain"))
    graph.nodes["n"] = Node("n", "Mystery", params={"depth": 3})
    graph.children["root"] = ["n"]
    graph.parents["n"] = "root"
    window.document.replace(graph)
    page = node_page(window, "n")
    assert page.fields == {}
    assert any(label.text() == "3" for label in labels(page))
    assert any("Mystery" in label.text() for label in labels(page))


def labels(widget: QWidget) -> list[QLabel]:
    return widget.findChildren(QLabel)


def test_several_nodes_give_a_summary(window: Window) -> None:
    nodes = [add(window, "ReLU"), add(window, "Linear"), add(window, "ReLU")]
    window.canvas.select(nodes)
    assert isinstance(window.inspector.page, SummaryPage)
    text = "\n".join(label.text() for label in labels(window.inspector.page))
    assert "3 nodes" in text
    assert "2 × ReLU" in text


def test_a_deleted_node_leaves_the_graph_s_page(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    node_page(window, node)
    hands.trigger("delete")
    assert isinstance(window.inspector.page, GraphPage)


def test_inputs_are_added_changed_renamed_and_removed(window: Window, hands: Hands) -> None:
    page = graph_page(window)
    empty = files.dump(window.document.graph)
    hands.click(page.inputs.add)
    hands.click(page.inputs.add)
    assert [i.name for i in window.document.graph.inputs] == ["x", "x_2"]
    hands.write(page.inputs.row("x_2").name, "x")
    row = page.inputs.rows[1]
    assert "two inputs" in row.message.text()
    hands.click(page.inputs.row("x").remove)
    hands.trigger("undo")
    assert row.name.text() != "x" or row.message.isVisible(), "a name that is not the input's has its reason beside it"
    hands.write(row.name, "x_2")
    assert not row.message.isVisible()
    hands.write(row.name, "y")
    assert [i.name for i in window.document.graph.inputs] == ["x", "y"]
    hands.click(page.inputs.row("x").remove)
    assert [i.name for i in window.document.graph.inputs] == ["y"]
    while window.document.undo():
        pass
    assert files.dump(window.document.graph) == empty


def test_every_sort_of_source_can_be_chosen_and_shown(window: Window, hands: Hands) -> None:
    page = graph_page(window)
    hands.click(page.inputs.add)
    for sort, (title, fresh, _) in SORTS.items():
        hands.choose(page.inputs.rows[0].source.sort, title)
        found = window.document.graph.inputs[0].source
        assert type(found) is sort
        assert found == fresh


def test_sources_take_what_is_typed(window: Window, hands: Hands) -> None:
    page = graph_page(window)
    hands.click(page.inputs.add)
    cases: list[tuple[str, str, Source]] = [
        ("number", "4", NumberSource(4)),
        ("number", "0.25", NumberSource(0.25)),
        ("text", "hello", TextSource("hello")),
        ("list", "[1, [2.5, 'a'], None]", ListSource([1, [2.5, "a"], None])),
        ("tensor file", "a.npy", TensorSource("a.npy")),
        ("tensor", "[[1, 2.5], [3, 4]]", LiteralSource([[1, 2.5], [3, 4]])),
        ("noise", "1, 4, 8, 8", NoiseSource([1, 4, 8, 8])),
    ]
    for title, text, expected in cases:
        hands.choose(page.inputs.rows[0].source.sort, title)
        values = page.inputs.rows[0].source.values
        assert values is not None
        hands.write(values.file if isinstance(values, TensorValues) else values, text)
        assert window.document.graph.inputs[0].source == expected


def test_a_list_that_is_none_is_refused(window: Window, hands: Hands) -> None:
    page = graph_page(window)
    hands.click(page.inputs.add)
    hands.choose(page.inputs.rows[0].source.sort, "list")
    source = page.inputs.rows[0].source
    assert source.values is not None
    hands.write(source.values, "[open('x')]")
    assert source.message.isVisible()
    assert window.document.graph.inputs[0].source == ListSource([])


def test_a_tensor_that_is_none_is_refused(window: Window, hands: Hands) -> None:
    page = graph_page(window)
    hands.click(page.inputs.add)
    source = page.inputs.rows[0].source
    hands.choose(source.sort, "tensor")
    values = source.values
    assert isinstance(values, LiteralValues)
    hands.write(values, "[[1, 2], [3]]")
    assert "of one length" in source.message.text()
    hands.write(values, "[[1, 2], [3, 0.5]]")
    assert not source.message.isVisible()
    hands.choose(values.dtype, "int64")
    assert "holds 0.5" in source.message.text()
    assert values.dtype.currentText() == "float32"
    hands.write(values, "[[1, 2], [3, 4]]")
    hands.choose(values.dtype, "int64")
    assert window.document.graph.inputs[0].source == LiteralSource([[1, 2], [3, 4]], "int64")
    hands.trigger("undo")
    assert values.dtype.currentText() == "float32"


@pytest.mark.parametrize(
    ("start", "keys", "end"),
    [
        (5e-324, 1, 1e-323),
        (5e-324, -1, 0.0),
        (1e-320, 1, 1.1e-320),
        (1.7976931348623157e308, 1, 1.7976931348623157e308),
    ],
)
def test_the_smallest_and_the_largest_numbers_can_be_stepped(
    window: Window, hands: Hands, start: float, keys: int, end: float
) -> None:
    page = graph_page(window)
    window.document.apply(SetInputs((Input("x", NumberSource(start)),)), "Set")
    values = page.inputs.rows[0].source.values
    assert isinstance(values, NumberValues)
    hands.click(text_of(values))
    hands.key(Qt.Key.Key_Up if keys > 0 else Qt.Key.Key_Down)
    found = window.document.graph.inputs[0].source
    assert isinstance(found, NumberSource)
    assert found.value == pytest.approx(end, rel=0.11, abs=0)


def test_a_provider_is_made_renamed_and_emptied(window: Window, hands: Hands) -> None:
    frame = add(window, "Chain")
    reader = add(window, "UseContext", frame, context="context", key="value")
    page = node_page(window, frame)
    editor = page.contexts
    assert editor is not None
    hands.click(editor.add)
    assert window.document.graph.node(frame).contexts == {"context": {"value": UnsetSource()}}
    hands.write(editor.cards[0].entries.rows[0].name, "strength")
    hands.write(editor.cards[0].name, "mask")
    assert window.document.graph.node(frame).contexts == {"mask": {"strength": UnsetSource()}}
    # Whoever reads it follows.
    assert window.document.graph.node(reader).params["context"] == "mask"
    assert window.document.graph.node(reader).params["key"] == "strength"
    hands.click(editor.card("mask").entries.add)
    assert list(window.document.graph.node(frame).contexts["mask"]) == ["strength", "key"]
    hands.click(editor.card("mask").entries.row("strength").remove)
    assert list(window.document.graph.node(frame).contexts["mask"]) == ["key"]
    hands.click(editor.card("mask").remove)
    assert window.document.graph.node(frame).contexts == {}


def test_the_slider_of_a_provider_s_number_is_one_step(window: Window, hands: Hands) -> None:
    window.document.apply(SetContexts("root", {"mask": {"strength": NumberSource(1.5)}}), "Set")
    page = graph_page(window)
    values = page.contexts.card("mask").entries.row("strength").source.values
    assert isinstance(values, NumberValues)
    steps = len(window.document.history.undos)
    drag_slider(hands, values.number.slider)
    assert window.document.graph.node("root").contexts["mask"]["strength"] != NumberSource(1.5)
    assert len(window.document.history.undos) == steps + 1


def test_numbers_too_large_for_a_slider_are_taken_or_refused(window: Window, hands: Hands) -> None:
    window.document.apply(SetContexts("root", {"mask": {"strength": NumberSource(1.5)}}), "Set")
    page = graph_page(window)
    row = page.contexts.card("mask").entries.row("strength")
    values = row.source.values
    assert isinstance(values, NumberValues)
    hands.write(values.number, "1e308")
    assert window.document.graph.node("root").contexts["mask"]["strength"] == NumberSource(1e308)
    assert values.number.slider.value() == values.number.slider.maximum()
    hands.write(values.number, "1" * 320)
    assert window.document.graph.node("root").contexts["mask"]["strength"] == NumberSource(1e308)
    assert any("64 bits" in label.text() and label.isVisible() for label in labels(page))


def test_a_loose_node_is_told_apart(window: Window) -> None:
    tree = new_tree(window.document.graph, CATALOGUE, "ReLU")
    window.document.apply(Insert(Place(CANVAS, 0, 0, new=True), (tree,)), "Park")
    assert "loose" in node_page(window, tree.node.id).path.text()


def test_params_that_are_left_out_show_their_defaults(window: Window) -> None:
    graph = Graph(Node("root", "Chain"))
    graph.nodes["n"] = Node("n", "Conv2d")
    graph.children["root"] = ["n"]
    graph.parents["n"] = "root"
    window.document.replace(graph)
    page = node_page(window, "n")
    assert text_of(page.fields["kernel_size"]).property("text") == str(defaults(CATALOGUE["Conv2d"])["kernel_size"])
    assert window.document.graph.node("n").params == {}


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


def test_a_context_moves_to_the_frame_around_and_back(window: Window, hands: Hands) -> None:
    inner = add(window, "Chain")
    add(window, "UseContext", inner, context="c", key="k")
    window.document.apply(SetContexts(inner, {"c": {"k": NumberSource(1)}}), "Provide")
    before = files.dump(window.document.graph)
    hands.click(contexts_editor(window, inner).card("c").outward)
    assert window.document.graph.nodes["root"].contexts == {"c": {"k": NumberSource(1)}}
    hands.click(contexts_editor(window, "root").card("c").inward)
    assert files.dump(window.document.graph) == before
    hands.click(contexts_editor(window, inner).card("c").inward)
    assert "smallest frame" in contexts_editor(window, inner).card("c").message.text()


def contexts_editor(window: Window, node: str) -> ContextsEditor:
    window.canvas.select([node] if node != "root" else [])
    page = window.inspector.page
    assert page is not None
    found = page.findChild(ContextsEditor)
    assert isinstance(found, ContextsEditor)
    return found


def test_a_click_on_a_node_brings_its_page_to_the_front(window: Window, hands: Hands) -> None:
    node, other = add(window, "Linear"), add(window, "ReLU")
    inspector, adapters = window.docks["inspector"], window.docks["adapters"]
    QApplication.processEvents()

    def at_front() -> bool:
        QApplication.processEvents()
        return not inspector.visibleRegion().isEmpty()

    adapters.raise_()
    assert not at_front()
    hands.click_node(node)
    assert at_front()
    adapters.raise_()
    hands.click_node(node)  # selected already
    assert at_front()
    adapters.raise_()
    at = window.canvas.rect_of(other).center().toPoint()
    hands.qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, at)
    assert window.canvas.selection == [node, other]
    assert not at_front(), "several are chosen for an adapter to go to"
    window.canvas.select([node])
    hands.key(Qt.Key.Key_Return)
    assert at_front()
    focus = QApplication.focusWidget()
    assert focus is not None
    assert node_page(window, node).fields["in_features"].isAncestorOf(focus)


def test_a_note_is_written_by_key(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    window.docks["adapters"].raise_()
    window.canvas.select([node])
    window.canvas.setFocus()
    hands.key(Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    note = node_page(window, node).note
    assert QApplication.focusWidget() is note
    hands.qtbot.keyClicks(note, "why")
    assert window.document.graph.view(node).note == "why"
