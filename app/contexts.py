"""Commands about one context key: where it comes from, who writes and reads it, other names and other providers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app import finding
from app.action import Action
from app.canvas import links
from app.dialogs import DELETE_ON_CLOSE
from app.name_dialog import NameDialog
from engine.document import scopes
from engine.document.answers import Answer, Refusal
from engine.document.edits import Edit
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.providers import hoist, lower
from engine.document.renames import rename_context, rename_key
from engine.document.scopes import Access, Key, Links

if TYPE_CHECKING:
    from app.window import Window

MENU = "Edit/Context"


def reached(window: "Window") -> Access | None:
    """What the selected leaf reaches, or tries to; of a Sample, what its guidance varies."""
    canvas = window.canvas
    if len(canvas.selection) != 1:
        return None
    return scopes.reach(canvas.document.graph, canvas.document.catalogue, canvas.selection[0])


def key_at_hand(window: "Window") -> Key | None:
    """The key that the selected leaf reaches; that of the pinned chip when no such leaf is selected, and at last what
    the guidance of the selected Sample varies."""
    access, pinned = reached(window), window.canvas.pinned
    if (access and access.role != "sample") or pinned is None or pinned not in _links(window):
        return access.key if access else None
    return pinned


def _links(window: "Window") -> dict[Key, Links]:
    return links.known(window.canvas)


def _ends(window: "Window") -> Links:
    key = key_at_hand(window)
    return _links(window).get(key, Links([], [])) if key else Links([], [])


def go_to_provider(window: "Window") -> None:
    """Show the frame that declares the key, with the key's links; say so where none does."""
    key, access = key_at_hand(window), reached(window)
    graph = window.canvas.document.graph
    if key:
        window.canvas.reveal(key.provider)
        window.canvas.pin(key)
        window.say(f"{graph.nodes[key.provider].title} provides {key.label}")
    elif access:
        title = graph.nodes[access.node].title
        window.status.refuse(f"{title}: no frame around it declares the context {access.context}")


def find_accesses(window: "Window") -> None:
    """A list of those who write and read the key; F3 goes on through them."""
    if key := key_at_hand(window):
        window.canvas.pin(key)
        finding.find_accesses(window, key)


def select_writers(window: "Window") -> None:
    """Select and show all who write the key."""
    window.canvas.select(_ends(window).writers, reveal=True)


def select_readers(window: "Window") -> None:
    """Select and show all who read the key."""
    window.canvas.select(_ends(window).readers, reveal=True)


def toggle_pin(window: "Window") -> None:
    """Show the links of the key at hand wherever the pointer is, or let go of them."""
    key, canvas = key_at_hand(window), window.canvas
    canvas.pin(None if key == canvas.pinned else key)


def ask_context_name(window: "Window") -> None:
    """Ask for another name of the key's context, for its provider and all who reach it."""
    if key := key_at_hand(window):
        graph, catalogue = window.canvas.document.graph, window.canvas.document.catalogue
        _ask(
            window,
            "Rename context",
            f"The context {key.context} of {graph.nodes[key.provider].title} becomes:",
            key.context,
            lambda name: rename_context(graph, catalogue, key.provider, key.context, name),
            lambda name: Key(key.provider, name, key.key),
        )


def ask_key_name(window: "Window") -> None:
    """Ask for another name of the key, for its provider and all who reach it."""
    if key := key_at_hand(window):
        graph, catalogue = window.canvas.document.graph, window.canvas.document.catalogue
        _ask(
            window,
            "Rename key",
            f"{key.label} of {graph.nodes[key.provider].title} becomes {key.context}. …",
            key.key,
            lambda name: rename_key(graph, catalogue, key.provider, key.context, key.key, name),
            lambda name: Key(key.provider, key.context, name),
        )


def _ask(
    window: "Window", title: str, label: str, old: str, edit: Callable[[str], Edit], renamed: Callable[[str], Key]
) -> None:
    canvas, pinned = window.canvas, window.canvas.pinned == key_at_hand(window)

    def take(name: str) -> None:
        if canvas.perform(edit(name), f"{title} {old}") and pinned:
            canvas.pin(renamed(name))

    NameDialog(window, title, label, old, edit, take).open()


def move(window: "Window", way: Callable[[Graph, Catalogue, str, str], Answer], title: str) -> None:
    """Have another frame provide the key's context, or say why that would change something."""
    key, canvas = key_at_hand(window), window.canvas
    if key is None:
        return
    graph, catalogue = canvas.document.graph, canvas.document.catalogue
    answer = way(graph, catalogue, key.provider, key.context)
    before = {node for node in graph.nodes if key.context in graph.nodes[node].contexts}
    if canvas.perform(answer, f"{title} {key.context}") and not isinstance(answer, Refusal):
        now = {node for node in graph.nodes if key.context in graph.nodes[node].contexts}
        [provider] = now - before
        canvas.pin(Key(provider, key.context, key.key))
        canvas.reveal(provider)


def menu(window: "Window") -> QMenu:
    """What can be done with the key at hand."""
    found = QMenu(window)
    found.setAttribute(DELETE_ON_CLOSE)
    for action in CONTEXTS:
        if action.separated:
            found.addSeparator()
        found.addAction(window.actions_by_id[action.id])
    return found


def _at_hand(window: "Window") -> bool:
    return key_at_hand(window) is not None


CONTEXTS: tuple[Action, ...] = (
    Action(
        id="go-to-provider",
        menu=MENU,
        title="Go to the provider",
        keys=("F12",),
        tip="Show the frame that declares what the selected leaf reaches",
        run=go_to_provider,
        enabled=lambda w: _at_hand(w) or reached(w) is not None,
    ),
    Action(
        id="find-accesses",
        menu=MENU,
        title="Find who writes and reads it…",
        keys=("Shift+F12",),
        tip="A list of all who reach the same key; F3 goes on through them",
        run=find_accesses,
        enabled=_at_hand,
    ),
    Action(id="select-writers", menu=MENU, title="Select its writers", run=select_writers,
           enabled=lambda w: bool(_ends(w).writers)),
    Action(id="select-readers", menu=MENU, title="Select its readers", run=select_readers,
           enabled=lambda w: bool(_ends(w).readers)),
    Action(
        id="pin-key",
        menu=MENU,
        title="Pin its links",
        keys=("K",),
        scope="canvas",
        tip="Show the links of this key alone, wherever the pointer is",
        run=toggle_pin,
        checked=lambda w: _at_hand(w) and key_at_hand(w) == w.canvas.pinned,
        enabled=_at_hand,
    ),
    Action(
        id="rename-key",
        menu=MENU,
        title="Rename the key…",
        tip="At its provider and everywhere it is written and read",
        run=ask_key_name,
        enabled=_at_hand,
        separated=True,
    ),
    Action(
        id="rename-context",
        menu=MENU,
        title="Rename the context…",
        tip="At its provider and everywhere it is written and read",
        run=ask_context_name,
        enabled=_at_hand,
    ),
    Action(
        id="hoist",
        menu=MENU,
        title="Provide it farther out",
        tip="From the frame around the one that does",
        run=lambda w: move(w, hoist, "Provide farther out:"),
        enabled=_at_hand,
        separated=True,
    ),
    Action(
        id="lower",
        menu=MENU,
        title="Provide it farther in",
        tip="From the smallest frame around all who reach it",
        run=lambda w: move(w, lower, "Provide farther in:"),
        enabled=_at_hand,
    ),
)  # fmt: skip
