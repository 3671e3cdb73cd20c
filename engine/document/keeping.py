"""Keeping keys: an edit of the structure renumbers paths, but a leaf goes on having the weights it had.

`keep` adds to such an edit what says so: as few keys as possible, each on the highest node that suffices.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from engine.document.edits import Batch, Edit, Insert, Move, Remove, SetKey, SetName, SetWeights, apply
from engine.document.graph import Graph, Weights
from engine.document.keys import below_key, names_below
from engine.document.kinds import Catalogue, has_weights

Spot = tuple[Weights, str]
"""A file and a key in it."""


def keep(graph: Graph, catalogue: Catalogue, edit: Edit) -> Edit:
    """The edit with, after it, the keys that leaves need to keep their weights; the edit itself when none do.

    It goes by the leaves that may have weights. One that is moved out of the frame that names its file takes the file
    along. A new one that shares its weights has the key of those; any other new one gets a key that nobody has. An edit
    that sets keys or files itself is taken as it is. Raises EditError as applying does.
    """
    if not _moves(edit) or not any(node.weights for node in graph.nodes.values()):
        return edit
    before, parents = _spots(graph), dict(graph.parents)
    inverse = apply(graph, edit)
    try:
        settings = tuple(_Keeping(graph, catalogue, before, parents).settings())
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


def _spots(graph: Graph) -> dict[str, Spot]:
    """Where every node has its weights, parked ones included: those have no key but their own."""
    found: dict[str, Spot] = {}
    files: dict[str, Weights | None] = {}
    for node, frame, name in _standing(graph):
        file = files[node] = graph.nodes[node].weights or files.get(frame)
        if spot := _own(graph, node, file) or _default(found.get(frame), name):
            found[node] = spot
    return found


def _own(graph: Graph, node: str, file: Weights | None) -> Spot | None:
    """The spot that a node, in `file`, names itself."""
    held = graph.nodes[node]
    return (file, held.key) if file and (held.weights or held.key) else None


def _default(above: Spot | None, name: str) -> Spot | None:
    """The spot of what is called `name` in a frame at `above`."""
    return (above[0], below_key(above[1], name)) if above and name else None


def _standing(graph: Graph) -> Iterator[tuple[str, str, str]]:
    """Every node, frames before what is in them, with its frame and its name there: empty for the root and for what is
    parked.

    What is parked on the canvas counts as standing under the root.
    """
    names: dict[str, str] = {}
    for node in graph.walk(loose=True):
        names.update(names_below(graph, node))
        yield node, "" if node == graph.root else graph.parents[node] or graph.root, names.get(node, "")


class _Keeping(Struct):
    """A graph after an edit, with the spots and the frames of the nodes before it."""

    graph: Graph
    catalogue: Catalogue
    before: dict[str, Spot]
    parents: dict[str, str]

    def settings(self) -> Iterator[Edit]:
        """The keys and files to set, frames before what is in them."""
        graph = self.graph
        targets = self._targets()
        standing = list(_standing(graph))
        wanted = self._wanted(standing, targets)
        taken = {spot: graph.nodes[leaf].shared or leaf for leaf, spot in targets.items()}
        found: dict[str, Spot] = {}
        files: dict[str, Weights | None] = {}
        for node, frame, name in standing:
            held, file = graph.nodes[node], files.get(frame)
            own, default = _own(graph, node, held.weights or file), _default(found.get(frame), name)
            if held.weights or node == graph.root:
                spot = own
                if spot and spot == default and self.parents.get(node) != graph.parents.get(node):
                    yield SetWeights(node, None)
                    yield SetKey(node, "")
            else:
                options = wanted.get(node)
                spot = self._choose(node, options, default, own) if options else self._free(node, default, own, taken)
                yield from _setting(graph, node, spot, default, file)
            if spot:
                found[node] = spot
            files[node] = spot[0] if spot else file

    def _targets(self) -> dict[str, Spot]:
        """The spot of every leaf that has one to keep."""
        leaves = [node for node in self.graph.nodes if self._is_layer(node)]
        found = {leaf: self.before[leaf] for leaf in leaves if leaf in self.before}
        groups = {self.graph.nodes[leaf].shared: spot for leaf, spot in reversed(found.items())}
        for leaf in leaves:
            group = self.graph.nodes[leaf].shared
            if leaf not in found and group and group in groups:
                found[leaf] = groups[group]
        return found

    def _wanted(self, standing: list[tuple[str, str, str]], targets: dict[str, Spot]) -> dict[str, set[Spot]]:
        """By node, the spots with which the fewest nodes below need a key of their own: where any does, it is left out.

        It is Fitch's count of the fewest changes in a tree, from the leaves up.
        """
        wanted: dict[str, set[Spot]] = {}
        counts: dict[str, Counter[Spot]] = {}
        for node, frame, name in reversed(standing):
            if self.graph.nodes[node].weights:
                continue  # stands on its own, whatever is around it
            if node in targets:
                options = {targets[node]}
            elif count := counts.pop(node, None):
                most = max(count.values())
                options = {spot for spot, times in count.items() if times == most}
            else:
                continue
            wanted[node] = options
            for file, key in options if name else ():
                prefix = key.removesuffix(name)
                if prefix.endswith(".") and prefix != key:
                    counts.setdefault(frame, Counter())[file, prefix[:-1]] += 1
        return wanted

    def _is_layer(self, node: str) -> bool:
        return not self.graph.is_frame(node) and has_weights(self.catalogue, self.graph.nodes[node].kind)

    def _choose(self, node: str, options: set[Spot], default: Spot | None, own: Spot | None) -> Spot:
        for spot in (default, own, self.before.get(node)):
            if spot in options and spot:
                return spot
        return min(options, key=lambda spot: (spot[0].path, spot[1]))

    def _free(self, node: str, default: Spot | None, own: Spot | None, taken: dict[Spot, str]) -> Spot | None:
        """A spot for what has no weights to keep: its own or the default one, unless a leaf there would have those of
        another."""
        graph = self.graph
        for spot in (own, default):
            if spot is None:
                continue
            layers = {leaf: there for leaf, there in _leaves(graph, node, spot).items() if self._is_layer(leaf)}
            claims = {there: graph.nodes[leaf].shared or leaf for leaf, there in layers.items()}
            if all(taken.get(there, claim) == claim for there, claim in claims.items()):
                if not graph.is_frame(node):
                    taken |= claims
                return spot
        return (default[0], f"{default[1]}~{node}") if default else None


def _leaves(graph: Graph, node: str, spot: Spot) -> dict[str, Spot]:
    """The leaves that have their keys from the one of `node`, itself included, if that is at `spot`."""
    found: dict[str, Spot] = {}
    waiting = [(node, spot)]
    while waiting:
        top, (file, key) = waiting.pop()
        if not graph.is_frame(top):
            found[top] = (file, key)
        for child, name in names_below(graph, top).items():
            held = graph.nodes[child]
            if not held.weights and not held.key:
                waiting.append((child, (file, below_key(key, name))))
    return found


def _setting(
    graph: Graph, node: str, spot: Spot | None, default: Spot | None, file: Weights | None
) -> Iterator[SetWeights | SetKey]:
    """What puts a node that names no file at `spot`; it stands in `file`, at `default` unless it says otherwise."""
    if spot and spot[0] != file:
        yield SetWeights(node, spot[0])
        default = None
    key = spot[1] if spot and spot != default else ""
    if graph.nodes[node].key != key and (spot or file):  # where there is no file, nothing is said about keys
        yield SetKey(node, key)
