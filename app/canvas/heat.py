"""Heat: what nodes come to, in colours on the canvas, and beside them in bars and numbers: colour is never the only
sign. The darker a node in the light theme, or the brighter in the dark one, the more there is of what is looked at."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from heapq import nlargest
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from app.canvas.brushes import Brushes
from app.canvas.scene import Item, Scene
from app.canvas.texts import Texts
from app.theme import Theme, Tint, faded, ink_on, mixed
from engine.messages import Measure, Spread

Name = Literal["time", "memory", "parameters", "mean", "spread", "zeros", "not-finite"]


class Quantity(Struct, frozen=True):
    """Something to look at. One that `sums` up has a share of the whole; one that is `signed` has two sides.

    `of` finds it in what was measured of a node; nothing is measured for one without it.
    """

    title: str
    about: str
    write: Callable[[float], str]
    of: Callable[[Measure], float | None] | None = None
    sums: bool = False
    signed: bool = False


def _spread(read: Callable[[Spread], float]) -> Callable[[Measure], float | None]:
    return lambda measure: read(measure.spread) if measure.spread else None


def seconds(value: float) -> str:
    """A time in words: "12 ms", "1.4 s"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{_short(value / size)} {unit}"
    return f"{_short(value * 1e6)} µs" if value else "0 s"


def amount(value: float) -> str:
    """Bytes in words: "1.5 MiB"."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= size:
            return f"{_short(value / size)} {unit}"
    return f"{value:.0f} B"


def count(value: float) -> str:
    """A count in words: "860 M"."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= size:
            return f"{_short(value / size)} {unit}"
    return f"{value:.0f}"


def share(value: float) -> str:
    """A part of a whole in words: "34 %"."""
    percent = 100 * value
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


QUANTITIES: dict[Name, Quantity] = {
    "time": Quantity("Time", "Time that nodes took, with all that is in them", seconds, lambda m: m.seconds, True),
    "memory": Quantity(
        "Memory", "Memory that what nodes made takes, with all that is in them", amount, lambda m: float(m.bytes), True
    ),
    "parameters": Quantity("Parameters", "Numbers that can be learned, with all that is in a node", count, sums=True),
    "mean": Quantity("Mean of values", "Mean of the value of a node", _number, _spread(lambda s: s.mean), signed=True),
    "spread": Quantity(
        "Spread of values", "Standard deviation of the value of a node", _number, _spread(lambda s: s.std)
    ),
    "zeros": Quantity("Zeros in values", "How much of the value of a node is zero", share, _spread(lambda s: s.zeros)),
    "not-finite": Quantity(
        "NaN and infinity", "How much of the value of a node is no number", share, _spread(lambda s: s.not_finite)
    ),
}

DECADES, DECADES_OF_SIDES = 4, 2
"""A logarithmic scale ends so many powers of ten below the largest value; where it has two sides, what is near to zero
is to look so."""

WIDE = 50.0
"""From this ratio of the largest value to the smallest on, a scale is logarithmic."""


class Scale(Struct, frozen=True):
    """From values to positions from 0 to 1, by their size: from `low`, which is as good as nothing, to `high`. Of a
    `signed` scale, 0 and 1 are the two sides, and nothing is in the middle."""

    low: float = 0.0
    high: float = 0.0
    is_log: bool = False
    signed: bool = False

    def size(self, value: float) -> float:
        """How much a value is, from 0 to 1."""
        value = abs(value)
        if value <= self.low:
            return 0.0
        if self.is_log:
            return min(1.0, math.log(value / self.low) / math.log(self.high / self.low))
        return min(1.0, (value - self.low) / (self.high - self.low))

    def position(self, value: float) -> float:
        """Where a value stands."""
        size = self.size(value)
        return 0.5 + math.copysign(size / 2, value) if self.signed else size

    def value(self, position: float) -> float:
        """The value at a position."""
        size = abs(2 * position - 1) if self.signed else position
        if size == 0 and self.signed:
            return 0.0
        value = self.low * (self.high / self.low) ** size if self.is_log else self.low + size * (self.high - self.low)
        return -value if self.signed and position < 0.5 else value


def scale_of(quantity: Quantity, values: Iterable[float]) -> Scale:
    """The scale for these values."""
    sizes = [abs(value) for value in values if value]
    high = max(sizes, default=0.0)
    low = max(min(sizes, default=0.0), high / 10 ** (DECADES_OF_SIDES if quantity.signed else DECADES))
    is_log = quantity.write is not share and high > WIDE * low
    return Scale(low if is_log else 0.0, high, is_log, quantity.signed)


