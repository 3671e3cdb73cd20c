"""Renaming a context or a key at its provider and at every leaf that reaches it there, as one edit."""

from collections.abc import Callable, Container

from engine.document import scopes
from engine.document.edits import Batch, Edit, EditError, SetContexts, SetParam
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import Access


def rename_context(graph: Graph, catalogue: Catalogue, provider: str, old: str, new: str) -> Edit:
    """Call the provider's context `old` something else. Raises EditError where that would mix up two contexts."""
    contexts = graph.nodes[provider].contexts
    _check(new, contexts)
    for node in graph.walk(provider, loose=True):
        inner = node != provider and new in graph.nodes[node].contexts
        if inner or graph.nodes[node].params.get("context") == new:
            raise EditError(f"{graph.nodes[node].title} inside already uses a context {new!r}: choose another name")
    renamed = {new if context == old else context: entries for context, entries in contexts.items()}
    return _edit(graph, catalogue, SetContexts(provider, renamed), lambda a: a.context == old, ("context", new))


def rename_key(graph: Graph, catalogue: Catalogue, provider: str, context: str, old: str, new: str) -> Edit:
    """Call a key of a provider's context something else. Raises EditError when the context has that key."""
    contexts = graph.nodes[provider].contexts
    _check(new, contexts[context])
    entries = {new if key == old else key: source for key, source in contexts[context].items()}
    renamed = contexts | {context: entries}
    return _edit(
        graph,
        catalogue,
        SetContexts(provider, renamed),
        lambda a: (a.context, a.name) == (context, old),
        ("key", new),
    )


def _check(new: str, taken: Container[str]) -> None:
    if not new.strip():
        raise EditError("a context or key needs a name")
    if new in taken:
        raise EditError(f"{new!r} is already taken")


def _edit(
    graph: Graph, catalogue: Catalogue, edit: SetContexts, reached: Callable[[Access], bool], change: tuple[str, str]
) -> Edit:
    leaves = (scopes.access(graph, catalogue, node) for node in graph.walk(edit.node, loose=True))
    hits = [a.node for a in leaves if a and a.key and a.key.provider == edit.node and reached(a)]
    return Batch((edit, *(SetParam(node, *change) for node in hits))) if hits else edit
