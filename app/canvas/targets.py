"""Where a drop would go: the place under a point, what dropping there means as an edit, and how it is shown."""

from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QLineF, QPointF, QRectF

from app.canvas import hits
from app.canvas.scene import Item, Scene, points
from engine.document import scopes, wiring
from engine.document.answers import Refusal
from engine.document.arrange import Arrangement
from engine.document.edits import Edit
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph, Tree
from engine.document.kinds import BRANCHES, Catalogue

Sort = Literal["wire", "slot", "shelf", "canvas"]


class Target(Struct, frozen=True):
    """A place to drop: a wire, an index among a frame's children, a frame's shelf, or the free canvas."""

    sort: Sort
    frame: str
    wire: Wire | None = None
    index: int = 0
    position: tuple[float, float] = (0.0, 0.0)
    caret: QLineF | None = None
    corners: tuple[QPointF, ...] = ()
    rect: QRectF | None = None


def target_at(
    scene: Scene, arrangement: Arrangement, x: float, y: float, dragged: frozenset[str] = frozenset()
) -> Target:
    """The place under a point, leaving out the nodes being dragged and what is in them."""
    graph, zoom = arrangement.graph, scene.zoom
    item = hits.item_at(scene, graph, x, y, dragged)
    if item is None:
        position = (float(round((x - scene.x) / zoom)), float(round((y - scene.y) / zoom)))
        return _wire(scene, arrangement, CANVAS, scene.x, scene.y, x, y) or Target("canvas", CANVAS, position=position)
    if item.state == "plate":
        return Target("slot", item.node, index=len(graph.children[item.node]), rect=item.rect)
    if item.state == "leaf":
        frame = graph.parents[item.node]
        if item.loose and frame == CANVAS:
            position = (float(round((x - scene.x) / zoom)), float(round((y - scene.y) / zoom)))
            return Target("canvas", CANVAS, position=position)
        item = scene.by_node[frame]
    found = _wire(scene, arrangement, item.node, item.x, item.y, x, y)
    if found:
        return found
    inside = arrangement.boxes[item.node].inside
    assert inside is not None
    shelf = item.y + inside.shelf * zoom
    if y >= shelf and item.height > 40:
        return Target("shelf", item.node, rect=QRectF(item.x, shelf, item.width, item.y + item.height - shelf))
    return _slot(scene, arrangement, item, x, y)


def _wire(
    scene: Scene, arrangement: Arrangement, frame: str, from_x: float, from_y: float, x: float, y: float
) -> Target | None:
    zoom = scene.zoom
    reach = max(5.0, min(12.0, 14 * zoom)) / zoom
    wire = hits.wire_at(arrangement, frame, (x - from_x) / zoom, (y - from_y) / zoom, reach)
    if wire is None:
        return None
    route = next(r for r in arrangement.routes(frame) if r.wire == wire)
    return Target("wire", frame, wire=wire, corners=tuple(points(route, from_x, from_y, zoom)))


def _slot(scene: Scene, arrangement: Arrangement, item: Item, x: float, y: float) -> Target:
    """The nearest place among a frame's children, with the caret that shows it."""
    graph, zoom = arrangement.graph, scene.zoom
    run = graph.children[item.node]
    boxes = [arrangement.boxes[n] for n in run]
    if not boxes:
        line = QLineF(item.x + item.width / 2, item.line - 16 * zoom, item.x + item.width / 2, item.line + 16 * zoom)
        return Target("slot", item.node, caret=line, rect=item.rect)
    px, py = (x - item.x) / zoom, (y - item.y) / zoom
    if item.role in BRANCHES:
        index = next((i for i, b in enumerate(boxes) if py < b.y + b.height / 2), len(boxes))
        level = boxes[index].y - 11 if index < len(boxes) else boxes[-1].y + boxes[-1].height + 11
        wide = max(b.width for b in boxes)
        left = item.x + boxes[0].x * zoom
        caret = QLineF(left, item.y + level * zoom, left + wide * zoom, item.y + level * zoom)
        return Target("slot", item.node, index=index, caret=caret, rect=item.rect)

    def spots() -> list[tuple[float, float, float, int]]:
        found = [(b.x - 12, b.y, b.height, i) for i, b in enumerate(boxes)]
        return [*found, *((b.x + b.width + 12, b.y, b.height, i + 1) for i, b in enumerate(boxes))]

    sx, sy, high, index = min(spots(), key=lambda s: abs(s[0] - px) + 3 * max(0.0, s[1] - py, py - s[1] - s[2]))
    caret = QLineF(item.x + sx * zoom, item.y + sy * zoom, item.x + sx * zoom, item.y + (sy + high) * zoom)
    return Target("slot", item.node, index=index, caret=caret, rect=item.rect)


def same_place(one: Target, other: Target) -> bool:
    """Whether two targets mean the same place, wherever exactly the pointer is."""
    return (one.sort, one.frame, one.wire, one.index) == (other.sort, other.frame, other.wire, other.index)


def drop_new(graph: Graph, catalogue: Catalogue, target: Target, trees: tuple[Tree, ...]) -> Edit | Refusal:
    """What dropping new nodes on a target means."""
    match target.sort:
        case "wire":
            assert target.wire is not None
            return wiring.insert_on(graph, catalogue, target.wire, trees)
        case "slot":
            return wiring.insert_into(graph, catalogue, target.frame, target.index, trees)
        case _:
            return wiring.park_new(graph, target.frame, trees, target.position)


def drop_nodes(
    graph: Graph, catalogue: Catalogue, target: Target, nodes: list[str], head: tuple[float, float]
) -> Edit | Refusal:
    """What dropping nodes of the graph on a target means; `head` is where the first would stand on the canvas."""
    match target.sort:
        case "wire":
            assert target.wire is not None
            return wiring.splice(graph, catalogue, nodes, target.wire)
        case "slot":
            return wiring.move_to(graph, catalogue, nodes, target.frame, target.index)
        case _:
            return wiring.park(graph, catalogue, nodes, target.frame, head)


def words(graph: Graph, catalogue: Catalogue, target: Target, what: str) -> str:
    """A drop in words, for the status bar."""
    title = "the canvas" if target.frame == CANVAS else graph.nodes[target.frame].title
    match target.sort:
        case "wire":
            return f"Drop to put {what} on this wire"
        case "slot":
            branch = scopes.role_of(graph, catalogue, target.frame) in BRANCHES
            return f"Drop to make {what} {'a branch of' if branch else 'part of'} {title}"
        case "shelf":
            return f"Drop to park {what} in {title}, not wired"
        case _:
            return f"Drop to park {what} on the canvas, not wired"
