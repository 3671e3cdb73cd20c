"""Keeping keys: an edit of the structure renumbers paths, but a leaf goes on having the weights it had.

`keep` adds to such an edit what says so: as few keys as possible, each on the highest node that suffices. It looks only
into the frames that the edit touches; what stands in them as before is taken as a whole.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from engine.document.edits import (
    Batch,
    Edit,
    Insert,
    Move,
    Remove,
    SetKey,
    SetName,
    SetWeights,
    apply,
)
from engine.document.graph import CANVAS, Graph, Weights
from engine.document.keys import below_key, names_below
from engine.document.kinds import Catalogue, has_weights
from engine.document.touched import Touched, touched_by

Spot = tuple[Weights, str]
"""A file and a key in it."""


def keep(graph: Graph, catalogue: Catalogue, edit: Edit) -> Edit:
    """The edit with, after it, the keys that leaves need to keep their weights; the edit itself when none do.

    It goes by the leaves that may have weights. One that is moved out of the frame that names its file takes the file
    along. A new one that shares its weights has the key of those; any other new one gets a key that nobody has. An edit
    that sets keys or files itself is taken as it is. Raises EditError as applying does.
    """
    if not _moves(edit) or not graph.nodes.having("weights"):
        return edit
    old = graph.copy()
    inverse = apply(graph, edit)
    try:
        settings = tuple(_Keeping(_Spots(old), _Spots(graph), catalogue, touched_by(edit, inverse)).settings())
    finally:
        apply(graph, inverse)
    return Batch((edit, *settings)) if settings else edit


def _moves(edit: Edit) -> bool:
    """Whether an edit may give nodes other keys by the way."""
    if not isinstance(edit, Batch):
        return isinstance(edit, Insert | Remove | Move | SetName)
    return any(map(_moves, edit.edits)) and not any(map(_sets, edit.edits))


def _sets(edit: Edit) -> bool:
    return any(map(_sets, edit.edits)) if isinstance(edit, Batch) else isinstance(edit, SetKey | SetWeights)


class _Spots:
    """Where the nodes of a graph have their weights, worked out as it is asked for.

    What is parked has no spot but one of its own; on the canvas it counts as standing under the root.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._names: dict[str, dict[str, str]] = {}
        self._known: dict[str, Spot | None] = {}

    def of(self, node: str) -> Spot | None:
        if node not in self._known:
            self._known[node] = self.own(node) or self.default(node)
        return self._known[node]

    def put(self, node: str, spot: Spot | None) -> None:
        """Have a node, of which nobody asked yet, at another spot than it says."""
        self._known[node] = spot

    def own(self, node: str) -> Spot | None:
        """The spot that a node names itself."""
        held = self.graph.nodes[node]
        if held.weights:
            return held.weights, held.key
        file = self.around(node) if held.key else None
        return (file, held.key) if file else None

    def default(self, node: str) -> Spot | None:
        """The spot that follows from the frame's."""
        frame = self._frame(node)
        if frame not in self._names and frame:
            self._names[frame] = names_below(self.graph, frame)
        name = self._names[frame].get(node) if frame else None
        above = self.of(frame) if name else None
        return (above[0], below_key(above[1], name)) if above and name else None

    def around(self, node: str) -> Weights | None:
        """The file of the frames around a node."""
        frame = self._frame(node)
        if not frame:
            return None
        spot = self.of(frame)
        return spot[0] if spot else self.around(frame)

    def holders(self, spot: Spot) -> Iterator[str]:
        """The leaves at a spot: one, or those that share their weights or have done so."""
        file, key = spot
        for top, start in self._anchors.get(file, ()):
            if key == start or key.startswith(f"{start}.") or not start:
                leaf = self._below(top, key[len(start) :].removeprefix("."))
                if leaf:
                    yield leaf

    @cached_property
    def _anchors(self) -> dict[Weights, list[tuple[str, str]]]:
        """By file, the nodes that name their spot themselves, with the key there."""
        found: dict[Weights, list[tuple[str, str]]] = {}
        for node in [n.id for n in self.graph.nodes.values() if n.weights or n.key]:
            if spot := self.own(node):
                found.setdefault(spot[0], []).append((node, spot[1]))
        return found

    def _below(self, top: str, rest: str) -> str | None:
        """The leaf whose key is that of `top` and the rest."""
        if not rest:
            return None if self.graph.is_frame(top) else top
        for child, name in names_below(self.graph, top).items():
            held = self.graph.nodes[child]
            if (rest == name or rest.startswith(f"{name}.")) and not held.weights and not held.key:
                return self._below(child, rest[len(name) :].removeprefix("."))
        return None

    def _frame(self, node: str) -> str:
        return "" if node == self.graph.root else self.graph.parents[node] or self.graph.root


