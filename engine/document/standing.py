"""The expansion of a graph that is being edited: worked out when asked for, and kept through what leaves it true."""

from msgspec.structs import replace

from engine.document.adapters import Adapter, flaw, values_of
from engine.document.expand import Expanded, driven, expand
from engine.document.expressions import ExpressionError
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.touched import Touched


class Standing:
    """What the adapters of one graph come to. Tell it what edits touch.

    Where only values of adapters have changed, the inserted nodes of what is kept have the params of before.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self._graph = graph
        self._catalogue = catalogue
        self._kept: Expanded | None = None
        self._stack: tuple[Adapter, ...] = ()

    def touch(self, touched: Touched) -> None:
        """Take note of what an edit has touched."""
        if self._kept is not None:
            rebuilt = bool(touched.frames or touched.added or touched.removed or touched.modes)
            if rebuilt or not all(map(self._is_alike, touched.nodes)) or (touched.adapters and not self._goes_on()):
                self._kept = None

    @property
    def expanded(self) -> Expanded:
        """The graph with its adapters."""
        if self._kept is None:
            self._stack = self._graph.adapters
            self._kept = expand(self._graph, self._catalogue)
        return self._kept

    def _is_alike(self, node: str) -> bool:
        """Whether a node has changed in nothing that an adapter looks at."""
        assert self._kept is not None
        whole = self._kept.graph
        before, now = whole.nodes.get(node), self._graph.nodes.get(node)
        if before is None or now is None or (before.kind, before.name) != (now.kind, now.name):
            return False
        looked_at = self._kept.looked_at
        if any(before.params.get(name) != now.params.get(name) for name in looked_at):
            return False
        whole.nodes[node] = now
        return True

    def _goes_on(self) -> bool:
        """Whether the adapters have changed in nothing but in values that can be put in place, and in looks."""
        assert self._kept is not None
        before, now = self._stack, self._graph.adapters
        if [_shape(each) for each in before] != [_shape(each) for each in now] or self._kept.amiss:
            return False
        for one, other in zip(before, now, strict=True):
            if other.enabled and flaw(other):
                return False
            old, new = values_of(one), values_of(other)
            try:
                for name in new if other.enabled else ():
                    if old[name] != new[name]:
                        settings = driven(self._kept, other, name)
                        if not self._kept.looked_at.isdisjoint(param for _, param, _ in settings):
                            return False  # another adapter goes by what this one puts there
            except ExpressionError:
                return False
        self._stack = now
        return True


def _shape(adapter: Adapter) -> Adapter:
    """What of an adapter says where it goes and what it is."""
    return replace(adapter, values={}, colour="", doc="", source="", weights=None, keys={})
