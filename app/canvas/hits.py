"""What is under a point of the widget. Pure functions of the scene, so tests and gestures ask the same questions."""

from itertools import pairwise
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QLineF, QPointF, QRectF

from app.canvas import frames, repeats
from app.canvas.scene import DETAILED, Item, Scene, points
from engine.document.arrange import Arrangement
from engine.document.boxes import GAP
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph
from engine.document.scopes import Key
from engine.document.wire_routes import Route

Side = Literal["in", "out"]
Sort = Literal["empty", "body", "header", "button", "node", "port", "wire", "chip", "pill", "count"]


class Hit(Struct, frozen=True):
    """What a point meets. `node` is the leaf or closed frame, or the frame whose header, body or wire it is."""

    kind: Sort
    node: str | None = None
    side: Side | None = None
    wire: Wire | None = None
    key: Key | None = None


def item_at(scene: Scene, graph: Graph, x: float, y: float, without: frozenset[str] = frozenset()) -> Item | None:
    """The innermost visible node under a point; `without` leaves out some nodes and what is in them."""
    for item in reversed(scene.items):  # children follow their frames
        if not (item.x <= x <= item.x + item.width and item.y <= y <= item.y + item.height):
            continue
        if without and (item.node in without or not without.isdisjoint(graph.ancestors(item.node))):
            continue
        return item
    return None


def port_at(scene: Scene, x: float, y: float) -> tuple[Item, Side] | None:
    """The port under a point; leaves before the frames around them."""
    if scene.zoom < DETAILED:
        return None
    reach = max(5.0, min(10.0, 8 * scene.zoom))
    best: tuple[float, Item, Side] | None = None
    for item in reversed(scene.items):
        if abs(item.line - y) > reach:
            continue
        for side, at in _sides(item):
            far = abs(at - x)
            if far <= reach and (best is None or far < best[0]):
                best = (far, item, side)
    return best[1:] if best else None


def _sides(item: Item) -> tuple[tuple[Side, float], tuple[Side, float]]:
    return ("in", item.x), ("out", item.x + item.width)


def wire_at(arrangement: Arrangement, frame: str, x: float, y: float, reach: float) -> Wire | None:
    """The wire of a frame within reach of a point in the frame's own coordinates; the nearest, the first of equals."""
    best: tuple[float, Wire] | None = None
    for route in arrangement.routes(frame):
        if route.wire is None:
            continue
        far = distance(route, x, y)
        if far <= reach and (best is None or far < best[0] - 1e-6):
            best = (far, route.wire)
    return best[1] if best else None


def distance(route: Route, x: float, y: float) -> float:
    """How far a point is from a route."""
    best = float("inf")
    for (ax, ay), (bx, by) in pairwise(route.points):
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        t = 0.0 if square == 0 else max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / square))
        best = min(best, ((x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2) ** 0.5)
    return best


def crossed(scene: Scene, arrangement: Arrangement, line: QLineF) -> list[tuple[str, Wire | None, list[QPointF]]]:
    """The wires that a line crosses, in the order of what runs, by frame and with their corners; skips are None."""
    found: list[tuple[str, Wire | None, list[QPointF]]] = []
    places = [(CANVAS, scene.x, scene.y)]
    around = QRectF(line.p1(), line.p2()).normalized().adjusted(-1, -1, 1, 1)
    for item in scene.items:
        inside = arrangement.boxes[item.node].inside
        drawn = item.state == "open" and inside and GAP * inside.scale * scene.zoom >= 2
        if drawn and around.intersects(item.rect):
            places.append((item.node, item.x, item.y))
    for frame, x, y in places:
        ax, ay = (line.x1() - x) / scene.zoom, (line.y1() - y) / scene.zoom
        bx, by = (line.x2() - x) / scene.zoom, (line.y2() - y) / scene.zoom
        found.extend(
            (frame, route.wire, points(route, x, y, scene.zoom))
            for route in arrangement.routes(frame)
            if any(_cross(ax, ay, bx, by, *p, *q) for p, q in pairwise(route.points))
        )
    return found


def _cross(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    """Whether the segments from a to b and from c to d cross."""
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    one = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    other = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    third = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    fourth = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return one * other <= 0 and third * fourth <= 0 and (one, other) != (0, 0)


def hit(scene: Scene, arrangement: Arrangement, x: float, y: float) -> Hit:
    """What is under a point."""
    port = port_at(scene, x, y)
    if port:
        leaves = port[0].run and port[1] == "out"  # the last of the repeats that a node stands for
        return Hit("port", port[0].run[-1] if leaves else port[0].node, port[1])
    point = QPointF(x, y)
    if stack := repeats.count_at(scene, point):
        return Hit("count", stack.node)
    item = item_at(scene, arrangement.graph, x, y)
    if item is None:
        for _, rect, _ in scene.pills:
            if rect.contains(point):
                return Hit("pill", arrangement.graph.root)
        found = wire_at(arrangement, CANVAS, (x - scene.x) / scene.zoom, (y - scene.y) / scene.zoom, 6 / scene.zoom)
        return Hit("wire", CANVAS, wire=found) if found else Hit("empty")
    if item.state == "leaf":
        return Hit("node", item.node)
    if item.state == "plate":
        collapsed = arrangement.boxes[item.node].inside is None
        on = collapsed and item.height >= 11 and frames.plate_button(item).adjusted(-2, -2, 2, 2).contains(point)
        return Hit("button" if on else "node", item.node)
    if y <= item.y + item.height_of_header:
        if item.header:
            if item.header.button.contains(point):
                return Hit("button", item.node)
            for key, _, rect in item.header.chips:
                if rect.contains(point):
                    return Hit("chip", item.node, key=key)
        return Hit("header", item.node)
    reach = max(3.0, min(7.0, 9 * scene.zoom)) / scene.zoom
    found = wire_at(arrangement, item.node, (x - item.x) / scene.zoom, (y - item.y) / scene.zoom, reach)
    return Hit("wire", item.node, wire=found) if found else Hit("body", item.node)
