"""What stays where it is on the screen when an edit moves the layout.

That is the node under the pointer; the frame under it when something is dropped; with the pointer elsewhere, what is
selected.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from app.canvas import scene as scenes

if TYPE_CHECKING:
    from app.canvas.view import Canvas

Anchors = list[tuple[str, QPointF]]
"""Nodes and where their corners were, those to go by before the others."""


def anchors(canvas: "Canvas") -> Anchors:
    """Where they were when the graph was last looked at, for it has been edited since."""
    scene, at = canvas.last_scene, canvas.mouse.at
    if scene is None:
        return []
    if at is None:
        found = [item for node in reversed(canvas.selection) if (item := scene.by_node.get(node))]
    else:
        found = [item for item in reversed(scene.items) if item.rect.contains(at)]
        if canvas.mouse.drops:  # what lies there makes room, in the frame around
            found = [item for item in found if item.state == "open"]
    return [(item.node, QPointF(item.x, item.y)) for item in found]


def hold(canvas: "Canvas", found: Anchors) -> None:
    """Move the camera so that the first of these which still shows is where it was."""
    graph, arrangement = canvas.document.graph, canvas.arrangement
    for node, corner in found:
        if node in graph and scenes.shown(arrangement, node) == node:
            canvas.follow(corner - canvas.rect_of(node).topLeft())
            break
    if found:
        _ = canvas.scene  # painted next, or what the next edit finds
