"""Context links: which are shown, and where they run. They join a provider's chip with each leaf that reaches it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from app.canvas import painter
from app.canvas import scene as scenes
from app.canvas.hits import Hit
from app.canvas.painter import Brushes
from engine.document import scopes
from engine.document.scopes import Key, Links

if TYPE_CHECKING:
    from app.canvas.view import Canvas

MOST_LINKS = 400
SMALL_GRAPH, FEW_LINKS = 200, 12
"""In a graph of so few nodes with so few readers and writers, the mode "few" shows every link."""
FAINT = 0.65
"""Opacity of links that are shown without being pointed at, so that the names they cross stay legible."""
Cache = dict[Key, Links]
"""Writers and readers by key; emptied at every change of the document."""


def paint(b: Brushes, canvas: "Canvas", mode: str, hover: Hit, cache: Cache) -> None:
    """Show the links that the mode asks for. A chip under the pointer veils everything else."""
    if mode == "none":
        return
    wanted = _wanted(canvas, mode, hover, cache)
    if not wanted:
        return
    if hover.kind == "chip":
        veil = QColor(canvas.theme.canvas)
        veil.setAlphaF(0.6)
        b.painter.fillRect(canvas.rect(), veil)
    count = 0
    for key, leaves in wanted.items():
        tint = canvas.theme.provider(canvas.marks.providers.get(key.provider, 0))
        chip, text, size = chip_of(canvas, key)
        if text:
            painter.chip(b, chip, text, size, tint)
        seen: set[tuple[str, bool]] = set()
        for leaf, writes in leaves:
            end = scenes.shown(canvas.arrangement, leaf, canvas.scene)
            if (end, writes) in seen or count >= MOST_LINKS or end == key.provider:
                continue
            seen.add((end, writes))
            count += 1
            rect = canvas.rect_of(end)
            foot, tip = QPointF(chip.center().x(), chip.bottom()), QPointF(rect.center().x(), rect.top())
            near = hover.kind == "chip" or leaf == hover.node or leaf in canvas.selection
            b.painter.setOpacity(1.0 if near else FAINT)
            painter.link(b, foot, tip, tint.edge, QRectF(canvas.rect()))
            painter.arrow(b, foot if writes else tip, not writes, tint.edge)
            b.painter.setOpacity(1.0)
            if hover.kind == "chip":
                painter.outline(b, rect, tint.edge, 2, 1)
        painter.outline(b, chip, tint.edge, 2, 1)


def _wanted(canvas: "Canvas", mode: str, hover: Hit, cache: Cache) -> dict[Key, list[tuple[str, bool]]]:
    """Leaves, and whether they write, by key."""
    graph, catalogue = canvas.document.graph, canvas.document.catalogue
    found: dict[Key, list[tuple[str, bool]]] = {}
    small = mode == "few" and len(graph) <= SMALL_GRAPH
    if not cache and (small or mode == "all" or hover.kind == "chip"):
        cache.update(scopes.links(graph, catalogue))
    few = small and sum(len(ends.writers) + len(ends.readers) for ends in cache.values()) <= FEW_LINKS
    if few or mode == "all" or hover.kind == "chip":
        for key, ends in cache.items():
            if hover.kind != "chip" or key == hover.key:
                found[key] = [*((n, True) for n in ends.writers), *((n, False) for n in ends.readers)]
        return found
    for node in {*canvas.selection, *([hover.node] if hover.node else [])}:
        if node in graph and (access := scopes.access(graph, catalogue, node)) and access.key:
            found.setdefault(access.key, []).append((node, access.role == "set"))
    return found


def chip_of(canvas: "Canvas", key: Key) -> tuple[QRectF, str, float]:
    """Where a key's chip is, its text and text size; without text, the part of its provider that stands for it."""
    item = canvas.scene.by_node.get(scenes.shown(canvas.arrangement, key.provider, canvas.scene))
    if item is None:
        rect = canvas.rect_of(key.provider)
        return QRectF(rect.center().x() - 20, rect.top(), 40, 10), "", 0
    if item.header:
        for other, text, rect in item.header.chips:
            if other == key:
                return rect, text, item.header.small
        if item.header.more:
            return item.header.more[1], "", 0
    high = item.height_of_header or item.height
    return QRectF(item.x, item.y, min(item.width, 4 * high), high), "", 0