class Heat(Struct):
    """What nodes come to in one respect."""

    name: Name
    values: Mapping[str, float]
    whole: float = 0.0
    """The value of the root, where that is a sum."""
    scale: Scale = Scale()

    @property
    def quantity(self) -> Quantity:
        return QUANTITIES[self.name]

    def size(self, node: str) -> float | None:
        """How much of it there is at a node, from 0 to 1; None where nothing is known."""
        value = self.values.get(node)
        return None if value is None else self.scale.size(value)

    def words(self, node: str) -> str:
        """A node's value: "12 ms · 34 %"."""
        value = self.values.get(node)
        if value is None:
            return ""
        text = self.quantity.write(value)
        return f"{text} · {share(value / self.whole)}" if value and self.whole else text

    def tip(self, node: str) -> str:
        """A line about a node."""
        return f"{self.quantity.title}: {self.words(node) or 'not known'}"

    def tint(self, node: str, theme: Theme) -> Tint:
        """What a node is painted with."""
        value = self.values.get(node)
        if value is None:
            return faded(theme.frame("chain"), theme.dark)
        return shade(self.scale.position(value), self.quantity.signed, theme.dark)

    def heaviest(self, leaves: Callable[[str], bool], most: int = 10) -> list[str]:
        """The nodes that are no frames with the largest values, the largest first."""
        found = [node for node, value in self.values.items() if value and leaves(node)]
        return nlargest(most, found, key=lambda node: abs(self.values[node]))


def heat_of(name: Name, root: str, parameters: Mapping[str, int], measured: Mapping[str, Measure]) -> Heat:
    """Look at one quantity of what is known of a graph."""
    quantity = QUANTITIES[name]
    if quantity.of is None:
        values = {node: float(number) for node, number in parameters.items()}
    else:
        values = {node: value for node, found in measured.items() if (value := quantity.of(found)) is not None}
    whole = values.get(root, 0.0) if quantity.sums else 0.0
    return Heat(name, values, whole, scale_of(quantity, values.values()))


_RAMPS = {
    False: ("#fdf6e3", "#fbd77f", "#f29a4b", "#d4504c", "#8c2368", "#3b0f52"),
    True: ("#26292f", "#4a2a63", "#8c2f6d", "#d1534f", "#f39a4a", "#fbe086"),
}
"""From little to much, in the light theme and in the dark one: brightness runs one way, so that it needs no hues."""

_SIDES = {
    False: ("#0b3c74", "#3f7fc1", "#a9cbe8", "#f7f7f7", "#f6c49b", "#d9762e", "#7d2f06"),
    True: ("#a9d3ff", "#4b8fd6", "#234f80", "#2a2d33", "#7d4319", "#dd8137", "#ffd0a3"),
}
"""From much below zero over zero to much above, in blue and orange."""

STEPS = 48


def shade(position: float, signed: bool, dark: bool) -> Tint:
    """The tint of a position on a scale."""
    return _shade(round(position * STEPS), signed, dark)


@lru_cache
def _shade(step: int, signed: bool, dark: bool) -> Tint:
    colours = (_SIDES if signed else _RAMPS)[dark]
    at = step / STEPS * (len(colours) - 1)
    left = min(int(at), len(colours) - 2)
    fill = mixed(QColor(colours[left + 1]), QColor(colours[left]), at - left)
    ink = ink_on(fill)
    return Tint(fill, fill, mixed(QColor("white" if dark else "black"), fill, 0.45), ink, ink)


def bar(tint: Tint) -> QColor:
    """The colour of a bar on a tint."""
    return mixed(tint.ink, tint.fill, 0.62)


def paint(b: Brushes, scene: Scene, heat: Heat) -> None:
    """Paint what says the same as the colours: a bar at the foot of each node, and numbers on open frames."""
    thick = min(4.0, max(2.0, 3 * b.zoom))
    for item in scene.items:
        size = heat.size(item.node)
        high = item.height_of_header if item.state == "open" else item.height
        if size is None or item.width < 24 or high < 14:
            continue
        tint = heat.tint(item.node, b.theme)
        inset = min(6.0, 5 * b.zoom)
        wide = (item.width - 2 * inset) * size
        b.painter.fillRect(QRectF(item.x + inset, item.y + high - thick - 1, wide, thick), bar(tint))
        if item.state == "open":
            _write(b, item, heat.words(item.node), tint)


def on_header(texts: Texts, item: Item, words: str) -> QRectF:
    """Where a value is written on the header of an open frame, right of what stands there; empty without room."""
    header = item.header
    if header is None or not words:
        return QRectF()
    size = round(header.small)
    taken = [header.left + texts.width(header.title, round(header.size), True)]
    taken += [rect.right() for _, _, rect in header.chips]
    taken += [found[1].right() for found in (header.tag, header.more) if found]
    wide = texts.width(words, size)
    left = header.right - wide
    return QRectF(left, item.y, wide, item.height_of_header) if max(taken) + size <= left else QRectF()


def kept(texts: Texts, item: Item, heat: Heat | None) -> float:
    """How much of an open frame's header its value takes, from the right."""
    place = on_header(texts, item, heat.words(item.node)) if heat else QRectF()
    return place.width() + item.header.small if item.header and place else 0.0


def _write(b: Brushes, item: Item, words: str, tint: Tint) -> None:
    place, header = on_header(b.texts, item, words), item.header
    if header and place:
        b.texts.draw(b.painter, words, place.x(), place.center().y(), place.width() + 1, round(header.small), tint.ink)
