"""The check of the adapters that are enabled: whether each can be applied, and why not."""

from msgspec.structs import replace

from engine.document.edits import SetAdapter
from engine.document.problems import Fix, Found, Problem
from engine.document.sources import lacks_value
from engine.document.stack import adapter_of, given, removed
from engine.document.subject import Subject


def check(subject: Subject) -> Found:
    """Tell of every adapter that is left out, and why."""
    graph = subject.graph
    if not graph.adapters:
        return
    for each in graph.adapters:
        for name, source in given(each).items() if each.enabled else ():
            if lacks_value(source):
                message = f"The adapter {each.name} has no value for {name}: choose a file for it, or disable it."
                fixes = (Fix("Disable it", SetAdapter(replace(each, enabled=False))),)
                yield Problem("input-missing", "error", "", message, name, fixes, adapter=each.id)
    for idle in subject.standing.expanded.idle:
        yield Problem(idle.code, "info", "", idle.message, adapter=idle.adapter)
    for amiss in subject.standing.expanded.amiss:
        adapter = adapter_of(graph, amiss.adapter)
        if adapter is None:
            continue
        fixes = [
            Fix("Disable it", SetAdapter(replace(adapter, enabled=False))),
            Fix("Remove it", removed(graph, adapter.id)),
        ]
        if adapter.where and amiss.code in ("adapter-unmatched", "adapter-selector"):
            fixes.insert(0, Fix("Have it go wherever it fits", SetAdapter(replace(adapter, where=""))))
        yield Problem(amiss.code, "error", "", amiss.message, fixes=tuple(fixes), adapter=adapter.id)
