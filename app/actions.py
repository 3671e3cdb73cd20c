"""Every command of the window, in one table. Menus, toolbar and the list of keys read it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from app import dialogs, finding, typing_keys
from app.action import Action
from app.adapters import ADAPTING
from app.appearance import APPEARANCE
from app.editing import EDITING
from app.file_menu import FILE_MENU
from app.navigating import NAVIGATING
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
    *NAVIGATING,
    *PANES,
    *VIEWING,
    *APPEARANCE,
    *RUNNING,
    Action(
        id="find-command",
        menu="Help",
        title="Find a command…",
        keys=("Ctrl+Shift+P",),
        run=lambda w: finding.find_command(w),
    ),
    Action(id="keys", menu="Help", title="Keys", keys=("F1",), run=lambda w: dialogs.show_keys(w, key_list())),
    Action(id="about", menu="Help", title="About Catenary", run=lambda w: dialogs.show_about(w)),
)
"""In the order in which the menus have them."""


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
        qt.setShortcuts([QKeySequence(key) for key in action.keys])
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
    return made


def _trigger(window: "Window", action: Action) -> None:
    typing_keys.commit()
    action.run(window)
    window.refresh_soon()


def refresh(window: "Window", menu: str = "") -> None:
    """Bring titles, marks and availability up to date, of all actions or those of one menu."""
    for action in [each for each in ACTIONS if each.menu.startswith(menu)]:
        qt = window.actions_by_id[action.id]
        title = action.title if isinstance(action.title, str) else action.title(window)
        if qt.text() != title:
            qt.setText(title)
            keys = f" ({qt.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if action.keys else ""
            qt.setToolTip((action.tip or title) + keys)
        if action.checked:
            qt.setChecked(action.checked(window))
        if action.enabled:
            qt.setEnabled(action.enabled(window))


def key_list() -> list[tuple[str, str, str]]:
    """Menu, title and keys of every action that has keys."""
    return [
        (
            action.menu,
            action.title if isinstance(action.title, str) else action.id.replace("-", " ").capitalize(),
            ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in action.keys),
        )
        for action in ACTIONS
        if action.keys
    ]


def _menu(window: "Window", menus: dict[str, QMenu], path: str) -> QMenu:
    if path not in menus:
        parent, _, title = path.rpartition("/")
        menus[path] = _menu(window, menus, parent).addMenu(title) if parent else window.menuBar().addMenu(title)
        menus[path].setToolTipsVisible(True)
    return menus[path]
