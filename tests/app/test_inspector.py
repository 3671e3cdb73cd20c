"""The inspector: the page of what is selected, forms from declarations, names, notes and colours."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.panels.fields import FIELDS
from app.panels.graph_page import GraphPage
from app.panels.inspector import SummaryPage
from app.window import Window
from engine.document import files
from engine.document.document import new_tree
from engine.document.edits import Insert, SetParam
from engine.document.graph import CANVAS, Graph, Node, Place, View
from engine.document.kinds import defaults
from engine.document.problems import Problem
from nodes import CATALOGUE
from tests.app.hands import Hands, text_of
from tests.app.inspecting import add, labels, node_page


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


def test_several_nodes_give_a_summary(window: Window) -> None:
    nodes = [add(window, "ReLU"), add(window, "Linear"), add(window, "ReLU")]
    window.canvas.select(nodes)
    assert isinstance(window.inspector.page, SummaryPage)
    text = "\n".join(label.text() for label in labels(window.inspector.page))
    assert "3 nodes" in text
    assert "2 × ReLU" in text


def test_what_differs_is_shown_empty_and_any_entry_counts_for_all(window: Window, qtbot: QtBot) -> None:
    nodes = [add(window, "Linear"), add(window, "Linear"), add(window, "Linear")]
    graph = window.document.graph
    window.document.apply(SetParam(nodes[0], "in_features", 96), "")
    window.document.apply(SetParam(nodes[0], "bias", False), "")
    last = graph.nodes[nodes[2]].params["in_features"]
    window.canvas.select(nodes)
    page = window.inspector.page
    assert isinstance(page, SummaryPage)
    line, box = page.fields["in_features"].findChildren(QLineEdit)[0], page.fields["bias"].findChildren(QCheckBox)[0]
    assert (line.text(), line.placeholderText()) == ("", "several values")
    assert box.checkState() == Qt.CheckState.PartiallyChecked
    qtbot.keyClicks(line, str(last))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert [graph.nodes[node].params["in_features"] for node in nodes] == [last] * 3
    assert (line.text(), line.placeholderText()) == (str(last), "")
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert all(graph.nodes[node].params.get("bias", True) for node in nodes)
    assert box.checkState() == Qt.CheckState.Checked
    window.document.undo()
    assert box.checkState() == Qt.CheckState.PartiallyChecked


def test_a_deleted_node_leaves_the_graph_s_page(window: Window, hands: Hands) -> None:
    node = add(window, "ReLU")
    node_page(window, node)
    hands.trigger("delete")
    assert isinstance(window.inspector.page, GraphPage)


def test_a_loose_node_is_told_apart(window: Window) -> None:
    tree = new_tree(window.document.graph, CATALOGUE, "ReLU")
    window.document.apply(Insert(Place(CANVAS, 0, 0, new=True), (tree,)), "Park")
    assert "parked" in node_page(window, tree.node.id).path.text()


def test_long_paths_in_messages_do_not_widen_the_page(window: Window) -> None:
    page = node_page(window, add(window, "ReLU"))
    path = ".".join(["DownBlocks.Chain_2.ResidualBlock.RangeAdapter2d"] * 4)
    page.set_problems([Problem("loose-node", "info", page.node, f"{path} can't run")])
    assert page.minimumSizeHint().width() <= window.inspector.viewport().width()


def test_params_that_are_left_out_show_their_defaults(window: Window) -> None:
    graph = Graph(Node("root", "Chain"))
    graph.nodes["n"] = Node("n", "Conv2d")
    graph.children["root"] = ["n"]
    graph.parents["n"] = "root"
    window.document.replace(graph)
    page = node_page(window, "n")
    assert text_of(page.fields["kernel_size"]).property("text") == str(defaults(CATALOGUE["Conv2d"])["kernel_size"])
    assert window.document.graph.node("n").params == {}


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
