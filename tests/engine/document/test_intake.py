"""What would not fit is known from shapes and params alone."""

import pytest

from engine.document.document import new_graph, new_tree
from engine.document.edits import Insert, SetMode, apply
from engine.document.graph import Graph, Place, Tree
from engine.document.intake import misfit, sizes
from engine.document.kinds import ParamValue
from nodes import CATALOGUE


def leaf(graph: Graph, kind: str, **params: ParamValue) -> Tree:
    return new_tree(graph, CATALOGUE, kind, **params)


@pytest.mark.parametrize(
    ("kind", "params", "shape", "said"),
    [
        ("Linear", {"in_features": 1280}, "float32 (1, 320, 64, 64)", "in_features = 1280, but receives 64 there"),
        ("Linear", {"in_features": 64}, "float32 (1, 320, 64, 64)", ""),
        ("Conv2d", {"in_channels": 4}, "float32 (1, 320, 64, 64)", "in_channels = 4, but receives 320 there"),
        ("Conv2d", {"in_channels": 4}, "float32 (1, 4)", "takes 4 dimensions (N, in_channels, H, W), but receives 2"),
        ("Conv2d", {"in_channels": 4}, "list of 3", ""),
        ("ReLU", {}, "float32 (1, 4)", ""),
    ],
)
def test_a_leaf_says_what_it_takes(kind: str, params: dict[str, ParamValue], shape: str, said: str) -> None:
    graph = new_graph()
    tree = leaf(graph, kind, **params)
    apply(graph, Insert(Place("root", 0), (tree,)))
    assert misfit(graph, CATALOGUE, tree.node.id, (shape,)).endswith(said)
    assert bool(misfit(graph, CATALOGUE, tree.node.id, (shape,))) == bool(said)
    assert not misfit(graph, CATALOGUE, tree.node.id, (shape, shape))


def test_a_frame_takes_what_its_first_leaves_take() -> None:
    graph = new_graph()
    apply(graph, Insert(Place("root", 0), (leaf(graph, "Sum"),)))
    [frame] = graph.children["root"]
    for index, width in enumerate((8, 16)):
        apply(graph, Insert(Place(frame, index), (leaf(graph, "Linear", in_features=width),)))
    assert "in_features = 16" in misfit(graph, CATALOGUE, "root", ("float32 (1, 8)",))
    apply(graph, SetMode(graph.children[frame][1], "mute"))
    assert not misfit(graph, CATALOGUE, "root", ("float32 (1, 8)",))


def test_sizes_are_read_from_descriptions() -> None:
    assert sizes("float32 (1, 3)") == (1, 3)
    assert sizes("float32 (5,)") == (5,)
    assert sizes("float32 ()") == ()
    assert sizes("(float, int)") is None
