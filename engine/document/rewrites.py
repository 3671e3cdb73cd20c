"""Commands on what is selected: wrapping and unwrapping, duplicating, replacing. Each answers with one edit.

A command never changes what it can't keep: where the tree would come to mean something else, it is refused.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from engine.document import flow, offers, scopes
from engine.document.answers import RefusedError, answering
from engine.document.document import new_tree
from engine.document.edits import Edit, SetContexts, SetName
from engine.document.graph import CANVAS, Graph, Place, Tree
from engine.document.ids import new_ids
from engine.document.kinds import BRANCHES, Catalogue, NodeKind, ParamValue, complaint
from engine.document.offers import Offer
from engine.document.plan import Plan, runs
from engine.document.providers import reaches_other


@answering
def wrap(graph: Graph, catalogue: Catalogue, nodes: list[str], kind: str) -> Edit:
    """Put neighbours into a new frame in their place. A run of several becomes one branch of a branching frame."""
    with Plan(graph) as plan:
        _wrap(plan, catalogue, nodes, kind)
        return plan.edit


def _wrap(plan: Plan, catalogue: Catalogue, nodes: list[str], kind: str) -> str:
    graph = plan.graph
    run = _one_run(graph, nodes)
    place = graph.place_of(run[0])
    within = place.segment is None and flow.is_branching(graph, catalogue, place.frame)
    branching = catalogue[kind].role in BRANCHES
    position = graph.view(graph.slot(place)[0]).position if place.frame == CANVAS else None
    if len(run) > 1 and within and not branching:
        raise RefusedError(
            "refused",
            f"{len(run)} branches of {graph.nodes[place.frame].title} run side by side; in a {kind} they would "
            "run one after another: wrap them one by one, or in a Sum",
        )
    if len(run) > 1 and branching and not within:
        run = [offers.wrap_run(plan, catalogue, run, "Chain")]
    frame = offers.wrap_run(plan, catalogue, run, kind)
    if place.frame == CANVAS and place.index == 0:
        plan.put(run, None)
        plan.put([frame], position)
    return frame


@answering
def unwrap(graph: Graph, catalogue: Catalogue, frame: str) -> Edit:
    """Put what is in a frame into its place. What it provides moves to the frame around it."""
    with Plan(graph) as plan:
        if not graph.is_frame(frame):
            raise RefusedError("refused", f"{graph.nodes[frame].title} is a leaf: there is nothing to unwrap")
        if frame == graph.root:
            raise RefusedError("refused", "the root stays around everything")
        place, children = graph.place_of(frame), list(graph.children[frame])
        _check_meaning(graph, catalogue, frame, place)
        if graph.nodes[frame].contexts:
            _hoist_all(plan, catalogue, frame)
        position = graph.view(frame).position
        for segment in list(graph.segments(frame)):
            plan.park(list(segment), place.frame if place.frame != CANVAS else graph.root)
        if children:
            plan.move(children, graph.place_of(frame))
        plan.remove([frame])
        if place.frame == CANVAS and place.index == 0 and children:
            plan.put(children[:1], position)
        return plan.edit


@answering
def duplicate(graph: Graph, catalogue: Catalogue, nodes: list[str]) -> Edit:
    """Copies right after each run of neighbours, with initial weights of their own. Among branches, more branches."""
    del catalogue
    with Plan(graph) as plan:
        _duplicate(plan, nodes)
        return plan.edit


@answering
def duplicate_beside(graph: Graph, catalogue: Catalogue, nodes: list[str]) -> Edit:
    """Copies that are given the same input: more branches of the frame around, or of a Sum that is put around both.

    Several neighbours in a row are one branch.
    """
    with Plan(graph) as plan:
        _duplicate(plan, branches(plan, catalogue, nodes))
        return plan.edit


def branches(plan: Plan, catalogue: Catalogue, nodes: list[str]) -> list[str]:
    """These neighbours as branches; they become one of a Sum where they are none yet."""
    graph = plan.graph
    run = _one_run(graph, nodes)
    place = graph.place_of(run[0])
    if place.segment is None and flow.is_branching(graph, catalogue, place.frame):
        return run
    return list(graph.children[_wrap(plan, catalogue, nodes, "Sum")])


def _duplicate(plan: Plan, nodes: list[str]) -> None:
    graph, ids = plan.graph, new_ids(plan.graph)
    for run in _some_runs(graph, nodes):
        place = graph.place_of(run[-1])
        copies = copied([graph.tree(node) for node in run], ids)
        if place.segment is None:
            plan.insert(Place(place.frame, place.index + 1), copies)
        else:
            at = graph.view(graph.slot(place)[0]).position
            plan.insert_parked(place.frame, copies, (at[0] + 40, at[1] + 80) if at else None)


@answering
def swap(graph: Graph, catalogue: Catalogue, node: str, kind: str) -> Edit:
    """Another kind in the place of a node: it keeps name, note, children, weights file and key, and what params fit."""
    if node == graph.root:
        raise RefusedError("refused", "the root stays a Chain")
    old, wanted = graph.nodes[node], catalogue[kind]
    if old.kind == kind:
        raise RefusedError("unchanged", f"{old.title} already is a {kind}")
    if graph.is_frame(node) != wanted.is_frame:
        wrapped = _wrapped_instead(graph, catalogue, node, kind) if wanted.is_frame else ()
        what = "has no children" if wanted.is_frame else "would lose its children"
        raise RefusedError("refused", f"{old.title} {what}, so it can't become a {kind}", wrapped)
    with Plan(graph) as plan:
        place, kept = graph.place_of(node), bool(graph.children.get(node) or graph.segments(node))
        fresh = new_tree(graph, catalogue, kind, **_fitting(catalogue.get(old.kind), wanted, old.params))
        contexts = fresh.node.contexts | old.contexts
        children = () if kept else fresh.children
        data = replace(fresh.node, name=old.name, contexts=contexts, weights=old.weights, key=old.key, mode=old.mode)
        made = Tree(data, graph.views.get(node), children)
        [new] = plan.insert(place, (made,))
        if graph.children.get(node):
            plan.move(list(graph.children[node]), Place(new, 0))
        for segment in list(graph.segments(node)):
            plan.park(list(segment), new)
        plan.remove([node])
        return plan.edit


@answering
def rename(graph: Graph, catalogue: Catalogue, node: str, name: str) -> Edit:
    """Call a node something, as its class in Fluxion; its kind's own name takes the name away."""
    del catalogue
    wanted = "" if name == graph.nodes[node].kind else name
    if wanted == graph.nodes[node].name:
        raise RefusedError("unchanged", f"it is already called {graph.nodes[node].title}")
    return SetName(node, wanted)


