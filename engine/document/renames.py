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
    if told := scopes.told(graph, catalogue, provider, old):
        raise _stays(graph, provider, f"{old}.{told[0]}")
    for node in graph.walk(provider, loose=True):
        inner = node != provider and new in graph.nodes[node].contexts
        if inner or graph.nodes[node].params.get("context") == new:
            raise EditError(f"{graph.nodes[node].title} inside already uses a context {new!r}: choose another name")
        varied = scopes.condition(graph, catalogue, node)
        if varied and varied.context == new:
            raise EditError(f"{graph.nodes[node].title} varies {new}.{varied.name}: choose another name")
    renamed = {new if context == old else context: entries for context, entries in contexts.items()}
    return _edit(
        graph,
        catalogue,
        SetContexts(provider, renamed),
        lambda a: a.context == old,
        ("context", new),
        lambda a: f"{new}.{a.name}",
    )


def rename_key(graph: Graph, catalogue: Catalogue, provider: str, context: str, old: str, new: str) -> Edit:
    """Call a key of a provider's context something else. Raises EditError when the context has that key."""
    contexts = graph.nodes[provider].contexts
    _check(new, contexts[context])
    if old in scopes.told(graph, catalogue, provider, context):
        raise _stays(graph, provider, f"{context}.{old}")
    entries = {new if key == old else key: source for key, source in contexts[context].items()}
    renamed = contexts | {context: entries}
    return _edit(
        graph,
        catalogue,
        SetContexts(provider, renamed),
        lambda a: (a.context, a.name) == (context, old),
        ("key", new),
        lambda a: f"{a.context}.{new}",
    )


def _check(new: str, taken: Container[str]) -> None:
    if not new.strip():
        raise EditError("a context or key needs a name")
    if new in taken:
        raise EditError(f"{new!r} is already taken")


def _stays(graph: Graph, provider: str, label: str) -> EditError:
    return EditError(f"{graph.nodes[provider].title} itself gives {label} its value: it keeps that name")


def _edit(
    graph: Graph,
    catalogue: Catalogue,
    edit: SetContexts,
    reached: Callable[[Access], bool],
    change: tuple[str, str],
    condition: Callable[[Access], str],
) -> Edit:
    """The provider's new entries, with what its leaves and the guidance of Samples then say."""
    edits: list[Edit] = [edit]
    for node in graph.walk(edit.node, loose=True):
        found = scopes.reach(graph, catalogue, node)
        if found and found.key and found.key.provider == edit.node and reached(found):
            varied = found.role == "sample"
            edits.append(SetParam(node, "condition", condition(found)) if varied else SetParam(node, *change))
    return Batch(tuple(edits)) if len(edits) > 1 else edit
