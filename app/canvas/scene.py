"""What is on screen: the visible part of the tree as a flat list of items, in the order in which they are painted.

Painting, hit testing and gestures all read the same list, so what one sees is what one hits. It costs what is visible.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QRegion

from app.canvas import captions, headers
from app.canvas.camera import Camera
from app.canvas.headers import Header
from app.canvas.texts import Texts
from engine.document.arrange import Arrangement
from engine.document.boxes import GAP, HEADER
from engine.document.graph import CANVAS, Graph
from engine.document.kinds import Catalogue, Role
from engine.document.wire_routes import Point, Route

MOST_ITEMS = 1400
"""At most this many nodes are painted; frames beyond it stay closed plates."""

DETAILED = 0.45
"""From this zoom on there are ports, rounded corners and text on wires."""

LEAST_HEADER = 11.0
"""In pixels. A header of less takes some of the room below it, up to `SPARE` of its height."""
SPARE = 14 / HEADER
READABLE = 8.7
"""On a header of so many pixels a title can be read."""
TOO_LARGE = 125.0**2
"""A frame of so many pixels is no plate, even if its title can't be read when it is open."""

CORNER = 14.0
"""What the outline of a frame and its rounded corners may take, in pixels."""

State = Literal["leaf", "plate", "open"]
PILL = 26.0


class Item(Struct):
    """One visible node: its rectangle and line in widget coordinates, and how it is shown.

    `run` are the repeats that it stands for, itself first; empty for a node that stands for itself alone.
    """

    node: str
    x: float
    y: float
    width: float
    height: float
    line: float
    state: State
    role: Role | None
    depth: int
    loose: bool
    header: Header | None = None
    height_of_header: float = 0.0
    run: Sequence[str] = ()

    @property
    def rect(self) -> QRectF:
        return QRectF(self.x, self.y, self.width, self.height)

    def port(self, side: str) -> QPointF:
        return QPointF(self.x if side == "in" else self.x + self.width, self.line)


class Pill(Struct):
    """A root input before the root's inlet (or the result behind its outlet), in canvas units."""

    text: str
    x: float
    y: float
    width: float
    corners: tuple[Point, ...]


class Scene(Struct):
    """The items on screen and the camera they were found with. `free` is where links show; they work it out.

    By node there are also those that one of the `stacks` stands for. `ground` is the index of the innermost frame whose
    body is all that one sees beside what is in it: what comes before lies under it.
    """

    items: list[Item]
    by_node: dict[str, Item]
    zoom: float
    x: float
    y: float
    pills: list[tuple[str, QRectF, list[QPointF]]]
    stacks: list[Item]
    ground: int | None = None
    free: QRegion | None = None


def build(
    arrangement: Arrangement,
    camera: Camera,
    width: float,
    height: float,
    texts: Texts,
    most: int = MOST_ITEMS,
    titled: bool = True,
) -> Scene:
    """Collect what meets a widget of this size. Frames that would be too small to read are closed plates; those whose
    titles alone are, too, unless `titled` is False."""
    graph, boxes, zoom = arrangement.graph, arrangement.boxes, camera.zoom
    nodes, frames, stacks = graph.nodes, graph.children, arrangement.stacks
    kinds = arrangement.catalogue
    items: list[Item] = []
    queue: list[tuple[str, float, float, int, bool]] = [(graph.root, camera.x, camera.y, 0, False)]
    queue.extend((n, camera.x, camera.y, 0, True) for segment in graph.segments(CANVAS) for n in segment)
    done, ground = 0, None
    for node, from_x, from_y, depth, loose in queue:  # it grows meanwhile
        done += 1
        box = boxes[node]
        x, y = from_x + box.x * zoom, from_y + box.y * zoom
        wide, high = box.width * zoom, box.height * zoom
        if x > width or y > height or x + wide < 0 or y + high < 0:
            continue
        kind = kinds.get(nodes[node].kind)
        role = kind.role if kind else None
        item = Item(node, x, y, wide, high, y + box.line * zoom, "leaf", role, depth, loose)
        items.append(item)
        if node not in frames:
            continue
        item.state = "plate"
        item.run = stacks.get(node, ())
        inside = box.inside
        if inside is None or wide < 40 or high < 26:
            continue
        header = inside.header * zoom
        header = max(header, min(LEAST_HEADER, header * (1 + SPARE)))
        children = arrangement.shown(node)
        if len(children) > most - len(items) - len(queue) + done or wide * high < 260 * len(children):
            continue
        if titled and header < READABLE and wide * high < TOO_LARGE:
            continue
        item.state = "open"
        item.height_of_header = header
        item.header = headers.arranged(nodes[node], role, QRectF(x, y, wide, header), width, texts)
        if x < -CORNER and y + header < 0 and x + wide > width + CORNER and y + high > height + CORNER:
            ground = len(items) - 1
        queue.extend((child, x, y, depth + 1, loose) for child in children)
        queue.extend((n, x, y, depth + 1, True) for segment in graph.segments(node) for n in segment)
    pills = [
        (
            pill.text,
            QRectF(*camera.to_view(pill.x, pill.y), pill.width * zoom, PILL * zoom),
            [QPointF(*camera.to_view(*corner)) for corner in pill.corners],
        )
        for pill in pills_of(arrangement, texts)
    ]
    folded = [item for item in items if item.run]
    by_node = {item.node: item for item in items} | {node: item for item in folded for node in item.run}
    return Scene(items, by_node, zoom, camera.x, camera.y, pills, folded, ground)