def copied(trees: list[Tree], ids: Iterator[str]) -> tuple[Tree, ...]:
    """Trees with new ids all through, parked where nobody sees. Weights shared among the copies stay shared, in a
    group of their own; a copy of one sharer alone has weights of its own."""
    groups: dict[str, list[str]] = {}

    def again(tree: Tree) -> Tree:
        node = replace(tree.node, id=next(ids), key=tree.node.key if tree.node.weights else "")
        if node.shared:
            groups.setdefault(node.shared, []).append(node.id)
        view = replace(tree.view, position=None) if tree.view else None
        children = None if tree.children is None else tuple(map(again, tree.children))
        return Tree(node, view, children, tuple(tuple(map(again, segment)) for segment in tree.loose))

    def settled(tree: Tree) -> Tree:
        members = groups.get(tree.node.shared, [])
        node = replace(tree.node, shared=members[0] if len(members) > 1 else "")
        children = None if tree.children is None else tuple(map(settled, tree.children))
        return Tree(node, tree.view, children, tuple(tuple(map(settled, segment)) for segment in tree.loose))

    return tuple(map(settled, list(map(again, trees))))


def _one_run(graph: Graph, nodes: list[str]) -> list[str]:
    found = _some_runs(graph, nodes)
    if len(found) > 1:
        raise RefusedError("refused", "what is selected does not stand side by side: select neighbours of one frame")
    return found[0]


def _some_runs(graph: Graph, nodes: list[str]) -> list[list[str]]:
    found = runs(graph, nodes)
    if not found:
        raise RefusedError("refused", "the root stays what it is: select something in it")
    return found


def _check_meaning(graph: Graph, catalogue: Catalogue, frame: str, place: Place) -> None:
    """Refuse to unwrap where the children would not compute in the frame's place what they compute in it."""
    kind, count = catalogue.get(graph.nodes[frame].kind), len(graph.children[frame])
    role = kind.role if kind else None
    around = scopes.role_of(graph, catalogue, place.frame) if place.frame != CANVAS else "chain"
    branching = place.segment is None and around in BRANCHES
    alone = count == 1 and role in ("chain", "sum", "concatenate")
    in_line = role == "chain" and (not branching or count == 1)
    same = role == around and role in ("sum", "concatenate") and branching
    if same and role == "concatenate":
        same = graph.nodes[frame].params == graph.nodes[place.frame].params
    title = graph.nodes[frame].title
    if graph.nodes[frame].mode:
        raise RefusedError("refused", f"{title} does not run now, and its children would: have it run first")
    if any(graph.nodes[node].kind == "Return" for node in graph.walk(frame)):
        raise RefusedError("refused", f"{title} can't be unwrapped: the Return in it ends the frame around it")
    if not (alone or in_line or same):
        reason = (
            f"{count} nodes can't be one branch of {graph.nodes[place.frame].title}"
            if role == "chain"
            else f"a {graph.nodes[frame].kind} does more than run its children in order"
        )
        raise RefusedError("refused", f"{title} can't be unwrapped: {reason}")


def _hoist_all(plan: Plan, catalogue: Catalogue, frame: str) -> None:
    """Declare on the frame around what `frame` declares, if everybody still reaches what they did."""
    graph = plan.graph
    outer, declared = graph.parent(frame), graph.nodes[frame].contexts
    title = graph.nodes[frame].title
    if outer is None:
        raise RefusedError("refused", f"{title} provides contexts and has no frame around it that could")
    for context in declared:
        if reason := reaches_other(graph, catalogue, frame, outer, context):
            raise RefusedError("refused", f"{title} can't be unwrapped: {reason}")
    plan.do(SetContexts(frame, {}))
    plan.do(SetContexts(outer, {**graph.nodes[outer].contexts, **declared}))


def _fitting(old: NodeKind | None, new: NodeKind, params: dict[str, ParamValue]) -> dict[str, ParamValue]:
    """The values that mean the same to both kinds, by the names that their constructors give them, and that fit."""
    means = {(param.argument or param.name): param.name for param in old.params} if old else {}
    given = {param.name: params.get(means.get(param.argument or param.name, param.name)) for param in new.params}
    fits = {param.name: not complaint(param, given[param.name]) for param in new.params}
    return {name: value for name, value in given.items() if value is not None and fits[name]}


def _wrapped_instead(graph: Graph, catalogue: Catalogue, node: str, kind: str) -> tuple[Offer, ...]:
    answer = wrap(graph, catalogue, [node], kind)
    return (Offer(f"Wrap it in a {kind}", answer),) if isinstance(answer, Edit) else ()
