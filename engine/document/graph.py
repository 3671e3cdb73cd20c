"""The graph: a tree of nodes under one root frame, and the loose segments parked beside it. It stores and answers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from engine.document.kinds import ParamValue
from engine.document.sources import Source

if TYPE_CHECKING:
    from engine.document.adapters import Adapter

CANVAS = ""
"""The pseudo-frame that holds the segments parked on the free canvas, outside the root frame."""

Contexts = dict[str, dict[str, Source]]
"""What a provider declares: sources by key, by context, as Fluxion's `init_context` returns values."""


Mode = Literal["", "bypass", "mute"]
"""Whether a node takes part in runs: a bypassed one passes its input on, a muted one is as if it were not there."""


class Weights(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A weights file: its path, relative to the graph's file, and the sha256 of its content (empty: not known yet)."""

    path: str
    sha256: str = ""


class Node(Struct, frozen=True, omit_defaults=True, gc=False):
    """One node. `name` is its class name in Fluxion; empty means the kind's.

    Leaves with the same non-empty `shared` have their weights in common; it is the id of the one that stood there
    first. `weights` is the file that the node and all below it have theirs from, and `key` what that file calls the
    node where it is not the frame's key and the node's own name (see `engine.document.keys`).
    """

    id: str
    kind: str
    name: str = ""
    params: dict[str, ParamValue] = field(default_factory=dict)
    contexts: Contexts = field(default_factory=dict)
    shared: str = ""
    weights: Weights | None = None
    key: str = ""
    mode: Mode = ""

    @property
    def title(self) -> str:
        return self.name or self.kind


class View(Struct, frozen=True, omit_defaults=True, gc=False):
    """How a node is shown; never changes what runs. `position` is in canvas units, for heads of parked segments.

    With `repeats`, what repeats itself in a frame is folded: neighbours built alike are shown as one.
    """

    collapsed: bool = False
    note: str = ""
    colour: str = ""
    position: tuple[float, float] | None = None
    repeats: bool = False


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """One argument of the root, in order, and where its value comes from."""

    name: str
    source: Source


class Place(Struct, frozen=True):
    """A position in a frame's wired children, or in one of its loose segments.

    `segment` is None for wired children. With `new`, a fresh segment is opened at that index of the frame's segments
    (`index` is then 0); a segment that becomes empty closes.
    """

    frame: str
    index: int
    segment: int | None = None
    new: bool = False


class Tree(Struct, frozen=True, omit_defaults=True):
    """A node with everything below it, detached: what a removal gives back and an insertion takes.

    `children` is None for a leaf.
    """

    node: Node
    view: View | None = None
    children: tuple["Tree", ...] | None = None
    loose: tuple[tuple["Tree", ...], ...] = ()


class Nodes(dict[str, Node]):
    """Nodes by id, which are found by what they are as well: at the cost of what is found, however many there are."""

    _found: dict[str, dict[str, None]] | None = None
    """The ids by kind, and by what nodes have (".shared"), from when that is first asked for."""

    def of_kinds(self, kinds: Iterable[str]) -> list[str]:
        """The nodes of these kinds, in no order."""
        found = self._marked()
        return [node for kind in kinds for node in found.get(kind, ())]

    def having(self, what: Literal["shared", "weights", "key", "mode", "contexts"]) -> list[str]:
        """The nodes that have one of these, in no order."""
        return list(self._marked().get(f".{what}", ()))

    def _marked(self) -> dict[str, dict[str, None]]:
        if self._found is None:
            self._found = {}
            for node, data in self.items():
                for mark in _marks(data):
                    self._found.setdefault(mark, {})[node] = None
        return self._found

    def __setitem__(self, node: str, data: Node) -> None:
        self._forget(node)
        super().__setitem__(node, data)
        if self._found is not None:
            for mark in _marks(data):
                self._found.setdefault(mark, {})[node] = None

    def __delitem__(self, node: str) -> None:
        self._forget(node)
        super().__delitem__(node)

    def pop(self, node: str, *default: Any) -> Any:
        self._forget(node)
        return super().pop(node, *default)

    def _forget(self, node: str) -> None:
        if self._found is not None and node in self:
            for mark in _marks(self[node]):
                del self._found[mark][node]


def _marks(node: Node) -> list[str]:
    found = [node.kind]
    if node.shared or node.weights or node.key or node.mode or node.contexts:
        found += [mark for mark in (".shared", ".weights", ".key", ".mode", ".contexts") if getattr(node, mark[1:])]
    return found


class Graph:
    """Nodes by id, the children of every frame, the loose segments of frames and canvas, views, inputs and adapters.

    Only edits write to it (`engine.document.edits`); everybody else reads.
    """

    def __init__(self, root: Node) -> None:
        self.root = root.id
        self.nodes = Nodes({root.id: root})
        self.children: dict[str, list[str]] = {root.id: []}
        self.loose: dict[str, list[list[str]]] = {}
        self.parents: dict[str, str] = {}
        self.views: dict[str, View] = {}
        self.inputs: tuple[Input, ...] = ()
        self.adapters: tuple[Adapter, ...] = ()
        """The stack, in the order in which they are applied."""

    def __contains__(self, node: str) -> bool:
        return node in self.nodes

    def __len__(self) -> int:
        return len(self.nodes)

    def node(self, node: str) -> Node:
        """The node with this id. Raises KeyError for an unknown one."""
        return self.nodes[node]

    def is_frame(self, node: str) -> bool:
        return node in self.children

    def parent(self, node: str) -> str | None:
        """The frame that holds `node`, wired or loose; None for the root and for nodes parked on the canvas."""
        return self.parents.get(node) or None

    def segments(self, frame: str) -> list[list[str]]:
        """The loose segments parked in `frame` (or on the canvas)."""
        return self.loose.get(frame, [])

    def slot(self, place: Place) -> list[str]:
        """The run of siblings that `place` points into."""
        return self.children[place.frame] if place.segment is None else self.loose[place.frame][place.segment]

    def place_of(self, node: str) -> Place:
        """Where `node` stands. Raises KeyError for the root, which stands nowhere."""
        frame = self.parents[node]
        if frame in self.children and node in self.children[frame]:
            return Place(frame, self.children[frame].index(node))
        for number, segment in enumerate(self.segments(frame)):
            if node in segment:
                return Place(frame, segment.index(node), number)
        raise KeyError(node)

    def siblings(self, node: str) -> list[str]:
        """The run `node` stands in, itself included."""
        return self.slot(self.place_of(node))

    def is_loose(self, node: str) -> bool:
        """Whether `node`, or a frame around it, is parked in a loose segment and so does not run."""
        while node != self.root:
            frame = self.parents[node]
            if frame == CANVAS or node not in self.children[frame]:
                return True
            node = frame
        return False

    def ancestors(self, node: str) -> list[str]:
        """The frames around `node`, nearest first."""
        found: list[str] = []
        while frame := self.parents.get(node):
            found.append(frame)
            node = frame
        return found

    def in_order(self, nodes: Iterable[str]) -> list[str]:
        """Some nodes as `walk` with `loose` comes to them. It costs what they are, not what the graph is."""

        def position(node: str) -> list[tuple[int, int]]:
            found: list[tuple[int, int]] = []
            while node not in (self.root, CANVAS):
                place = self.place_of(node)
                found.append((-1 if place.segment is None else place.segment, place.index))
                node = place.frame
            return [(int(node == CANVAS), 0), *reversed(found)]

        return sorted(nodes, key=position)

    def walk(self, top: str | None = None, loose: bool = False) -> Iterator[str]:
        """`top` (the root by default) and what is below it, depth first in child order: the order of running.

        With `loose`, the parked segments of every frame follow its children; those of the canvas come last when
        walking from the root.
        """
        stack = [self.root if top is None else top]
        loose = loose and bool(self.loose)
        if loose and top is None:
            stack[:0] = [n for segment in reversed(self.segments(CANVAS)) for n in reversed(segment)]
        while stack:
            node = stack.pop()
            yield node
            if loose:
                stack.extend(n for segment in reversed(self.segments(node)) for n in reversed(segment))
            stack.extend(reversed(self.children.get(node, ())))

    def active(self, frame: str) -> list[str]:
        """The children of a frame without the muted ones."""
        return [child for child in self.children[frame] if self.nodes[child].mode != "mute"]

    def runs(self, node: str) -> bool:
        """Whether `node` does something in a run: neither it nor a frame around it is parked, muted or bypassed."""
        return not self.is_loose(node) and not any(self.nodes[each].mode for each in (node, *self.ancestors(node)))

    def running(self, top: str | None = None) -> list[str]:
        """The nodes that do something in a run, in its order: neither muted nor bypassed, nor in such a frame.

        `top` (the root by default) and what is below it, if that runs.
        """
        found: list[str] = []
        stack = [self.root if top is None else top]
        while stack:
            node = stack.pop()
            if not self.nodes[node].mode:
                found.append(node)
                stack.extend(reversed(self.children.get(node, ())))
        return found

    def view(self, node: str) -> View:
        return self.views.get(node, NO_VIEW)

    def tree(self, node: str) -> Tree:
        """A detached copy of `node` and everything below it."""
        children = None
        if node in self.children:
            children = tuple(self.tree(child) for child in self.children[node])
        loose = tuple(tuple(self.tree(n) for n in segment) for segment in self.segments(node))
        return Tree(self.nodes[node], self.views.get(node), children, loose)

    def copy(self) -> "Graph":
        """An independent graph with the same content. Nodes are immutable and shared."""
        twin = Graph(self.nodes[self.root])
        twin.nodes = Nodes(self.nodes)
        twin.children = {k: list(v) for k, v in self.children.items()}
        twin.loose = {k: [list(s) for s in v] for k, v in self.loose.items()}
        twin.parents = dict(self.parents)
        twin.views = dict(self.views)
        twin.inputs = self.inputs
        twin.adapters = self.adapters
        return twin


NO_VIEW = View()


def misnamed(name: str) -> str | None:
    """Why this can't name a node, a kind or an input, or None when it can."""
    if name.isidentifier():
        return None
    return f"{name!r} is no name: use letters, digits and underscores, and start with a letter"


def unique_names(titles: list[str]) -> list[str]:
    """Fluxion's names among siblings: the title when it is the only one, else `Title_1`, `Title_2`, in order."""
    counts: dict[str, int] = {}
    for title in titles:
        counts[title] = counts.get(title, 0) + 1
    seen: dict[str, int] = {}
    names: list[str] = []
    for title in titles:
        seen[title] = seen.get(title, 0) + 1
        names.append(f"{title}_{seen[title]}" if counts[title] > 1 else title)
    return names


def path_of(graph: Graph, node: str) -> str:
    """The Fluxion path of `node` ("DownBlocks.Chain_1.Conv2d"), which names its weights; the root's is empty."""
    parts: list[str] = []
    while node in graph.parents:
        run = graph.siblings(node)
        parts.append(unique_names([graph.nodes[n].title for n in run])[run.index(node)])
        node = graph.parents[node]
    return ".".join(reversed(parts))


def paths(graph: Graph) -> dict[str, str]:
    """The Fluxion path of every node that runs, in one pass."""
    found = {graph.root: ""}
    for frame in graph.walk():
        run = graph.children.get(frame, [])
        prefix = found[frame] + "." if found[frame] else ""
        for child, name in zip(run, unique_names([graph.nodes[n].title for n in run]), strict=True):
            found[child] = prefix + name
    return found


def tree_nodes(tree: Tree) -> Iterator[Tree]:
    """The tree itself and every tree below it, loose ones included."""
    stack = [tree]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(top.children or ())
        stack.extend(t for segment in top.loose for t in segment)


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs hold the same content, views included."""
    return state(one) == state(other)


def state(graph: Graph) -> Mapping[str, object]:
    """Everything a graph holds, as one comparable value."""
    return {name: value for name, value in vars(graph).items() if name != "parents"}
