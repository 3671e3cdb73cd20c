"""Where everything stands: positions follow from the structure alone, in one pass and again only where an edit touched.

Everything reads from left to right. A node has its inlet in the middle of its left edge or higher, its outlet at the
same height on its right edge: that height is its `line`. Neighbours stand on a common line as words on a baseline, a
frame takes the line of its first child, so wires between siblings are straight. Units are canvas units: pixels at
100 %.
"""

import heapq
import math
from collections.abc import Callable, Iterable

from msgspec import Struct

from engine.document import scopes
from engine.document.edits import Touched
from engine.document.flow import Wire, segment_wires, wires
from engine.document.graph import CANVAS, Graph
from engine.document.kinds import BRANCHES, Catalogue
from engine.document.repeats import Repeats

LEAF = 44.0
"""Height of a leaf and of a closed frame."""

HEADER = 30.0
GAP = 34.0
INSET = 30.0
LANE = 13.0
SHELF = 22.0
ASPECT = 1.6
ONE_ROW = 1250.0
"""Sequences no longer than this stay in one row."""

Measure = Callable[[str], float]
"""The width that a node's own text needs: a leaf's lines, a closed frame's, an open frame's header at scale 1."""

Point = tuple[float, float]


class Inside(Struct, gc=False):
    """The inner measures of an open frame, in its own coordinates.

    `scale` is how much larger than at a small frame its header and gaps are. Wires part at `left` and meet at
    `right`; those that wrap turn at `turn`. `gaps` are the heights between rows, `skip` that of the lane around the
    children, `shelf` the top of the strip that holds the loose segments.
    """

    scale: float
    header: float
    left: float
    turn: float
    right: float
    rows: list[int]
    gaps: list[float]
    skip: float | None
    shelf: float


class Box(Struct, gc=False):
    """A node's place: its corner in its frame (on the canvas for the root and parked heads), size, line and inside."""

    width: float
    height: float
    line: float
    x: float = 0.0
    y: float = 0.0
    inside: Inside | None = None


class Route(Struct, frozen=True):
    """A wire and the corners it runs through, in its frame's coordinates. A skip belongs to no wire."""

    wire: Wire | None
    points: tuple[Point, ...]


