"""Adapters on the canvas: signs on the nodes that they go to, and what one would change before it is dropped."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QColor

from app.canvas import brushes, hits
from app.canvas import scene as scenes
from app.canvas.brushes import Brushes
from app.canvas.scene import Item, Scene
from app.canvas.texts import SMALLEST
from app.panels.colours import COLOURS
from app.theme import Theme, Tint, coloured, ink_on, seen
from engine.document.adapter_files import FileError, parse
from engine.document.adapters import Adapter, flaw
from engine.document.arrange import Arrangement
from engine.document.expand import Expanded, home
from engine.document.graph import Graph
from engine.document.selection import Scope, selected, why_nothing
from engine.document.selectors import SelectorError
from engine.document.stack import apart, counted, initials, narrowed

ADAPTER_MIME = "application/x-catenary-adapter"
"""What the palette drags: the text of an adapter (see `engine.document.adapter_files`)."""

MOST_SIGNS = 4
NAMED = 3
"""So many nodes are named in the hint of a drop."""


class Sign(Struct, frozen=True):
    """An adapter, as nodes wear it."""

    adapter: str
    name: str
    letters: str
    colour: str


class Signs(Struct):
    """What nodes wear: the adapters at them, and for frames those of what is in them."""

    at: Mapping[str, tuple[Sign, ...]] = field(default_factory=dict)
    within: Mapping[str, tuple[Sign, ...]] = field(default_factory=dict)


def signs_of(graph: Graph, expanded: Expanded) -> Signs:
    """The signs of the adapters that are in force."""
    at: dict[str, dict[Sign, None]] = {}
    within: dict[str, dict[Sign, None]] = {}
    for adapter in graph.adapters:
        sign = Sign(adapter.id, adapter.name, initials(adapter.name), adapter.colour)
        for node in {home(expanded, node) for nodes in expanded.targets.get(adapter.id, ()) for node in nodes}:
            at.setdefault(node, {})[sign] = None
            while (frame := graph.parents.get(node)) and sign not in within.setdefault(frame, {}):
                within[frame][sign] = None
                node = frame
    return Signs({n: tuple(found) for n, found in at.items()}, {n: tuple(found) for n, found in within.items()})


def worn(signs: Signs, item: Item) -> tuple[Sign, ...]:
    """The signs that are shown on something visible: of a closed frame also those of what it hides."""
    found = signs.at.get(item.node, ())
    if item.state == "plate":
        found = tuple(dict.fromkeys((*found, *signs.within.get(item.node, ()))))
    return found


def rects(item: Item, zoom: float, signs: tuple[Sign, ...]) -> list[tuple[Sign, QRectF]]:
    """Where the signs stand: on the upper edge, from the right, left of the badge."""
    high = min(15.0, max(7.0, 15 * zoom))
    if item.width < 2 * high or item.height < high:
        return []
    found: list[tuple[Sign, QRectF]] = []
    right = item.x + item.width - high
    for sign in signs[:MOST_SIGNS]:
        wide = high * (1.35 if len(sign.letters) > 1 else 1.05)
        if right - wide < item.x:
            break
        found.append((sign, QRectF(right - wide, item.y - high / 2, wide, high)))
        right -= wide + 2
    return found


def sign_at(scene: Scene, signs: Signs, at: QPointF) -> Sign | None:
    """The sign under a point."""
    for item in reversed(scene.items):
        if abs(item.y - at.y()) <= 8 and item.x <= at.x() <= item.x + item.width:
            for sign, rect in rects(item, scene.zoom, worn(signs, item)):
                if rect.contains(at):
                    return sign
    return None


def tinted(tint: Tint, sign: Sign, theme: Theme) -> Tint:
    """The tint of a node that an adapter is at."""
    return coloured(tint, sign.colour or theme.selection.name(), theme.dark)


def paint_signs(b: Brushes, items: Iterable[Item], signs: Signs) -> None:
    """Paint the signs of these."""
    if not signs.at:
        return
    for item in items:
        for sign, rect in rects(item, b.zoom, worn(signs, item)):
            colour = seen(sign.colour or b.theme.selection.name(), b.theme.dark)
            b.painter.setPen(b.pen(b.theme.surfaces[0], 1.0))
            b.painter.setBrush(colour)
            b.painter.drawRoundedRect(brushes.snap(rect), 3, 3)
            size = rect.height() * 0.72
            if round(size) >= SMALLEST:
                b.texts.draw(
                    b.painter, sign.letters, rect.x(), rect.center().y(), rect.width(), size, ink_on(colour), True, True
                )


class Ghost(Struct):
    """What an adapter would change if it were dropped here: the nodes, in words, or why nothing."""

    adapter: Adapter
    nodes: tuple[str, ...]
    words: str
    refusal: str = ""


class Haunting:
    """One adapter being dragged over the canvas, to the graph as it is with its other adapters."""

    def __init__(self, graph: Graph, expanded: Expanded, adapter: Adapter) -> None:
        self.graph = graph
        self.expanded = expanded
        self.adapter = apart(graph, adapter, list(COLOURS.values()))
        names = {each.id: each.name for each in graph.adapters}
        inserted = {node: names.get(site.adapter, site.adapter) for node, site in expanded.origin.items()}
        self._scope = Scope(expanded.graph, expanded.paths, inserted)
        self._ghosts: dict[str, Ghost] = {}

    def over(self, nodes: Iterable[str]) -> Ghost:
        """Dropped onto nodes and frames of the graph; onto none, wherever it fits."""
        return self.by(narrowed(self.graph, nodes))

    def by(self, where: str) -> Ghost:
        """Dropped onto what a selector takes."""
        if where not in self._ghosts:
            self._ghosts[where] = self._ghost(where)
        return self._ghosts[where]

    def at(self, item: Item | None) -> Ghost:
        """Dropped onto something visible: onto a node that it does not go to, onto the frame around it."""
        if item is None or item.loose:
            return self.over(())
        found = self.over((item.node,))
        frame = self.graph.parent(item.node)
        return self.over((frame,)) if not found.nodes and frame and item.state == "leaf" else found

    def _ghost(self, where: str) -> Ghost:
        adapter = self.adapter
        placed = replace(adapter, where=where) if where else adapter
        if reason := flaw(adapter):
            return Ghost(placed, (), "", f"{adapter.name} can't be applied: {reason}")
        found: list[str] = []
        why = ""
        try:
            for patch in adapter.patches:
                narrow = placed.where if patch.place != "inside" else ""
                chosen = selected(self._scope, patch.selector, narrow)
                found += chosen
                if not chosen and not why:
                    why = why_nothing(self._scope, f"({patch.selector}) & ({narrow})" if narrow else patch.selector)
        except SelectorError as error:
            return Ghost(placed, (), "", f"{adapter.name} has no selector that can be read: {error}")
        if not found:
            return Ghost(placed, (), "", f"{adapter.name} goes to nothing here: {why}")
        nodes = tuple(dict.fromkeys(home(self.expanded, node) for node in found))
        paths = [self.expanded.paths.get(node) or self.graph.nodes[node].title for node in nodes[:NAMED]]
        named = ", ".join(_told_apart(paths))
        more = f" and {len(nodes) - NAMED} more" if len(nodes) > NAMED else ""
        words = f"Drop to put {adapter.name} at {counted(self.expanded, self.graph, found)}: {named}{more}"
        return Ghost(placed, nodes, words)


def _told_apart(paths: list[str]) -> list[str]:
    """Paths without what they all begin with, each by its first and its last part."""
    parts = [path.split(".") for path in paths]
    shared = 0
    while all(len(each) > shared + 1 and each[shared] == parts[0][shared] for each in parts):
        shared += 1
    return [each[shared] if len(each) == shared + 1 else f"{each[shared]}…{each[-1]}" for each in parts]


def haunting(graph: Graph, expanded: Expanded | None, data: QMimeData) -> Haunting | None:
    """The adapter that is being dragged, if it is one that could be dropped."""
    if expanded is None or not data.hasFormat(ADAPTER_MIME):
        return None
    try:
        return Haunting(graph, expanded, parse(bytes(data.data(ADAPTER_MIME).data()))[0])
    except FileError:
        return None


def paint_ghost(b: Brushes, scene: Scene, arrangement: Arrangement, ghost: Ghost) -> None:
    """Tint what the adapter would change."""
    colour = QColor(ghost.adapter.colour) if ghost.adapter.colour else b.theme.target
    fill = QColor(colour)
    fill.setAlphaF(0.28)
    for node in dict.fromkeys(scenes.shown(arrangement, node, scene) for node in ghost.nodes):
        item = scene.by_node.get(node)
        if item:
            if item.state != "open":
                b.painter.fillRect(item.rect, fill)
            brushes.outline(b, item.rect, colour, 2.0, 1)


def item_under(scene: Scene, graph: Graph, at: QPointF) -> Item | None:
    """What an adapter would be dropped on."""
    return hits.item_at(scene, graph, at.x(), at.y())
