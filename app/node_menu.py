"""The menu of a node, or of the canvas where no node is: what can be done there, of all commands."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app.dialogs import DELETE_ON_CLOSE

if TYPE_CHECKING:
    from app.window import Window

AT_NODE = (
    ("collapse", "rename", "replace", "note"),
    ("duplicate", "cut", "copy", "paste", "paste-beside", "delete"),
    ("bypass", "mute", "extract", "unwrap", "route", "inline"),
    ("fold-repeats", "select-repeats", "even-out"),
    ("go-to-provider", "find-accesses", "pin-key"),
    ("place-again", "unshare", "load-weights-here", "save-weights-here", "export-here"),
)
ELSEWHERE = (("add-node", "paste", "paste-parked"), ("select-all", "frame-all"))


def menu(window: "Window", node: str | None) -> QMenu:
    """A menu of what can be done with a node, or with none, right now."""
    made = QMenu(window)
    made.setAttribute(DELETE_ON_CLOSE)
    if node is not None:
        made.addAction("Pin its preview", lambda: window.preview.pin_node(node))
        made.addAction(window.menus["Edit/Wrap in"].menuAction())  # added as a menu it would be lost with this one
    for group in ELSEWHERE if node is None else AT_NODE:
        made.addSeparator()
        made.addActions([each for name in group if (each := window.actions_by_id[name]).isEnabled()])
    return made
