"""Context links: which are shown, and where they run. They join a provider's chip with each leaf that reaches it."""

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPolygonF, QRegion

from app.canvas import brushes, frames, remarks, wires
from app.canvas import scene as scenes
from app.canvas.brushes import Brushes
from app.canvas.bundles import Bundle, bundle, gathered
from app.canvas.hits import Hit
from app.canvas.scene import Item
from app.canvas.texts import SMALLEST
from app.theme import Tint
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


class End(Struct):
    """What is visible of leaves that reach a key: the leaf, or the closed frame that holds it and maybe others."""

    node: str
    rect: QRectF
    writes: bool = False
    reads: bool = False
    near: bool = False
    """Whether one of them is pointed at or selected."""

    @property
    def tip(self) -> QPointF:
        return QPointF(self.rect.center().x(), self.rect.top())


def paint(b: Brushes, canvas: "Canvas") -> None:
    """Show the links that the canvas's mode asks for.

    A chip under the pointer, or else the pinned key, veils everything else; its writers and readers wear signs.
    """
    hover, shown = canvas.mouse.hover, focus(canvas)
    wanted = _wanted(canvas, shown)
    if not wanted:
        return
    if shown:
        veil = QColor(canvas.theme.canvas)
        veil.setAlphaF(0.6 if hover.kind == "chip" else 0.45)
        b.painter.fillRect(canvas.rect(), veil)
    room = MOST_LINKS
    taken: dict[str, float] = {}
    free = _free(canvas)
    counts: list[QRectF] = []
    for lane, (key, leaves) in enumerate(wanted.items()):
        tint = canvas.theme.provider(canvas.marks.providers.get(key.provider, 0))
        anchor = chip_of(canvas, key, taken)
        if anchor.text:
            frames.chip(b, anchor.rect, anchor.text, anchor.size, tint, anchor.dashed)
        ends = _ends(canvas, key, leaves, hover)[:room]
        room -= len(ends)
        for one in _links(b, canvas, key, anchor.rect, ends, tint, free, lane, bold=key == shown):
            _count(b, one, tint, counts)
        for end in ends if key == shown else ():
            _sign(b, end, tint)
        if anchor.text and not anchor.dashed:
            brushes.outline(b, anchor.rect, tint.edge, 3 if key == canvas.pinned else 2, 1)


def focus(canvas: "Canvas") -> Key | None:
    """The one key whose links are shown: that of the chip under the pointer, or else the pinned one."""
    hover = canvas.mouse.hover
    if hover.kind == "chip" and canvas.links_shown != "none":
        return hover.key
    return canvas.pinned if canvas.pinned and canvas.pinned in known(canvas) else None


def known(canvas: "Canvas") -> Cache:
    """Writers and readers of every key."""
    if not canvas.links:
        graph, catalogue = canvas.document.graph, canvas.document.catalogue
        canvas.links.update(scopes.links(graph, catalogue))
        for varied in scopes.conditions(graph, catalogue):  # it is read by guidance, not by a leaf
            if varied.key:
                canvas.links.setdefault(varied.key, Links([], [])).readers.append(varied.node)
    return canvas.links


def _ends(canvas: "Canvas", key: Key, leaves: list[tuple[str, bool]], hover: Hit) -> list[End]:
    found: dict[str, End] = {}
    selected = set(canvas.selection)
    for leaf, writes in leaves:
        node = scenes.shown(canvas.arrangement, leaf, canvas.scene)
        if node != key.provider:
            end = found.get(node)
            if end is None:
                end = found[node] = End(node, canvas.rect_of(node))
            end.writes |= writes
            end.reads |= not writes
            end.near |= leaf == hover.node or leaf in selected
    return list(found.values())


def _links(
    b: Brushes, canvas: "Canvas", key: Key, chip: QRectF, ends: list[End], tint: Tint, free: QRegion, lane: int,
    bold: bool,
) -> list[Bundle]:  # fmt: skip
    """The links of a key, with arrows where values arrive. Gives those that go together, for their counts."""
    foot, view = QPointF(chip.center().x(), chip.bottom()), QRectF(canvas.rect())
    graph, by_node = canvas.document.graph, {end.node: end for end in ends}
    together, alone = gathered({node: graph.ancestors(node) for node in by_node}, key.provider)
    bundles = [
        _bundle(canvas, frame, foot, [by_node[node] for node in nodes], lane) for frame, nodes in together.items()
    ]
    singles = [by_node[node] for node in alone]
    b.painter.save()
    b.painter.setClipRegion(free, Qt.ClipOperation.IntersectClip)
    for end in singles:
        b.painter.setOpacity(1.0 if bold or end.near else FAINT)
        wires.link(b, foot, end.tip, tint.edge, view)
    for one, nodes in zip(bundles, together.values(), strict=True):
        b.painter.setOpacity(1.0 if bold or any(by_node[node].near for node in nodes) else FAINT)
        wires.link(b, foot, one.hub, tint.edge, view, trunk=min(5.0, 1 + math.log2(one.count)))
        b.painter.setPen(b.pen(tint.edge, 1.5, dashed=True))
        b.painter.drawLines([line for line in one.lines if _box(line).intersects(view)])
    b.painter.restore()
    for end in ends:
        if end.reads:
            wires.arrow(b, end.tip, True, tint.edge)
        elif not bold:
            _dot(b, end.tip, tint)
    if any(end.writes for end in ends):
        wires.arrow(b, foot, False, tint.edge)
    return bundles


