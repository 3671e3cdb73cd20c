"""A graph under examination: what checks ask about it, worked out once and kept up to date with its edits."""

from engine.document import arguments
from engine.document.arguments import Count, Passed
from engine.document.edits import Touched
from engine.document.graph import Graph, unique_names
from engine.document.kinds import Catalogue, Role
from engine.document.problems import named, near
from engine.document.standing import Standing


class Subject:
    """What all checks look at. Tell it what edits touch with `touch`, and `update` before looking again."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.order: dict[str, int] = {}
        """The nodes that do something in a run, with their places in the order of running."""
        self.standing = Standing(graph, catalogue)
        self._passed: dict[str, Passed] = {}
        self._touched = {graph.root}
        self._moved = True
        """Whether the order of running may be another."""
        self._paths: dict[str, str] = {}
        self._similar: dict[tuple[str, bool], list[str]] = {}

    def touch(self, touched: Touched) -> None:
        """Take note of what an edit has touched."""
        self._touched |= touched.nodes | touched.frames | touched.added
        self._moved = self._moved or bool(touched.frames) or touched.modes
        self.standing.touch(touched)

    def update(self) -> set[str]:
        """Be true to the graph as it is now; gives the nodes that may be found otherwise than before.

        These are the nodes that were touched, the frames around them, and those that run only now or are given another
        number of arguments.
        """
        touched, self._touched = self._touched, set()
        self._paths = {self.graph.root: ""}
        if self._moved:
            before, self._moved = self.order, False
            self.order = {node: index for index, node in enumerate(self.graph.running())}
            for node in before.keys() - self.order.keys():
                self._passed.pop(node, None)
        stale: set[str] = set()
        for node in touched & self.graph.nodes.keys():
            around: str | None = node
            while around and around not in stale:
                stale.add(around)
                around = self.graph.parents.get(around)
        return (stale & self.order.keys()) | arguments.update(self._passed, self.graph, self.catalogue, stale)

    def count(self, node: str) -> Count:
        """How many arguments a node that runs is given, as far as that is certain."""
        return self._passed[node].given

    def of_roles(self, *roles: Role) -> list[str]:
        """The nodes of these roles that run, in that order."""
        kinds = {kind.name for kind in self.catalogue.values() if kind.role in roles}
        return [node for node in self.order if self.graph.nodes[node].kind in kinds]

    def named(self, node: str) -> str:
        """How messages call a node."""
        return named(self.graph, node, self._path(node) if node in self.order else None)

    def similar_kinds(self, kind: str, frames: bool) -> list[str]:
        """The frames' or leaves' kinds that an unknown one may be a slip of."""
        if (kind, frames) not in self._similar:
            known = [each.name for each in self.catalogue.values() if each.is_frame == frames]
            self._similar[kind, frames] = near(kind, known)
        return self._similar[kind, frames]

    def _path(self, node: str) -> str:
        if node not in self._paths:
            frame = self.graph.parents[node]
            prefix = f"{above}." if (above := self._path(frame)) else ""
            run = self.graph.children[frame]
            names = unique_names([self.graph.nodes[each].title for each in run])
            self._paths.update((each, prefix + name) for each, name in zip(run, names, strict=True))
        return self._paths[node]
