"""The layout: what must hold for every tree, and that following edits gives what arranging afresh gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import edits
from engine.document.arrange import Arrangement
from engine.document.boxes import LEAF, Box
from engine.document.document import new_graph
from engine.document.edits import EditError, Fold, Insert
from engine.document.flow import wires
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, View
from engine.document.touched import touched_by
from nodes import CATALOGUE
from tests.strategies import edits_of, graphs, ids


def wide(node: str) -> float:
    return 90.0 + 10 * (len(node) % 5)


def arranged(graph: Graph) -> Arrangement:
    return Arrangement(graph, CATALOGUE, wide)


def row(kind: str, count: int, frame: str = "f") -> Graph:
    graph = new_graph()
    run = tuple(Tree(Node(f"n{i}", "ReLU")) for i in range(count))
    edits.apply(graph, Insert(Place("root", 0), (Tree(Node(frame, kind), children=run),)))
    return graph


def shown(arrangement: Arrangement) -> list[str]:
    """The frames whose insides are visible."""
    graph, found = arrangement.graph, []
    stack = [graph.root, *(n for s in graph.segments(CANVAS) for n in s)]
    while stack:
        node = stack.pop()
        if arrangement.boxes[node].inside is not None:
            found.append(node)
            stack += [*arrangement.shown(node), *(n for s in graph.segments(node) for n in s)]
    return found


def visible(arrangement: Arrangement) -> dict[str, Box]:
    """The boxes that are shown: positions in a closed frame mean nothing until it opens."""
    graph = arrangement.graph
    held = [n for frame in shown(arrangement) for n in arrangement.shown(frame)]
    parked = [n for frame in (*shown(arrangement), CANVAS) for s in graph.segments(frame) for n in s]
    return {node: arrangement.boxes[node] for node in (graph.root, *held, *parked)}


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@given(graphs())
def test_nodes_stand_in_their_frame_below_its_header_and_apart(graph: Graph) -> None:
    arrangement = arranged(graph)
    for frame in shown(arrangement):
        box = arrangement.boxes[frame]
        assert box.inside
        held = [*arrangement.shown(frame), *(n for s in graph.segments(frame) for n in s)]
        boxes = [arrangement.boxes[n] for n in held]
        for one in boxes:
            assert one.x > 0
            assert one.y >= box.inside.header
            assert one.x + one.width < box.width
            assert one.y + one.height < box.height
            assert 0 < one.line < one.height
        assert not any(overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])


@given(graphs())
def test_every_wire_has_a_route_between_its_ports(graph: Graph) -> None:
    arrangement = arranged(graph)
    for frame in shown(arrangement):
        routes = arrangement.routes(frame)
        drawn = [r.wire for r in routes if r.wire]
        hidden = arrangement.hidden
        assert set(drawn) >= {w for w in wires(graph, CATALOGUE, frame) if w.end[0] not in hidden}
        assert len(set(drawn)) == len(drawn)
        for route in routes:
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(route.points, route.points[1:], strict=False))
            if route.wire is None:
                continue
            for (node, side), point in ((route.wire.start, route.points[0]), (route.wire.end, route.points[-1])):
                box = arrangement.boxes[hidden.get(node, node)]
                if node != frame:
                    assert point == pytest.approx((box.x + (box.width if side == "out" else 0), box.y + box.line))
                elif side == "in":
                    assert point == pytest.approx((0, box.line))


@given(graphs(), st.data())
def test_following_edits_gives_what_arranging_afresh_gives(graph: Graph, data: st.DataObject) -> None:
    arrangement = arranged(graph)
    fresh = ids("m")
    for _ in range(2):
        edit = data.draw(edits_of(graph, fresh))
        try:
            inverse = edits.apply(graph, edit)
        except EditError:
            continue
        arrangement.update(touched_by(edit, inverse))
        assert visible(arrangement) == visible(arranged(graph))
    for frame in shown(arrangement):
        assert arrangement.routes(frame) == arranged(graph).routes(frame)


def test_neighbours_stand_on_one_line_and_wires_are_straight() -> None:
    arrangement = arranged(row("Chain", 3))
    lines = {round(arrangement.corner(n)[1] + arrangement.boxes[n].line, 6) for n in ("root", "f", "n0", "n1", "n2")}
    assert len(lines) == 1
    assert all(len(route.points) == 2 for route in arrangement.routes("f"))


def test_long_sequences_wrap_to_a_block() -> None:
    arrangement = arranged(row("Chain", 60))
    box = arrangement.boxes["f"]
    assert 0.8 < box.width / box.height < 3.2
    assert box.inside
    assert len(box.inside.rows) > 2
    lefts = [arrangement.boxes[f"n{i}"].x for i in box.inside.rows]
    assert len(set(lefts)) == 1


def test_branches_stand_below_each_other_from_one_left_edge() -> None:
    arrangement = arranged(row("Sum", 4))
    boxes = [arrangement.boxes[f"n{i}"] for i in range(4)]
    assert len({b.x for b in boxes}) == 1
    assert [b.y for b in boxes] == sorted(b.y for b in boxes)


@pytest.mark.parametrize("kind", ["Residual", "Passthrough"])
def test_the_skip_runs_above_the_children(kind: str) -> None:
    arrangement = arranged(row(kind, 3))
    [skip] = [r for r in arrangement.routes("f") if r.wire is None]
    top = min(y for _, y in skip.points)
    box = arrangement.boxes["f"]
    assert box.inside
    assert box.inside.header < top < arrangement.boxes["n0"].y


def test_a_closed_frame_is_as_high_as_a_leaf() -> None:
    graph = row("Chain", 5)
    edits.apply(graph, Fold("f", True))
    box = arranged(graph).boxes["f"]
    assert (box.height, box.inside) == (LEAF, None)


def test_parked_segments_stand_where_they_were_put_but_never_under_the_root() -> None:
    graph = row("Chain", 3)
    root = arranged(graph).boxes["root"]
    for index, (name, place) in enumerate({"far": (2000.0, 50.0), "under": (60.0, 40.0), "nowhere": None}.items()):
        tree = Tree(Node(name, "ReLU"), View(position=place))
        edits.apply(graph, Insert(Place(CANVAS, 0, index, new=True), (tree,)))
    boxes = arranged(graph).boxes
    assert (boxes["far"].x, boxes["far"].y) == (2000.0, 50.0)
    assert boxes["under"].y > root.height
    assert boxes["nowhere"].y > boxes["under"].y + boxes["under"].height