def _bundle(canvas: "Canvas", frame: str, foot: QPointF, ends: list[End], lane: int) -> Bundle:
    rect = canvas.rect_of(frame)
    item = canvas.scene.by_node.get(frame)
    top = rect.top() + (item.height_of_header if item else 0) + 10
    return bundle(foot, rect, top, [end.rect for end in ends], QRectF(canvas.rect()), lane)


def _box(line: QLineF) -> QRectF:
    return QRectF(line.p1(), line.p2()).normalized().adjusted(-2, -2, 2, 2)


def _count(b: Brushes, one: Bundle, tint: Tint, others: list[QRectF]) -> None:
    """How many links go together, where they part and no other count is."""
    text = str(one.count)
    wide = b.texts.width(text, 11, True) + 9
    rect = QRectF(one.hub.x() - wide / 2, one.hub.y() - 8, wide, 16)
    if any(rect.intersects(other) for other in others):
        return
    others.append(rect)
    b.painter.setPen(b.pen(b.theme.surfaces[0]))
    b.painter.setBrush(tint.edge)
    b.painter.drawRoundedRect(rect, 8, 8)
    b.texts.draw(b.painter, text, rect.x(), rect.center().y(), wide, 11, b.theme.on_sign, True, True)


def _sign(b: Brushes, end: End, tint: Tint) -> None:
    """Writers have a bold outline and a full triangle that points out of them; readers a dashed one, and a hollow
    triangle that points into them."""
    width, gap = (3.0, 2.0) if end.writes else (2.0, 1.5)
    brushes.outline(b, end.rect, tint.edge, width, gap, dashed=not end.writes)
    at = end.tip
    if end.writes:
        shift = QPointF(-7 if end.reads else 0, 0)
        _triangle(b, at + shift + QPointF(0, -9), 7.0, tint.edge, tint.edge)
    if end.reads:
        shift = QPointF(7 if end.writes else 0, 0)
        _triangle(b, at + shift, -7.0, tint.edge, b.theme.surfaces[0])


def _triangle(b: Brushes, tip: QPointF, high: float, edge: QColor, fill: QColor) -> None:
    b.painter.setPen(b.pen(edge, 1.5))
    b.painter.setBrush(fill)
    b.painter.drawPolygon(QPolygonF([tip, tip + QPointF(-5, high), tip + QPointF(5, high)]))


def _dot(b: Brushes, at: QPointF, tint: Tint) -> None:
    """Where a value leaves a writer."""
    b.painter.setPen(Qt.PenStyle.NoPen)
    b.painter.setBrush(tint.edge)
    b.painter.drawEllipse(at, 3, 3)


def _free(canvas: "Canvas") -> QRegion:
    """Where links show: they run under leaves, closed frames and all words, which stay legible."""
    scene = canvas.scene
    if scene.free is None:
        scene.free = QRegion(canvas.rect())
        for item in scene.items:
            if item.height >= LEGIBLE:
                rect = words_of(canvas, item) if item.state == "open" else item.rect
                note, marks = canvas.document.graph.view(item.node).note, canvas.marks
                returns = marks.returns.get(item.node)
                beside = remarks.places(canvas.texts, item, note, returns, marks.heat, scene.zoom)
                for each in (rect, *beside):
                    scene.free -= QRegion(each.toAlignedRect())
    return scene.free


def _wanted(canvas: "Canvas", shown: Key | None) -> dict[Key, list[tuple[str, bool]]]:
    """Leaves, and whether they write, by key."""
    graph, catalogue = canvas.document.graph, canvas.document.catalogue
    mode, hover = canvas.links_shown, canvas.mouse.hover
    small = mode == "few" and len(graph) <= SMALL_GRAPH
    few = small and sum(len(ends.writers) + len(ends.readers) for ends in known(canvas).values()) <= FEW_LINKS
    if shown or few or mode == "all":
        keys = [shown] if shown else list(known(canvas))
        ends = [known(canvas).get(key, Links([], [])) for key in keys]
        return {
            key: [*((node, True) for node in one.writers), *((node, False) for node in one.readers)]
            for key, one in zip(keys, ends, strict=True)
        }
    found: dict[Key, list[tuple[str, bool]]] = {}
    pointed = {hover.node} if hover.node and hover.kind not in ("body", "wire") else set()
    for node in {*canvas.selection, *pointed} if mode != "none" else ():
        if node in graph and (access := scopes.reach(graph, catalogue, node)) and access.key:
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
