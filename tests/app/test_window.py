"""The window: keys belong to whoever has the focus, problems lead to their nodes, the engine may die."""

import os
import signal

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QStyle, QTabBar, QToolButton
from pytestqt.qtbot import QtBot

from app import layout
from app.panels.node_page import NodePage
from app.panels.problems import SEVERITIES
from app.picker import Picker
from app.theme import DARK, LIGHT
from app.window import Window
from engine.document import files
from engine.document.document import new_graph, new_tree
from engine.document.edits import Insert, Move, Remove, SetInputs, SetParam, SetWeights
from engine.document.graph import CANVAS, Input, Place, Weights
from engine.document.problems import Fix
from engine.document.sources import ImageSource
from engine.messages import Fault, Figures, Finished, Picture, Preview
from tests.app.hands import STARTING, Hands, text_of

CONTROL = Qt.KeyboardModifier.ControlModifier


def add(window: Window, kind: str, **params: str | float) -> str:
    """Append a new node to the root."""
    document = window.document
    tree = new_tree(document.graph, document.catalogue, kind, **params)
    document.apply(Insert(Place("root", len(document.graph.children["root"])), (tree,)), f"Insert {kind}")
    return tree.node.id


def fix_button(window: Window, code: str, label: str) -> QPushButton:
    """The button of a quick fix, once its problem is the current one."""
    panel = window.problems_panel
    detail = panel.detail(next(i for i, p in enumerate(panel.problems) if p.code == code))
    window.grab()  # everything gets its place
    return next(button for button in detail.findChildren(QPushButton) if button.text() == label)


def page_of(window: Window) -> NodePage:
    page = window.inspector.page
    assert isinstance(page, NodePage)
    return page


def test_a_new_window_takes_keys_at_the_canvas(window: Window) -> None:
    assert window.focusWidget() is window.canvas


def test_problems_are_counted_on_the_head_of_their_panel_and_on_its_tab(window: Window) -> None:
    dock, other = window.docks["problems"], window.docks["weights"]
    head = dock.titleBarWidget()
    assert isinstance(head, layout.TitleBar)
    add(window, "Linear")
    window.refresh()
    told = f"Problems ({len(window.problems)})"
    assert window.problems
    assert (head.label.text(), dock.windowTitle()) == (told, "Problems")
    other.show()
    window.refresh()
    assert (head.label.text(), dock.windowTitle()) == (told, told)
    other.hide()
    window.document.undo()
    window.refresh()
    assert (head.label.text(), dock.windowTitle()) == ("Problems", "Problems")


def test_undo_names_what_it_takes_back(window: Window) -> None:
    add(window, "Linear")
    assert window.actions_by_id["undo"].text() == "Undo Insert Linear"
    window.document.undo()
    assert window.actions_by_id["redo"].text() == "Redo Insert Linear"


def test_both_redo_keys_work(window: Window, hands: Hands) -> None:
    for key, modifiers in ((Qt.Key.Key_Y, CONTROL), (Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)):
        add(window, "ReLU")
        count = len(window.document.graph)
        window.canvas.setFocus()
        hands.key(Qt.Key.Key_Z, CONTROL)
        assert len(window.document.graph) == count - 1
        hands.key(key, modifiers)
        assert len(window.document.graph) == count


def test_a_text_field_owns_its_keys(window: Window, hands: Hands) -> None:
    node = add(window, "UseContext")
    window.canvas.select([node])
    nodes = len(window.document.graph)
    search = window.palette_panel.search
    hands.click(search)
    hands.qtbot.keyClicks(search, "fh")  # both are keys of the canvas
    assert search.text() == "fh"
    hands.key(Qt.Key.Key_Backspace)
    hands.key(Qt.Key.Key_Home)
    hands.key(Qt.Key.Key_Delete)
    assert search.text() == ""
    hands.key(Qt.Key.Key_Z, CONTROL)
    assert search.text() != ""
    hands.key(Qt.Key.Key_Y, CONTROL)
    assert search.text() == ""
    assert len(window.document.graph) == nodes
    assert window.canvas.selection == [node]


