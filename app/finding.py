"""Finding nodes of the graph and commands of the window by typing."""

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QIcon

from app import search
from app.canvas import links
from app.icons import kind_icon
from app.picker import MOST, WIDTH, Entry, Picker
from engine.document.graph import paths
from engine.document.scopes import Key, Links

if TYPE_CHECKING:
    from app.window import Window


def matches(window: "Window", text: str | Key) -> list[tuple[str, str]]:
    """Nodes that answer a text, best first, each with its path; all of them, in the order of running, for none. Of a
    key, those who write and read it."""
    graph = window.canvas.document.graph
    path_of = paths(graph)
    if isinstance(text, Key):
        ends = links.known(window.canvas).get(text, Links([], []))
        return [(node, path_of.get(node, "parked")) for node in (*ends.writers, *ends.readers)]
    nodes = [n for n in graph.walk(loose=True) if n != graph.root]
    if text.strip():
        nodes = search.best(
            (search.score(text, path_of.get(n, graph.nodes[n].title), graph.nodes[n].kind), n) for n in nodes
        )
    return [(node, path_of.get(node, "parked")) for node in nodes]


def find_node(window: "Window") -> Picker:
    """A list of the graph's nodes; the one chosen is shown, and `find_next` goes on from it."""

    graph, catalogue = window.canvas.document.graph, window.canvas.document.catalogue

    @cache
    def icon(kind: str) -> QIcon | None:
        return kind_icon(catalogue[kind], window.theme) if kind in catalogue else None

    def find(text: str) -> list[Entry]:
        return [
            Entry(graph.nodes[node].title, (text, node), path, icon(graph.nodes[node].kind), path)
            for node, path in matches(window, text)[:MOST]
        ]

    def chosen(value: object) -> None:
        assert isinstance(value, tuple)
        window.sought, node = value
        _show(window, node, _found(window))

    picker = _open(window, Picker(find, "Find a node by name, path or kind", window), chosen)
    if isinstance(window.sought, str):
        picker.line.setText(window.sought)  # what was looked for last, to be typed over
        picker.line.selectAll()
    return picker


def find_accesses(window: "Window", key: Key) -> Picker:
    """A list of those who write a key, then those who read it; `find_next` goes on from the one chosen."""
    graph, writers = window.canvas.document.graph, links.known(window.canvas).get(key, Links([], [])).writers

    def find(text: str) -> list[Entry]:
        found = [(node, path) for node, path in matches(window, key) if text.casefold().strip() in path.casefold()]
        return [
            Entry(f"{'writes' if node in writers else 'reads'}  {graph.nodes[node].title}", node, path, None, path)
            for node, path in found[:MOST]
        ]

    def chosen(node: object) -> None:
        window.sought = key
        _show(window, str(node), _found(window))

    return _open(window, Picker(find, f"Who writes and reads {key.label}", window), chosen)


def find_next(window: "Window", step: int) -> None:
    """Show the next node (or, with -1, the one before) that answers what was last looked for."""
    found = _found(window)
    if not found:
        window.say(f"Nothing answers {_sought(window)!r}")
        return
    current = window.canvas.selection[-1] if window.canvas.selection else ""
    index = found.index(current) + step if current in found else 0
    _show(window, found[index % len(found)], found)


def find_command(window: "Window") -> Picker:
    """A list of all commands; the one chosen is run."""

    def find(text: str) -> list[Entry]:
        commands = [(action, _title(window, action)) for action in window.actions_by_id.values()]
        if text.strip():
            commands = search.best((search.score(text, title), (action, title)) for action, title in commands)
        return [
            Entry(title, action, action.shortcut().toString(), action.icon(), action.toolTip(), action.isEnabled())
            for action, title in commands
        ]

    def chosen(action: object) -> None:
        assert isinstance(action, QAction)
        window.canvas.setFocus()
        action.trigger()

    return _open(window, Picker(find, "Run a command", window), chosen)


def _found(window: "Window") -> list[str]:
    """The nodes that answer what was last looked for, in the order of running."""
    graph = window.canvas.document.graph
    order = {node: index for index, node in enumerate(graph.walk(loose=True))}
    return sorted((node for node, _ in matches(window, window.sought)), key=order.__getitem__)


def _sought(window: "Window") -> str:
    return window.sought.label if isinstance(window.sought, Key) else window.sought.strip()


def _show(window: "Window", node: str, found: list[str]) -> None:
    """Show a node of what is on the canvas (the graph, or the tree of an adapter), and which of those found it is."""
    window.canvas.reveal(node)
    window.canvas.setFocus()
    if node in found:
        what = f"for {_sought(window)}" if _sought(window) else "nodes"
        window.status.found(f"{found.index(node) + 1} of {len(found)} {what}")


def _title(window: "Window", action: QAction) -> str:
    menu = next((path for path, menu in window.menus.items() if action in menu.actions()), "")
    return f"{menu.replace('/', ' > ')}: {action.text()}" if menu else action.text()


def _open(window: "Window", picker: Picker, chosen: object) -> Picker:
    picker.chosen.connect(chosen)
    canvas = window.canvas
    picker.open_at(canvas.mapToGlobal(QPoint((canvas.width() - WIDTH) // 2, 24)))
    return picker
