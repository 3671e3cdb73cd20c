"""The laws of gestures: what dragging, dropping and cutting mean as edits of the tree.

Every function answers with one `Edit`, or with a `Refusal` that says why not and offers what could be done instead.
Nothing here changes the graph; the caller applies the edit.
"""

from engine.document import flow, offers
from engine.document.answers import RefusedError, answering
from engine.document.document import new_tree
from engine.document.edits import Edit
from engine.document.flow import Port, Wire
from engine.document.graph import CANVAS, Graph, Place, Tree
from engine.document.kinds import Catalogue
from engine.document.offers import Offer
from engine.document.plan import Plan, Position, runs


@answering
def connect(graph: Graph, catalogue: Catalogue, start: Port, end: Port) -> Edit:
    """A wire drawn from `start` to `end`.

    `start` is a node's outlet, or `(frame, "in")` for the frame's inlet seen from inside; `end` is a node's inlet, or
    `(frame, "out")` for the frame's outlet seen from inside. In the same frame, the end comes right after the start,
    with what follows it if it was loose; what the new wire passes over becomes a loose segment.
    """
    with Plan(graph) as plan:
        if (graph.root, "out") == start or (graph.root, "in") == end:
            raise RefusedError("refused", "the root stands alone: wire what is inside it")
        if start[1] == "in" and end[1] == "out":
            _connect_through(plan, catalogue, start[0], end[0])
        elif start[1] == "in":
            _connect_inlet(plan, catalogue, start[0], end[0])
        elif end[1] == "out":
            _connect_outlet(plan, catalogue, start[0], end[0])
        else:
            _connect_nodes(plan, catalogue, start[0], end[0])
        return plan.edit


@answering
def cut(graph: Graph, catalogue: Catalogue, wire: Wire) -> Edit:
    """A wire cut: what lies after it becomes loose. In front of the outlet that is the last node."""
    with Plan(graph) as plan:
        _cut(plan, catalogue, wire)
        return plan.edit


@answering
def cut_all(graph: Graph, catalogue: Catalogue, wires: list[Wire]) -> Edit:
    """Several wires cut, in this order; one that an earlier cut has taken away is passed over."""
    with Plan(graph) as plan:
        for wire in wires:
            if _stands(graph, catalogue, wire):
                _cut(plan, catalogue, wire)
        return plan.edit


@answering
def insert_on(graph: Graph, catalogue: Catalogue, wire: Wire, trees: tuple[Tree, ...]) -> Edit:
    """New nodes dropped on a wire: spliced in. On a branch's wire they form a Chain with the branch."""
    with Plan(graph) as plan:
        frame = _frame_of(graph, wire)
        _put_on(plan, catalogue, wire, plan.insert_parked(frame, trees))
        return plan.edit


@answering
def continue_with(graph: Graph, catalogue: Catalogue, port: Port, trees: tuple[Tree, ...]) -> Edit:
    """New nodes at the end of a wire drawn from a node's outlet, or from a frame's inlet seen from inside."""
    with Plan(graph) as plan:
        node, side = port
        if side == "in":
            run = plan.insert_parked(node, trees)
            if flow.is_branching(graph, catalogue, node):
                _add_branch(plan, catalogue, node, run)
            else:
                plan.move(run, Place(node, 0))
        elif node == graph.root:
            raise RefusedError("refused", "the root stands alone: wire what is inside it")
        else:
            _follow(plan, catalogue, node, plan.insert_parked(graph.parents[node], trees))
        return plan.edit


@answering
def insert_into(graph: Graph, catalogue: Catalogue, frame: str, index: int, trees: tuple[Tree, ...]) -> Edit:
    """New nodes dropped among a frame's children."""
    del catalogue
    with Plan(graph) as plan:
        plan.insert(Place(frame, index), trees)
        return plan.edit


@answering
def park_new(graph: Graph, frame: str, trees: tuple[Tree, ...], position: Position | None = None) -> Edit:
    """New nodes dropped on the canvas (`CANVAS`, at `position`) or on a frame's shelf: a loose segment."""
    with Plan(graph) as plan:
        plan.insert_parked(frame, trees, position)
        return plan.edit


