"""A session's graph with its adapters: what runs, what their params change at once, and whose fault is whose."""

from msgspec import structs

from engine.document.adapters import Adapter, flaw
from engine.document.expand import Expanded, driven, expand, home
from engine.document.expressions import ExpressionError
from engine.document.graph import Graph, Node
from engine.document.kinds import Catalogue
from engine.document.stack import adapter_of
from engine.messages import Fault
from engine.runtime.modules import Modules


class Adapted:
    """What runs of one graph, worked out once and brought up to date where little has changed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._expanded: Expanded | None = None

    def forget(self) -> None:
        """The structure has changed."""
        self._expanded = None

    def whole(self, graph: Graph) -> Expanded:
        """The graph with its adapters."""
        if self._expanded is None:
            self._expanded = expand(graph, self._catalogue)
        return self._expanded

    def decides(self, param: str) -> bool:
        """Whether a param of this name, of any node, may have a say in what the adapters do."""
        return self._expanded is None or param in self._expanded.looked_at

    def keep_up(self, graph: Graph, node: str) -> None:
        """A node of the graph has other values, and no other structure."""
        if self._expanded is not None and node in self._expanded.graph:
            self._expanded.graph.nodes[node] = graph.nodes[node]

    def drive(self, graph: Graph, adapter: str, param: str, modules: Modules) -> bool:
        """Have a param of an adapter take effect everywhere at once; False when it takes another structure."""
        whole = self._expanded
        changed = adapter_of(graph, adapter)
        if changed is None:  # a later part of the same edit takes it out
            return False
        if not changed.enabled:
            return True
        if whole is None or adapter not in whole.targets or flaw(changed):
            return False
        try:
            settings = driven(whole, changed, param)
        except ExpressionError:
            return False
        if not whole.looked_at.isdisjoint(name for _, name, _ in settings):
            return False  # another adapter goes by what this one puts there
        for node, name, value in settings:
            if not modules.set_live(node, name, value):
                return False
            held = whole.graph.nodes[node]
            whole.graph.nodes[node] = structs.replace(held, params=held.params | {name: value})
        return True

    def has_other_values_only(self, graph: Graph) -> bool:
        """Work out anew what runs, after adapters have changed: whether only sources of contexts are others."""
        before, self._expanded = self._expanded, None
        after = self.whole(graph)
        if before is None or before.amiss or after.amiss:
            return False
        one, other = before.graph, after.graph
        return (
            (one.root, one.children) == (other.root, other.children)
            and one.nodes.keys() == other.nodes.keys()
            and all(_alike(node, other.nodes[name]) for name, node in one.nodes.items())
        )

    def at_home(self, graph: Graph, fault: Fault) -> Fault:
        """A fault as the graph's own nodes have it: of what an adapter put there, at the node that it went to."""
        whole = self.whole(graph)
        site = whole.origin.get(fault.node)
        if site is None:
            return structs.replace(fault, path=whole.paths.get(fault.node, fault.path)) if whole.origin else fault
        target = home(whole, fault.node)
        path = whole.paths[target]
        inner = whole.paths[fault.node][len(path) :].removeprefix(".") or whole.graph.nodes[fault.node].title
        message = f"in the adapter {self._name(graph, site.adapter)}, at {inner}: {fault.message}"
        return structs.replace(fault, node=target, path=path, message=message, param="", value=None)

    def _name(self, graph: Graph, adapter: str) -> str:
        return next((each.name for each in graph.adapters if each.id == adapter), adapter)


def is_off(*adapters: Adapter) -> bool:
    """Whether none of these is enabled."""
    return not any(adapter.enabled for adapter in adapters)


def _alike(one: Node, other: Node) -> bool:
    """Whether two nodes are the same but for what the sources of their contexts are."""
    if one is other or one == other:
        return True
    names = [[(context, list(entries)) for context, entries in node.contexts.items()] for node in (one, other)]
    return names[0] == names[1] and structs.replace(one, contexts={}) == structs.replace(other, contexts={})
