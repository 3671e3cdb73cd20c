"""What stands on the header of an open frame, and where: button, title, tag and the chips of its keys."""

from msgspec import Struct, field
from PySide6.QtCore import QRectF

from app.canvas import captions
from app.canvas.texts import SMALLEST, Texts
from engine.document.graph import Node
from engine.document.kinds import Role
from engine.document.scopes import Key

LARGEST = 180.0
"""What stands on a header is never larger than on one of so many pixels: that of a small frame at the closest zoom."""


class Header(Struct):
    """Where the parts of an open frame's header lie, in widget coordinates.

    `size` is the title's text size in pixels, `small` that of tag and chips.
    """

    button: QRectF
    title: str
    left: float
    room: float
    size: float
    small: float
    tag: tuple[str, QRectF] | None = None
    chips: list[tuple[Key, str, QRectF]] = field(default_factory=list)
    more: tuple[str, QRectF] | None = None
    right: float = 0.0
    """Where what one sees of it ends."""


def arranged(node: Node, role: Role | None, bar: QRectF, view: float, texts: Texts) -> Header | None:
    """Lay a header out on its bar; its title stays in view while the frame is. None where it is too small to read."""
    middle = bar.y() + bar.height() / 2
    high = min(bar.height(), LARGEST)
    size = max(high * 0.44, min(9.0, high * 0.75))
    if size < 6.5:
        return None
    end = bar.right() - high * 0.3
    words = min(texts.width(node.title, round(size), True) + 1, bar.width() - high * 1.16)
    left = max(bar.x(), min(0.0, end - high * 0.86 - words))  # the title leaves with its frame, it isn't squeezed out
    button = QRectF(left + high * 0.2, middle - high * 0.27, high * 0.54, high * 0.54)
    x = button.right() + high * 0.12
    small = max(high * 0.36, min(8.0, high * 0.6))
    header = Header(button, node.title, x, max(0.0, end - x), size, small)
    x += words + high * 0.28
    header.right = right = min(end, view - high * 0.3)
    label = captions.tag(node, role)
    if label and round(small * 0.88) >= SMALLEST:
        wide = texts.width(label, round(small * 0.88), True) + high * 0.44
        if x + wide <= right:
            tall = _tall(high, 0.54, small * 0.88)
            header.tag = label, QRectF(x, middle - tall / 2, wide, tall)
            x += wide + high * 0.28
    _put_chips(header, captions.chips(node), x, right, middle, high, texts)
    return header


def _put_chips(
    header: Header, found: list[captions.Chip], x: float, right: float, middle: float, high: float, texts: Texts
) -> None:
    """As many chips as fit, with their values if all of them fit, else with shorter texts; the rest is a number."""
    size, pad, gap = round(header.small), high * 0.34, high * 0.22
    if not found or size < SMALLEST:
        return

    def wide(text: str) -> float:
        return texts.width(text, size) + 2 * pad

    tall = _tall(high, 0.64, size)
    top = middle - tall / 2
    chosen: list[tuple[Key, str]] = []
    for level in range(3):
        chosen = [(chip.key, chip.texts[min(level, len(chip.texts) - 1)]) for chip in found]
        if sum(wide(text) + gap for _, text in chosen) - gap <= right - x or level == 2:
            break
    for index, (key, text) in enumerate(chosen):
        rest = f"+{len(chosen) - index}"
        last = index == len(chosen) - 1
        if x + wide(text) + (0 if last else gap + wide(rest)) > right:
            header.more = (rest, QRectF(x, top, wide(rest), tall)) if x + wide(rest) <= right else None
            return
        header.chips.append((key, text, QRectF(x, top, wide(text), tall)))
        x += wide(text) + gap


def _tall(high: float, part: float, size: float) -> float:
    """How tall an outline is on a header: a part of it, but not so small that its text lies on it."""
    return max(high * part, min(high * 0.86, size * 1.4))
