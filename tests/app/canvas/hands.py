"""Small graphs, and a mouse that does what a hand does."""

from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.canvas.drops import KIND_MIME
from app.canvas.view import Canvas
from engine.document.document import new_graph
from engine.document.edits import Insert, apply
from engine.document.graph import Contexts, Graph, Node, Place, Tree
from engine.document.kinds import ParamValue, defaults
from nodes import CATALOGUE

LEFT = Qt.MouseButton.LeftButton


def tree(kind: str, id: str, *children: Tree, name: str = "", contexts: Contexts | None = None,
         **params: ParamValue) -> Tree:  # fmt: skip
    """A node with this id and its kind's defaults."""
    found = CATALOGUE[kind]
    node = Node(id, kind, name, defaults(found) | params, contexts or {})
    return Tree(node, children=children if found.is_frame else None)


def graph_of(*trees: Tree) -> Graph:
    graph = new_graph()
    if trees:
        apply(graph, Insert(Place(graph.root, 0), trees))
    return graph


class Hand:
    """A mouse over a canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def click(self, at: QPointF, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.canvas, LEFT, keys, at.toPoint())

    def double_click(self, at: QPointF) -> None:
        QTest.mouseDClick(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, at.toPoint())

    def drag(
        self,
        start: QPointF,
        end: QPointF,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        release: bool = True,
    ) -> None:
        """Press, move in some steps, and release."""
        QTest.mousePress(self.canvas, button, keys, start.toPoint())
        for step in range(1, 9):
            self.move(start + (end - start) * (step / 8), button, keys)
        if release:
            self.release(end, button, keys)

    def move(
        self,
        at: QPointF,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Move with a button, and maybe keys, down."""
        at = QPointF(at.toPoint())
        where, none = QPointF(self.canvas.mapToGlobal(at.toPoint())), Qt.MouseButton.NoButton
        QApplication.sendEvent(self.canvas, QMouseEvent(QEvent.Type.MouseMove, at, where, none, button, keys))

    def release(
        self,
        at: QPointF,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        QTest.mouseRelease(self.canvas, button, keys, at.toPoint())

    def drop(self, kind: str, at: QPointF) -> None:
        """What the palette's drag does when it ends over the canvas."""
        mime = QMimeData()
        mime.setData(KIND_MIME, kind.encode())
        copy, buttons, none = Qt.DropAction.CopyAction, LEFT, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.canvas, QDragEnterEvent(at.toPoint(), copy, mime, buttons, none))
        QApplication.sendEvent(self.canvas, QDragMoveEvent(at.toPoint(), copy, mime, buttons, none))
        QApplication.sendEvent(self.canvas, QDropEvent(at, copy, mime, buttons, none))


def take(menu: QMenu, title: str) -> None:
    """Go to the entry of a menu that begins so, by arrow keys, and take it."""
    for _ in menu.actions():
        QTest.keyClick(menu, Qt.Key.Key_Down)
        if menu.activeAction().text().startswith(title):
            QTest.keyClick(menu, Qt.Key.Key_Return)
            return
    raise AssertionError(f"{title} is not in the menu, or is not available")


def middle(canvas: Canvas, node: str) -> QPointF:
    """A point on a leaf or closed frame; on the header of an open frame."""
    item = canvas.scene.by_node[node]
    if item.state == "open":
        return QPointF(item.x + item.width * 0.8, item.y + item.height_of_header / 2)
    return canvas.rect_of(node).center()


def order(canvas: Canvas, frame: str = "root") -> list[str]:
    return canvas.document.graph.children[frame]