@answering
def splice(graph: Graph, catalogue: Catalogue, nodes: list[str], wire: Wire) -> Edit:
    """Nodes dragged onto a wire: they come in between, in order."""
    with Plan(graph) as plan:
        if wire.start[0] in nodes or wire.end[0] in nodes:
            raise RefusedError("unchanged", f"{graph.nodes[nodes[0]].title} is already on this wire")
        _put_on(plan, catalogue, wire, _gather(plan, nodes, _frame_of(graph, wire)))
        return plan.edit


@answering
def move_to(graph: Graph, catalogue: Catalogue, nodes: list[str], frame: str, index: int) -> Edit:
    """Nodes dragged to a place among a frame's children; `index` counts with the nodes where they are."""
    del catalogue
    with Plan(graph) as plan:
        before = graph.children[frame][:index]
        anchor = next((n for n in graph.children[frame][index:] if n not in nodes), None)
        found = runs(graph, nodes)
        stays = len(found) == 1 and graph.children[frame][len(before) - len(found[0]) : index] == found[0]
        if stays or (len(found) == 1 and graph.children[frame][index : index + len(found[0])] == found[0]):
            raise RefusedError("unchanged", f"{graph.nodes[nodes[0]].title} is already there")
        run = _gather(plan, nodes, frame)
        children = graph.children[frame]
        plan.move(run, Place(frame, children.index(anchor) if anchor else len(children)))
        return plan.edit


@answering
def park(graph: Graph, catalogue: Catalogue, nodes: list[str], frame: str, position: Position | None = None) -> Edit:
    """Nodes dragged onto the canvas (`CANVAS`, at `position`) or a frame's shelf: out of the run, kept as segments."""
    del catalogue
    with Plan(graph) as plan:
        _check_outside(graph, nodes, frame)
        for number, run in enumerate(runs(graph, nodes)):
            place = graph.place_of(run[0])
            there = (position[0], position[1] + 80 * number) if position else None
            if place.frame == frame and place.segment is not None and graph.slot(place) == run:
                if frame != CANVAS or there == graph.view(run[0]).position:
                    raise RefusedError("unchanged", f"{graph.nodes[run[0]].title} is already parked here")
                plan.put(run, there)
            else:
                plan.park(run, frame, there)
        if not runs(graph, nodes):
            raise RefusedError("refused", "the root stays where it is")
        return plan.edit


@answering
def delete(graph: Graph, catalogue: Catalogue, nodes: list[str]) -> Edit:
    """Nodes deleted with all inside them; the neighbours of each close up."""
    del catalogue
    with Plan(graph) as plan:
        found = runs(graph, nodes)
        if not found:
            raise RefusedError("refused", "the root stays; delete what is in it")
        for run in found:
            plan.remove(run)
        return plan.edit


def _connect_through(plan: Plan, catalogue: Catalogue, start: str, end: str) -> None:
    graph = plan.graph
    if start != end:
        raise RefusedError("crosses-frames", "an inlet and an outlet of different frames can't be joined")
    if not graph.children[start]:
        raise RefusedError("unchanged", f"{graph.nodes[start].title} already passes its input on")
    if flow.is_branching(graph, catalogue, start):
        identity = Offer("Add an Identity branch", offers.identity_branch(graph, catalogue, start))
        raise RefusedError("refused", f"every branch of a {graph.nodes[start].kind} needs a node", (identity,))
    plan.park(list(graph.children[start]), start)


def _connect_inlet(plan: Plan, catalogue: Catalogue, frame: str, node: str) -> None:
    graph = plan.graph
    _check_outside(graph, [node], frame)
    place = graph.place_of(node)
    if place.frame not in (frame, CANVAS):
        raise RefusedError(
            "crosses-frames", _across(graph, frame, node), offers.across_frames(graph, catalogue, None, node)
        )
    if place.segment is None:
        if place.index == 0 or flow.is_branching(graph, catalogue, frame):
            raise RefusedError(
                "unchanged", f"{graph.nodes[node].title} already receives the input of {graph.nodes[frame].title}"
            )
        plan.park(graph.children[frame][: place.index], frame)
        return
    run = graph.slot(place)[place.index :]
    if flow.is_branching(graph, catalogue, frame):
        _add_branch(plan, catalogue, frame, run)
    else:
        plan.move(run, Place(frame, 0))


