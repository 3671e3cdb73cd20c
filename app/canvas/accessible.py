"""The graph for screen readers: the canvas is a tree, each node an item of it, made when one first asks for it.

Qt keeps every item that it has given a number to until it is told otherwise, so items are kept here as well and given
back (`_Tree.drop`) when their nodes or the canvas go; Python would free them under Qt's hands.
"""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleStateChangeEvent,
    QWindow,
)
from PySide6.QtWidgets import QAccessibleWidget
from shiboken6 import Shiboken

from app.canvas import captions, repeats
from app.canvas import scene as scenes
from engine.document.graph import CANVAS, Graph

if TYPE_CHECKING:
    from app.canvas.view import Canvas

_NOTHING: Any = None
"""Qt takes None where there is no item, which its declarations for Python leave out."""
_Act = Callable[[], Any]
_HELP = "Left and right go along a chain, down into a frame, up out of it"


@cache
def install() -> None:
    """From now on Qt knows what is in a canvas."""
    QAccessible.installFactory(_make)


def focused(canvas: "Canvas") -> None:
    """Tell those who listen that the node selected last has the focus."""
    if QAccessible.isActive() and canvas.hasFocus() and canvas.selection:
        item = _tree(canvas).item(canvas.selection[-1])
        QAccessible.updateAccessibility(QAccessibleEvent(item, QAccessible.Event.Focus))


def folded(canvas: "Canvas", frame: str) -> None:
    """Tell those who listen that a frame was folded or unfolded."""
    if QAccessible.isActive():
        changed = QAccessible.State()
        changed.expanded = changed.collapsed = True
        QAccessible.updateAccessibility(QAccessibleStateChangeEvent(_tree(canvas).item(frame), changed))


def changed(canvas: "Canvas", added: Iterable[str] | None) -> None:
    """The graph has changed: nodes that are gone have no items any more. `added`: the new ones, None when all are."""
    tree = _TREES.get(id(canvas))
    if tree is None:
        return
    graph = canvas.document.graph
    tree.drop([node for node in tree.items if added is None or node not in graph])
    if QAccessible.isActive():
        new = set(added or ())
        for node in new:
            if node in graph and graph.parents.get(node) not in new:
                QAccessible.updateAccessibility(QAccessibleEvent(tree.item(node), QAccessible.Event.ObjectCreated))


def words(canvas: "Canvas", node: str) -> str:
    """What there is to know about a node at a glance: params or contents, shapes, and what its signs say."""
    document, marks = canvas.document, canvas.marks
    graph, catalogue = document.graph, document.catalogue
    found = graph.nodes[node]
    said = [captions.contents(graph, node) or "empty"] if graph.is_frame(node) else []
    if not graph.is_frame(node):
        said.append(captions.details(found, catalogue.get(found.kind)))
    said += [" ".join(repeats.told(canvas.arrangement, node)), graph.view(node).note]
    if found.mode:
        said.append("bypassed" if found.mode == "bypass" else "muted")
    elif node in marks.idle or node in marks.unreached:
        said.append("does not run")
    if graph.is_loose(node):
        said.append("not wired")
    said += [message for _, message in marks.problems.get(node, ())]
    if node in marks.faults:
        said.append(marks.faults[node])
    said += [f"adapter {sign.name}" for sign in marks.signs.at.get(node, ())]
    if node in marks.shared:
        said.append("shares its weights")
    said += canvas.staleness.words(node)
    if node == marks.paused:
        said.append("paused here")
    if node in marks.returns:
        said.append(f"returns {captions.shape(marks.returns[node])}")
    return "; ".join(each for each in said if each)


