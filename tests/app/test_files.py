"""Files through the window: nothing is lost without a question, examples stay, opening runs nothing."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.examples import EXAMPLES, examples, title_of
from app.panels.node_page import NodePage
from app.window import Window
from engine.document import files
from engine.document.document import new_graph
from engine.document.edits import SetInputs, SetName
from engine.document.graph import Input
from engine.document.sources import ImageSource
from nodes.models import MODELS, build
from tests.app.hands import STARTING, Hands, drag, text_of

UNSHARP = EXAMPLES / "unsharp.catenary"


def box(window: Window, name: str) -> QMessageBox:
    [found] = [child for child in window.findChildren(QMessageBox, name) if child.isVisible()]
    return found


def answer(hands: Hands, window: Window, name: str, button: str) -> None:
    """Press a button of a question."""
    found = box(window, name).findChild(QPushButton, button)
    assert found is not None
    hands.click(found)


def submenu(window: Window, title: str) -> QMenu:
    found = next(a.menu() for a in window.menus["File"].actions() if a.text() == title)
    assert isinstance(found, QMenu)
    return found


def save_as(window: Window, path: Path) -> None:
    dialog = window.findChild(QFileDialog, "save-as")
    assert dialog is not None
    dialog.setDirectory(str(path.parent))
    dialog.selectFile(path.name)
    dialog.accept()


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.catenary"
    files.save(new_graph(), path, None)
    return path


def test_closing_with_unsaved_changes_asks_and_cancel_stays(window: Window, hands: Hands) -> None:
    window.canvas.add_kind("ReLU")
    window.close()
    answer(hands, window, "unsaved", "cancel")
    assert window.isVisible()
    window.close()
    answer(hands, window, "unsaved", "discard")
    assert not window.isVisible()


def test_closing_with_unsaved_changes_can_save_first(window: Window, hands: Hands, graph_file: Path) -> None:
    window.files.open(graph_file)
    window.canvas.add_kind("ReLU")
    window.close()
    answer(hands, window, "unsaved", "save")
    assert not window.isVisible()
    assert b"ReLU" in graph_file.read_bytes()


def test_new_and_open_ask_before_they_replace(window: Window, hands: Hands, graph_file: Path) -> None:
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    hands.trigger("new")
    answer(hands, window, "unsaved", "cancel")
    assert node in window.document.graph
    window.files.open(graph_file)
    answer(hands, window, "unsaved", "discard")
    assert node not in window.document.graph
    assert window.files.path == graph_file


def test_reopening_a_file_after_saving_it_shows_what_was_saved(window: Window, hands: Hands, graph_file: Path) -> None:
    window.files.open(graph_file)
    node = window.canvas.add_kind("ReLU")
    assert node is not None
    window.files.open(graph_file)
    answer(hands, window, "unsaved", "save")
    assert node in window.document.graph
    assert not window.document.modified
    window.canvas.add_kind("Linear")
    hands.trigger("save")
    assert b"Linear" in graph_file.read_bytes(), "nobody else changed the file"


def test_what_is_being_typed_is_asked_about_before_a_file_replaces_it(
    window: Window, hands: Hands, graph_file: Path
) -> None:
    window.canvas.add_kind("Linear")
    window.document.mark_saved()
    page = window.inspector.page
    assert isinstance(page, NodePage)
    line = text_of(page.fields["in_features"])
    hands.click(line)
    hands.qtbot.keyClicks(line, "7")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(graph_file))])
    drag(window, mime, QPointF(20, 20))
    answer(hands, window, "unsaved", "cancel")
    assert window.files.path is None


def test_the_title_tells_file_and_unsaved_changes(window: Window, hands: Hands, graph_file: Path) -> None:
    window.files.open(graph_file)
    window.refresh()
    assert window.windowTitle().startswith("graph.catenary")
    assert not window.isWindowModified()
    window.canvas.add_kind("ReLU")
    window.refresh()
    assert window.isWindowModified()
    hands.trigger("undo")
    window.refresh()
    assert not window.isWindowModified()


def test_an_example_is_never_overwritten(window: Window, hands: Hands, tmp_path: Path) -> None:
    shipped = UNSHARP.read_bytes()
    window.files.open_example(UNSHARP)
    window.canvas.select([])
    window.canvas.add_kind("ReLU")
    hands.trigger("save")
    save_as(window, tmp_path / "mine.catenary")
    assert UNSHARP.read_bytes() == shipped
    assert window.files.path == tmp_path / "mine.catenary"
    # Its picture is found from the new place, too.
    source = files.load(tmp_path / "mine.catenary")[0].inputs[0].source
    assert isinstance(source, ImageSource)
    assert (tmp_path / source.path).resolve() == UNSHARP.parent / "photograph.png"


@pytest.mark.parametrize("example", examples(), ids=lambda path: path.stem)
def test_every_example_opens_from_the_menu(window: Window, hands: Hands, example: Path) -> None:
    title = title_of(example)
    assert title.casefold() == example.stem.replace("-", " ")
    next(entry for entry in submenu(window, "Examples").actions() if entry.text() == title).trigger()
    graph, _ = files.load(example)
    assert files.dump(window.document.graph) == files.dump(graph)
    window.refresh()
    assert not [p for p in window.problems if p.severity == "error"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_starts_from_the_menu(qtbot: QtBot, window: Window, name: str) -> None:
    model = MODELS[name]
    with qtbot.waitSignal(window.files.moved):
        next(entry for entry in submenu(window, "New from model").actions() if entry.text() == model.title).trigger()
    assert files.dump(window.document.graph) == files.dump(build(model))
    assert window.files.path is None
    assert not window.document.modified
    window.refresh()
    assert window.problems == []


def test_opening_runs_nothing_and_a_change_does(qtbot: QtBot, live: Window, tmp_path: Path) -> None:
    window = live
    path = tmp_path / "prints.catenary"
    path.write_text(
        '{"catenary": 1, "root": "root", "nodes": ['
        '{"id": "p", "kind": "Lambda", "params": {"func": "lambda: print(\'ran\')"}},'
        '{"id": "root", "kind": "Chain", "children": ["p"]}], "view": []}'
    )
    ends: list[object] = []
    window.link.finished.connect(ends.append)
    assert window.link.auto
    with qtbot.waitSignal(window.link.shapes, timeout=STARTING, check_params_cb=lambda m: "p" in m.returns):
        window.files.open(path)
    assert ends == []
    assert window.log.toPlainText() == ""
    with qtbot.waitSignal(window.link.finished, timeout=STARTING):
        window.canvas.select([])
        window.canvas.add_kind("Identity")
    qtbot.waitUntil(lambda: "ran" in window.log.toPlainText(), timeout=STARTING)


def test_a_broken_file_is_named_with_its_place(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "broken.catenary"
    path.write_text('{\n  "catenary": 1,\n  "root": "root",\n  "nodes": [{"id": 3}]\n}\n')
    before = window.document.graph
    window.canvas.add_kind("ReLU")
    window.files.open(path)  # which is found before anybody asks about the changes
    text = box(window, "file-error").informativeText()
    assert "broken.catenary" in text
    assert "nodes" in text
    assert window.document.graph is before


def test_a_file_changed_by_another_program_is_not_overwritten_unasked(
    window: Window, hands: Hands, graph_file: Path
) -> None:
    window.files.open(graph_file)
    window.canvas.add_kind("ReLU")
    other = new_graph()
    other.inputs = (Input("theirs", ImageSource("")),)
    graph_file.write_bytes(files.dump(other))
    hands.trigger("save")
    answer(hands, window, "changed-on-disk", "cancel")
    assert b"theirs" in graph_file.read_bytes()
    hands.trigger("save")
    assert box(window, "changed-on-disk").defaultButton().objectName() == "save as"
    answer(hands, window, "changed-on-disk", "save as")
    save_as(window, graph_file.with_name("other.catenary"))
    assert b"ReLU" in graph_file.with_name("other.catenary").read_bytes()
    assert b"theirs" in graph_file.read_bytes()


def test_a_file_changed_by_another_program_can_be_overwritten(window: Window, hands: Hands, graph_file: Path) -> None:
    window.files.open(graph_file)
    window.canvas.add_kind("ReLU")
    other = new_graph()
    other.inputs = (Input("theirs", ImageSource("")),)
    graph_file.write_bytes(files.dump(other))
    hands.trigger("save")
    answer(hands, window, "changed-on-disk", "overwrite")
    assert b"ReLU" in graph_file.read_bytes()
    assert not window.document.modified


def test_reload_takes_what_is_on_disk(window: Window, hands: Hands, graph_file: Path) -> None:
    window.files.open(graph_file)
    window.canvas.add_kind("ReLU")
    other = new_graph()
    other.inputs = (Input("theirs", ImageSource("")),)
    graph_file.write_bytes(files.dump(other))
    hands.trigger("save")
    answer(hands, window, "changed-on-disk", "reload")
    assert [i.name for i in window.document.graph.inputs] == ["theirs"]


def test_a_dropped_file_opens(window: Window, graph_file: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(graph_file))])
    drag(window, mime, QPointF(20, 20))
    assert window.files.path == graph_file


def test_a_dropped_file_is_copied_not_moved(window: Window, graph_file: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(graph_file))])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    enter = QDragEnterEvent(QPoint(20, 20), actions, mime, left, none)
    drop = QDropEvent(QPointF(20, 20), actions, mime, left, none)
    assert drop.proposedAction() == Qt.DropAction.MoveAction
    for event in (enter, drop):
        QApplication.sendEvent(window, event)
    assert drop.dropAction() == Qt.DropAction.CopyAction


def test_another_file_is_not_opened_and_it_is_said_where_it_goes(window: Window, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "cat.png"))])
    drag(window, mime, QPointF(20, 20))
    assert window.files.path is None
    assert "input" in window.status.currentMessage()


def test_the_first_dialog_starts_where_the_program_was_started(
    window: Window, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hands.trigger("save-as")
    dialog = window.findChild(QFileDialog, "save-as")
    assert dialog is not None
    assert Path(dialog.directory().absolutePath()) == tmp_path
    assert [Path(name).name for name in dialog.selectedFiles()] == ["untitled.catenary"]
    dialog.reject()


def test_a_graph_with_a_name_is_saved_under_it(window: Window, hands: Hands) -> None:
    window.document.apply(SetName("root", "MyUNet"), "Rename")
    hands.trigger("save-as")
    dialog = window.findChild(QFileDialog, "save-as")
    assert dialog is not None
    assert [Path(name).name for name in dialog.selectedFiles()] == ["MyUNet.catenary"]
    dialog.reject()


def test_recent_files_come_back_in_the_menu(window: Window, graph_file: Path) -> None:
    window.files.open(graph_file)
    menu = submenu(window, "Open recent")
    menu.aboutToShow.emit()
    first = menu.actions()[0]
    assert first.text() == "graph.catenary"
    window.document.replace(new_graph())
    window.files.path = None
    first.trigger()
    assert window.files.path == graph_file


def test_saving_elsewhere_keeps_paths_leading_to_the_same_files(window: Window, hands: Hands, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    window.files.save_to(tmp_path / "one" / "g.catenary")
    window.document.apply(SetInputs((Input("x", ImageSource("a.png")),)), "Set")
    window.files.save_to(tmp_path / "two" / "g.catenary")
    assert files.load(tmp_path / "two" / "g.catenary")[0].inputs[0].source == ImageSource("../one/a.png")
    hands.trigger("undo")
    assert (window.document.graph.inputs[0].source, window.files.folder) == (ImageSource("a.png"), tmp_path / "one")
    hands.trigger("save")
    assert files.load(tmp_path / "two" / "g.catenary")[0].inputs[0].source == ImageSource("../one/a.png")
    assert window.files.folder == tmp_path / "two"
    for _ in range(2):
        hands.trigger("undo")
    assert window.files.folder == tmp_path / "one"
    for _ in range(2):
        hands.trigger("redo")
    assert window.files.folder == tmp_path / "two"


def test_what_the_preview_shows_can_be_exported(qtbot: QtBot, live: Window, hands: Hands, tmp_path: Path) -> None:
    window = live
    window.files.open_example(UNSHARP)
    with qtbot.waitSignal(window.link.previewed, timeout=STARTING):
        hands.trigger("run")
    hands.click(window.preview.save)
    dialog = window.findChild(QFileDialog, "value")
    assert dialog is not None
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("value.npy")
    with qtbot.waitSignal(window.link.saved, timeout=STARTING):
        dialog.accept()
    assert np.load(tmp_path / "value.npy").shape == (1, 3, 512, 512)
    with qtbot.waitSignal(window.link.saved, timeout=STARTING):
        window.link.export("root", tmp_path / "no folder" / "value.png")
    assert window.notice.isVisible()
