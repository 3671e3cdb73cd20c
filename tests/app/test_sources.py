"""Inputs and providers in the inspector, and where their values come from."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit
from shiboken6 import isValid

from app.panels.contexts import ContextsEditor
from app.panels.sources import SORTS, ImageValues, LiteralValues, NumberValues, TensorValues
from app.window import Window
from engine.document import files
from engine.document.edits import SetContexts, SetInputs
from engine.document.graph import Input
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
from tests.app.hands import Hands, text_of
from tests.app.inspecting import add, drag_slider, graph_page, labels, node_page


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


def test_the_page_of_the_graph_is_true_again_when_it_is_shown_again(window: Window) -> None:
    page = graph_page(window)
    node = add(window, "ReLU")
    node_page(window, node)
    window.document.apply(SetInputs((Input("x", NumberSource(3)),)), "Set")
    window.canvas.select([])
    assert window.inspector.page is page
    assert [row.name.name for row in page.inputs.rows] == ["x"]
    assert page.count.text() == "1 node"


def test_a_file_chosen_for_a_field_that_is_gone_changes_nothing(window: Window, hands: Hands, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"")
    window.document.apply(SetInputs((Input("x", ImageSource("old.png")),)), "Set")
    values = graph_page(window).findChild(ImageValues)
    assert values is not None
    hands.click(values.file.button)
    dialog = window.findChild(QFileDialog, "source-file")
    assert dialog is not None
    window.document.undo()
    hands.qtbot.waitUntil(lambda: not isValid(values))
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert line is not None
    hands.write(line, str(picture))
    dialog.accept()
    assert window.document.graph.inputs == ()
    hands.qtbot.waitUntil(lambda: not isValid(dialog))


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


def test_the_slider_of_a_provider_s_number_is_one_step(window: Window, hands: Hands) -> None:
    window.document.apply(SetContexts("root", {"mask": {"strength": NumberSource(1.5)}}), "Set")
    page = graph_page(window)
    values = page.contexts.card("mask").entries.row("strength").source.values
    assert isinstance(values, NumberValues)
    steps = len(window.document.history.undos)
    drag_slider(hands, values.number.slider)
    assert window.document.graph.node("root").contexts["mask"]["strength"] != NumberSource(1.5)
    assert len(window.document.history.undos) == steps + 1


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
