"""Two ways to carry a value past other nodes: a skip of a Residual or Sum, or a context. Each becomes the other.

Neither changes the result by a bit: the sum adds the same two values.
"""

import ast

from msgspec import Struct

from engine.document import expressions, offers, returns, scopes
from engine.document.answers import RefusedError, answering
from engine.document.document import new_tree
from engine.document.edits import Edit, SetContexts, SetName
from engine.document.graph import Graph, Place
from engine.document.kinds import Catalogue
from engine.document.plan import Plan
from engine.document.scopes import Key
from engine.document.sources import ListSource, UnsetSource


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
    """A key that is kept and summed in again later becomes a Residual around what lies between.

    It is kept once and read once, or a list: pushed (`append`) and popped (`pop`) as often, as the skips of a U-Net
    are, which become Residuals within Residuals. Plain Chains that a skip leads out of go away. So do the key, its
    context when nothing else is in it, and a Chain that would hold nothing else.
    """
    skips = _skips_of(graph, catalogue, key)
    frame = skips.frame
    with Plan(graph) as plan:
        for chain in skips.chains:
            for segment in list(graph.segments(chain)):
                plan.park(list(segment), frame)
            plan.move(list(graph.children[chain]), graph.place_of(chain))
            plan.remove([chain])
        residual = ""
        for writer, total in skips.pairs:
            children = graph.children[frame]
            first, last = children.index(writer), children.index(total)
            between = children[first + 1 : last]
            [residual] = plan.insert(Place(frame, first), (new_tree(graph, catalogue, "Residual"),))
            if between:
                plan.move(between, Place(residual, 0))
            for node in (writer, total):
                plan.remove([node])
        contexts = graph.nodes[key.provider].contexts
        entries = {name: source for name, source in contexts[key.context].items() if name != key.key}
        rest = {c: e for c, e in contexts.items() if c != key.context}
        plan.do(SetContexts(key.provider, rest | {key.context: entries} if entries else rest))
        whole = graph.children[frame] == [residual] and not graph.segments(frame)
        if whole and frame != graph.root and offers.is_plain_chain(graph, catalogue, frame):
            if graph.nodes[frame].name:
                plan.do(SetName(residual, graph.nodes[frame].name))
            plan.move([residual], graph.place_of(frame))
            plan.remove([frame])
        return plan.edit


class _Skips(Struct):
    """The skips that go by one key: the frame that they are in, the Chains in it that they lead out of, and for each of
    them the SetContext and the Sum that adds what was kept, those within others first."""

    frame: str
    chains: list[str]
    pairs: list[tuple[str, str]]


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


def _skips_of(graph: Graph, catalogue: Catalogue, key: Key) -> _Skips:
    """What goes by a key, where all of it stands as skips do. Refuses everything else."""
    links = scopes.links(graph, catalogue).get(key)
    writers, readers = (links.writers, links.readers) if links else ([], [])
    pushed = bool(writers and readers) and _is_stack(graph, key, writers, readers)
    counts = f"{key.label} is written {len(writers)} times and read {len(readers)} times"
    if not pushed and (len(writers) != 1 or len(readers) != 1):
        raise RefusedError("refused", f"{counts}: only what is written once and read once can become a skip")
    changing = [n for n in (*writers, *readers) if graph.nodes[n].params.keys() & {"callback", "compose"}]
    if not pushed and any(graph.nodes[n].params.get(p) for n in changing for p in ("callback", "compose")):
        raise RefusedError("refused", f"{key.label} is changed by a callback or compose, so it is no plain skip")
    totals = [graph.parent(reader) or "" for reader in readers]
    around = [graph.ancestors(node) for node in (*writers, *totals) if node]
    frame = next((f for f in around[0] if all(f in others for others in around)), "")
    line, chains = _line(graph, catalogue, frame, {*writers, *totals}) if frame else ([], [])
    apart = any(node not in line for node in (*writers, *totals))
    if apart or not all(_adds(graph, catalogue, *each) for each in zip(totals, readers, strict=True)):
        raise RefusedError(
            "refused",
            f"{key.label} must be kept and then summed with what comes in, one after the other, in one frame or in "
            "plain Chains of it, to become a skip",
        )
    kept: list[str] = []
    pairs: list[tuple[str, str]] = []
    for node in line:
        if node in writers:
            kept.append(node)
        elif node in totals:
            if not kept:
                raise RefusedError("refused", f"{key.label} is read before it is written: it is no skip")
            pairs.append((kept.pop(), node))
    if kept:
        raise RefusedError("refused", f"{counts}: what is pushed and not popped is no skip")
    ends = [line.index(node) for node in (*writers, *totals)]
    if any(_returns(graph, catalogue, node, frame) for node in line[min(ends) : max(ends)]):
        raise RefusedError("refused", f"{key.label} can't become a skip: the Return within would end that alone")
    return _Skips(frame, chains, pairs)


