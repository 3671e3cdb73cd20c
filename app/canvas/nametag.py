"""The name of what is under the pointer, at once, where the node is too small to say it."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QWidget

from app.canvas import captions
from app.canvas.brushes import Brushes, snap
from app.canvas.scene import Item
from engine.document.arrange import Arrangement

SIZE = 12
LEGIBLE = 11
"""A node that has its whole title in letters of so many pixels says it itself."""
PAD = 7.0
WIDEST = 420.0


def paint(b: Brushes, widget: QWidget, arrangement: Arrangement, item: Item, pointer: float) -> None:
    """Write a node's name, and what matters most about it, above the node or where there is room; near the pointer,
    which is so far from the left."""
    name, more = words(arrangement, item)
    high = item.height_of_header if item.state == "open" else item.height
    if high >= 1.6 * LEGIBLE and b.texts.width(name, LEGIBLE, True) <= item.width - 2 * PAD:
        return
    first = min(b.texts.width(name, SIZE, True), WIDEST)
    second = min(b.texts.width(more, SIZE), WIDEST - first) if more else 0.0
    gap = 8.0 if second else 0.0
    box = QRectF(0, 0, first + gap + second + 2 * PAD, SIZE + 2 * PAD - 2)
    left, right = item.x + box.width() / 2, item.x + item.width - box.width() / 2
    box.moveCenter(QPointF(max(left, min(pointer, right)) if left < right else item.rect.center().x(), 0))
    box.moveBottom(item.y - 5)
    if box.top() < 4:
        box.moveTop(min(item.y + high, float(widget.height())) + 5)
    box.moveLeft(max(4.0, min(box.left(), widget.width() - box.width() - 4)))
    box = snap(box)
    b.painter.setPen(b.pen(b.theme.line))
    b.painter.setBrush(b.theme.panel)
    b.painter.drawRoundedRect(box, 4, 4)
    middle, left = box.center().y(), box.x() + PAD
    b.texts.draw(b.painter, name, left, middle, first + 1, SIZE, b.theme.text, True)
    b.texts.draw(b.painter, more, left + first + gap, middle, second + 1, SIZE, b.theme.text_dim)


def words(arrangement: Arrangement, item: Item) -> tuple[str, str]:
    """A node's name; and its main params, or what it holds."""
    graph, catalogue, node = arrangement.graph, arrangement.catalogue, item.node
    found = graph.nodes[node]
    if not graph.is_frame(node):
        more = captions.details(found, catalogue.get(found.kind))
    else:
        more = captions.contents(graph, node) if item.state == "plate" else ""
    times = f" × {len(item.run)}" if item.run else ""
    return found.title + times, more
