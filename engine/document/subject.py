"""A graph under examination: what checks ask about it, worked out once and kept up to date with its edits."""

from itertools import chain

from engine.document import arguments
from engine.document.arguments import Count, Passed
from engine.document.graph import Graph, unique_names
from engine.document.kinds import Catalogue, Role
from engine.document.problems import named, near
from engine.document.scopes import Access
from engine.document.standing import Standing
from engine.document.touched import Touched
from engine.document.uses import Uses, reaches, uses

LEAST_STEP, ROOM = 1e-6, 1e6
"""How far apart the numbers of the order of running are at least, and how much room for them there is at the end."""


class Subject:
    """What all checks look at. Tell it what edits touch with `touch`, and `update` before looking again."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.order: dict[str, float] = {}
        """The nodes that do something in a run, with numbers that rise in the order of running."""
        self.standing = Standing(graph, catalogue)
        self._passed: dict[str, Passed] = {}
        self._touched = {graph.root}
        self._frames: set[str] = set()
        """The frames whose runs are others than when the order was worked out."""
        self._gone: set[str] = set()
        self._placed: set[str] = set()
        """The nodes that have come to where they are since then."""
        self._uses: Uses | None = None
        self._accesses: dict[str, Access | None] = {}
        """What leaves are known to reach."""
        self._providers: frozenset[str] = frozenset()
        self._paths: dict[str, str] = {}
        self._similar: dict[tuple[str, bool], list[str]] = {}

    def touch(self, touched: Touched) -> None:
        """Take note of what an edit has touched."""
        self._touched |= touched.nodes | touched.frames | touched.added
        self._frames |= touched.frames
        self._gone |= touched.removed
        self._placed |= touched.added
        self._placed.update(below for node in touched.moved if node in self.graph for below in self.graph.walk(node))
        if touched.modes:
            self.order = {}
        self._touch_uses(touched)
        self.standing.touch(touched)

    def _touch_uses(self, touched: Touched) -> None:
        """Forget who uses contexts, where a provider or a leaf that reaches one is among what was touched."""
        graph, changed = self.graph, touched.nodes | touched.added | touched.removed
        there = [node for node in changed if node in graph]
        there += (below for node in touched.moved if node in graph for below in graph.walk(node, loose=True))
        leaves = [n for n in chain(there, touched.removed) if n in self._accesses or (n in graph and self._reaches(n))]
        provided = any(graph.nodes[n].contexts for n in there) or not self._providers.isdisjoint(changed)
        if provided or touched.modes:
            self._accesses = {}
        for leaf in leaves:
            self._accesses.pop(leaf, None)
        if provided or touched.modes or leaves:
            self._uses = None

    def _reaches(self, node: str) -> bool:
        return reaches(self.graph, self.catalogue, node)

    def update(self) -> set[str]:
        """Be true to the graph as it is now; gives the nodes that may be found otherwise than before.

        These are the nodes that were touched, the frames around them, and those that run only now or are given another
        number of arguments.
        """
        touched, self._touched = self._touched, set()
        self._paths = {self.graph.root: ""}
        self._follow()
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

    @property
    def uses(self) -> Uses:
        """Who uses what the providers that run declare."""
        if self._uses is None:
            providers = self._running(self.graph.nodes.having("contexts"))
            leaves = self.of_roles("use", "set")
            self._uses = uses(self.graph, self.catalogue, providers, leaves, self._accesses)
            self._accesses, self._providers = self._uses.accesses, frozenset(providers)
        return self._uses

    def of_roles(self, *roles: Role) -> list[str]:
        """The nodes of these roles that run, in that order."""
        kinds = [kind.name for kind in self.catalogue.values() if kind.role in roles]
        return self._running(self.graph.nodes.of_kinds(kinds))

    def _running(self, nodes: list[str]) -> list[str]:
        return sorted(filter(self.order.__contains__, nodes), key=self.order.__getitem__)

    def named(self, node: str) -> str:
        """How messages call a node."""
        return named(self.graph, node, self._path(node) if node in self.order else None)

    def similar_kinds(self, kind: str, frames: bool) -> list[str]:
        """The frames' or leaves' kinds that an unknown one may be a slip of."""
        if (kind, frames) not in self._similar:
            known = [each.name for each in self.catalogue.values() if each.is_frame == frames]
            self._similar[kind, frames] = near(kind, known)
        return self._similar[kind, frames]

    def _follow(self) -> None:
        """Bring the order of running up to date, where frames have other runs."""
        graph, frames, placed = self.graph, self._frames, self._placed
        gone = {node for node in self._gone if node not in graph}
        self._frames, self._gone, self._placed = set(), set(), set()
        if not self.order:
            self.order = {node: float(number) for number, node in enumerate(graph.running())}
            gone |= self._passed.keys() - self.order.keys()
            frames = placed = set()
        for frame in frames:
            gone.update(below for segment in graph.segments(frame) for n in segment for below in graph.walk(n))
            if frame in graph and frame not in self.order:
                gone.update(graph.walk(frame))
        for node in gone:
            self.order.pop(node, None)
            self._passed.pop(node, None)
        for node in placed:
            self.order.pop(node, None)
        for frame in sorted(frames & self.order.keys(), key=lambda frame: len(graph.ancestors(frame))):
            if frame in self.order:
                self._number_new(frame)

    def _number_new(self, frame: str) -> None:
        """Number what runs in a frame and has no number yet, between what runs before it and after it."""
        before, new = frame, list[str]()
        for child in (*self.graph.children[frame], None):
            if child is not None and child not in self.order:
                new += self.graph.running(child)
                continue
            if new:
                low = self.order[self._last(before) if before != frame else frame]
                high = self.order[child] if child is not None else self._after(frame)
                if (step := (high - low) / (len(new) + 1)) < LEAST_STEP:
                    self._number(frame)
                    return
                self.order.update((node, low + index * step) for index, node in enumerate(new, 1))
            before, new = child or frame, []

    def _last(self, node: str) -> str:
        """What runs last of a node that runs and all that is in it."""
        for child in reversed(self.graph.children.get(node, ())):
            if child in self.order:
                return self._last(child)
        return node

    def _number(self, frame: str) -> None:
        """Number what runs in a frame anew, between the frame itself and what runs after it, or in the nearest frame
        around it that has the room for that."""
        below = self.graph.running(frame)
        low, high = self.order[frame], self._after(frame)
        step = (high - low) / len(below) if frame != self.graph.root else 1.0
        if step < LEAST_STEP:
            self._number(self.graph.parents[frame])
        else:
            self.order.update((node, low + index * step) for index, node in enumerate(below))

    def _after(self, frame: str) -> float:
        """The number of what runs next after a frame and all that is in it; far off where that is the end."""
        end = self.order[frame] + ROOM
        while frame != self.graph.root:
            around = self.graph.parents[frame]
            run = self.graph.children[around]
            for node in run[run.index(frame) + 1 :]:
                if node in self.order:
                    return self.order[node]
            frame = around
        return end

    def _path(self, node: str) -> str:
        if node not in self._paths:
            frame = self.graph.parents[node]
            prefix = f"{above}." if (above := self._path(frame)) else ""
            run = self.graph.children[frame]
            names = unique_names([self.graph.nodes[each].title for each in run])
            self._paths.update((each, prefix + name) for each, name in zip(run, names, strict=True))
        return self._paths[node]
