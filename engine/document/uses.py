"""Who uses what providers declare, in a graph that is being checked."""

from collections.abc import Mapping

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

    `accesses` has what each leaf comes to, None for one that names nothing yet.
    """

    providers: list[str]
    users: dict[Key, Users]
    undeclared: list[Access]
    accesses: dict[str, Access | None]


def uses(
    graph: Graph, catalogue: Catalogue, providers: list[str], leaves: list[str], known: Mapping[str, Access | None]
) -> Uses:
    """What these providers and these UseContext and SetContext leaves, in order of running, come to; `known` has those
    leaves that are as they were."""
    users = {
        Key(provider, context, key): Users()
        for provider in providers
        for context, entries in graph.nodes[provider].contexts.items()
        for key in entries
    }
    found = Uses(providers, users, [], {})
    for node in leaves:
        leaf = known[node] if node in known else _access(graph, catalogue, node)
        found.accesses[node] = leaf
        if leaf is None:
            continue
        if leaf.key is None:
            found.undeclared.append(leaf)
            continue
        entry = users.setdefault(leaf.key, Users())
        sets = leaf.role == "set" and not graph.nodes[leaf.node].params.get("callback")
        (entry.setters if sets else entry.readers).append(leaf.node)
    return found


def reaches(graph: Graph, catalogue: Catalogue, node: str) -> bool:
    """Whether a node reads or writes a context, or is to do so."""
    return scopes.role_of(graph, catalogue, node) in ("use", "set")


def _access(graph: Graph, catalogue: Catalogue, node: str) -> Access | None:
    """What a leaf reaches; also of one that names a context out of its reach, and no key yet."""
    if found := scopes.access(graph, catalogue, node):
        return found
    role = scopes.role_of(graph, catalogue, node)
    params = graph.nodes[node].params
    context = params.get("context")
    if role not in ("use", "set") or not isinstance(context, str) or not context or params.get("key"):
        return None
    return None if scopes.provider_of(graph, node, context) else Access(node, role, None, context, "")
