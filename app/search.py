"""Finding by typing: how well names, categories and descriptions answer what was typed."""

from collections.abc import Iterable
from typing import TypeVar

from rapidfuzz import fuzz

from engine.document.kinds import Catalogue, NodeKind

T = TypeVar("T")

GOOD_MATCH = 60


def score(text: str, name: str, category: str = "", doc: str = "") -> float:
    """How well something answers `text`, from 0 to 100: by its name first, then its category, then its doc."""
    wanted, name = text.casefold().strip(), name.casefold()
    rest = min(3.0, 0.1 * (len(name) - len(wanted)))  # of "Conv2d" and "Converter", "conv" means the shorter
    if name.startswith(wanted):
        return 100 - rest
    if wanted in name:
        return 96 - rest
    by_name = fuzz.partial_ratio(wanted, name) if len(wanted) > 2 else 0
    if wanted in category.casefold():
        return 85
    if len(wanted) > 2 and wanted in doc.casefold():
        return 75
    return 0.9 * by_name if by_name >= 80 else 0


def best(scored: Iterable[tuple[float, T]]) -> list[T]:
    """What answers well, best first; in the given order where it is equal."""
    good = [entry for entry in scored if entry[0] >= GOOD_MATCH]
    return [found for _, found in sorted(good, key=lambda entry: -entry[0])]


def kinds(catalogue: Catalogue, text: str) -> list[NodeKind]:
    """The kinds that answer `text`, best first."""
    return best((score(text, kind.name, kind.category, kind.doc), kind) for kind in catalogue.values())
