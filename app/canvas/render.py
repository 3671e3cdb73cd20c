"""Paints a scene: walks its items in order and calls the painter for each thing on them."""

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct, field
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPixmap, QTransform

from app.canvas import adapting, badges, captions, frames, heat, leaves, notes, remarks, repeats, wires
from app.canvas.adapting import Signs
from app.canvas.brushes import Brushes
from app.canvas.heat import Heat
from app.canvas.scene import DETAILED, Item, Scene, points, shown
from app.theme import Theme, Tint, faded
from engine.document import scopes
from engine.document.arrange import Arrangement
from engine.document.boxes import Inside
from engine.document.graph import CANVAS, Graph
from engine.document.problems import Severity
from engine.document.wire_routes import Point, Route

PICTURES_FROM = 0.7
"""From this zoom on nodes wear small pictures of what they made."""


class Marks(Struct):
    """What others know about nodes and the canvas shows: shapes, problems, where a run is, providers' numbers."""

    returns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    receives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[str, list[tuple[Severity, str]]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    running: str | None = None
    paused: str | None = None
    shared: Mapping[str, list[str]] = field(default_factory=dict)
    signs: Signs = field(default_factory=Signs)
    unreached: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    providers: dict[str, int] = field(default_factory=dict)
    holds: dict[str, bool] = field(default_factory=dict)
    heat: Heat | None = None
    pictures: Mapping[str, QPixmap] = field(default_factory=dict)


class Painted(Struct):
    """How much a repaint painted; the tests guard it."""

    nodes: int = 0
    segments: int = 0


LineCache = dict[str, tuple[list[Route], list[QLineF]]]


def paint(b: Brushes, scene: Scene, arrangement: Arrangement, marks: Marks, lines: LineCache) -> Painted:
    """Paint everything but problems, selection, links and gestures."""
    done = Painted()
    deque(steps(b, scene, arrangement, marks, lines, done), maxlen=0)
    return done


def steps(
    b: Brushes, scene: Scene, arrangement: Arrangement, marks: Marks, lines: LineCache, done: Painted
) -> Iterator[None]:
    """Paint as `paint` does, and pause after each node; `done` counts along."""
    graph = arrangement.graph
    for text, rect, corners in scene.pills:
        wires.pill(b, rect, text, corners)
    if graph.segments(CANVAS):
        done.segments += _wires(b, CANVAS, scene.x, scene.y, arrangement, lines, loose=True)
    visible = scene.items[scene.ground or 0 :]
    for item in visible:
        done.nodes += 1
        if item.run:
            repeats.paint_stack(b, item, tint_of(b.theme, graph, arrangement, marks, item))
        if item.state == "leaf":
            _leaf(b, item, arrangement, marks)
        elif item.state == "plate":
            _plate(b, item, arrangement, marks)
        else:
            done.segments += _frame(b, item, arrangement, marks, lines, edges=scene.ground is None or done.nodes > 1)
        if b.detailed and item.state != "open":
            leaves.ports(b, item, b.theme.wire)
            remarks.below(b, item, graph.view(item.node).note, marks.returns.get(item.node))
        yield
    for item in visible:  # after all bodies: a frame's ports lie on its edge, under what it holds
        if item.state == "open" and b.detailed:
            leaves.ports(b, item, b.theme.wire)
    for item in scene.items:
        if mode := graph.nodes[item.node].mode:
            (badges.bypass if mode == "bypass" else badges.mute)(b, item)
    for item in scene.stacks:
        repeats.paint_count(b, item, tint_of(b.theme, graph, arrangement, marks, item))
    if marks.heat:
        heat.paint(b, scene, marks.heat)
    adapting.paint_signs(b, scene.items, marks.signs)


def worst(arrangement: Arrangement, scene: Scene, marks: Marks) -> dict[str, Severity]:
    """The worst problem of each visible node, those of nodes hidden in it included."""
    order: list[Severity] = ["info", "warning", "error"]
    found: dict[str, Severity] = {}
    entries: list[tuple[str, Severity]] = []
    for node, problems in marks.problems.items():
        entries.extend((node, severity) for severity, _ in problems)
    entries.extend((node, "error") for node in marks.faults)
    for node, severity in entries:
        if node not in arrangement.graph:
            continue
        seen = shown(arrangement, node, scene)
        if seen in scene.by_node and (seen not in found or order.index(severity) > order.index(found[seen])):
            found[seen] = severity
    return found


def tint_of(theme: Theme, graph: Graph, arrangement: Arrangement, marks: Marks, item: Item) -> Tint:
    """The tint of a node: that of its family, with the colour of the adapter nearest to it; faded if it won't run.
    Where one looks at heat, it is that alone."""
    if marks.heat:
        return marks.heat.tint(item.node, theme)
    tint = _family(theme, graph, arrangement, marks, item)
    if item.loose or item.node in marks.unreached or item.node in marks.idle:
        return faded(tint, theme.dark)
    signs = marks.signs.at.get(item.node)
    return adapting.tinted(tint, signs[-1], theme) if signs else tint


def _family(theme: Theme, graph: Graph, arrangement: Arrangement, marks: Marks, item: Item) -> Tint:
    """What a node's kind is painted in; providers and leaves that reach one wear the provider's."""
    node = graph.nodes[item.node]
    kind = arrangement.catalogue.get(node.kind)
    if kind is None:
        return theme.unknown
    if item.node in marks.providers:
        return theme.provider(marks.providers[item.node])
    if item.state == "leaf" and item.role in ("use", "set"):
        found = scopes.access(graph, arrangement.catalogue, item.node)
        if found is None or found.key is None:
            return theme.unknown
        return theme.provider(marks.providers.get(found.key.provider, 0))
    return theme.leaf(kind.category, kind.role) if item.state == "leaf" else theme.frame(kind.role)


def _leaf(b: Brushes, item: Item, arrangement: Arrangement, marks: Marks) -> None:
    graph = arrangement.graph
    tint = tint_of(b.theme, graph, arrangement, marks, item)
    node = graph.nodes[item.node]
    kind = arrangement.catalogue.get(node.kind)
    lines = captions.lines(node, kind, leaves.two_lines(b.zoom)) if item.height >= 11 else ("",)
    if marks.heat and leaves.two_lines(b.zoom):
        lines = (node.title, marks.heat.words(item.node))
    reach = item.role if item.role in ("use", "set") else None
    leaves.leaf(b, item, tint, lines, item.loose or kind is None, reach, _picture(b, item, marks))
    if item.node in marks.shared:
        leaves.shared(b, item, tint)


def _plate(b: Brushes, item: Item, arrangement: Arrangement, marks: Marks) -> None:
    graph, catalogue = arrangement.graph, arrangement.catalogue
    collapsed = arrangement.boxes[item.node].inside is None
    tint = tint_of(b.theme, graph, arrangement, marks, item)
    title = held = ""
    if item.height >= 11 and item.width >= 24:
        title = captions.plate(graph, catalogue, item.node)
        if collapsed and leaves.two_lines(b.zoom):
            held = marks.heat.words(item.node) if marks.heat else captions.inside(graph, catalogue, item.node)
    dot = item.width > 16 and _holds(arrangement, marks, item)
    frames.plate(b, item, tint, title, held, collapsed, item.loose, dot, _picture(b, item, marks))


def _picture(b: Brushes, item: Item, marks: Marks) -> QPixmap | None:
    """The picture that a node wears. Where one looks at heat, the room is for numbers."""
    return marks.pictures.get(item.node) if b.zoom >= PICTURES_FROM and not marks.heat else None


def _holds(arrangement: Arrangement, marks: Marks, item: Item) -> bool:
    """Whether a closed frame hides leaves that reach contexts."""
    found = marks.holds.get(item.node)
    if found is None:
        graph, catalogue = arrangement.graph, arrangement.catalogue
        found = any(scopes.role_of(graph, catalogue, n) in ("use", "set") for n in graph.walk(item.node))
        marks.holds[item.node] = found
    return found


def _frame(b: Brushes, item: Item, arrangement: Arrangement, marks: Marks, lines: LineCache, edges: bool) -> int:
    graph = arrangement.graph
    tint = tint_of(b.theme, graph, arrangement, marks, item)
    inside = arrangement.boxes[item.node].inside
    assert inside is not None
    if edges:
        frames.frame(b, item, tint, item.node in marks.providers, item.loose, not graph.children[item.node])
    else:
        frames.ground(b, item)
    if item.header and edges:
        frames.header(b, item, item.header, tint)
        if note := graph.view(item.node).note:
            notes.on_header(b, item, note, tint.ink, heat.kept(b.texts, item, marks.heat))
    if graph.segments(item.node):
        inset = 12 * inside.scale * b.zoom
        top = item.y + inside.shelf * b.zoom
        strip = QRectF(item.x + inset, top, item.width - 2 * inset, item.y + item.height - top)
        frames.shelf(b, strip, 11 * inside.scale * b.zoom)
    drawn = _wires(b, item.node, item.x, item.y, arrangement, lines, item.loose)
    if graph.children[item.node]:
        _signs(b, item, inside, arrangement, _family(b.theme, graph, arrangement, marks, item) if marks.heat else tint)
    return drawn


def _signs(b: Brushes, item: Item, inside: Inside, arrangement: Arrangement, tint: Tint) -> None:
    """The marks on a frame's wires: where they part, meet, or end."""
    zoom, role = b.zoom, item.role
    if 10 * inside.scale * zoom < 3:
        return
    signs = Brushes(b.painter, b.theme, b.texts, min(zoom * inside.scale, max(zoom, 1.0)))
    left, right = item.x + inside.left * zoom, item.x + inside.right * zoom
    children = arrangement.shown(item.node)
    lines = [item.y + (box.y + box.line) * zoom for box in (arrangement.boxes[n] for n in children)]
    if role == "distribute":
        wires.bar(signs, left, item.line, lines[-1], tint)
    elif role in ("residual", "passthrough") or ((role in captions.JOINS or role == "parallel") and len(lines) > 1):
        wires.fork(signs, QPointF(left, item.line))
    if role in ("parallel", "distribute"):
        wires.bar(signs, right, item.line, lines[-1], tint)
    elif role in captions.JOINS:
        wires.join(signs, QPointF(right, item.line), captions.JOINS[role], tint)
    elif role == "passthrough":
        last = arrangement.boxes[children[-1]]
        x = item.x + (last.x + last.width + 13 * inside.scale) * zoom
        wires.stop(signs, QPointF(x, lines[-1]))


def _wires(b: Brushes, frame: str, x: float, y: float, arrangement: Arrangement, lines: LineCache, loose: bool) -> int:
    """The wires inside a frame; gives the number of segments."""
    routes = arrangement.routes(frame)
    if b.zoom >= DETAILED:
        count = 0
        reached: set[Point] = set()
        for route in routes:
            parked = loose or _is_parked(arrangement.graph, frame, route)
            colour = b.theme.text_dim if parked else b.theme.wire
            corners, (start, *_, end) = points(route, x, y, b.zoom), route.points
            if len(corners) > 2:  # wires that share a port share the way to it, which is painted once
                corners = corners[start in reached : len(corners) - (end in reached)]
            reached |= {start, end}
            wires.wire(b, corners, colour, b.stroke, parked)
            count += len(route.points) - 1
        return count
    found = lines.get(frame)
    if found is None or found[0] is not routes:
        made = [QLineF(*p, *q) for r in routes for p, q in pairwise(r.points)]
        found = lines[frame] = (routes, made)
    if not found[1] or 30 * b.zoom * _scale(arrangement, frame) < 2:
        return 0
    pen = b.pen(b.theme.wire, b.painter.device().devicePixelRatioF())
    pen.setCosmetic(True)
    b.painter.setPen(pen)
    b.painter.setTransform(QTransform(b.zoom, 0, 0, b.zoom, x, y))
    b.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # it would blur level lines between two pixels
    b.painter.drawLines(found[1])
    b.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    b.painter.resetTransform()
    return len(found[1])


def _scale(arrangement: Arrangement, frame: str) -> float:
    inside = arrangement.boxes[frame].inside if frame != CANVAS else None
    return inside.scale if inside else 1.0


def _is_parked(graph: Graph, frame: str, route: Route) -> bool:
    wire = route.wire
    if not graph.segments(frame) or wire is None or wire.start[0] == frame:
        return frame == CANVAS
    return any(wire.start[0] in segment for segment in graph.segments(frame))