def _connect_outlet(plan: Plan, catalogue: Catalogue, node: str, frame: str) -> None:
    graph = plan.graph
    _check_outside(graph, [node], frame)
    place = graph.place_of(node)
    if place.frame not in (frame, CANVAS):
        raise RefusedError(
            "crosses-frames", _across(graph, node, frame), offers.across_frames(graph, catalogue, node, None)
        )
    if place.segment is None:
        after = graph.children[frame][place.index + 1 :]
        if not after or flow.is_branching(graph, catalogue, frame):
            raise RefusedError(
                "unchanged", f"{graph.nodes[node].title} already leads to the outlet of {graph.nodes[frame].title}"
            )
        plan.park(after, frame)
        return
    run = graph.slot(place)[: place.index + 1]
    if flow.is_branching(graph, catalogue, frame):
        _add_branch(plan, catalogue, frame, run)
    else:
        plan.move(run, Place(frame, len(graph.children[frame])))


def _connect_nodes(plan: Plan, catalogue: Catalogue, a: str, b: str) -> None:
    graph = plan.graph
    if a == b:
        raise RefusedError("cycle", f"{graph.nodes[a].title} can't feed itself: that would close a cycle")
    if a in graph.ancestors(b) or b in graph.ancestors(a):
        raise RefusedError(
            "refused",
            f"{_both(graph, a, b)} stand one inside the other: wire to the frame's inner ports",
        )
    start, end = graph.place_of(a), graph.place_of(b)
    if start.frame != end.frame and not (start.frame == CANVAS or end.frame == CANVAS):
        if flow.would_cycle(graph, catalogue, a, b):
            raise RefusedError("cycle", _cycle(graph, a, b), (offers.move_after(graph, catalogue, b, a),))
        raise RefusedError("crosses-frames", _across(graph, a, b), offers.across_frames(graph, catalogue, a, b))
    if (start.frame, start.segment) == (end.frame, end.segment):
        _connect_in_slot(plan, catalogue, a, b)
    elif end.segment is not None:
        run = graph.slot(end)[end.index :]
        if start.segment is None:
            _follow(plan, catalogue, a, run)
        else:
            rest = graph.slot(start)[start.index + 1 :]
            if rest:
                plan.park(rest, start.frame, _beside(graph, start))
            start = graph.place_of(a)
            plan.move(run, Place(start.frame, start.index + 1, start.segment))
    else:
        _lead(plan, catalogue, graph.slot(start)[: start.index + 1], b)


def _connect_in_slot(plan: Plan, catalogue: Catalogue, a: str, b: str) -> None:
    graph = plan.graph
    start, end = graph.place_of(a), graph.place_of(b)
    if start.segment is None and flow.is_branching(graph, catalogue, start.frame):
        raise RefusedError(
            "second-input",
            f"{_both(graph, a, b)} are branches of one {graph.nodes[start.frame].kind}: "
            f"{graph.nodes[b].title} already receives its input",
            offers.between_branches(graph, catalogue, a, b),
        )
    if end.index < start.index:
        raise RefusedError("cycle", _cycle(graph, a, b), (offers.move_after(graph, catalogue, b, a),))
    if end.index == start.index + 1:
        raise RefusedError("unchanged", f"{graph.nodes[a].title} already feeds {graph.nodes[b].title}")
    plan.park(graph.slot(start)[start.index + 1 : end.index], start.frame, _beside(graph, start))


def _cut(plan: Plan, catalogue: Catalogue, wire: Wire) -> None:
    graph = plan.graph
    frame = _frame_of(graph, wire)
    inside, outside = wire.start[1] == "out", wire.end[1] == "in"
    if not inside and not outside:
        raise RefusedError("refused", "the wire of an empty frame can't be cut")
    node = wire.end[0] if outside else wire.start[0]
    place = graph.place_of(node)
    if place.segment is None and flow.is_branching(graph, catalogue, frame):
        run = [node]
    else:
        run = graph.slot(place)[place.index :]
    plan.park(run, frame, _beside(graph, place))


