"""How large a frame is, and where what it holds stands in it: sequences as words on lines, branches below each other.

Everything reads from left to right. A node has its inlet in the middle of its left edge or higher, its outlet at the
same height on its right edge: that height is its `line`. Neighbours stand on a common line as words on a baseline, a
frame takes the line of its first child, so wires between siblings are straight. Units are canvas units: pixels at
100 %. Tens of thousands of frames are arranged at a time, so each of the few loops here is written out.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from engine.document.kinds import BRANCHES, Role

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
SMALL = 440.0**2
"""Frames with no more content than this are drawn at scale 1."""

ONE = (0,)
"""One row. (Most frames have it, and of tuples the collector of garbage has less to walk over than of lists.)"""


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
    rows: tuple[int, ...]
    gaps: tuple[float, ...]
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


def closed(wide: float) -> Box:
    """The box of a leaf or a closed frame whose words take so much."""
    return Box(wide, LEAF, LEAF / 2)


def around(run: list[Box], segments: list[list[Box]], wide: float, role: Role | None) -> Box:
    """The box of an open frame whose header takes so much; its children and loose segments get their places."""
    area = rise = fall = content = 0.0
    for box in run:
        width, height, line = box.width, box.height, box.line
        area += width * height
        content += width
        if line > rise:
            rise = line
        if height - line > fall:
            fall = height - line
    for segment in segments:
        for box in segment:
            area += box.width * box.height
    scale = 1.0 if area < SMALL else _scale(area)
    if not run:
        found = _empty(wide, scale)
    elif role in BRANCHES:
        found = _branches(run, wide, scale)
    else:
        content += GAP * scale * (len(run) - 1)
        skips = role == "residual" or role == "passthrough"
        found = _sequence(run, wide, scale, skips, rise, rise + fall, content)
    if segments:
        _fill_shelf(found, segments)
    return found


def extent(boxes: Sequence[Box], gap: float) -> tuple[float, float, float]:
    """Rise above the line, height and width of boxes that stand on one line."""
    rise = fall = 0.0
    width = -gap
    for box in boxes:
        line = box.line
        if line > rise:
            rise = line
        if box.height - line > fall:
            fall = box.height - line
        width += box.width + gap
    return rise, rise + fall, width


def stand(boxes: Sequence[Box], x: float, line: float, gap: float) -> None:
    """Put boxes on a line from `x` on."""
    for box in boxes:
        box.x = x
        box.y = line - box.line
        x += box.width + gap


def _scale(area: float) -> float:
    """How much larger a frame's header and gaps are for this much content, in steps, so that small edits keep it."""
    return 1.15 ** round(0.75 * math.log(math.sqrt(area) / 440, 1.15))


def _inside(
    scale: float, width: float, rows: tuple[int, ...], gaps: tuple[float, ...], skip: float | None, shelf: float
) -> Inside:
    inset = INSET * scale
    return Inside(
        scale, HEADER * scale, inset * 0.5, width - inset - LANE * scale, width - inset, rows, gaps, skip, shelf
    )


def _empty(wide: float, scale: float) -> Box:
    width, height = max(wide, 150.0), HEADER + LEAF + 8
    inside = _inside(scale, width, ONE, (), None, height)
    return Box(width, height, HEADER + (height - HEADER) / 2, 0.0, 0.0, inside)


