"""Every command of the window, in one table. Menus, toolbar and the list of keys read it."""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app import dialogs, finding, typing_keys
from app.action import Action
from app.adapters import ADAPTING
from app.appearance import APPEARANCE
from app.contexts import CONTEXTS
from app.editing import EDITING
from app.file_menu import FILE_MENU
from app.keymap import NATIVE
from app.keys_dialog import KeysDialog
from app.navigating import NAVIGATING
from app.overlays import OVERLAYS
from app.panels.outline import COMMANDS
from app.panes import PANES
from app.running import RUNNING
from app.selecting import SELECTING
from app.sharing import SHARING
from app.viewing import VIEWING

if TYPE_CHECKING:
    from app.window import Window

ACTIONS: tuple[Action, ...] = (
    *FILE_MENU,
    *EDITING,
    *SHARING,
    *ADAPTING,
    *SELECTING,
    *CONTEXTS,
    *NAVIGATING,
    *PANES,
    *VIEWING,
    *APPEARANCE,
    *OVERLAYS,
    *RUNNING,
    Action(
        id="find-command",
        menu="Help",
        title="Find a command…",
        keys=("Ctrl+Shift+P",),
        run=lambda w: finding.find_command(w),
    ),
    Action(
        id="keys",
        menu="Help",
        title="Keys…",
        keys=("F1", "?", "Ctrl+Shift+K", "Ctrl+,"),
        tip="All commands with their keys, and choosing other keys; what the mouse does on the canvas",
        run=lambda w: KeysDialog(w).open(),
    ),
    Action(id="about", menu="Help", title="About Catenary", run=lambda w: dialogs.show_about(w)),
)
"""In the order in which the menus have them."""
IDS = frozenset(action.id for action in ACTIONS)


def build(window: "Window") -> dict[str, QAction]:
    """Make the menus of a window from the table; gives its actions by id. `refresh` brings them up to date."""
    menus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    made: dict[str, QAction] = {}
    for action in ACTIONS:
        menu = _menu(window, menus, action.menu)
        if action.separated:
            menu.addSeparator()
        qt = QAction(window)
        qt.setObjectName(action.id)
        qt.setCheckable(action.checked is not None)
        if action.scope != "window":
            qt.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            window.canvas.addAction(qt)
        if action.scope == "view":
            window.preview.addAction(qt)
        if action.id in COMMANDS:
            window.outline.addAction(qt)
        if action.group:
            groups.setdefault(action.group, QActionGroup(window)).addAction(qt)
        qt.triggered.connect(lambda _=False, action=action: _trigger(window, action))
        menu.addAction(qt)
        made[action.id] = qt
    window.menus = menus
    show_keys(window, made)
    return made


def show_keys(window: "Window", made: Mapping[str, QAction]) -> None:
    """Give the actions the keys that they have now, in menus and tooltips too."""
    for action in ACTIONS:
        keys = window.keymap.keys_of(action.id)
        if made[action.id].shortcuts() != (sequences := [QKeySequence(key) for key in keys]):
            made[action.id].setShortcuts(sequences)
            _describe(action, made[action.id])
    for command, button in _echoes(window).items():
        button.setToolTip(made[command].toolTip())


def _echoes(window: "Window") -> dict[str, QWidget]:
    """Buttons of panels that do what a command does: they say its keys too."""
    pause = window.preview.pause
    return {
        "continue": pause.go_on,
        "step": pause.step,
        "compare-swap": window.preview.bar.swap,
        "compare-adapters": window.adapters_panel.compare,
    }


def _trigger(window: "Window", action: Action) -> None:
    typing_keys.commit()
    action.run(window)
    window.refresh_soon()


def refresh(window: "Window", menu: str = "", ids: Container[str] = IDS) -> None:
    """Bring titles, marks and availability up to date, of all actions, those of one menu, or those with these ids."""
    for action in ACTIONS:
        if action.id not in ids or not action.menu.startswith(menu):
            continue
        qt = window.actions_by_id[action.id]
        title = action.title if isinstance(action.title, str) else action.title(window)
        if qt.text() != title:
            qt.setText(title)
            _describe(action, qt)
        if action.checked:
            qt.setChecked(action.checked(window))
        if action.enabled:
            qt.setEnabled(action.enabled(window))


def _describe(action: Action, qt: QAction) -> None:
    """Say in the tooltip what a command does, and its first key."""
    keys = f" ({qt.shortcut().toString(NATIVE)})" if qt.shortcuts() else ""
    qt.setToolTip((action.tip or qt.text()) + keys)


def _menu(window: "Window", menus: dict[str, QMenu], path: str) -> QMenu:
    if path not in menus:
        parent, _, title = path.rpartition("/")
        menus[path] = _menu(window, menus, parent).addMenu(title) if parent else window.menuBar().addMenu(title)
        menus[path].setToolTipsVisible(True)
    return menus[path]
