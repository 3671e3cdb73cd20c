"""What every graph has to be, found out from its stores alone."""

from engine.document import trees
from engine.document.graph import CANVAS, Graph


def assert_legal(graph: Graph) -> None:
    """The graph is a tree under its root, with parked segments beside it."""
    standing: dict[str, str | None] = {graph.root: None}
    for frame, run in [
        *graph.children.items(),
        *((frame, segment) for frame, segments in graph.loose.items() for segment in segments),
    ]:
        for node in run:
            assert node not in standing, f"{node} stands in two places"
            standing[node] = frame
    assert set(standing) == set(graph.nodes)
    assert all(node.id == key for key, node in graph.nodes.items())
    assert {node: frame for node, frame in standing.items() if frame is not None} == graph.parents
    assert set(graph.children) <= set(graph.nodes)
    assert graph.root in graph.children
    assert CANVAS not in graph.nodes
    for frame, segments in graph.loose.items():
        assert frame == CANVAS or frame in graph.children
        assert segments
        assert all(segments)
    for node in graph.nodes.values():
        assert node.id in graph.children or not node.contexts
        above, frame = 1, standing[node.id]
        while frame:
            above, frame = above + 1, standing[frame]
            assert above <= trees.MAX_DEPTH
    assert set(graph.views) <= set(graph.nodes)
    found = graph.nodes.having("shared"), graph.nodes.having("mode"), graph.nodes.having("contexts")
    each = [(node.shared, node.mode, node.contexts) for node in graph.nodes.values()]
    assert [len(some) for some in found] == [sum(map(bool, column)) for column in zip(*each, strict=True)]
    kinds = {node.kind for node in graph.nodes.values()}
    assert sorted(graph.nodes.of_kinds(kinds)) == sorted(graph.nodes)
    walked = list(graph.walk(loose=True))
    assert graph.in_order(sorted(walked)) == walked