def pills_of(arrangement: Arrangement, texts: Texts) -> list[Pill]:
    """The root's inputs, stacked left of its inlet, and its result."""
    graph = arrangement.graph
    root = arrangement.boxes[graph.root]
    words = [captions.pill(entry) for entry in graph.inputs]
    found: list[Pill] = []
    step = PILL + 10
    top = root.line - (len(words) - 1) * step / 2
    for index, text in enumerate(words):
        width = texts.width(text, 12) + 26
        middle = top + index * step
        right = -GAP * 1.4
        corners: tuple[Point, ...] = ((right, middle), (0.0, root.line))
        if middle != root.line:
            corners = ((right, middle), (-GAP * 0.7, middle), (-GAP * 0.7, root.line), (0.0, root.line))
        found.append(Pill(text, right - width, middle - PILL / 2, width, corners))
    left = root.width + GAP * 1.4
    width = texts.width("result", 12) + 26
    found.append(Pill("result", left, root.line - PILL / 2, width, ((root.width, root.line), (left, root.line))))
    return found


def bounds(arrangement: Arrangement, texts: Texts) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything, pills included, in canvas units."""
    left, top, right, bottom = arrangement.bounds()
    for pill in pills_of(arrangement, texts):
        left, right = min(left, pill.x), max(right, pill.x + pill.width)
        top, bottom = min(top, pill.y), max(bottom, pill.y + PILL)
    return left, top, right, bottom


def measure(graph: Graph, catalogue: Catalogue, texts: Texts, node: str) -> float:
    """The width a node's own text needs; what `Arrangement` asks for."""
    found = graph.nodes[node]
    kind = catalogue.get(found.kind)
    if node not in graph.children:
        wide = max(texts.width(found.title, 13, True), texts.width(captions.details(found, kind), 11)) + 28
        return min(320.0, max(88.0, 4 * math.ceil(wide / 4)))
    if graph.view(node).collapsed:
        title = texts.width(captions.plate(graph, catalogue, node), 13, True)
        return min(300.0, max(120.0, max(title, texts.width(captions.inside(graph, catalogue, node), 11)) + 64))
    wide = 34 + texts.width(found.title, 13, True) + 16
    label = captions.tag(found, kind.role if kind else None)
    if label:
        wide += texts.width(label, 10, True) + 22
    wide += sum(texts.width(chip.texts[0], 11) + 26 for chip in captions.chips(found)[:4])
    return max(100.0, min(wide, 620.0))


def points(route: Route, x: float, y: float, zoom: float) -> list[QPointF]:
    """A route's corners in widget coordinates, for a frame whose corner is at (x, y)."""
    return [QPointF(x + px * zoom, y + py * zoom) for px, py in route.points]


def shown(arrangement: Arrangement, node: str, scene: Scene | None = None) -> str:
    """The node itself, or what it is hidden in: a closed frame, or the repeat that stands for it."""
    graph, hidden = arrangement.graph, arrangement.hidden
    hiding = hidden.get(node, node)
    for frame in graph.ancestors(node):
        item = scene.by_node.get(frame) if scene else None
        if arrangement.boxes[frame].inside is None or (item and item.state == "plate"):
            hiding = frame
        if frame in hidden:
            hiding = hidden[frame]
    return hiding


def rect_of(arrangement: Arrangement, camera: Camera, node: str) -> QRectF:
    """Where a node is, visible or not, in widget coordinates; for a hidden one, the closed frame that hides it."""
    node = shown(arrangement, node)
    box = arrangement.boxes[node]
    return QRectF(*camera.to_view(*arrangement.corner(node)), box.width * camera.zoom, box.height * camera.zoom)


def union(rects: Iterable[QRectF]) -> QRectF:
    """The smallest rectangle around all of them."""
    found = QRectF()
    for rect in rects:
        found = found.united(rect)
    return found