class _Keeping:
    """A graph before and after an edit."""

    def __init__(self, before: _Spots, after: _Spots, catalogue: Catalogue, edited: Touched) -> None:
        self.before = before
        self.after = after
        self.graph = after.graph
        self.catalogue = catalogue
        renamed = {self.graph.parents.get(node, CANVAS) for node in edited.nodes & self.graph.nodes.keys()}
        self.runs = (edited.frames | renamed) & {*self.graph.children, CANVAS}
        self.fresh = edited.added
        self._taken: dict[Spot, str] = {}
        self._options: dict[str, set[Spot]] = {}

    def settings(self) -> Iterator[Edit]:
        """The keys and files to set, frames before what is in them."""
        waiting = set(self.runs)
        for frame in sorted(self.runs, key=lambda frame: len(self.graph.ancestors(frame)) if frame else 0):
            if frame in waiting:
                yield from self._run(frame, waiting)

    def _run(self, frame: str, waiting: set[str]) -> Iterator[Edit]:
        waiting.discard(frame)
        for node in self._held(frame):
            yield from self._place(node)
            if self._is_open(node):
                yield from self._run(node, waiting)

    def _place(self, node: str) -> Iterator[Edit]:
        """Put one node where it belongs."""
        after = self.after
        own, default = after.own(node), after.default(node)
        if self.graph.nodes[node].weights:
            moved = self.before.graph.parents.get(node) != self.graph.parents[node]
            if own == default and moved:
                yield SetWeights(node, None)
                yield SetKey(node, "")
            spot = own
        else:
            options = self._wanted(node)
            spot = self._choose(node, options, default, own) if options else self._free(node, default, own)
            around = after.around(node)
            if spot and spot[0] != around:
                yield SetWeights(node, spot[0])
                default = None
            key = spot[1] if spot and spot != default else ""
            if self.graph.nodes[node].key != key and (
                spot or around
            ):  # where there is no file, nothing is said of keys
                yield SetKey(node, key)
        after.put(node, spot)

    def _wanted(self, node: str) -> set[Spot]:
        """The spots for a node with which the fewest below it need one of their own; none when it is all the same.

        It is Fitch's count of the fewest changes in a tree, from the leaves up.
        """
        if node not in self._options:
            self._options[node] = self._fitting(node)
        return self._options[node]

    def _fitting(self, node: str) -> set[Spot]:
        if self.graph.nodes[node].weights:
            return set()  # stands on its own, whatever is around it
        if not self._is_open(node):
            target = self._target(node)
            return {target} if target and any(map(self._is_layer, self.graph.walk(node))) else set()
        counts: Counter[Spot] = Counter()
        for child, name in names_below(self.graph, node).items():
            for file, key in self._wanted(child):
                prefix = key.removesuffix(name)
                if prefix.endswith(".") and prefix != key:
                    counts[file, prefix[:-1]] += 1
        most = max(counts.values(), default=0)
        return {spot for spot, times in counts.items() if times == most}

    def _target(self, node: str) -> Spot | None:
        """The spot that a node has to keep, or, as a new one, of those it shares its weights with."""
        if node in self.before.graph:
            return self.before.of(node)
        return self._groups.get(self.graph.nodes[node].shared)

    def _choose(self, node: str, options: set[Spot], default: Spot | None, own: Spot | None) -> Spot:
        before = self.before.of(node) if node in self.before.graph else None
        for spot in (default, own, before):
            if spot and spot in options:
                return spot
        return min(options, key=lambda spot: (spot[0].path, spot[1]))

    def _free(self, node: str, default: Spot | None, own: Spot | None) -> Spot | None:
        """A spot for what has no weights to keep: its own or the default one, unless a leaf there would have those of
        another."""
        for spot in (own, default):
            if spot is None:
                continue
            claims = {there: self._claim(leaf) for leaf, there in self._layers(node, spot)}
            if all(self._claimed(there) in (None, claim) for there, claim in claims.items()):
                if not self.graph.is_frame(node):
                    self._taken |= claims
                return spot
        return (default[0], f"{default[1]}~{node}") if default else None

    def _layers(self, node: str, spot: Spot) -> Iterator[tuple[str, Spot]]:
        """The layers that have their keys from the one of `node`, itself included, if that is at `spot`."""
        waiting = [(node, spot)]
        while waiting:
            top, (file, key) = waiting.pop()
            if self._is_layer(top):
                yield top, (file, key)
            for child, name in names_below(self.graph, top).items():
                if not self.graph.nodes[child].weights and not self.graph.nodes[child].key:
                    waiting.append((child, (file, below_key(key, name))))

    def _claim(self, leaf: str) -> str:
        return self.graph.nodes[leaf].shared or leaf

    def _claimed(self, spot: Spot) -> str | None:
        """Whose a spot is: the leaf that has it, or its group."""
        for holder in self.before.holders(spot):
            if holder in self.graph and self._is_layer(holder):
                return self._claim(holder)
        return self._taken.get(spot)

    @cached_property
    def _groups(self) -> dict[str, Spot]:
        """By group, the spot of one that was there before."""
        found: dict[str, Spot] = {}
        for leaf in [n for n in self.graph.nodes.values() if n.shared and n.id in self.before.graph]:
            if spot := self.before.of(leaf.id):
                found.setdefault(leaf.shared, spot)
        return found

    def _held(self, frame: str) -> list[str]:
        return [*self.graph.children.get(frame, ()), *(n for run in self.graph.segments(frame) for n in run)]

    def _is_open(self, node: str) -> bool:
        """Whether what is in a frame has to be looked at one by one."""
        if not self.graph.is_frame(node):
            return False
        return node in self.runs or node in self.fresh or self.before.of(node) is None

    def _is_layer(self, node: str) -> bool:
        return not self.graph.is_frame(node) and has_weights(self.catalogue, self.graph.nodes[node].kind)
