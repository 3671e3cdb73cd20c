"""The corners that wires run through: level between neighbours, in lanes of the frame where they wrap, part or skip."""

from msgspec import Struct

from engine.document.boxes import LANE, Box, Inside
from engine.document.flow import Wire
from engine.document.kinds import BRANCHES

Point = tuple[float, float]


class Route(Struct, frozen=True):
    """A wire and the corners it runs through, in its frame's coordinates. A skip belongs to no wire."""

    wire: Wire | None
    points: tuple[Point, ...]


def straight(start: Box, end: Box) -> tuple[Point, ...]:
    """From one node to the next of a row."""
    return ((start.x + start.width, start.y + start.line), (end.x, end.y + end.line))


def frame_routes(box: Box, inside: Inside, run: list[Box], role: str | None, found: list[Wire]) -> list[Route]:
    """The routes of a frame's wires, in their order, and its skip; `run` are the children that are shown."""
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
        points = straight(run[index - 1], run[index])
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