class Arrangement:
    """The boxes of a graph's nodes. Nodes hidden in a closed frame have a box, but none of them is shown.

    Neither are the repeats of a node that stands for them, where those are folded: `stacks` has the whole run by the
    node that stands for it, `hidden` that node by each of the others, which are laid where it is.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue, measure: Measure) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.measure = measure
        self.boxes: dict[str, Box] = {}
        self.repeats = Repeats(graph, catalogue)
        self.stacks: dict[str, list[str]] = {}
        self.hidden: dict[str, str] = {}
        self._folded: dict[str, list[list[str]]] = {}
        """By open frame in which repeats are folded, its runs."""
        self._routes: dict[str, list[Route]] = {}
        for node in reversed(list(graph.walk(loose=True))):
            self._arrange(node)
        self._place_canvas()

    def update(self, touched: Touched) -> None:
        """Follow an edit: arrange again what it touched and, as long as sizes change, the frames around it."""
        graph = self.graph
        self.repeats.touch(touched)
        for node in touched.removed:
            self.boxes.pop(node, None)
            self._routes.pop(node, None)
        for node in touched.removed | touched.frames:
            self._unfold(node)
        wanted = {n for n in touched.nodes | touched.frames | touched.added if n in graph}
        if self._folded:  # a change within one of the repeats may end a run, or begin one
            wanted |= {frame for n in wanted for frame in graph.ancestors(n) if frame in self._folded}
        queue = [(-len(graph.ancestors(node)), node) for node in wanted]
        heapq.heapify(queue)
        while queue:
            _, node = heapq.heappop(queue)
            if node not in wanted:
                continue
            wanted.discard(node)
            before = self.boxes.get(node)
            self._arrange(node)
            frame = graph.parents.get(node)
            box = self.boxes[node]
            if before is None or (before.width, before.height, before.line) != (box.width, box.height, box.line):
                if frame and frame not in wanted:
                    wanted.add(frame)
                    heapq.heappush(queue, (-len(graph.ancestors(frame)), frame))
            elif before:
                box.x, box.y = before.x, before.y
        self._place_canvas()

    def corner(self, node: str) -> Point:
        """The top left corner of a node on the canvas."""
        x = y = 0.0
        while node:
            box = self.boxes[node]
            x, y = x + box.x, y + box.y
            node = self.graph.parents.get(node, CANVAS)
        return x, y

    def shown(self, frame: str) -> list[str]:
        """The children of a frame without those that another one stands for."""
        run = self.graph.children[frame]
        return [n for n in run if n not in self.hidden] if frame in self._folded else run

    def routes(self, frame: str) -> list[Route]:
        """The wires inside an open frame, those of its loose segments included; for CANVAS, of those parked there."""
        found = self._routes.get(frame)
        if found is None:
            found = self._routes[frame] = self._route(frame)
        return found

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all that stands on the canvas."""
        shown = [self.boxes[n] for n in (self.graph.root, *(n for s in self.graph.segments(CANVAS) for n in s))]
        return (
            min(b.x for b in shown),
            min(b.y for b in shown),
            max(b.x + b.width for b in shown),
            max(b.y + b.height for b in shown),
        )

    def _arrange(self, node: str) -> None:
        """Give a node its size and its children their places; the children have their sizes."""
        graph = self.graph
        wide = self.measure(node)
        if node not in graph.children:
            self.boxes[node] = Box(wide, LEAF, LEAF / 2)
            return
        self._routes.pop(node, None)
        self._unfold(node)
        view = graph.view(node)
        if view.collapsed:
            self.boxes[node] = Box(wide, LEAF, LEAF / 2)
            return
        if view.repeats:
            self._fold(node)
        boxes = self.boxes
        run = [boxes[n] for n in self.shown(node)]
        shelf = [[boxes[n] for n in segment] for segment in graph.segments(node)]
        area = 0.0
        for row in (run, *shelf):
            for b in row:
                area += b.width * b.height
        scale = _scale(area)
        role = scopes.role_of(graph, self.catalogue, node)
        if not run:
            self.boxes[node] = box = _empty(wide, scale)
        elif role in BRANCHES:
            self.boxes[node] = box = _branches(run, wide, scale)
        else:
            self.boxes[node] = box = _sequence(run, wide, scale, role in ("residual", "passthrough"))
        _fill_shelf(box, shelf)
        for head, *others in self._folded.get(node, ()):
            for other in others:
                boxes[other].x, boxes[other].y = boxes[head].x, boxes[head].y

    def _fold(self, frame: str) -> None:
        """Have one of each run of repeats in a frame stand for the others."""
        self._folded[frame] = self.repeats.runs(frame)
        for run in self._folded[frame]:
            self.stacks[run[0]] = run
            self.hidden.update(dict.fromkeys(run[1:], run[0]))

    def _unfold(self, frame: str) -> None:
        for run in self._folded.pop(frame, ()):
            self.stacks.pop(run[0], None)
            for node in run[1:]:
                self.hidden.pop(node, None)

    def _place_canvas(self) -> None:
        """Segments parked on the canvas stand where they were put; without a place, or under the root, below it."""
        graph = self.graph
        self._routes.pop(CANVAS, None)
        root = self.boxes[graph.root]
        below = root.y + root.height + 2 * GAP
        for segment in graph.segments(CANVAS):
            boxes = [self.boxes[n] for n in segment]
            rise, height, width = _extent(boxes, GAP)
            x, y = graph.view(segment[0]).position or (root.x, math.inf)
            top = y - (rise - boxes[0].line)
            clear = x > root.width + GAP or x + width < -GAP or top > root.height + GAP / 2 or top + height < -GAP / 2
            if not math.isfinite(y) or not clear:
                top = below
                below += height + GAP
            _stand(boxes, x, top + rise, GAP)

    def _route(self, frame: str) -> list[Route]:
        graph, boxes = self.graph, self.boxes
        found: list[Route] = []
        for segment in graph.segments(frame):
            found += [Route(w, _straight(boxes[w.start[0]], boxes[w.end[0]])) for w in segment_wires(segment)]
        if frame == CANVAS:
            return found
        box = boxes[frame]
        if box.inside is None:
            return []
        found += _frame_routes(
            box,
            box.inside,
            [boxes[n] for n in self.shown(frame)],
            self._role(frame),
            [w for w in wires(graph, self.catalogue, frame) if w.end[0] not in self.hidden],
        )
        return found

    def _role(self, frame: str) -> str | None:
        return scopes.role_of(self.graph, self.catalogue, frame)