class _Item(QAccessibleInterface, QAccessibleActionInterface):
    """A node."""

    def __init__(self, tree: "_Tree", node: str) -> None:
        QAccessibleInterface.__init__(self)
        QAccessibleActionInterface.__init__(self)
        self.tree, self.canvas, self.node = tree, tree.canvas, node

    def isValid(self) -> bool:
        return self.node in self.canvas.document.graph

    def object(self) -> QObject:
        return _NOTHING

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.TreeItem

    def window(self) -> QWindow:
        return self.tree.window()

    def text(self, t: QAccessible.Text, /) -> str:
        if not self.isValid():
            return ""
        document = self.canvas.document
        found = document.graph.nodes[self.node]
        kind = document.catalogue.get(found.kind)
        if t == QAccessible.Text.Name:
            count = len(self.canvas.arrangement.stacks.get(self.node, ()))
            return f"{found.kind} {found.name}".strip() + (f" × {count}" if count else "")
        if t == QAccessible.Text.Description:
            return words(self.canvas, self.node)
        return kind.doc if kind and t == QAccessible.Text.Help else ""

    def state(self) -> QAccessible.State:
        canvas, state = self.canvas, QAccessible.State()
        if not self.isValid():
            state.invalid = True
            return state
        graph = canvas.document.graph
        state.selectable = state.focusable = state.multiSelectable = True
        state.selected = self.node in canvas.selection
        state.focused = canvas.hasFocus() and canvas.selection[-1:] == [self.node]
        state.active = state.focused
        state.busy = self.node == canvas.marks.running
        if graph.is_frame(self.node):
            state.expandable = True
            state.collapsed = graph.view(self.node).collapsed
            state.expanded = not state.collapsed
        state.invisible = scenes.shown(canvas.arrangement, self.node, canvas.scene) != self.node
        state.offscreen = not canvas.rect_of(self.node).intersects(canvas.rect())
        return state

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        area = self.canvas.rect_of(self.node).toAlignedRect()
        return area.translated(self.canvas.mapToGlobal(QPoint()))

    def parent(self) -> QAccessibleInterface:
        frame = self.canvas.document.graph.parents.get(self.node)
        return self.tree.item(frame) if frame and frame != CANVAS else self.tree

    def childCount(self) -> int:
        return len(_inside(self.canvas.document.graph, self.node))

    def child(self, index: int, /) -> QAccessibleInterface:
        return self.tree.nth(_inside(self.canvas.document.graph, self.node), index)

    def indexOfChild(self, child: QAccessibleInterface, /) -> int:
        return _index(_inside(self.canvas.document.graph, self.node), child)

    def childAt(self, x: int, y: int, /) -> QAccessibleInterface:
        node = self.tree.node_at(x, y)
        inside = node is not None and self.node in self.canvas.document.graph.ancestors(node)
        return self.tree.item(node) if inside and node else _NOTHING

    def interface_cast(self, t: QAccessible.InterfaceType, /) -> int:
        # Qt wants an address: that of this object seen as its second ancestor. None would not be 0, but anything.
        acts = t == QAccessible.InterfaceType.ActionInterface
        address: Any = Shiboken.VoidPtr(Shiboken.getCppPointer(self)[1] if acts else 0)
        return address

    def actionNames(self) -> list[str]:
        return [name for name, _ in self._actions()]

    def doAction(self, name: str, /) -> None:
        for each, act in self._actions():
            if each == name:
                act()

    def keyBindingsForAction(self, name: str, /) -> list[str]:
        del name
        return []

    def _actions(self) -> list[tuple[str, _Act]]:
        """What can be done with the node, by the names that Qt has for such actions."""
        if not self.isValid():
            return []
        canvas, node = self.canvas, self.node
        found: list[tuple[str, _Act]] = [
            (self.pressAction(), lambda: canvas.select([node], reveal=True)),
            (self.setFocusAction(), lambda: (canvas.select([node], reveal=True), canvas.setFocus())),
        ]
        if canvas.document.graph.is_frame(node):
            found.append((self.toggleAction(), lambda: canvas.toggle_collapsed([node])))
        return found


class _Tree(QAccessibleWidget):
    """A canvas."""

    def __init__(self, canvas: "Canvas") -> None:
        super().__init__(canvas, QAccessible.Role.Tree)
        self.canvas = canvas
        self.items: dict[str, _Item] = {}

    def item(self, node: str) -> _Item:
        """The item of a node."""
        found = self.items.get(node)
        if found is None:
            found = self.items[node] = _Item(self, node)
            QAccessible.registerAccessibleInterface(found)
        return found

    def nth(self, nodes: list[str], index: int) -> QAccessibleInterface:
        return self.item(nodes[index]) if 0 <= index < len(nodes) else _NOTHING

    def drop(self, nodes: Iterable[str]) -> None:
        """These items are not used any more."""
        for node in nodes:
            item = self.items.pop(node)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleEvent(item, QAccessible.Event.ObjectDestroyed))
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(item))

    def node_at(self, x: int, y: int) -> str | None:
        """The innermost node at a point of the screen."""
        at = self.canvas.mapFromGlobal(QPoint(x, y))
        found = self.canvas.hit(at.x(), at.y()).node if self.canvas.rect().contains(at) else None
        return found if found and found != CANVAS else None

    def text(self, t: QAccessible.Text, /) -> str:
        if t == QAccessible.Text.Description:
            return f"{len(self.canvas.document.graph)} nodes"
        return _HELP if t == QAccessible.Text.Help else super().text(t)

    def childCount(self) -> int:
        return len(_inside(self.canvas.document.graph, CANVAS))

    def child(self, index: int, /) -> QAccessibleInterface:
        return self.nth(_inside(self.canvas.document.graph, CANVAS), index)

    def indexOfChild(self, child: QAccessibleInterface, /) -> int:
        return _index(_inside(self.canvas.document.graph, CANVAS), child)

    def childAt(self, x: int, y: int, /) -> QAccessibleInterface:
        node = self.node_at(x, y)
        return self.item(node) if node else _NOTHING

    def focusChild(self) -> QAccessibleInterface:
        chosen = self.canvas.selection if self.canvas.hasFocus() else []
        return self.item(chosen[-1]) if chosen else super().focusChild()


_TREES: dict[int, _Tree] = {}
"""The canvases that were asked about."""


def _make(name: str, thing: QObject) -> QAccessibleInterface | None:
    if name != "Canvas":
        return None
    canvas = cast("Canvas", thing)
    tree = _TREES[id(canvas)] = _Tree(canvas)
    canvas.destroyed.connect(partial(_forget, id(canvas)))
    return tree


def _forget(canvas: int, _: object = None) -> None:
    tree = _TREES.pop(canvas, None)
    if tree:
        tree.drop(list(tree.items))


def _tree(canvas: "Canvas") -> _Tree:
    QAccessible.queryAccessibleInterface(canvas)
    return _TREES[id(canvas)]


def _inside(graph: Graph, frame: str) -> list[str]:
    """What is in a frame, what is parked there included; on the canvas, that is the root and what is parked beside."""
    inside = [graph.root] if frame == CANVAS else graph.children.get(frame, [])
    return [*inside, *(node for segment in graph.segments(frame) for node in segment)]


def _index(nodes: list[str], child: QAccessibleInterface) -> int:
    return nodes.index(child.node) if isinstance(child, _Item) and child.node in nodes else -1
