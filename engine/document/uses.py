"""Who uses what providers declare, in a graph that is being checked."""

from collections.abc import Iterable

from msgspec import Struct, field

from engine.document import scopes
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import Access, Key


class Users(Struct):
    """Who uses one key, in order of running. A SetContext with a callback changes what it finds, so it reads."""

    setters: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)


class Uses(Struct):
    """The users of every key that a provider declares or a leaf names, and the leaves whose context nobody declares.

    `nodes` are all that this was found from, those that name nothing yet included.
    """

    providers: list[str]
    users: dict[Key, Users]
    undeclared: list[Access]
    nodes: frozenset[str]


def uses(graph: Graph, catalogue: Catalogue, providers: list[str], leaves: list[str]) -> Uses:
    """What these providers and these UseContext and SetContext leaves, in order of running, come to."""
    users = {
        Key(provider, context, key): Users()
        for provider in providers
        for context, entries in graph.nodes[provider].contexts.items()
        for key in entries
    }
    found = Uses(providers, users, [], frozenset(providers).union(leaves))
    for node in leaves:
        leaf = scopes.access(graph, catalogue, node) or _without_key(graph, catalogue, node)
        if leaf is None:
            continue
        if leaf.key is None:
            found.undeclared.append(leaf)
            continue
        entry = users.setdefault(leaf.key, Users())
        sets = leaf.role == "set" and not graph.nodes[leaf.node].params.get("callback")
        (entry.setters if sets else entry.readers).append(leaf.node)
    return found


def is_used(graph: Graph, catalogue: Catalogue, nodes: Iterable[str]) -> bool:
    """Whether any of these nodes provides, reads or writes a context."""
    return any(graph.nodes[n].contexts or scopes.role_of(graph, catalogue, n) in ("use", "set") for n in nodes)


def _without_key(graph: Graph, catalogue: Catalogue, node: str) -> Access | None:
    """A UseContext or SetContext that names a context out of its reach, and no key yet."""
    role = scopes.role_of(graph, catalogue, node)
    params = graph.nodes[node].params
    context = params.get("context")
    if role not in ("use", "set") or not isinstance(context, str) or not context or params.get("key"):
        return None
    return None if scopes.provider_of(graph, node, context) else Access(node, role, None, context, "")
