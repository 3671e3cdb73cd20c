"""What lies on top of the graph: what is selected and hovered, context links, and what a gesture would do."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt

from app.canvas import adapting, badges, brushes, links, nametag, render, repeats, wires
from app.canvas import scene as scenes
from app.canvas.brushes import Brushes
from app.canvas.scene import Item
from engine.document.graph import CANVAS

if TYPE_CHECKING:
    from app.canvas.view import Canvas


def paint(b: Brushes, canvas: "Canvas") -> None:
    """Paint what changes with pointer and selection. It costs what is visible."""
    gesture = canvas.mouse.gesture
    links.paint(b, canvas)
    if gesture is None:
        _hovered(b, canvas)
    scene, theme = canvas.scene, b.theme
    for node in dict.fromkeys(scenes.shown(canvas.arrangement, node, scene) for node in canvas.selection):
        if item := scene.by_node.get(node):
            brushes.outline(b, item.rect, theme.selection, 2, 2)
            adapting.paint_signs(b, [item], canvas.marks.signs)  # the line would run through them
            if item.run:  # and through the count
                tint = render.tint_of(theme, canvas.document.graph, canvas.arrangement, canvas.marks, item)
                repeats.paint_count(b, item, tint)
    for item in _sharers(canvas):
        brushes.outline(b, item.rect, theme.selection, 1.5, 3, True)
    if canvas.marked in canvas.document.graph:
        item = scene.by_node.get(scenes.shown(canvas.arrangement, canvas.marked, scene))
        if item:
            badges.step(b, item)
    canvas.drops.paint(b)
    canvas.wire_walk.paint(b)
    if gesture:
        gesture.paint(b)
    else:
        _named(b, canvas)
    if canvas.focus_shown and canvas.hasFocus():
        b.painter.setBrush(Qt.BrushStyle.NoBrush)
        b.painter.setPen(b.pen(theme.selection, 2))
        b.painter.drawRect(QRectF(canvas.rect()).adjusted(1, 1, -1, -1))


def _hovered(b: Brushes, canvas: "Canvas") -> None:
    hover, scene, colour = canvas.mouse.hover, canvas.scene, b.theme.selection
    item = scene.by_node.get(hover.node or "")
    if hover.wire and hover.node is not None and (item or hover.node == CANVAS):
        corner = (item.x, item.y) if item else (scene.x, scene.y)
        route = next(r for r in canvas.arrangement.routes(hover.node) if r.wire == hover.wire)
        wires.wire(b, scenes.points(route, *corner, scene.zoom), colour, b.stroke + 1)
    if item and hover.kind in ("node", "header", "button"):
        brushes.outline(b, item.rect, colour, 1.0, 1)
    if item and hover.kind == "port" and hover.side:
        b.painter.setPen(b.pen(colour, 2))
        b.painter.setBrush(b.theme.surfaces[0])
        b.painter.drawEllipse(item.port(hover.side), 6, 6)


def _named(b: Brushes, canvas: "Canvas") -> None:
    hover, at = canvas.mouse.hover, canvas.mouse.at
    item = canvas.scene.by_node.get(hover.node or "")
    if item and at and hover.kind in ("node", "header", "button"):
        nametag.paint(b, canvas, canvas.arrangement, item, at.x())


def _sharers(canvas: "Canvas") -> list[Item]:
    """What is visible of the nodes outside the selection that share weights with it."""
    graph, shared = canvas.document.graph, canvas.marks.shared
    inside = {each for node in canvas.selection for each in graph.walk(node)} if shared else set()
    others = {other for node in inside & shared.keys() for other in shared[node]} - inside
    seen = {scenes.shown(canvas.arrangement, other, canvas.scene) for other in others}
    return [item for item in canvas.scene.items if item.node in seen - inside]