def test_undo_in_an_inspector_field_edits_the_text(window: Window, hands: Hands) -> None:
    node = add(window, "Lambda")
    window.canvas.select([node])
    line = text_of(page_of(window).name)
    hands.click(line)
    hands.qtbot.keyClicks(line, "Square")
    hands.key(Qt.Key.Key_Z, CONTROL)
    assert node in window.document.graph
    assert line.property("text") == ""
    hands.key(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    hands.key(Qt.Key.Key_Return)
    assert window.document.graph.node(node).name == "Square"


def test_only_frames_can_be_folded(window: Window) -> None:
    leaf, frame = add(window, "ReLU"), add(window, "Chain")
    window.canvas.select([leaf])
    assert not window.actions_by_id["collapse"].isEnabled()
    window.canvas.select([leaf, frame])
    assert window.actions_by_id["collapse"].isEnabled()


def test_the_window_opens_within_the_screen(window: Window, qtbot: QtBot) -> None:
    screen = window.screen().availableGeometry()
    window.resize(3000, 2000)  # as on the larger screen of last time
    layout.remember(window)
    again = Window(window.settings, "light")
    qtbot.addWidget(again)
    assert screen.width() >= again.width()
    assert screen.height() >= again.height()


def test_no_picture_moves_the_panels(window: Window, qtbot: QtBot) -> None:
    window.resize(960, 540)
    figures = Figures((1, 3, 900, 900), "float32", "cpu", 0.0, 1.0, 0.25, 0.5, 2, (1, 5, 2))
    preview = Preview(1, "root", "", figures, Picture(900, 900, bytes(3 * 900 * 900), "the first of 1"))
    qtbot.wait(1)
    before = {name: dock.size() for name, dock in window.docks.items()}
    fault = Fault("root", "failed", "long " * 400)
    window.preview.show_end(Finished(1, "failed", 0.0, fault=fault))
    window.preview.show_preview(preview)
    QApplication.processEvents()
    assert window.preview.picture.isVisible()
    assert window.preview.picture.height() >= 100
    assert {name: dock.size() for name, dock in window.docks.items()} == before


def test_delete_and_fold_on_the_canvas(window: Window, hands: Hands) -> None:
    frame = add(window, "Residual")
    window.canvas.select([frame])
    window.canvas.setFocus()
    hands.key(Qt.Key.Key_H)
    assert window.document.graph.view(frame).collapsed
    hands.key(Qt.Key.Key_Delete)
    assert frame not in window.document.graph


def test_a_click_on_a_problem_leads_to_its_node(window: Window, hands: Hands) -> None:
    good, bad = add(window, "ReLU"), add(window, "Lambda", func="lambda x: open(x)")
    window.canvas.select([good])
    window.refresh()
    panel = window.problems_panel
    index = next(i for i, p in enumerate(panel.problems) if p.node == bad)
    rect = panel.tree.visualItemRect(panel.item(index))
    hands.click(panel.tree.viewport(), rect.center())
    assert window.canvas.selection == [bad]
    assert page_of(window).node == bad
    message = page_of(window).editing.messages["func"]
    assert message.isVisible()
    assert "open" in message.text()


def test_errors_come_first_and_the_current_problem_is_told_in_full(window: Window, hands: Hands) -> None:
    tree = new_tree(window.document.graph, window.document.catalogue, "ReLU")
    window.document.apply(Insert(Place(CANVAS, 0, 0, new=True), (tree,)), "Park")
    add(window, "UseContext", context="unet", key="residuals")
    add(window, "Lambda", func="lambda x: torch.relluu(x)")
    window.refresh()
    panel = window.problems_panel
    severities = [problem.severity for problem in panel.problems]
    assert severities == sorted(severities, key=SEVERITIES.index)
    for width in (1400, 700):
        window.resize(width, 700)
        QApplication.processEvents()
        for index, problem in enumerate(panel.problems):
            detail = panel.detail(index)
            window.grab()
            buttons = detail.findChildren(QPushButton)
            assert [button.text() for button in buttons] == [fix.label for fix in problem.fixes]
            assert all(detail.rect().contains(button.geometry()) for button in buttons)
            assert panel.tree.visualItemRect(panel.item(index)).height() == detail.height()
    panel.detail(0)
    assert panel.item(1).text(0), "the others are lines again"


def test_a_missing_file_is_one_problem(qtbot: QtBot, live: Window) -> None:
    live.document.apply(SetInputs((Input("photo", ImageSource("nowhere.png")),)), "Set")
    with qtbot.waitSignal(live.link.shapes, timeout=STARTING, check_params_cb=lambda m: len(m.returns) > 1):
        add(live, "Blur")
    live.refresh()
    assert [problem.code for problem in live.problems] == ["source"]


def test_a_quick_fix_is_one_step(window: Window, hands: Hands) -> None:
    add(window, "UseContext", context="unet", key="residuals")
    window.refresh()
    before = files.dump(window.document.graph)
    steps = len(window.document.history.undos)
    problem = next(p for p in window.problems if p.fixes)
    hands.click(fix_button(window, problem.code, problem.fixes[0].label))
    window.refresh()
    assert problem not in window.problems
    assert window.problems_panel.tree.hasFocus(), "not some field of the inspector"
    assert len(window.document.history.undos) == steps + 1
    hands.trigger("undo")
    assert files.dump(window.document.graph) == before


def test_a_quick_fix_that_no_longer_fits_is_refused(window: Window) -> None:
    node = add(window, "UseContext", context="unet", key="residuals")
    fix = Fix("Name it", SetParam(node, "key", "other"))
    window.document.apply(Remove((node,)), "Delete")
    steps = len(window.document.history.undos)
    window.problems_panel.fixed.emit(fix)
    assert len(window.document.history.undos) == steps
    assert window.status.currentMessage()


def test_the_worker_killed_in_mid_run_is_told_and_replaced(qtbot: QtBot, live: Window, hands: Hands) -> None:
    window = live
    window.link.set_auto(False)
    slow = add(window, "Lambda", func="lambda: torch.ones(3000, 3000) @ torch.ones(3000, 3000)")
    for _ in range(40):
        add(window, "Lambda", func="lambda x: (x @ x) / 3000")
    before = files.dump(window.document.graph)
    first = window.link.client.pid
    with qtbot.waitSignal(window.link.progress, timeout=STARTING):
        hands.trigger("run")
    with qtbot.waitSignal(window.link.died, timeout=STARTING):
        assert first is not None
        os.kill(first, signal.SIGKILL)
    assert window.notice.isVisible()
    assert "SIGKILL" in window.notice.label.text()
    assert "your graph is untouched" in window.notice.label.text()
    assert files.dump(window.document.graph) == before
    assert window.link.client.pid not in (None, first)
    for node in window.document.graph.children["root"][1:]:
        window.canvas.select([node])
        hands.trigger("delete")
    window.canvas.select([slow])
    assert window.notice.button.text() == "Run"
    assert hands.run().status == "done"
    assert not window.notice.isVisible()
    qtbot.waitUntil(lambda: slow in window.preview.previews, timeout=STARTING)


def test_a_worker_that_dies_between_runs_is_replaced_and_the_graph_runs_again(
    qtbot: QtBot, live: Window, hands: Hands
) -> None:
    add(live, "Lambda", func="lambda: 1")
    hands.run()
    first = live.link.client.pid
    assert first is not None
    with qtbot.waitSignals([live.link.died, live.link.finished], timeout=STARTING):
        os.kill(first, signal.SIGKILL)
    assert not live.notice.isVisible()
    assert live.status.currentMessage().startswith("Done")


def test_what_is_said_of_a_run_goes_when_it_no_longer_holds(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    node = add(live, "Lambda", func="lambda: 1")
    live.canvas.select([])
    assert hands.run().status == "done"
    add(live, "Linear")
    assert live.status.currentMessage() == ""
    assert hands.run().status == "failed"
    assert live.preview.fault.isVisible()
    assert live.preview.state.text() == "out of date", "the value above is not of the run that failed"
    live.document.apply(SetParam(node, "func", "lambda: 2"), "Set")
    assert live.status.currentMessage() == ""
    qtbot.waitUntil(lambda: not live.preview.fault.isVisible())
    live.canvas.select([node])
    assert hands.run().status == "failed"
    assert live.preview.state.text() == ""
    assert "2" in live.preview.text.toPlainText()
    live.document.replace(new_graph())
    assert live.status.currentMessage() == ""
    assert not live.preview.fault.isVisible()


def test_a_parked_node_s_value_is_marked_as_old(qtbot: QtBot, live: Window, hands: Hands) -> None:
    node = add(live, "Lambda", func="lambda: 1")
    live.canvas.select([node])
    hands.run()
    qtbot.waitUntil(lambda: node in live.preview.previews, timeout=STARTING)
    live.document.apply(Move((node,), Place(CANVAS, 0, 0, new=True)), "Park")
    assert "parked" in live.preview.state.text()


def test_cancel_ends_a_run(qtbot: QtBot, live: Window, hands: Hands) -> None:
    window = live
    window.link.set_auto(False)
    add(window, "Lambda", func="lambda: torch.ones(3000, 3000)")
    for _ in range(60):
        add(window, "Lambda", func="lambda x: (x @ x) / 3000")
    with qtbot.waitSignal(window.link.progress, timeout=STARTING):
        hands.trigger("run")
    qtbot.waitUntil(lambda: window.status.currentMessage() == "Running…")
    with qtbot.waitSignal(window.link.finished, timeout=STARTING) as waiting:
        hands.trigger("cancel")
        assert window.status.currentMessage() == "Cancelling…"
    assert waiting.args is not None
    assert waiting.args[0].status == "cancelled"
    assert not window.link.running


def test_a_failed_run_names_the_node_and_leads_there(qtbot: QtBot, live: Window, hands: Hands) -> None:
    window = live
    window.link.set_auto(False)
    add(window, "Lambda", func="lambda: torch.ones(2, 3)")
    linear = add(window, "Linear")
    window.canvas.select([])
    end = hands.run()
    assert end.status == "failed"
    fault = window.preview.fault
    assert fault.isVisible()
    assert "Linear" in fault.place.text()
    assert "(2, 3)" in fault.received.text()
    hands.click(fault.button)
    assert window.canvas.selection == [linear]
    # The same is known without a run, as a problem of the node.
    qtbot.waitUntil(lambda: any(p.node == linear and p.severity == "error" for p in window.problems))


def test_what_a_graph_prints_is_in_the_log(qtbot: QtBot, live: Window, hands: Hands) -> None:
    live.link.set_auto(False)
    add(live, "Lambda", func="lambda: print('hello')")
    hands.run()
    qtbot.waitUntil(lambda: "hello" in live.log.toPlainText(), timeout=STARTING)
    before = live.log.toPlainText().splitlines()
    assert [line.split()[0] for line in before] == ["run", "hello"]
    hands.run()
    qtbot.waitUntil(lambda: live.log.toPlainText().count("hello") == 2, timeout=STARTING)
    headings = [line for line in live.log.toPlainText().splitlines() if line.startswith("run ")]
    assert len(set(headings)) == 2


def test_the_window_works_before_the_worker_is_ready(qtbot: QtBot, window: Window, hands: Hands) -> None:
    window.start()
    assert window.status.state.text() == "starting engine…"
    node = add(window, "Lambda", func="lambda: 42")
    window.canvas.select([node])
    assert hands.run().text == "42"
    qtbot.waitUntil(lambda: window.status.state.text().startswith("ready"), timeout=STARTING)
    assert window.toolbar.device.text() in ("CPU", "CUDA")


def test_themes_can_be_chosen_and_are_remembered(window: Window, hands: Hands) -> None:
    hands.trigger("theme-dark")
    assert window.canvas.theme is DARK
    assert window.settings.value("theme") == "dark"
    hands.trigger("theme-light")
    assert window.canvas.theme is LIGHT


def test_panels_can_be_put_away_and_brought_back(window: Window, hands: Hands) -> None:
    hands.trigger("panel-log")
    assert window.docks["log"].isHidden()
    hands.trigger("panel-log")
    assert window.docks["log"].isVisible()


def test_a_double_click_on_a_leaf_leads_into_its_form(window: Window, hands: Hands) -> None:
    node = add(window, "Blur")
    at = window.canvas.rect_of(node).center().toPoint()
    hands.click(window.canvas, at)
    hands.qtbot.mouseDClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert page_of(window).node == node
    focus = QApplication.focusWidget()
    assert focus is not None
    assert page_of(window).fields["radius"].isAncestorOf(focus)


def test_the_default_example_is_live_from_the_start(qtbot: QtBot, window: Window) -> None:
    window.open_default()  # as at start-up: the run is asked for before there is a worker
    with qtbot.waitSignal(window.link.previewed, timeout=STARTING):
        window.start()
    assert not window.preview.picture.image.isNull()


def test_unfit_weights_are_told(qtbot: QtBot, live: Window, hands: Hands) -> None:
    add(live, "Linear")
    live.document.apply(SetWeights("root", Weights("/nowhere/w.safetensors")), "Load weights")
    qtbot.waitUntil(live.notice.isVisible, timeout=STARTING)
    assert "w.safetensors" in live.notice.label.text()
    hands.click(live.notice.close_button)
    assert not live.notice.isVisible()


def test_what_leads_to_a_node_and_what_follows_it_can_be_selected(window: Window, hands: Hands) -> None:
    first, second, third = (add(window, kind) for kind in ("Linear", "ReLU", "Sigmoid"))
    QApplication.processEvents()
    hands.click_node(second)
    window.actions_by_id["select-upstream"].trigger()
    assert window.canvas.selection == [first]
    hands.click_node(second)
    window.actions_by_id["select-downstream"].trigger()
    assert sorted(window.canvas.selection) == sorted([third, "root"])


def test_in_a_small_window_the_canvas_has_the_room(window: Window, settings: QSettings) -> None:
    docks = window.docks
    layout.make_room(window)
    assert not window.tabifiedDockWidgets(docks["preview"]), "there is room for all"
    window.resize(640, 360)
    layout.make_room(window)
    assert all(docks[name].isHidden() for name in ("palette", "outline", "problems", "log"))
    assert {docks["inspector"], docks["adapters"]} == set(window.tabifiedDockWidgets(docks["preview"]))
    for name in ("inspector", "adapters", "preview"):
        panel = docks[name].widget()
        assert isinstance(panel, QScrollArea)
        page, bar = panel.widget(), panel.verticalScrollBar().sizeHint().width()
        assert page
        assert panel.minimumWidth() >= page.minimumSizeHint().width() + bar, f"{name} would be cut off"
    layout.remember(window)
    docks["palette"].show()
    layout.make_room(window)
    assert docks["palette"].isVisible(), "as it was arranged"


def test_every_button_without_words_has_a_sign_from_the_start(window: Window) -> None:
    buttons = [
        b for b in window.findChildren(QToolButton) if b.accessibleName() and not isinstance(b.parent(), QTabBar)
    ]
    assert [b.accessibleName() for b in buttons if not b.text() and b.icon().isNull()] == []
    assert len(buttons) > 20


def test_a_menu_longer_than_the_screen_scrolls(window: Window) -> None:
    menu = window.menus["Edit"]
    menu.ensurePolished()
    assert menu.style().styleHint(QStyle.StyleHint.SH_Menu_Scrollable, None, menu), "instead of going on beside it"


def test_find_has_what_was_looked_for_last(window: Window, hands: Hands) -> None:
    add(window, "ReLU")
    for typed in ("relu", ""):
        hands.trigger("find-node")
        [picker] = [each for each in window.findChildren(Picker) if each.isVisible()]
        QTest.keyClicks(picker.line, typed)
        assert picker.line.text() == "relu"
        QTest.keyClick(picker.line, Qt.Key.Key_Return)
        assert window.status.currentMessage() == "1 of 1 for relu"
