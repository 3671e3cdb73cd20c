"""What can be done instead of a refused wire, and the small rewrites that wiring and offers share."""

from msgspec import Struct

from engine.document import flow, scopes
from engine.document.document import new_tree
from engine.document.edits import Edit, EditError, SetContexts
from engine.document.graph import Graph, Place
from engine.document.kinds import Catalogue
from engine.document.plan import Plan
from engine.document.sources import UnsetSource


class Offer(Struct, frozen=True):
    """Something that could be done instead of what was refused."""

    label: str
    edit: Edit


def skips(graph: Graph, catalogue: Catalogue, a: str, b: str) -> tuple[Offer, ...]:
    """Ways to keep what lies between `a` and `b` (both in one sequence, in this order) and pass it by as well."""
    start, end = graph.place_of(a), graph.place_of(b)
    between = graph.slot(start)[start.index + 1 : end.index]
    if (start.frame, start.segment) != (end.frame, end.segment) or not between:
        return ()
    if start.segment is None and flow.is_branching(graph, catalogue, start.frame):
        return ()
    return tuple(
        Offer(f"Wrap what lies between in a {kind}", _wrapped(graph, catalogue, between, kind))
        for kind in ("Residual", "Sum", "Concatenate")
    )


def across_frames(graph: Graph, catalogue: Catalogue, a: str | None, b: str | None) -> tuple[Offer, ...]:
    """Offers for a wire from `a` to `b` that would cross a frame's edge; None for a frame's own port."""
    if a is None or b is None:
        return ()
    found = [move_after(graph, catalogue, b, a)]
    link = context_link(graph, catalogue, a, b)
    return (*found, link) if link else tuple(found)


def between_branches(graph: Graph, catalogue: Catalogue, a: str, b: str) -> tuple[Offer, ...]:
    """Offers for a wire between two branches of one frame."""
    with Plan(graph) as plan:
        chain = chain_around(plan, catalogue, a)
        plan.move([b], Place(chain, len(graph.children[chain])))
        found = [Offer(f"Put {graph.nodes[b].title} after {graph.nodes[a].title} in one Chain", plan.edit)]
    link = context_link(graph, catalogue, a, b)
    return (*found, link) if link else tuple(found)


def move_after(graph: Graph, catalogue: Catalogue, node: str, anchor: str) -> Offer:
    """Take `node` out of where it is, to right after `anchor`."""
    with Plan(graph) as plan:
        place = graph.place_of(anchor)
        if place.segment is None and flow.is_branching(graph, catalogue, place.frame):
            chain = chain_around(plan, catalogue, anchor)
            place = Place(
                chain, graph.children[chain].index(anchor) if anchor != chain else len(graph.children[chain]) - 1
            )
        plan.move([node], Place(place.frame, place.index + 1, place.segment))
        return Offer(f"Move {graph.nodes[node].title} to right after {graph.nodes[anchor].title}", plan.edit)


def identity_branch(graph: Graph, catalogue: Catalogue, frame: str) -> Edit:
    """Add a branch that passes the input on."""
    with Plan(graph) as plan:
        plan.insert(Place(frame, len(graph.children[frame])), (new_tree(graph, catalogue, "Identity"),))
        return plan.edit


def context_link(graph: Graph, catalogue: Catalogue, a: str, b: str) -> Offer | None:
    """Carry `a`'s result to `b` by context: a SetContext after `a`, a UseContext summed in before `b`.

    The key is declared by the nearest provider around both, or by the nearest frame around both. None when `b` runs
    before `a`, or either does not run.
    """
    if not (graph.runs(a) and graph.runs(b) and flow.runs_after(graph, b, a)):
        return None
    shared = [frame for frame in graph.ancestors(a) if frame in graph.ancestors(b)]
    provider = next((frame for frame in shared if graph.nodes[frame].contexts), shared[0])
    contexts = graph.nodes[provider].contexts
    context = next(iter(sorted(contexts)), "link")
    visible = {scopes.provider_of(graph, n, context) for n in (a, b)}
    if contexts and visible != {provider}:
        return None
    stem = "".join(c if c.isalnum() else "_" for c in graph.nodes[a].title.lower())
    taken = contexts.get(context, {})
    key = next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    with Plan(graph) as plan:
        try:
            plan.do(SetContexts(provider, contexts | {context: {**taken, key: UnsetSource()}}))
            _beside(plan, catalogue, a, "SetContext", after=True, context=context, key=key)
            total = _beside(plan, catalogue, b, "Sum", after=False)
            plan.insert(
                Place(total, 0),
                (
                    new_tree(graph, catalogue, "Identity"),
                    new_tree(graph, catalogue, "UseContext", context=context, key=key),
                ),
            )
        except EditError:
            return None
        return Offer(f"Carry it by context {context}.{key}", plan.edit)


def chain_around(plan: Plan, catalogue: Catalogue, node: str) -> str:
    """The Chain a branch is, or becomes by being wrapped, so that other nodes can stand before or after it."""
    if is_plain_chain(plan.graph, catalogue, node):
        return node
    return wrap_run(plan, catalogue, [node], "Chain")


def is_plain_chain(graph: Graph, catalogue: Catalogue, node: str) -> bool:
    """Whether a node is a frame that does no more than run its children in order."""
    is_chain = graph.is_frame(node) and scopes.role_of(graph, catalogue, node) == "chain"
    return is_chain and not graph.nodes[node].contexts


def wrap_run(plan: Plan, catalogue: Catalogue, run: list[str], kind: str) -> str:
    """Put a new frame in the place of a run and the run into it; gives the frame."""
    place = plan.graph.place_of(run[0])
    [frame] = plan.insert(place, (new_tree(plan.graph, catalogue, kind),))
    plan.move(run, Place(frame, 0))
    return frame


def _wrapped(graph: Graph, catalogue: Catalogue, run: list[str], kind: str) -> Edit:
    """A run wrapped in a frame that also lets the input through."""
    with Plan(graph) as plan:
        if kind != "Residual" and len(run) > 1:
            run = [wrap_run(plan, catalogue, run, "Chain")]
        frame = wrap_run(plan, catalogue, run, kind)
        if kind != "Residual":
            plan.insert(Place(frame, 1), (new_tree(graph, catalogue, "Identity"),))
        return plan.edit


def _beside(plan: Plan, catalogue: Catalogue, node: str, kind: str, after: bool, **params: str) -> str:
    """A new node right before or after another; next to a branch, inside a Chain with it."""
    graph = plan.graph
    place = graph.place_of(node)
    if place.segment is None and flow.is_branching(graph, catalogue, place.frame):
        chain = chain_around(plan, catalogue, node)
        place = Place(chain, len(graph.children[chain]) - 1 if after else 0)
    [new] = plan.insert(
        Place(place.frame, place.index + after, place.segment), (new_tree(graph, catalogue, kind, **params),)
    )
    return new
