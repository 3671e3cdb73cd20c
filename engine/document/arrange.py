"""Where everything stands: positions follow from the structure alone, in one pass and again only where an edit touched.

What a frame makes of what it holds is in `boxes.py`, the corners of its wires in `wire_routes.py`.
"""

import heapq
import math
from collections.abc import Callable

from engine.document import scopes
from engine.document.boxes import GAP, LEAF, Box, around, closed, extent, stand
from engine.document.flow import segment_wires, wires
from engine.document.graph import CANVAS, Graph
from engine.document.kinds import Catalogue, Role
from engine.document.repeats import Repeats
from engine.document.touched import Touched
from engine.document.wire_routes import Point, Route, frame_routes, straight

Measure = Callable[[str], float]
"""The width that a node's own text needs: a leaf's lines, a closed frame's, an open frame's header at scale 1."""


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
        self._arrange_all()

    def _arrange_all(self) -> None:
        graph, boxes, measure = self.graph, self.boxes, self.measure
        frames, parked = graph.children, bool(graph.loose)
        order: list[str] = []
        held: list[list[str] | None] = []
        stack = [graph.root, *(n for segment in graph.segments(CANVAS) for n in segment)]
        while stack:
            node = stack.pop()
            children = frames.get(node)
            order.append(node)
            held.append(children)
            if children:
                stack += children
            if parked:
                stack.extend(n for segment in graph.segments(node) for n in segment)
        for node, children in zip(reversed(order), reversed(held), strict=True):  # what is in a frame comes before it
            if children is None:
                boxes[node] = Box(measure(node), LEAF, LEAF / 2)
            else:
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
        graph, boxes = self.graph, self.boxes
        wide = self.measure(node)
        children = graph.children.get(node)
        if children is None:
            boxes[node] = closed(wide)
            return
        if self._routes:
            self._routes.pop(node, None)
        if self._folded:
            self._unfold(node)
        if view := graph.views.get(node):
            if view.collapsed:
                boxes[node] = closed(wide)
                return
            if view.repeats:
                self._fold(node)
                children = self.shown(node)
        segments = graph.loose.get(node)
        shelf = [[boxes[n] for n in segment] for segment in segments] if segments else []
        boxes[node] = around([boxes[n] for n in children], shelf, wide, self._role(node))
        if self._folded:
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
            rise, height, width = extent(boxes, GAP)
            x, y = graph.view(segment[0]).position or (root.x, math.inf)
            top = y - (rise - boxes[0].line)
            clear = x > root.width + GAP or x + width < -GAP or top > root.height + GAP / 2 or top + height < -GAP / 2
            if not math.isfinite(y) or not clear:
                top = below
                below += height + GAP
            stand(boxes, x, top + rise, GAP)

    def _route(self, frame: str) -> list[Route]:
        graph, boxes = self.graph, self.boxes
        found: list[Route] = []
        for segment in graph.segments(frame):
            found += [Route(w, straight(boxes[w.start[0]], boxes[w.end[0]])) for w in segment_wires(segment)]
        if frame == CANVAS:
            return found
        box = boxes[frame]
        if box.inside is None:
            return []
        found += frame_routes(
            box,
            box.inside,
            [boxes[n] for n in self.shown(frame)],
            self._role(frame),
            [w for w in wires(graph, self.catalogue, frame) if w.end[0] not in self.hidden],
        )
        return found

    def _role(self, frame: str) -> Role | None:
        return scopes.role_of(self.graph, self.catalogue, frame)