def _sequence(
    run: list[Box], wide: float, scale: float, skips: bool, rise: float, height: float, content: float
) -> Box:
    """What `extent` tells of the whole run is known already."""
    gap, inset = GAP * scale, INSET * scale
    y = (HEADER + (34.0 if skips else 20.0)) * scale
    skip = (HEADER + 16.0) * scale if skips else None
    rows = ONE if content <= ONE_ROW or len(run) < 2 else _wrap(run, gap, content)
    if len(rows) == 1:
        line = y + rise
        stand(run, inset, line, gap)
        y += height
        outer = inset + LANE * 1.6 * scale if skips else inset
        gaps: tuple[float, ...] = ()
    else:
        line = content = 0.0
        between: list[float] = []
        for start, end in zip(rows, (*rows[1:], len(run)), strict=True):
            row = run[start:end]
            rise, height, width = extent(row, gap)
            if start:
                between.append(y + gap * 0.5)
                y += gap
            else:
                line = y + rise
            stand(row, inset, y + rise, gap)
            y += height
            content = max(content, width)
        outer = inset + LANE * 2.0 * scale
        gaps = tuple(between)
    width = inset + content + outer
    if wide * scale > width:
        width = wide * scale
    return Box(width, y + 20.0 * scale, line, 0.0, 0.0, _inside(scale, width, rows, gaps, skip, y + 8.0 * scale))


def _wrap(run: list[Box], gap: float, total: float) -> tuple[int, ...]:
    """The index at which each row of a sequence starts, for a block about 1.6 times as wide as high."""
    sizes = [(box.width, box.height) for box in run]
    widest, tallest = max(size[0] for size in sizes), max(size[1] for size in sizes)
    guess = int(math.sqrt(total / ((tallest + gap) * ASPECT)))
    best, least = [0], math.inf
    for count in range(max(1, guess - 1), guess + 4):
        limit = total if count == 1 else max(widest, total / count + widest * 0.3)
        rows, wide, high = _rows(sizes, gap, limit)
        size = max(wide / ASPECT, high)
        if size < 0.97 * least:  # more rows only where they gain something
            best, least = rows, size
    return tuple(best)


def _rows(sizes: list[tuple[float, float]], gap: float, limit: float) -> tuple[list[int], float, float]:
    """Rows no wider than `limit`: where each starts, how wide the widest is, how high they are together."""
    rows, x, wide, high, row = [0], 0.0, 0.0, 0.0, 0.0
    for index, (width, height) in enumerate(sizes):
        if x and x + width > limit + 0.5:
            rows.append(index)
            high += row + gap
            x = row = 0.0
        x += width + gap
        if x > wide:
            wide = x
        if height > row:
            row = height
    return rows, wide - gap, high + row


def _branches(run: list[Box], wide: float, scale: float) -> Box:
    gap, inset = 22.0 * scale, INSET * scale * 1.25
    y = (HEADER + 18.0) * scale
    line = y + run[0].line
    widest = 0.0
    for child in run:
        child.x, child.y = inset, y
        y += child.height + gap
        if child.width > widest:
            widest = child.width
    y -= gap
    width = max(inset + widest + (INSET + LANE * 1.8) * scale, wide * scale)
    inside = _inside(scale, width, tuple(range(len(run))), (), None, y + 8.0 * scale)
    inside.left = inset * 0.5
    return Box(width, y + 20.0 * scale, line, 0.0, 0.0, inside)


def _fill_shelf(box: Box, segments: list[list[Box]]) -> None:
    """Add the strip with the loose segments below a frame's children, and make the frame large enough for it."""
    inside = box.inside
    assert inside is not None
    scale = inside.scale
    gap, inset = GAP * scale, INSET * scale * 0.6
    limit = max(box.width - 2 * inset, 400 * scale)
    y, x, row_height, widest = inside.shelf + 12 * scale + SHELF * scale, inset, 0.0, 0.0
    for segment in segments:
        rise, height, width = extent(segment, gap)
        if x > inset and x + width - inset > limit:
            y, x, row_height = y + row_height + gap * 0.6, inset, 0.0
        stand(segment, x, y + rise, gap)
        x += width + gap
        row_height = max(row_height, height)
        widest = max(widest, x - gap + inset)
    inside.shelf += 12 * scale
    box.height = y + row_height + 14 * scale
    if widest > box.width:
        inside.turn += widest - box.width
        inside.right += widest - box.width
        box.width = widest
