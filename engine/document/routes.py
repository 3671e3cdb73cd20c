"""Two ways to carry a value past other nodes: a skip of a Residual or Sum, or a context. Each becomes the other.

Neither changes the result by a bit: the sum adds the same two values.
"""

from msgspec import Struct

from engine.document import offers, scopes
from engine.document.answers import RefusedError, answering
from engine.document.document import new_tree
from engine.document.edits import Edit, SetContexts, SetName
from engine.document.graph import Graph, Place
from engine.document.kinds import Catalogue
from engine.document.plan import Plan
from engine.document.scopes import Key
from engine.document.sources import UnsetSource


@answering
def through_context(graph: Graph, catalogue: Catalogue, frame: str) -> Edit:
    """A Residual, or a Sum of an Identity and another branch, becomes a Chain that keeps its input in a context.

    A SetContext in front keeps the value, a UseContext summed in behind adds it. The nearest provider around declares
    the key; without one, the Chain does.
    """
    if frame == graph.root:
        raise RefusedError("refused", "the root stays what it is")
    title = graph.nodes[frame].title
    if any(graph.nodes[node].mode for node in (frame, *graph.children.get(frame, ()))):
        raise RefusedError("refused", f"of {title} not all runs now: have everything in it run first")
    if any(graph.nodes[node].kind == "Return" for node in graph.walk(frame)):
        raise RefusedError("refused", f"{title} can't become a Chain: the Return in it would end that")
    with Plan(graph) as plan:
        branch = _passed_by(graph, catalogue, frame)
        node, place = graph.nodes[frame], graph.place_of(frame)
        [chain] = plan.insert(place, (new_tree(graph, catalogue, "Chain"),))
        if node.name:
            plan.do(SetName(chain, node.name))
        if graph.children[frame] and branch is None:
            plan.move(list(graph.children[frame]), Place(chain, 0))
        elif branch is not None:
            plan.move([branch], Place(chain, 0))
            if offers.is_plain_chain(graph, catalogue, branch) and not graph.segments(branch):
                plan.move(list(graph.children[branch]), Place(chain, 0))
                plan.remove([branch])
        for segment in list(graph.segments(frame)):
            plan.park(list(segment), chain)
        declared = dict(node.contexts)
        plan.remove([frame])
        if declared:
            plan.do(SetContexts(chain, declared))
        provider = next((f for f in graph.ancestors(chain) if graph.nodes[f].contexts), chain)
        key = _declare(plan, provider, chain)
        params = {"context": key.context, "key": key.key}
        plan.insert(Place(chain, 0), (new_tree(graph, catalogue, "SetContext", **params),))
        total = plan.insert(Place(chain, len(graph.children[chain])), (new_tree(graph, catalogue, "Sum"),))[0]
        read = new_tree(graph, catalogue, "UseContext", **params)
        plan.insert(Place(total, 0), (new_tree(graph, catalogue, "Identity"), read))
        return plan.edit


@answering
def inline_context(graph: Graph, catalogue: Catalogue, key: Key) -> Edit:
    """A key that is kept once and summed in once, later in the same frame, becomes a Residual around what lies between.

    The key, and its context when nothing else is in it, goes away; so does a Chain that would hold nothing else.
    """
    skip = _skip_of(graph, catalogue, key)
    with Plan(graph) as plan:
        children = graph.children[skip.frame]
        first, last = children.index(skip.writer), children.index(skip.total)
        between = children[first + 1 : last]
        [residual] = plan.insert(Place(skip.frame, first), (new_tree(graph, catalogue, "Residual"),))
        if between:
            plan.move(between, Place(residual, 0))
        for node in (skip.writer, skip.total):
            plan.remove([node])
        contexts = graph.nodes[key.provider].contexts
        entries = {name: source for name, source in contexts[key.context].items() if name != key.key}
        rest = {c: e for c, e in contexts.items() if c != key.context}
        plan.do(SetContexts(key.provider, rest | {key.context: entries} if entries else rest))
        frame = graph.nodes[skip.frame]
        whole = graph.children[skip.frame] == [residual] and not graph.segments(skip.frame)
        if whole and skip.frame != graph.root and offers.is_plain_chain(graph, catalogue, skip.frame):
            if frame.name:
                plan.do(SetName(residual, frame.name))
            plan.move([residual], graph.place_of(skip.frame))
            plan.remove([skip.frame])
        return plan.edit


