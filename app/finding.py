"""Finding nodes of the graph and commands of the window by typing."""

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QIcon

from app import search
from app.icons import kind_icon
from app.picker import MOST, WIDTH, Entry, Picker
from engine.document.graph import paths

if TYPE_CHECKING:
    from app.window import Window


def matches(window: "Window", text: str) -> list[tuple[str, str]]:
    """Nodes that answer a text, best first, each with its path; all of them, in the order of running, for none."""
    graph = window.canvas.document.graph
    path_of = paths(graph)
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
        window.show_node(node)

    return _open(window, Picker(find, "Find a node by name, path or kind", window), chosen)


def find_next(window: "Window", step: int) -> None:
    """Show the next node (or, with -1, the one before) that answers what was last looked for."""
    found = sorted((node for node, _ in matches(window, window.sought)), key=_order(window).__getitem__)
    if not found:
        window.say(f"Nothing answers {window.sought!r}")
        return
    current = window.canvas.selection[-1] if window.canvas.selection else ""
    index = found.index(current) + step if current in found else 0
    window.show_node(found[index % len(found)])
    window.say(f"{index % len(found) + 1} of {len(found)}")


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


def _title(window: "Window", action: QAction) -> str:
    menu = next((path for path, menu in window.menus.items() if action in menu.actions()), "")
    return f"{menu.replace('/', ' > ')}: {action.text()}" if menu else action.text()


def _order(window: "Window") -> dict[str, int]:
    return {node: index for index, node in enumerate(window.canvas.document.graph.walk(loose=True))}


def _open(window: "Window", picker: Picker, chosen: object) -> Picker:
    picker.chosen.connect(chosen)
    canvas = window.canvas
    picker.open_at(canvas.mapToGlobal(QPoint((canvas.width() - WIDTH) // 2, 24)))
    return picker
