"""Small graphs, and a mouse that does what a hand does."""

from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.canvas.drops import KIND_MIME
from app.canvas.view import Canvas
from engine.document.document import new_graph
from engine.document.edits import Insert, apply
from engine.document.flow import Wire
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


def wire_point(canvas: Canvas, wire: Wire) -> QPointF:
    """A point of the widget on a wire and on no other."""
    (start, way_in), (end, way_out) = wire.start, wire.end
    frame = start if way_in == "in" else end if way_out == "out" else canvas.document.graph.parents[end]
    corners = next(route.points for route in canvas.arrangement.routes(frame) if route.wire == wire)
    if len(corners) == 6:  # it wraps: between the rows
        first = 2
    else:  # from the inlet of its frame it ends alone, else it begins so
        first = len(corners) - 2 if corners[0][0] == 0.0 else 0
    (ax, ay), (bx, by) = corners[first : first + 2]
    left, top = canvas.arrangement.corner(frame) if frame else (0.0, 0.0)
    return QPointF(*canvas.camera.to_view(left + (ax + bx) / 2, top + (ay + by) / 2))


def order(canvas: Canvas, frame: str = "root") -> list[str]:
    return canvas.document.graph.children[frame]
