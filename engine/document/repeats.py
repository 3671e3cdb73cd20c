"""Repeats: neighbouring frames of a sequence that are built alike, how they differ, and making them equal."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from engine.document import scopes
from engine.document.answers import RefusedError, answering
from engine.document.edits import Edit
from engine.document.graph import CANVAS, Graph, Tree, path_of
from engine.document.ids import new_ids
from engine.document.kinds import SEQUENCES, Catalogue, ParamValue
from engine.document.plan import Plan
from engine.document.touched import Touched

TOLD = 6
"""Of values that differ, so many are told; neighbours with one value count as one."""


class Repeats:
    """Finds runs of frames that are built alike: with the same kinds, modes and contexts, all the way down.

    What each node is built of is worked out once, and again where edits have been. Names and params may differ.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self._builds: dict[str, int] = {}
        self._numbers: dict[object, int] = {}

    def touch(self, touched: Touched) -> None:
        """Follow an edit."""
        for node in touched.removed:
            self._builds.pop(node, None)
        for node in touched.nodes | touched.frames | touched.added:
            while node in self._builds:  # what is around a node is known only where the node is
                del self._builds[node]
                node = self.graph.parents.get(node, CANVAS)

    def runs(self, frame: str) -> list[list[str]]:
        """Runs of two and more neighbours in a frame; none where its children stand side by side."""
        graph = self.graph
        if frame not in graph.children or scopes.role_of(graph, self.catalogue, frame) not in SEQUENCES:
            return []
        groups = groupby(graph.children[frame], lambda n: self._build(n) if n in graph.children else n)
        return [run for run in (list(group) for _, group in groups) if len(run) > 1]

    def run_of(self, node: str) -> list[str]:
        """The run that a node belongs to; empty if it belongs to none."""
        return next((run for run in self.runs(self.graph.parents.get(node, CANVAS)) if node in run), [])

    def counterparts(self, node: str) -> list[str]:
        """What stands in each repeat where `node` stands in its own, itself included; of nested repeats, the inner."""
        graph = self.graph
        for frame in (node, *graph.ancestors(node)):
            if run := self.run_of(frame):
                place = list(graph.walk(frame, loose=True)).index(node)
                return [list(graph.walk(each, loose=True))[place] for each in run]
        return [node]

    def _build(self, node: str) -> int:
        """A number for what a node is built of: the same for all that are built alike."""
        found = self._builds.get(node)
        if found is None:
            graph, data = self.graph, self.graph.nodes[node]
            contexts = tuple((name, tuple(entries)) for name, entries in data.contexts.items())
            below = tuple(map(self._build, graph.children[node])) if node in graph.children else None
            loose = tuple(tuple(map(self._build, segment)) for segment in graph.segments(node))
            made = (data.kind, data.mode, contexts, below, loose)
            found = self._builds[node] = self._numbers.setdefault(made, len(self._numbers))
        return found


class Difference(Struct, frozen=True):
    """One param (or "name") in which repeats differ, its value in each of them, and where below them.

    `places` are paths within a repeat, as the first has them; "" is the repeat itself.
    """

    what: str
    values: tuple[ParamValue, ...]
    places: tuple[str, ...]

    def __str__(self) -> str:
        alike = [(value, len(list(same))) for value, same in groupby(self.values)]
        told = [str(value) if count == 1 else f"{count} × {value}" for value, count in alike[:TOLD]]
        values = ", ".join(told) + (", …" if len(alike) > TOLD else "")
        first, *others = self.places
        more = f" and {len(others)} more" if others else ""
        where = f" ({first or 'itself'}{more})" if first or others else ""
        return f"{self.what} {values}{where}"


def differences(graph: Graph, catalogue: Catalogue, run: Sequence[str]) -> list[Difference]:
    """In what the frames of a run differ, in the order of running; what differs so in several places is told once."""
    values_of: dict[tuple[str, str], tuple[ParamValue, ...]] = {}
    places: dict[tuple[str, str], list[str]] = {}
    start = len(path_of(graph, run[0])) + 1
    for nodes in zip(*(graph.walk(top, loose=True) for top in run), strict=True):
        found = [graph.nodes[node] for node in nodes]
        if all(one.params == found[0].params and one.name == found[0].name for one in found):
            continue
        kind = catalogue.get(found[0].kind)
        defaults = {param.name: param.default for param in kind.params} if kind else {}
        params = [defaults | one.params | {"name": one.title} for one in found]
        for what in dict.fromkeys(name for one in params for name in one):
            values = tuple(one.get(what) for one in params)
            if any(repr(value) != repr(values[0]) for value in values):
                values_of[what, repr(values)] = values
                places.setdefault((what, repr(values)), []).append(path_of(graph, nodes[0])[start:])
    return [Difference(what, values, tuple(places[what, key])) for (what, key), values in values_of.items()]


@answering
def equalise(repeats: Repeats, node: str) -> Edit:
    """Make the repeats of a frame (or else its neighbours of the same kind and name) what it is, to the last param.

    What they have in common keeps its id, and with it its weights.
    """
    graph = repeats.graph
    with Plan(graph) as plan:
        others = [other for other in repeats.run_of(node) or _namesakes(graph, node) if other != node]
        title = graph.nodes[node].title
        if not others:
            raise RefusedError("refused", f"{title} has no repeats: no frame beside it is built or called like it")
        ids = new_ids(graph)
        model = graph.tree(node)
        changed = [
            (other, made) for other in others if (made := _again(model, graph.tree(other), ids)) != graph.tree(other)
        ]
        if not changed:
            raise RefusedError("unchanged", f"the repeats of {title} are equal already")
        for other, made in changed:
            place = graph.place_of(other)
            plan.remove([other])
            plan.insert(place, (made,))
        return plan.edit


def _namesakes(graph: Graph, node: str) -> list[str]:
    """The named frame and the neighbours that are frames of its kind and name."""
    data = graph.nodes[node]
    if not data.name or node == graph.root or not graph.is_frame(node):
        return []
    groups = groupby(graph.siblings(node), lambda n: (graph.nodes[n].kind, graph.nodes[n].name, graph.is_frame(n)))
    return next(run for run in (list(group) for _, group in groups) if node in run)


def _again(model: Tree, old: Tree | None, ids: Iterator[str]) -> Tree:
    """A copy of `model`; what stands where it does in `old` and is of the same kind keeps who it is, and its look."""
    if old is None or old.node.kind != model.node.kind or (old.children is None) != (model.children is None):
        old = None
    node = (
        replace(model.node, id=next(ids), key="", shared="", weights=None)
        if old is None
        else replace(model.node, id=old.node.id, key=old.node.key, shared=old.node.shared, weights=old.node.weights)
    )
    children = None
    if model.children is not None:
        children = _row(model.children, (old.children if old else None) or (), ids)
    loose = tuple(
        _row(segment, old.loose[index] if old and index < len(old.loose) else (), ids)
        for index, segment in enumerate(model.loose)
    )
    return Tree(node, old.view if old else model.view, children, loose)


def _row(model: tuple[Tree, ...], old: tuple[Tree, ...], ids: Iterator[str]) -> tuple[Tree, ...]:
    rest = [*old, *[None] * (len(model) - len(old))]
    return tuple(_again(one, other, ids) for one, other in zip(model, rest, strict=False))