def _scale(area: float) -> float:
    """How much larger a frame's header and gaps are for this much content, in steps, so that small edits keep it."""
    return 1.0 if area < 440.0**2 else 1.15 ** round(0.75 * math.log(math.sqrt(area) / 440, 1.15))


def _extent(boxes: Iterable[Box], gap: float) -> tuple[float, float, float]:
    """Rise above the line, height and width of boxes that stand on one line."""
    rise = fall = width = 0.0
    for box in boxes:
        rise = max(rise, box.line)
        fall = max(fall, box.height - box.line)
        width += box.width + gap
    return rise, rise + fall, width - gap


def _stand(boxes: Iterable[Box], x: float, line: float, gap: float) -> float:
    """Put boxes on a line from `x` on; gives where the next would begin."""
    for box in boxes:
        box.x, box.y = x, line - box.line
        x += box.width + gap
    return x


def _inside(scale: float, width: float, skip: float | None) -> Inside:
    return Inside(
        scale=scale,
        header=HEADER * scale,
        left=INSET * scale * 0.5,
        turn=width - (INSET + LANE) * scale,
        right=width - INSET * scale,
        rows=[0],
        gaps=[],
        skip=skip,
        shelf=0.0,
    )


def _empty(wide: float, scale: float) -> Box:
    width = max(wide, 150.0)
    height = HEADER + LEAF + 8
    box = Box(width, height, HEADER + (height - HEADER) / 2, inside=_inside(scale, width, None))
    box.inside.shelf = height  # pyright: ignore[reportOptionalMemberAccess]
    return box


def _wrap(run: list[Box], gap: float) -> list[int]:
    """The index at which each row of a sequence starts, for a block about 1.6 times as wide as high."""
    total = sum(b.width + gap for b in run) - gap
    if len(run) < 2 or total <= ONE_ROW:
        return [0]
    tall, widest = max(b.height for b in run) + gap, max(b.width for b in run)
    guess = int(math.sqrt(total / (tall * ASPECT)))
    best, least = [0], math.inf
    for count in range(max(1, guess - 1), guess + 4):
        limit = total if count == 1 else max(widest, total / count + widest * 0.3)
        rows, wide, high = _rows(run, gap, limit)
        size = max(wide / ASPECT, high)
        if size < 0.97 * least:  # more rows only where they gain something
            best, least = rows, size
    return best


def _rows(run: list[Box], gap: float, limit: float) -> tuple[list[int], float, float]:
    """Rows no wider than `limit`: where each starts, how wide the widest is, how high they are together."""
    rows, x, wide, high, row = [0], 0.0, 0.0, 0.0, 0.0
    for index, box in enumerate(run):
        if x and x + box.width > limit + 0.5:
            rows.append(index)
            high += row + gap
            x = row = 0.0
        x += box.width + gap
        wide = max(wide, x - gap)
        row = max(row, box.height)
    return rows, wide, high + row


def _sequence(run: list[Box], wide: float, scale: float, skips: bool) -> Box:
    gap, inset = GAP * scale, INSET * scale
    rows = _wrap(run, gap)
    ends = [*rows[1:], len(run)]
    y = HEADER * scale + (34 if skips else 20) * scale
    line = content = 0.0
    gaps: list[float] = []
    for start, end in zip(rows, ends, strict=True):
        row = run[start:end]
        rise, height, width = _extent(row, gap)
        if start:
            gaps.append(y + gap * 0.5)
            y += gap
        else:
            line = y + rise
        _stand(row, inset, y + rise, gap)
        y += height
        content = max(content, width)
    outer = INSET * scale + (LANE * 1.6 * scale if skips and len(rows) == 1 else 0)
    outer += LANE * 2.0 * scale if len(rows) > 1 else 0
    width = max(inset + content + outer, wide * scale)
    box = Box(width, y + 20 * scale, line)
    box.inside = inside = _inside(scale, width, HEADER * scale + 16 * scale if skips else None)
    inside.rows, inside.gaps, inside.shelf = rows, gaps, y + 8 * scale
    return box


