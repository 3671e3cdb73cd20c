"""Checks of contexts: declared, set before they are read, read at all."""

from engine.document import scopes
from engine.document.edits import Batch, Edit, Remove, SetContexts, SetParam
from engine.document.graph import Contexts
from engine.document.problems import Fix, Found, Problem, either, near
from engine.document.scopes import Access, Key
from engine.document.sources import ListSource, NumberSource, Source, UnsetSource, lacks_value
from engine.document.subject import Subject
from engine.document.uses import Users

LIST_CALLS = (".append(", ".pop(", ".insert(", ".extend(", ".clear(")
"""What a compose or callback says when the value is a list."""


def check(subject: Subject) -> Found:
    """All problems with the contexts of the nodes that run."""
    graph, uses = subject.graph, subject.uses
    for leaf in uses.undeclared:
        yield _undeclared(subject, leaf)
    known: dict[tuple[str, str], list[str]] = {}
    for key in uses.users:
        known.setdefault((key.provider, key.context), []).append(key.key)
    for key, users in uses.users.items():
        yield from _key(subject, key, users, known[key.provider, key.context])
    for frame in uses.providers:
        for context in graph.nodes[frame].contexts:
            if outer := scopes.provider_of(graph, frame, context):
                yield _shadowed(subject, frame, context, outer)


def _key(subject: Subject, key: Key, uses: Users, known: list[str]) -> Found:
    source = subject.graph.nodes[key.provider].contexts[key.context].get(key.key)
    provider = subject.named(key.provider)
    if source is not None and not isinstance(source, UnsetSource) and lacks_value(source):
        message = f"{provider}: {key.label} has no file to come from: choose one, or another source."
        fixes = (Fix("Use the number 0", _entry(subject, key, NumberSource(0))),)
        yield Problem("input-missing", "error", key.provider, message, key.label, fixes)
    if not uses.readers:
        yield _never_read(subject, key, uses, source is not None)
    elif source is not None and not isinstance(source, UnsetSource):
        return
    elif uses.setters:
        first = uses.setters[0]
        for reader in uses.readers:
            if subject.order[reader] < subject.order[first]:
                message = (
                    f"{subject.named(reader)} reads {key.label} before {subject.named(first)} writes it: "
                    f"give {key.label} a value at {provider}, or move the writer to the front."
                )
                fixes = _values(subject, key, uses)
                yield Problem("context-read-before-set", "error", reader, message, "key", fixes)
    elif source is None:
        others = [other for other in known if other != key.key]
        suggested = near(key.key, others)
        meant = f" Did you mean {either(suggested)}?" if suggested else ""
        for reader in uses.readers:
            what = f"reads {key.label}, which {provider} does not declare and nobody writes"
            message = f"{subject.named(reader)} {what}.{meant}"
            choices = [Fix(f"Use {other}", SetParam(reader, "key", other)) for other in suggested]
            fixes = (*choices, *_values(subject, key, uses))
            yield Problem("context-key-undeclared", "error", reader, message, "key", fixes)
    else:
        message = (
            f"{provider}: {key.label} is unset and nobody writes it, but {subject.named(uses.readers[0])} reads it: "
            "give it a value."
        )
        yield Problem("context-never-set", "error", key.provider, message, key.label, _values(subject, key, uses))


def _undeclared(subject: Subject, leaf: Access) -> Problem:
    graph = subject.graph
    around = graph.ancestors(leaf.node)
    suggested = near(leaf.context, list({context: None for frame in around for context in graph.nodes[frame].contexts}))
    meant = f" Did you mean {either(suggested)}?" if suggested else " Declare it on one of the frames around it."
    fixes = [Fix(f"Use {context}", SetParam(leaf.node, "context", context)) for context in suggested]
    provider = next((frame for frame in around if graph.nodes[frame].contexts), graph.root)
    entries: dict[str, Source] = {leaf.name: UnsetSource()} if leaf.name else {}
    for frame in dict.fromkeys([provider, around[0], graph.root]):
        declared: Contexts = {**graph.nodes[frame].contexts, leaf.context: entries}
        fixes.append(Fix(f"Declare it on {subject.named(frame)}", SetContexts(frame, declared)))
    message = f"{subject.named(leaf.node)}: no frame around it declares the context {leaf.context}.{meant}"
    return Problem("context-undeclared", "error", leaf.node, message, "context", tuple(fixes))


def _never_read(subject: Subject, key: Key, uses: Users, declared: bool) -> Problem:
    edits: list[Edit] = [Remove((setter,)) for setter in uses.setters]
    if declared:
        edits.append(_entry(subject, key, None))
    label = "Remove it" + (" and what writes it" if uses.setters else "")
    fix = Fix(label, edits[0] if len(edits) == 1 else Batch(tuple(edits)))
    node = key.provider if declared else uses.setters[0]
    written = "written" if uses.setters else "declared"
    message = f"{subject.named(node)}: {key.label} is {written}, but nobody reads it."
    return Problem("context-never-read", "info", node, message, key.label if declared else "key", (fix,))


def _shadowed(subject: Subject, frame: str, context: str, outer: str) -> Problem:
    message = (
        f"{subject.named(frame)} declares the context {context}, as {subject.named(outer)} around it does: "
        "nodes inside reach the inner one only."
    )
    contexts = {name: entries for name, entries in subject.graph.nodes[frame].contexts.items() if name != context}
    fix = Fix("Remove the inner one", SetContexts(frame, contexts))
    return Problem("context-shadowed", "info", frame, message, context, (fix,))


def _values(subject: Subject, key: Key, uses: Users) -> tuple[Fix, ...]:
    """Ways to give a key a value to start from, the likelier first."""
    params = [subject.graph.nodes[reader].params for reader in uses.readers]
    sources = [str(each.get(name, "")) for each in params for name in ("compose", "callback")]
    fixes = [
        Fix("Start it as the number 0", _entry(subject, key, NumberSource(0))),
        Fix("Start it as an empty list", _entry(subject, key, ListSource([]))),
    ]
    if any(call in source for source in sources for call in LIST_CALLS):
        fixes.reverse()
    return tuple(fixes)


def _entry(subject: Subject, key: Key, source: Source | None) -> Edit:
    """Give a provider's entry a source, or take the entry out."""
    contexts: Contexts = subject.graph.nodes[key.provider].contexts
    entries = {name: old for name, old in contexts[key.context].items() if name != key.key}
    if source is not None:
        entries[key.key] = source
    return SetContexts(key.provider, contexts | {key.context: entries})
