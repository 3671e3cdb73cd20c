"""Moving what a frame provides: out to the frame around it, or in to the smallest frame that holds all who reach it."""

from engine.document import scopes
from engine.document.answers import RefusedError, answering
from engine.document.edits import Edit, SetContexts
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.plan import Plan
from engine.document.scopes import Access


@answering
def hoist(graph: Graph, catalogue: Catalogue, frame: str, context: str) -> Edit:
    """Declare a context on the frame around the one that does; everybody reaches what they did."""
    outer = graph.parent(frame)
    if outer is None:
        raise RefusedError("refused", f"there is no frame around {graph.nodes[frame].title} that could provide it")
    _check_free(graph, catalogue, frame, context)
    if reason := reaches_other(graph, catalogue, frame, outer, context):
        raise RefusedError("refused", reason)
    return _moved(graph, frame, outer, context)


@answering
def lower(graph: Graph, catalogue: Catalogue, frame: str, context: str) -> Edit:
    """Declare a context on the smallest frame inside that holds everybody who reaches it."""
    _check_free(graph, catalogue, frame, context)
    reaching = [
        _around(graph, a)
        for node in graph.walk(frame, loose=True)
        if (a := scopes.reach(graph, catalogue, node)) and a.key and (a.key.provider, a.context) == (frame, context)
    ]
    if not reaching:
        raise RefusedError("refused", f"nobody reaches {context}: it could go anywhere, or away")
    shared = [f for f in reaching[0] if all(f in frames for frames in reaching)]
    if shared[0] == frame:
        raise RefusedError("unchanged", f"{graph.nodes[frame].title} is the smallest frame around all who reach it")
    if graph.is_loose(shared[0]) and not graph.is_loose(frame):
        raise RefusedError("refused", f"all who reach {context} are parked: wire them in first")
    return _moved(graph, frame, shared[0], context)


def reaches_other(graph: Graph, catalogue: Catalogue, frame: str, outer: str, context: str) -> str | None:
    """Why `context`, declared on `outer` instead of `frame` inside it, would mean something else to somebody."""
    if context in graph.nodes[outer].contexts:
        return f"{graph.nodes[outer].title} already provides a context {context!r}: rename one of them"
    inside, around = set(graph.walk(frame, loose=True)), set(graph.walk(outer, loose=True))
    for node in sorted(around - inside):
        found = scopes.reach(graph, catalogue, node)
        if found and found.context == context and (not found.key or found.key.provider not in around):
            return f"{graph.nodes[node].title} outside reaches another context {context!r}: rename one of them"
    return None


def _around(graph: Graph, access: Access) -> list[str]:
    """The frames that could provide what a node reaches, innermost first."""
    return [*([access.node] if access.role == "sample" else []), *graph.ancestors(access.node)]


def _check_free(graph: Graph, catalogue: Catalogue, frame: str, context: str) -> None:
    if told := scopes.told(graph, catalogue, frame, context):
        title = graph.nodes[frame].title
        raise RefusedError("refused", f"{title} itself gives {context}.{told[0]} its value: it stays there")


def _moved(graph: Graph, old: str, new: str, context: str) -> Edit:
    with Plan(graph) as plan:
        contexts = graph.nodes[old].contexts
        entries = contexts[context]
        plan.do(SetContexts(old, {name: e for name, e in contexts.items() if name != context}))
        plan.do(SetContexts(new, {**graph.nodes[new].contexts, context: entries}))
        return plan.edit
