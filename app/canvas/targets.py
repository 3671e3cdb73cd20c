"""Where a drop would go: the place under a point, and what dropping there means as an edit and in words."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QTransform

from app.canvas import hits
from app.canvas.scene import Item, Scene, points
from engine.document import scopes, wiring
from engine.document.answers import Refusal
from engine.document.arrange import Arrangement
from engine.document.boxes import Box, Inside
from engine.document.edits import Edit
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph, Tree
from engine.document.kinds import BRANCHES, Catalogue

Sort = Literal["wire", "slot", "shelf", "canvas"]


class Target(Struct, frozen=True):
    """A place to drop: a wire, an index among a frame's children, a frame's shelf, or the free canvas.

    `caret` stands where an insertion would open the row or the stack of branches; `band` is what it would push away.
    """

    sort: Sort
    frame: str
    wire: Wire | None = None
    index: int = 0
    position: tuple[float, float] = (0.0, 0.0)
    caret: QLineF | None = None
    band: QRectF | None = None
    corners: tuple[QPointF, ...] = ()
    rect: QRectF | None = None


def target_at(
    scene: Scene,
    arrangement: Arrangement,
    x: float,
    y: float,
    dragged: frozenset[str] = frozenset(),
    wires: bool = True,
) -> Target:
    """The place under a point, leaving out the nodes being dragged and what is in them; `wires`: those too."""
    graph, zoom = arrangement.graph, scene.zoom
    item = hits.item_at(scene, graph, x, y, dragged)
    free = Target("canvas", CANVAS, position=(float(round((x - scene.x) / zoom)), float(round((y - scene.y) / zoom))))
    if item is None:
        return (wires and _wire(scene, arrangement, CANVAS, scene.x, scene.y, x, y)) or free
    if item.state == "plate":
        return Target("slot", item.node, index=len(graph.children[item.node]), rect=item.rect)
    if item.state == "leaf":
        frame = graph.parents[item.node]
        if item.loose and frame == CANVAS:
            return free
        item = scene.by_node[frame]
    if wires and (found := _wire(scene, arrangement, item.node, item.x, item.y, x, y)):
        return found
    if item.height > 40 and y >= shelf_of(scene, arrangement, item.node).top():
        return Target("shelf", item.node, rect=shelf_of(scene, arrangement, item.node))
    return _slot(scene, arrangement, item, x, y)


def shelf_of(scene: Scene, arrangement: Arrangement, frame: str) -> QRectF:
    """Where a visible frame keeps what is parked in it."""
    item, inside = scene.by_node[frame], arrangement.boxes[frame].inside
    top = item.y + inside.shelf * scene.zoom if inside and item.state == "open" else item.y
    return QRectF(item.x, top, item.width, item.y + item.height - top)


def parked(scene: Scene, arrangement: Arrangement, target: Target) -> Target:
    """The place beside the run at a target: the shelf of its frame, or the canvas."""
    if target.frame == CANVAS:
        return target
    return Target("shelf", target.frame, rect=shelf_of(scene, arrangement, target.frame))


def _wire(
    scene: Scene, arrangement: Arrangement, frame: str, from_x: float, from_y: float, x: float, y: float
) -> Target | None:
    zoom = scene.zoom
    reach = max(5.0, min(12.0, 14 * zoom)) / zoom
    wire = hits.wire_at(arrangement, frame, (x - from_x) / zoom, (y - from_y) / zoom, reach)
    if wire is None:
        return None
    route = next(r for r in arrangement.routes(frame) if r.wire == wire)
    found = Target("wire", frame, wire=wire, corners=tuple(points(route, from_x, from_y, zoom)))
    inside = arrangement.boxes[frame].inside if frame != CANVAS else None
    if inside is None or len(route.points) != 2 or wire.start[0] == wire.end[0]:
        return found
    follower = wire.end[0] if wire.end[1] == "in" else wire.start[0]
    middle = sum(x for x, _ in route.points) / 2
    caret, band = _in_row(arrangement, frame, inside, arrangement.boxes[follower], middle)
    moved = QTransform(zoom, 0, 0, zoom, from_x, from_y)
    return replace(found, caret=moved.map(caret), band=moved.mapRect(band))


def _slot(scene: Scene, arrangement: Arrangement, item: Item, x: float, y: float) -> Target:
    """The nearest place among a frame's children, with the caret that shows it."""
    graph, zoom, frame = arrangement.graph, scene.zoom, item.node
    run = arrangement.shown(frame)
    boxes = [arrangement.boxes[n] for n in run]
    if not boxes:
        line = QLineF(item.x + item.width / 2, item.line - 16 * zoom, item.x + item.width / 2, item.line + 16 * zoom)
        return Target("slot", frame, caret=line, rect=item.rect)
    px, py = (x - item.x) / zoom, (y - item.y) / zoom
    inside = arrangement.boxes[frame].inside
    assert inside is not None
    near = 12 * inside.scale

    def target(place: int, caret: QLineF, band: QRectF) -> Target:
        children = graph.children[frame]
        index = children.index(run[place]) if place < len(run) else len(children)
        moved = QTransform(zoom, 0, 0, zoom, item.x, item.y)
        return Target("slot", frame, index=index, caret=moved.map(caret), band=moved.mapRect(band), rect=item.rect)

    if item.role in BRANCHES:
        place = next((i for i, b in enumerate(boxes) if py < b.y + b.height / 2), len(boxes))
        level = boxes[place].y - near if place < len(boxes) else boxes[-1].y + boxes[-1].height + near
        left, wide = boxes[0].x, max(b.width for b in boxes)
        bottom = max(inside.shelf, boxes[-1].y + boxes[-1].height + 8)
        band = QRectF(inside.left - 2, level, inside.right - inside.left + 4, max(0.0, bottom - level))
        return target(place, QLineF(left, level, left + wide, level), band)
    spots = [(b.x - near, b, i) for i, b in enumerate(boxes)]
    spots += [(b.x + b.width + near, b, i + 1) for i, b in enumerate(boxes)]
    sx, box, place = min(spots, key=lambda s: abs(s[0] - px) + 3 * max(0.0, s[1].y - py, py - s[1].y - s[1].height))
    return target(place, *_in_row(arrangement, frame, inside, box, sx))


def _in_row(arrangement: Arrangement, frame: str, inside: Inside, box: Box, x: float) -> tuple[QLineF, QRectF]:
    """A caret on the line of the row that `box` stands in, and what of the row is beyond it, in the frame's units: all
    up to where its wire turns, or meets others."""
    boxes = {n: arrangement.boxes[n] for n in arrangement.shown(frame)}
    row = [n for n, b in boxes.items() if b.y < box.y + box.height and box.y < b.y + b.height]
    top = min([box.y, *(boxes[n].y for n in row)]) - 8
    bottom = max([box.y + box.height, *(boxes[n].y + boxes[n].height for n in row)]) + 16  # the shapes below go along
    ways = [route.points for route in arrangement.routes(frame) if route.wire and route.wire.start[0] in row]
    end = min([inside.right, *(points[1][0] for points in ways if len(points) > 2)]) - 12 * inside.scale
    line, half = box.y + box.line, min(box.line, box.height - box.line)
    return QLineF(x, line - half, x, line + half), QRectF(x, top, max(0.0, end - x), bottom - top)


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
