"""Calls and brackets over several lines, laid out as `ruff format` does."""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 120


@dataclass(frozen=True)
class Bracket:
    """An opening (`fl.Chain(`), what stands inside, and the closing (`)`). With `tall`, each item has its own line."""

    opening: str
    items: tuple["Item", ...]
    closing: str = ")"
    tall: bool = False


@dataclass(frozen=True)
class Named:
    """An item after its name: `dim=1` or `"key": []`."""

    name: str
    item: "Item"


Item = str | Bracket | Named


def call(name: str, items: Iterable[Item], tall: bool = False) -> Bracket:
    """A call of `name`."""
    return Bracket(f"{name}(", tuple(items), tall=tall)


def flat(item: Item) -> str:
    """An item on one line."""
    match item:
        case str():
            return item
        case Named():
            return item.name + flat(item.item)
        case Bracket():
            return f"{item.opening}{', '.join(map(flat, item.items))}{item.closing}"


def lines(item: Item, indent: int = 0, before: str = "", after: str = "") -> list[str]:
    """An item on as few lines as its brackets and the width allow, each indented, with text around it."""
    if isinstance(item, Named):
        return lines(item.item, indent, before + item.name, after)
    margin = " " * indent
    line = f"{margin}{before}{flat(item)}{after}"
    if isinstance(item, str) or not item.items or (len(line) <= WIDTH and not _is_tall(item)):
        return [line]
    inner = [line for part in item.items for line in lines(part, indent + 4, after=",")]
    return [f"{margin}{before}{item.opening}", *inner, f"{margin}{item.closing}{after}"]


def _is_tall(item: Item) -> bool:
    match item:
        case Named():
            return _is_tall(item.item)
        case Bracket():
            return item.tall or any(map(_is_tall, item.items))
        case _:
            return False