class _Skip(Struct):
    """Where a key is kept, and the Sum that adds it, both children of one frame."""

    frame: str
    writer: str
    total: str


def _passed_by(graph: Graph, catalogue: Catalogue, frame: str) -> str | None:
    """The branch beside the Identity of a Sum; None for a Residual. Refuses everything else."""
    title = graph.nodes[frame].title
    role = scopes.role_of(graph, catalogue, frame)
    if role == "residual":
        return None
    if role == "sum":
        children = graph.children[frame]
        plain = [n for n in children if graph.nodes[n].kind == "Identity"]
        if len(children) == 2 and len(plain) == 1:
            return next(n for n in children if n != plain[0])
    raise RefusedError("refused", f"{title} has no skip: choose a Residual, or a Sum of an Identity and another branch")


def _declare(plan: Plan, provider: str, frame: str) -> Key:
    """Declare an unset key for the skip of `frame`, where everybody in it reaches it."""
    graph = plan.graph
    contexts = graph.nodes[provider].contexts
    visible = (c for c in contexts if c == "skips" or scopes.provider_of(graph, frame, c) == provider)
    hidden = {c for f in graph.ancestors(frame) for c in graph.nodes[f].contexts} - set(contexts)
    context = next((c for c in visible), "")
    if not context:
        context = next(c for c in ("skips", *(f"skips_{n}" for n in range(2, len(hidden) + 3))) if c not in hidden)
    taken = contexts.get(context, {})
    key = next(k for k in ("skip", *(f"skip_{n}" for n in range(2, len(taken) + 3))) if k not in taken)
    plan.do(SetContexts(provider, {**contexts, context: {**taken, key: UnsetSource()}}))
    return Key(provider, context, key)


def _skip_of(graph: Graph, catalogue: Catalogue, key: Key) -> _Skip:
    """The one writer and the one reader of a key, where they stand as a skip does. Refuses everything else."""
    ends = scopes.links(graph, catalogue).get(key)
    writers, readers = (ends.writers, ends.readers) if ends else ([], [])
    if len(writers) != 1 or len(readers) != 1:
        raise RefusedError(
            "refused",
            f"{key.label} is written {len(writers)} times and read {len(readers)} times: only what is written once "
            "and read once can become a skip",
        )
    [writer], [reader] = writers, readers
    if graph.nodes[writer].params.get("callback") or graph.nodes[reader].params.get("compose"):
        raise RefusedError("refused", f"{key.label} is changed by a callback or compose, so it is no plain skip")
    total = graph.parent(reader)
    frame = graph.parent(writer)
    beside = [n for n in graph.children.get(total or "", []) if n != reader]
    summed = (
        total is not None
        and frame is not None
        and scopes.role_of(graph, catalogue, total) == "sum"
        and [(graph.nodes[n].kind, graph.nodes[n].mode) for n in beside] == [("Identity", "")]
        and not graph.segments(total)
    )
    sequence = frame is not None and scopes.role_of(graph, catalogue, frame) in ("chain", "residual", "passthrough")
    if not summed or not sequence or total not in graph.children[frame or ""]:
        raise RefusedError(
            "refused",
            f"{key.label} must be kept and then summed with what comes in, in one frame, to become a skip",
        )
    assert frame is not None
    assert total is not None
    if graph.children[frame].index(total) < graph.children[frame].index(writer):
        raise RefusedError("refused", f"{key.label} is read before it is written: it is no skip")
    return _Skip(frame, writer, total)
