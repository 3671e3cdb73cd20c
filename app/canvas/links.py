"""Context links: which are shown, and where they run. They join a provider's chip with each leaf that reaches it."""

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QRegion

from app.canvas import painter
from app.canvas import scene as scenes
from app.canvas.hits import Hit
from app.canvas.painter import Brushes
from app.canvas.scene import Item
from app.canvas.texts import SMALLEST
from engine.document import scopes
from engine.document.scopes import Key, Links

if TYPE_CHECKING:
    from app.canvas.view import Canvas

MOST_LINKS = 400
SMALL_GRAPH, FEW_LINKS = 200, 12
"""In a graph of so few nodes with so few readers and writers, the mode "few" shows every link."""
FAINT = 0.65
"""Opacity of links that are shown without being pointed at, so that the names they cross stay legible."""
LEGIBLE = 11
"""Nodes lower than this, in pixels, have no text."""


class Anchor(Struct, frozen=True):
    """Where links end at a provider: a chip with its text and text size, or, without text, a part of the header."""

    rect: QRectF
    text: str = ""
    size: float = 0.0
    dashed: bool = False


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
    taken: dict[str, float] = {}
    free = _free(canvas)
    for key, leaves in wanted.items():
        tint = canvas.theme.provider(canvas.marks.providers.get(key.provider, 0))
        anchor = chip_of(canvas, key, taken)
        chip = anchor.rect
        if anchor.text:
            painter.chip(b, chip, anchor.text, anchor.size, tint, anchor.dashed)
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
            b.painter.save()
            b.painter.setClipRegion(free, Qt.ClipOperation.IntersectClip)
            painter.link(b, foot, tip, tint.edge, QRectF(canvas.rect()))
            b.painter.restore()
            painter.arrow(b, foot if writes else tip, not writes, tint.edge)
            b.painter.setOpacity(1.0)
            if hover.kind == "chip":
                painter.outline(b, rect, tint.edge, 2, 1)
        if anchor.text and not anchor.dashed:
            painter.outline(b, chip, tint.edge, 2, 1)


def _free(canvas: "Canvas") -> QRegion:
    """Where links show: they run under leaves, closed frames and the words on headers, which stay legible."""
    scene = canvas.scene
    if scene.free is None:
        scene.free = QRegion(canvas.rect())
        for item in scene.items:
            if item.height >= LEGIBLE:
                rect = words_of(canvas, item) if item.state == "open" else item.rect
                scene.free -= QRegion(rect.toAlignedRect())
    return scene.free


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


def chip_of(canvas: "Canvas", key: Key, taken: dict[str, float]) -> Anchor:
    """Where a key's links end at its provider. `taken` keeps how far each header is full of chips that are made up."""
    item = canvas.scene.by_node.get(scenes.shown(canvas.arrangement, key.provider, canvas.scene))
    if item is None:
        rect = canvas.rect_of(key.provider)
        return Anchor(QRectF(rect.center().x() - 20, rect.top(), 40, 10))
    high = item.height_of_header or item.height
    header = item.header
    if header is None or item.node != key.provider:
        wide = min(item.width, 4 * high)
        return Anchor(QRectF(item.x + item.width - wide, item.y, wide, high))
    for other, text, rect in header.chips:
        if other == key:
            return Anchor(rect, text, header.small)
    declared = key.key in canvas.document.graph.nodes[key.provider].contexts.get(key.context, {})
    if declared and header.more:
        return Anchor(header.more[1], header.more[0], header.small)
    right = item.x + item.width - high * 0.3
    if not declared:
        text = f"{key.label}?"
        left = taken.get(item.node, words_of(canvas, item).right() + high * 0.28)
        wide = canvas.texts.width(text, round(header.small)) + high * 0.68
        if round(header.small) >= SMALLEST and left + wide <= right:
            taken[item.node] = left + wide + high * 0.22
            return Anchor(QRectF(left, item.y + high * 0.18, wide, high * 0.64), text, header.small, dashed=True)
    return Anchor(QRectF(right - high, item.y + high * 0.18, high, high * 0.64))


def words_of(canvas: "Canvas", item: Item) -> QRectF:
    """What the title, the tag and the chips of an open frame take up of its header."""
    header = item.header
    if header is None:
        return QRectF()
    wide = min(header.room, canvas.texts.width(header.title, round(header.size), True))
    parts = [QRectF(header.left, item.y, wide, item.height_of_header), *(rect for _, _, rect in header.chips)]
    parts += [rect for _, rect in filter(None, (header.tag, header.more))]
    return scenes.union(parts)
