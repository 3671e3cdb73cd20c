"""Context links that share a way: a trunk to the frame that they end in, a spine along its edge, a rail over each row.

Pure geometry in widget coordinates.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from PySide6.QtCore import QLineF, QPointF, QRectF

LEAST = 4
"""So many links into one frame are a bundle; fewer go their own ways."""
APART = 14.0
"""Ends whose heights differ by less, in pixels, are of one row."""
LIFT = 9.0
"""How far over its ends a rail runs."""
INSET = 7.0
"""How far from the edge of the frame the spine is."""
LANES = 6


class Bundle(Struct):
    """Links that go together: the trunk ends at `hub`; `lines` are what leads from there to the ends."""

    hub: QPointF
    count: int
    lines: list[QLineF] = field(default_factory=list)


def gathered(ways: Mapping[str, Sequence[str]], provider: str) -> tuple[dict[str, list[str]], list[str]]:
    """Which ends go together, by the frame that they are in, and those that go alone.

    `ways` says which frames hold each end, innermost first, as far as the provider.
    """
    inward = {end: list(reversed(way[: way.index(provider)] if provider in way else way)) for end, way in ways.items()}
    depth = 0
    while (
        inward
        and len({tuple(way[: depth + 1]) for way in inward.values()}) == 1
        and all(len(way) > depth + 1 for way in inward.values())
    ):
        depth += 1
    groups: dict[str, list[str]] = {}
    for end, way in inward.items():
        groups.setdefault(way[min(depth, len(way) - 1)] if way else provider, []).append(end)
    together = {frame: ends for frame, ends in groups.items() if len(ends) >= LEAST}
    return together, [end for ends in groups.values() if len(ends) < LEAST for end in ends]


def bundle(start: QPointF, frame: QRectF, top: float, ends: Sequence[QRectF], view: QRectF, lane: int) -> Bundle:
    """How links go from `start` to these ends in a frame whose header ends at `top`; those of another lane run beside
    them."""
    inset = INSET + 4 * (lane % LANES)
    inner = frame.adjusted(inset, 0, -inset, 0)
    left, right = max(inner.left(), view.left() + inset), min(inner.right(), view.right() - inset)
    x = left if abs(start.x() - left) <= abs(start.x() - right) else right
    rows: list[list[QRectF]] = []
    for end in sorted(ends, key=lambda rect: (rect.top(), rect.left())):
        if rows and end.top() - rows[-1][0].top() < APART:
            rows[-1].append(end)
        else:
            rows.append([end])
    highest = min(row[0].top() for row in rows) - LIFT
    found = Bundle(QPointF(x, min(top, highest)), len(ends))
    last = found.hub.y()
    for row in rows:
        tips = [rect.center().x() for rect in row]
        y = row[0].top() - LIFT
        found.lines.append(QLineF(x, last, x, y))
        found.lines.append(QLineF(min(x, *tips), y, max(x, *tips), y))
        found.lines += [QLineF(tip, y, tip, rect.top()) for tip, rect in zip(tips, row, strict=True)]
        last = y
    return found
