"""What the weights file of an adapter calls its targets, whatever becomes of the graph around them.

A file is made for a graph as it was: it calls a node as the graph's own weights file does, or by its path. Where edits
or another file of the graph's own would change that, the adapter notes the old name (`Adapter.keys`), on the highest
node that suffices.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.drawn import at_target, keys_in
from engine.document.edits import Batch, Edit, Insert, Move, Remove, SetAdapter, SetKey, SetName, SetWeights, apply
from engine.document.expand import Expanded
from engine.document.graph import Graph, paths
from engine.document.keys import below_key, names_below, origins_of


def keep_targets(graph: Graph, edit: Edit) -> Edit:
    """The edit with, after it, what adapters with weights need to note; the edit itself when that is nothing.

    A new node gets no name that an older one has. Raises EditError as applying does.
    """
    if not _renames(edit) or not any(adapter.weights for adapter in graph.adapters):
        return edit
    before = _Names(graph)
    known = {each.id: (each.weights, before.all(each)) for each in graph.adapters if each.weights}
    inverse = apply(graph, edit)
    try:
        after = _Names(graph)
        changes: list[Edit] = []
        for adapter in graph.adapters:
            weights, names = known.get(adapter.id, (None, {}))
            if adapter.weights and adapter.weights == weights:
                keys = after.notes(names)
                if keys != adapter.keys:
                    changes.append(SetAdapter(replace(adapter, keys=keys)))
    finally:
        apply(graph, inverse)
    return Batch((edit, *changes)) if changes else edit


def added_keys(expanded: Expanded, graph: Graph) -> dict[str, str]:
    """What the file of its adapter calls each inserted node: the target's key, then the key in the tree."""
    if not expanded.origin:
        return {}
    names = _Names(graph)
    stack = [each for each in expanded.graph.adapters if each.id in expanded.targets]
    called = {each.id: names.all(each) for each in stack}
    drawn = {each.id: keys_in(each) for each in stack}
    return {node: _called(expanded, called[site.adapter], drawn, node) for node, site in expanded.origin.items()}


def _called(expanded: Expanded, names: dict[str, str], drawn: Mapping[str, Mapping[str, str]], node: str) -> str:
    """The key of a node, in `names` or inserted at such a one; `drawn` are the keys in the trees, by adapter."""
    if node not in names:
        site = expanded.origin[node]
        names[node] = at_target(drawn[site.adapter][site.node], _called(expanded, names, drawn, site.target))
    return names[node]


def _renames(edit: Edit) -> bool:
    """Whether an edit may have nodes be called otherwise."""
    if isinstance(edit, Batch):
        return any(map(_renames, edit.edits))
    return isinstance(edit, Insert | Remove | Move | SetName | SetKey | SetWeights)


class _Names:
    """The names that follow from a graph for its nodes: as in its own weights file, from the prefix on; without one,
    by path."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.owners: dict[str, str] = {}
        self.plain = paths(graph)
        has_file = any(node.weights for node in graph.nodes.values())
        for node, origin in origins_of(graph).items() if has_file else ():
            self.owners[node] = origin.owner
            prefix = graph.nodes[origin.owner].key
            self.plain[node] = origin.key.removeprefix(prefix).removeprefix(".") if prefix else origin.key
        self._below: dict[str, dict[str, str]] = {}

    def all(self, adapter: Adapter) -> dict[str, str]:
        """What an adapter's file calls every node that runs, and those parked ones that it has a name for."""
        if not adapter.keys:
            return dict(self.plain)
        found: dict[str, str] = {}
        for node in self.graph.walk(loose=True):
            name = adapter.keys.get(node, self._following(node, found))
            if name is not None:
                found[node] = name
        return found

    def notes(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """What has to be noted so that nodes are called as `wanted`, and no others are called so."""
        taken = {(self.owners.get(node), name) for node, name in wanted.items() if node in self.graph}
        found: dict[str, str] = {}
        noted: dict[str, str] = {}
        for node in self.graph.walk(loose=True):
            following = self._following(node, found)
            name = wanted.get(node, following)
            if node not in wanted and name and (self.owners.get(node), name) in taken:
                name = f"{name}~{node}"
            if name is None:
                continue
            found[node] = name
            if name != following:
                noted[node] = name
        return noted

    def _following(self, node: str, found: Mapping[str, str]) -> str | None:
        """What a node is called for what the frame around it is (`found`), None for a parked one."""
        plain, frame = self.plain.get(node), self.graph.parents.get(node, "")
        if frame not in found or found[frame] == self.plain.get(frame):
            return plain
        if frame not in self._below:
            self._below[frame] = names_below(self.graph, frame)
        name = self._below[frame].get(node)
        if name is None or (plain is not None and plain != below_key(self.plain.get(frame, ""), name)):
            return plain
        return below_key(found[frame], name)