def _branches(run: list[Box], wide: float, scale: float) -> Box:
    gap, inset = 22 * scale, INSET * scale * 1.25
    y = (HEADER + 18) * scale
    line = y + run[0].line
    for child in run:
        child.x, child.y = inset, y
        y += child.height + gap
    y -= gap
    width = max(inset + max(b.width for b in run) + (INSET + LANE * 1.8) * scale, wide * scale)
    box = Box(width, y + 20 * scale, line)
    box.inside = inside = _inside(scale, width, None)
    inside.left = inset * 0.5
    inside.rows, inside.shelf = list(range(len(run))), y + 8 * scale
    return box


def _fill_shelf(box: Box, segments: list[list[Box]]) -> None:
    """Add the strip with the loose segments below a frame's children, and make the frame large enough for it."""
    inside = box.inside
    if not segments or inside is None:
        return
    scale = inside.scale
    gap, inset = GAP * scale, INSET * scale * 0.6
    limit = max(box.width - 2 * inset, 400 * scale)
    y, x, row_height, widest = inside.shelf + 12 * scale + SHELF * scale, inset, 0.0, 0.0
    for segment in segments:
        rise, height, width = _extent(segment, gap)
        if x > inset and x + width - inset > limit:
            y, x, row_height = y + row_height + gap * 0.6, inset, 0.0
        _stand(segment, x, y + rise, gap)
        x += width + gap
        row_height = max(row_height, height)
        widest = max(widest, x - gap + inset)
    inside.shelf += 12 * scale
    box.height = y + row_height + 14 * scale
    if widest > box.width:
        inside.turn += widest - box.width
        inside.right += widest - box.width
        box.width = widest


def _straight(start: Box, end: Box) -> tuple[Point, ...]:
    return ((start.x + start.width, start.y + start.line), (end.x, end.y + end.line))


def _frame_routes(box: Box, inside: Inside, run: list[Box], role: str | None, found: list[Wire]) -> list[Route]:
    inlet, outlet = (0.0, box.line), (box.width, box.line)
    if not run:
        return [Route(found[0], (inlet, outlet))]
    if role in BRANCHES:
        routes: list[Route] = []
        for index, child in enumerate(run):
            line = child.y + child.line
            start, end = (child.x, line), (child.x + child.width, line)
            if index == 0:
                routes += [Route(found[0], (inlet, start)), Route(found[1], (end, outlet))]
                continue
            fork, join = (inside.left, box.line), (inside.right, box.line)
            routes.append(Route(found[2 * index], (inlet, fork, (inside.left, line), start)))
            routes.append(Route(found[2 * index + 1], (end, (inside.right, line), join, outlet)))
        return routes
    starts = set(inside.rows)
    routes = [Route(found[0], (inlet, (run[0].x, box.line)))]
    row = 0
    for index in range(1, len(run)):
        points = _straight(run[index - 1], run[index])
        if index in starts:
            between = inside.gaps[row]
            row += 1
            (x, y), (to, line) = points
            points = ((x, y), (inside.turn, y), (inside.turn, between), (inside.left, between), (inside.left, line))
            points = (*points, (to, line))
        routes.append(Route(found[index], points))
    last = run[-1]
    end = (last.x + last.width, last.y + last.line)
    if role == "passthrough":  # the last result goes nowhere: the input goes around
        stop = (end[0] + LANE * inside.scale, end[1])
        routes.append(Route(found[-1], (end, stop)))
        around = ((inside.left, box.line), (inside.left, _skip(inside)), (inside.right, _skip(inside)))
        routes.append(Route(None, (*around, (inside.right, box.line), outlet)))
    else:
        points = (end, outlet) if row == 0 else (end, (inside.right, end[1]), (inside.right, box.line), outlet)
        routes.append(Route(found[-1], points))
    if role == "residual":
        around = ((inside.left, box.line), (inside.left, _skip(inside)), (inside.right, _skip(inside)))
        routes.append(Route(None, (*around, (inside.right, box.line))))
    return routes


def _skip(inside: Inside) -> float:
    assert inside.skip is not None
    return inside.skip
