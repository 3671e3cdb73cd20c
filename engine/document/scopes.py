"""Contexts: which provider a UseContext or SetContext reaches, and who writes and reads each key.

Resolution is Fluxion's: the nearest enclosing frame that declares the context.
"""

from msgspec import Struct

from engine.document.graph import Graph
from engine.document.kinds import Catalogue, Role


class Key(Struct, frozen=True):
    """One entry of one provider: the identity of a context value."""

    provider: str
    context: str
    key: str

    @property
    def label(self) -> str:
        return f"{self.context}.{self.key}"


class Access(Struct, frozen=True, gc=False):
    """A leaf that reads or writes a context, and the key it resolves to (None when nobody declares the context)."""

    node: str
    role: Role
    key: Key | None
    context: str
    name: str


class Links(Struct):
    """The dashed edges of one key: its writers and its readers, in the order they run."""

    writers: list[str]
    readers: list[str]


def role_of(graph: Graph, catalogue: Catalogue, node: str) -> Role | None:
    """The role of a node's kind; None for a kind the catalogue does not know."""
    kind = catalogue.get(graph.nodes[node].kind)
    return kind.role if kind else None


def provider_of(graph: Graph, node: str, context: str) -> str | None:
    """The nearest frame around `node` that declares the context."""
    nodes, parents = graph.nodes, graph.parents
    frame = parents.get(node)
    while frame and context not in nodes[frame].contexts:
        frame = parents.get(frame)
    return frame or None


def access(graph: Graph, catalogue: Catalogue, node: str) -> Access | None:
    """What a UseContext or SetContext reaches; None for any other node, and for one with no context or key named."""
    role = role_of(graph, catalogue, node)
    if role not in ("use", "set"):
        return None
    params = graph.nodes[node].params
    context, name = params.get("context"), params.get("key")
    if not isinstance(context, str) or not isinstance(name, str) or not context or not name:
        return None
    provider = provider_of(graph, node, context)
    return Access(node, role, Key(provider, context, name) if provider else None, context, name)


def condition(graph: Graph, catalogue: Catalogue, node: str) -> Access | None:
    """What the guidance of a Sample varies, which the frame itself may provide; None for any other node, and without
    one."""
    found = graph.nodes[node]
    context, _, name = str(found.params.get("condition") or "").partition(".")
    if not name or role_of(graph, catalogue, node) != "sample":
        return None
    provider = node if context in found.contexts else provider_of(graph, node, context)
    return Access(node, "sample", Key(provider, context, name) if provider else None, context, name)


def reach(graph: Graph, catalogue: Catalogue, node: str) -> Access | None:
    """What a node reaches: a leaf the key that it reads or writes, a Sample the one that its guidance varies."""
    return access(graph, catalogue, node) or condition(graph, catalogue, node)


def told(graph: Graph, catalogue: Catalogue, node: str, context: str) -> tuple[str, ...]:
    """The keys of a frame's context that its kind itself gives values to, as a Sample does the time step: they stay
    where they are, under their names."""
    kind = catalogue.get(graph.nodes[node].kind)
    return tuple(kind.contexts.get(context, ())) if kind and kind.role == "sample" else ()


def accesses(graph: Graph, catalogue: Catalogue) -> list[Access]:
    """Every reading and writing leaf that runs, in order of running."""
    kinds = [kind.name for kind in catalogue.values() if kind.role in ("use", "set")]
    found = (access(graph, catalogue, node) for node in _running(graph, graph.nodes.of_kinds(kinds)))
    return [a for a in found if a]


def conditions(graph: Graph, catalogue: Catalogue) -> list[Access]:
    """What the Samples that run vary, in order of running."""
    kinds = [kind.name for kind in catalogue.values() if kind.role == "sample"]
    found = (condition(graph, catalogue, node) for node in _running(graph, graph.nodes.of_kinds(kinds)))
    return [a for a in found if a]


def keys(graph: Graph) -> list[Key]:
    """Every key that a provider which runs declares, outermost provider first."""
    return [
        Key(frame, context, key)
        for frame in _running(graph, graph.nodes.having("contexts"))
        for context, entries in graph.nodes[frame].contexts.items()
        for key in entries
    ]


def _running(graph: Graph, nodes: list[str]) -> list[str]:
    """Those of the nodes that run, in order."""
    return graph.in_order(node for node in nodes if graph.runs(node))


def links(graph: Graph, catalogue: Catalogue) -> dict[Key, Links]:
    """Writers and readers of every key, declared or made by a SetContext in a declared context."""
    found = {key: Links([], []) for key in keys(graph)}
    for leaf in accesses(graph, catalogue):
        if leaf.key:
            entry = found.setdefault(leaf.key, Links([], []))
            (entry.writers if leaf.role == "set" else entry.readers).append(leaf.node)
    return found