def _stands(graph: Graph, catalogue: Catalogue, wire: Wire) -> bool:
    """Whether a wire is there, of what runs or of a loose segment."""
    (start, out), (end, into) = wire.start, wire.end
    if out == "out" and into == "in":
        one, other = graph.place_of(start), graph.place_of(end)
        follows = (one.frame, one.segment, one.index + 1) == (other.frame, other.segment, other.index)
        return follows and (one.segment is not None or not flow.is_branching(graph, catalogue, one.frame))
    return wire in flow.wires(graph, catalogue, start if out == "in" else end)


def _put_on(plan: Plan, catalogue: Catalogue, wire: Wire, run: list[str]) -> None:
    """Move a run that stands elsewhere onto a wire."""
    graph = plan.graph
    frame = _frame_of(graph, wire)
    if wire.start[1] == "in" and wire.end[1] == "out":
        if flow.is_branching(graph, catalogue, frame):
            _add_branch(plan, catalogue, frame, run)
        else:
            plan.move(run, Place(frame, 0))
    elif wire.end[1] == "in":
        _lead(plan, catalogue, run, wire.end[0])
    else:
        _follow(plan, catalogue, wire.start[0], run)


def _follow(plan: Plan, catalogue: Catalogue, node: str, run: list[str]) -> None:
    """Put a run right after `node`; a branch becomes a Chain of both."""
    place = plan.graph.place_of(node)
    if place.segment is None and flow.is_branching(plan.graph, catalogue, place.frame):
        chain = offers.chain_around(plan, catalogue, node)
        plan.move(run, Place(chain, len(plan.graph.children[chain])))
    else:
        plan.move(run, Place(place.frame, place.index + 1, place.segment))


def _lead(plan: Plan, catalogue: Catalogue, run: list[str], node: str) -> None:
    """Put a run right before `node`; a branch becomes a Chain of both."""
    place = plan.graph.place_of(node)
    if place.segment is None and flow.is_branching(plan.graph, catalogue, place.frame):
        plan.move(run, Place(offers.chain_around(plan, catalogue, node), 0))
    else:
        plan.move(run, place)


def _add_branch(plan: Plan, catalogue: Catalogue, frame: str, run: list[str]) -> None:
    """Make a run the last branch of a frame; several nodes become a Chain."""
    index = len(plan.graph.children[frame])
    if len(run) > 1:
        [chain] = plan.insert(Place(frame, index), (new_tree(plan.graph, catalogue, "Chain"),))
        plan.move(run, Place(chain, 0))
    else:
        plan.move(run, Place(frame, index))


def _gather(plan: Plan, nodes: list[str], frame: str) -> list[str]:
    """Bring nodes that stand apart together as one run, parked in `frame`."""
    graph = plan.graph
    _check_outside(graph, nodes, frame)
    found = runs(graph, nodes)
    if not found:
        raise RefusedError("refused", "the root stays where it is")
    first = found[0]
    if len(found) > 1:
        plan.park(first, frame)
        for run in found[1:]:
            place = graph.place_of(first[-1])
            plan.move(run, Place(place.frame, place.index + 1, place.segment))
            first = first + run
    return first


def _check_outside(graph: Graph, nodes: list[str], frame: str) -> None:
    """Refuse to put nodes into themselves."""
    around = {frame, *(graph.ancestors(frame) if frame != CANVAS else ())}
    for node in nodes:
        if node in around:
            raise RefusedError("into-itself", f"{graph.nodes[node].title} can't be put inside itself")


def _frame_of(graph: Graph, wire: Wire) -> str:
    """The frame that a wire runs in; CANVAS for one of a segment parked there."""
    if wire.start[1] == "in":
        return wire.start[0]
    if wire.end[1] == "out":
        return wire.end[0]
    return graph.parents[wire.end[0]]


def _beside(graph: Graph, place: Place) -> Position | None:
    """Where a piece split off a segment on the canvas goes: a little below its head."""
    if place.frame != CANVAS:
        return None
    position = graph.view(graph.slot(place)[0]).position
    return (position[0], position[1] + 80) if position else None


def _cycle(graph: Graph, a: str, b: str) -> str:
    return f"{graph.nodes[b].title} runs before {graph.nodes[a].title}: the wire would close a cycle"


def _across(graph: Graph, a: str, b: str) -> str:
    return f"{_both(graph, a, b)} are in different frames: a wire can't cross a frame's edge"


def _both(graph: Graph, a: str, b: str) -> str:
    return f"{graph.nodes[a].title} and {graph.nodes[b].title}"