def _line(graph: Graph, catalogue: Catalogue, frame: str, ends: set[str]) -> tuple[list[str], list[str]]:
    """What runs in a frame, one after the other, with what is in plain Chains that hold some of `ends`; and these."""
    if scopes.role_of(graph, catalogue, frame) not in ("chain", "residual", "passthrough"):
        return [], []
    line: list[str] = []
    chains: list[str] = []
    for child in graph.children[frame]:
        held = child not in ends and any(child in graph.ancestors(end) for end in ends)
        if held and _dissolves(graph, catalogue, child):
            below, within = _line(graph, catalogue, child, ends)
            line += below
            chains += [*within, child]
            continue
        line.append(child)
    return line, chains


def _dissolves(graph: Graph, catalogue: Catalogue, frame: str) -> bool:
    """Whether what is in a frame runs as it did where the frame stands; a Return would end another one."""
    node = graph.nodes[frame]
    plain = offers.is_plain_chain(graph, catalogue, frame) and not (node.mode or node.weights)
    return plain and not _returns(graph, catalogue, frame, frame)


def _returns(graph: Graph, catalogue: Catalogue, node: str, frame: str) -> bool:
    """Whether a node is or holds a Return that ends this frame."""
    found = (n for n in graph.walk(node) if scopes.role_of(graph, catalogue, n) == "return")
    return any(returns.ends(graph, catalogue, n) == frame for n in found)


def _adds(graph: Graph, catalogue: Catalogue, total: str, reader: str) -> bool:
    """Whether a frame is a Sum of what comes in and of what a UseContext reads, both of which run."""
    if scopes.role_of(graph, catalogue, total) != "sum" or graph.segments(total) or graph.nodes[total].contexts:
        return False
    beside = [graph.nodes[n].kind for n in graph.children[total] if n != reader]
    return beside == ["Identity"] and not any(graph.nodes[n].mode for n in (total, *graph.children[total]))


def _is_stack(graph: Graph, key: Key, writers: list[str], readers: list[str]) -> bool:
    """Whether a key starts as a list, and is pushed to and popped from, and nothing else."""
    source = graph.nodes[key.provider].contexts.get(key.context, {}).get(key.key)
    pushes = (_calls(graph.nodes[node].params.get("callback"), "append", 1) for node in writers)
    pops = (_calls(graph.nodes[node].params.get("compose"), "pop", 0) for node in readers)
    return isinstance(source, ListSource) and all(pushes) and all(pops)


def _calls(source: object, method: str, count: int) -> bool:
    """Whether a function calls this method of its first argument with its others, `count` of them, and nothing else."""
    try:
        found = expressions.parse(str(source or ""))
    except expressions.ExpressionError:
        return False
    if len(found.named) != count + 1 or found.defaults or found.named != found.parameters:
        return False
    first, *rest = found.named
    plain = expressions.parse(f"lambda {', '.join(found.named)}: {first}.{method}({', '.join(rest)})")
    return ast.dump(found.body) == ast.dump(plain.body)
