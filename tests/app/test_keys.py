"""Keys: every one does its command's work and no other, text fields keep theirs, and the user may choose others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPlainTextEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from app.__main__ import main
from app.actions import ACTIONS
from app.canvas.guide import GESTURES
from app.keymap import FIXED, Keymap, defaults
from app.keys_dialog import KeysDialog
from app.panels.node_page import NodePage
from app.panels.numbers import NumberBox
from app.panels.outline import COMMANDS
from app.window import Window
from engine.document.document import new_graph, new_tree
from engine.document.edits import Insert
from engine.document.graph import Place
from tests.app.hands import Hands, text_of

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PAIRS = [(action, key) for action in ACTIONS for key in defaults(action)]
TYPED = ("Home", "Del", "Backspace", "Tab")
"""Keys without Ctrl or Alt that mean something to whoever types."""


def press(key: str) -> None:
    """Press a key where the focus is."""
    pressed = QKeySequence(key, QKeySequence.SequenceFormat.PortableText)[0]  # pyright: ignore[reportIndexIssue]
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, pressed.key(), pressed.keyboardModifiers())


@contextmanager
def recorded(window: Window) -> Iterator[list[str]]:
    """Every action is available, and notes that it was triggered instead of doing its work."""
    heard: list[str] = []
    for name, action in window.actions_by_id.items():
        action.triggered.disconnect()
        action.triggered.connect(lambda _=False, name=name: heard.append(name))
        action.setEnabled(True)
    yield heard


def test_no_two_actions_share_an_id_or_a_key() -> None:
    """All of them work while the canvas has the focus, so that every two scopes overlap."""
    assert not [name for name, count in Counter(action.id for action in ACTIONS).items() if count > 1]
    keys = Counter(key for _, key in PAIRS)
    assert "" not in keys
    assert not {key for key, count in keys.items() if count > 1} | (keys.keys() & FIXED.keys())


def test_single_letters_work_on_the_canvas_or_in_the_preview_only() -> None:
    plain = {key: action.scope for action, key in PAIRS if key in TYPED or (len(key) == 1 and key.isalpha())}
    assert set(plain.values()) == {"canvas", "view"}


def test_every_key_triggers_its_action_and_no_other(window: Window) -> None:
    with recorded(window) as heard:
        for action, key in PAIRS:
            window.canvas.setFocus()
            press(key)
            assert heard == [action.id], key
            heard.clear()


def test_keys_of_the_outline_and_the_preview_work_there(window: Window) -> None:
    window.docks["outline"].raise_()
    places = [(window.outline, action, key) for action, key in PAIRS if action.id in COMMANDS]
    places += [(window.preview, action, key) for action, key in PAIRS if action.scope == "view"]
    with recorded(window) as heard:
        for place, action, key in places:
            place.setFocus()
            press(key)
            assert heard == [action.id], (key, place)
            heard.clear()


def test_no_key_of_the_canvas_fires_while_a_text_field_has_the_focus(window: Window, hands: Hands) -> None:
    document = window.document
    tree = new_tree(document.graph, document.catalogue, "Linear")
    document.apply(Insert(Place("root", 0), (tree,)), "Add")
    window.refresh()
    QApplication.processEvents()
    hands.click_node(tree.node.id)
    window.actions_by_id["rename"].trigger()
    renaming = QApplication.focusWidget()
    assert isinstance(renaming, QLineEdit)
    typed = [key for action, key in PAIRS if action.scope != "window" or len(key) == 1]
    inspector = window.inspector.findChild(QLineEdit)
    with recorded(window) as heard:
        for field in (renaming, window.palette_panel.search, inspector):
            assert field is not None
            for key in [key for key in typed if key != "Tab"]:
                field.setFocus()
                press(key)
                assert heard == [], (key, field.objectName())
            field.setFocus()
            press("Tab")
            assert heard == []


def test_text_fields_of_every_sort_keep_their_keys(window: Window, hands: Hands) -> None:
    """A line and a text of the inspector, a number and a spin box, the selector's line, and the outline's editor."""
    document = window.document
    document.apply(Insert(Place("root", 0), (new_tree(document.graph, document.catalogue, "Linear"),)), "Add")
    [node] = document.graph.children["root"]
    for panel in ("inspector", "strip", "outline"):
        window.docks[panel].show()
        window.docks[panel].raise_()
    window.selector.open()
    window.canvas.select([node])
    window.outline.edit(window.outline.nodes.index_of(node))
    editor = window.outline.viewport().findChild(QLineEdit)
    page = window.inspector.page
    assert isinstance(page, NodePage)
    note, number = page.findChild(QPlainTextEdit), page.fields["in_features"].findChild(NumberBox)
    steps = window.sweep.findChild(QSpinBox)
    with recorded(window) as heard:
        for field in (editor, text_of(page.name), note, number, steps, window.selector.line):
            assert field is not None
            for key in (
                "D",
                "Shift+P",
                "/",
                "?",
                "Del",
                "Ctrl+B",
                "Ctrl+G",
                "Shift+Del",
                "Ctrl+Z",
                "Ctrl+Y",
                "Ctrl+Shift+Z",
            ):
                field.setFocus()
                press(key)
                assert heard == [], (key, field)


@pytest.fixture
def dialog(window: Window) -> KeysDialog:
    """The list of keys, opened by its key, with Duplicate selected."""
    window.canvas.setFocus()
    press("F1")
    found = window.findChild(KeysDialog)
    assert found is not None
    found.tree.setCurrentItem(found.item("duplicate"))
    found.tree.setFocus()
    return found


def test_a_new_key_counts_at_once_and_the_next_time(qtbot: QtBot, window: Window, dialog: KeysDialog) -> None:
    press("Return")
    press("Ctrl+J")
    assert dialog.item("duplicate").text(1) == "Ctrl+J"
    assert dialog.item("duplicate").text(2) == "changed"
    duplicate = window.actions_by_id["duplicate"]
    assert duplicate.shortcut() == QKeySequence("Ctrl+J")
    assert duplicate.toolTip() == "Duplicate (Ctrl+J)"
    window.keymap.choose("continue", ("Ctrl+Shift+J",))
    assert window.preview.pause.go_on.toolTip().endswith("(Ctrl+Shift+J)")
    dialog.add.click()
    press("Alt+Shift+J")
    assert Keymap(ACTIONS, window.settings).keys_of("duplicate") == ("Ctrl+J", "Alt+Shift+J")
    dialog.reject()
    window.activateWindow()  # a window manager does that
    qtbot.waitUntil(window.isActiveWindow)
    with recorded(window) as heard:
        for key in ("Ctrl+D", "Ctrl+J", "Alt+Shift+J"):
            window.canvas.setFocus()
            press(key)
    assert heard == ["duplicate"] * 2


def test_a_key_of_another_command_is_told_and_may_be_taken(window: Window, dialog: KeysDialog) -> None:
    keymap = window.keymap
    press("Return")
    press("Ctrl+G")
    assert dialog.told.text() == "Ctrl+G is the key of Edit > Wrap in > Chain"
    press("Tab")
    press("Return")  # leave it there
    assert keymap.chosen == {}
    press("Return")
    press("Ctrl+G")
    press("Return")  # take it
    assert keymap.keys_of("duplicate") == ("Ctrl+G",)
    assert keymap.keys_of("wrap-chain") == ()
    assert dialog.item("wrap-chain").text(1) == ""
    assert window.actions_by_id["wrap-chain"].shortcuts() == []
    dialog.reset.click()
    assert keymap.keys_of("duplicate") == ("Ctrl+D", "Shift+D")
    assert keymap.keys_of("wrap-chain") == ("Ctrl+G",)
    assert window.settings.allKeys().count("keys/duplicate") == 0


def test_esc_gives_up_and_keys_of_the_canvas_can_not_be_had(window: Window, dialog: KeysDialog) -> None:
    press("Return")
    press("Left")
    assert "goes to a neighbour" in dialog.field.text()
    press("Esc")
    assert dialog.tree.hasFocus()
    assert not dialog.field.isVisible()
    assert dialog.isVisible()
    dialog.change.click()
    dialog.search.setFocus()  # elsewhere: nothing is taken
    QTest.keyClicks(dialog.search, "wrap ctrl+g")
    shown = [name for name in window.actions_by_id if not dialog.item(name).isHidden()]
    assert shown == ["wrap-chain"]
    press("Return")
    press("Return")
    press("Tab")
    assert dialog.told.text() == "Tab is the key of Edit > Add a node…"
    assert window.keymap.chosen == {}


def test_all_keys_can_be_reset(window: Window, dialog: KeysDialog) -> None:
    buttons = dialog.findChildren(QPushButton)
    assert all(button.icon().isNull() for button in buttons), "those of the style are dark in the dark theme too"
    dialog.clear.click()
    assert window.keymap.keys_of("duplicate") == ()
    window.keymap.choose("run", ("Ctrl+D",))  # free now
    assert Keymap(ACTIONS, window.settings).chosen == {"duplicate": (), "run": ("Ctrl+D",)}
    dialog.reset_all.click()
    box = dialog.findChild(QMessageBox, "reset-keys")
    assert box is not None
    assert "all 2 commands" in box.text()
    box.accept()
    assert window.keymap.chosen == {}
    assert dialog.item("run").text(1) == "Ctrl+Return or Ctrl+Enter or F5"


def test_keys_of_the_settings_that_nobody_can_use_are_left_out_and_told(settings: QSettings, qtbot: QtBot) -> None:
    stored = {"rename": "Ctrl+Blah", "gone": "Ctrl+J", "mute": "Esc", "run": "Ctrl+J", "step": "F9; Ctrl+J", "copy": ""}
    for name, keys in stored.items():
        settings.setValue(f"keys/{name}", keys)
    window = Window(settings, "light")
    qtbot.addWidget(window)
    keymap = window.keymap
    assert keymap.chosen == {"run": ("Ctrl+J",), "copy": ()}
    assert keymap.keys_of("rename") == ("F2",)
    assert sorted(keymap.unread) == ["gone", "mute", "rename", "step"]
    assert "rename = Ctrl+Blah: not a key" in window.notice.label.text()
    window.document.replace(new_graph())
    assert not window.notice.isHidden(), "it is about no graph"
    window.notice.button.click()
    assert sorted(key for key in settings.allKeys() if key.startswith("keys/")) == ["keys/copy", "keys/run"]


def test_the_page_of_keys_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys"]) == 0
    written = capsys.readouterr().out
    page = Path(__file__).parents[2] / "docs" / "keys.md"
    assert written == page.read_text(encoding="utf-8"), "run `python -m app keys > docs/keys.md`"
    assert all(f"`{key}`" in written for _, key in PAIRS)
    assert all(how in written for _, how in GESTURES)
