"""What tests of the inspector start with."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from app.panels.graph_page import GraphPage
from app.panels.node_page import NodePage
from app.window import Window
from engine.document.document import new_tree
from engine.document.edits import Insert
from engine.document.graph import Place
from tests.app.hands import Hands


def add(window: Window, kind: str, frame: str = "root", **params: str | float) -> str:
    document = window.document
    tree = new_tree(document.graph, document.catalogue, kind, **params)
    document.apply(Insert(Place(frame, len(document.graph.children[frame])), (tree,)), f"Insert {kind}")
    return tree.node.id


def node_page(window: Window, node: str) -> NodePage:
    window.canvas.select([node])
    page = window.inspector.page
    assert isinstance(page, NodePage)
    return page


def graph_page(window: Window) -> GraphPage:
    window.canvas.select([])
    page = window.inspector.page
    assert isinstance(page, GraphPage)
    return page


def drag_slider(hands: Hands, slider: QSlider) -> None:
    """Drag the handle to the right, in steps."""
    y = slider.height() // 2
    start = QPoint(round(slider.width() * slider.value() / slider.maximum()), y)
    start.setX(min(max(start.x(), 8), slider.width() - 8))
    left = Qt.MouseButton.LeftButton
    hands.qtbot.mousePress(slider, left, pos=start)
    for step in range(1, 6):
        hands.qtbot.mouseMove(slider, start + QPoint(6 * step, 0))
    hands.qtbot.mouseRelease(slider, left, pos=start + QPoint(30, 0))


def labels(widget: QWidget) -> list[QLabel]:
    return widget.findChildren(QLabel)
