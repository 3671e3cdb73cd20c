"""Tensors that a file has under another key."""

from engine.document import edits
from engine.document.document import new_graph
from engine.document.edits import Insert
from engine.document.graph import Node, Place, Tree, paths
from engine.runtime.near_misses import Lacking, near_misses


def leaf(node, name="", kind="Linear"):
    return Tree(Node(node, kind, name))


def frame(node, name, *children):
    return Tree(Node(node, "Chain", name), children=children)


def matched(unused, trees, shapes, content=()):
    """What is offered for the leaves of a tree, all of which lack tensors but for `content`, as (node, key)."""
    graph = new_graph()
    edits.apply(graph, Insert(Place("root", 0), trees))
    path_of = paths(graph)
    lacking = {node: Lacking(node, path_of[node], tensors) for node, tensors in shapes.items() if node not in content}
    return [(near.node, near.key) for near in near_misses(graph, "root", lacking, set(content), unused)]


BOTH = {"weight": (3, 3), "bias": (3,)}


def below(prefix, tensors):
    return {f"{prefix}.{name}": shape for name, shape in tensors.items()}


def test_a_frame_is_matched_as_one():
    body = frame("body", "Body", leaf("a", "First"), leaf("b", "Second"))
    unused = below("net.First", BOTH) | below("net.Second", BOTH) | {"else.weight": (3, 3)}
    assert matched(unused, (body,), {"a": BOTH, "b": BOTH}) == [("body", "net")]


def test_a_frame_with_a_leaf_that_has_its_tensors_is_not_moved():
    body = frame("body", "Body", leaf("a", "First"), leaf("b", "Second"))
    unused = below("net.First", BOTH) | below("net.Second", BOTH)
    found = matched(unused, (body,), {"a": BOTH, "b": BOTH}, content={"b"})
    assert found == [("a", "net.First")]


def test_a_leaf_needs_all_its_tensors_in_their_shapes_and_a_like_name():
    trees = (leaf("a", "Linear"), leaf("c", "Conv"))
    shapes = {"a": BOTH, "c": {"weight": (8, 8)}}
    assert matched(below("linear_out", BOTH), trees, shapes) == [("a", "linear_out")]
    assert matched(below("linear_out", BOTH | {"weight": (3, 4)}), trees, shapes) == []
    assert matched({"linear_out.weight": (3, 3)}, trees, shapes) == []
    assert matched(below("q", BOTH), trees, shapes) == [("a", "q")], "nothing else has these shapes"
    assert matched(below("q", BOTH) | below("r", BOTH), trees, shapes) == []


def test_equals_are_matched_in_their_order_and_none_twice():
    trees = tuple(leaf(f"n{i}", "Layer") for i in range(12))
    shapes = {f"n{i}": BOTH for i in range(12)}
    unused: dict[str, tuple[int, ...]] = {}
    for i in range(11):
        unused |= below(f"layers.layer.{i}", BOTH)
    found = matched(unused, trees, shapes)
    assert found == [(f"n{i}", f"layers.layer.{i}") for i in range(11)], "Layer_1 is the first, as layer.0 is"


def test_two_thousand_keys_are_matched_each_once():
    frames = tuple(frame(f"f{i}", "Block", *(leaf(f"f{i}l{j}", f"Proj{j}") for j in range(10))) for i in range(100))
    shapes = {f"f{i}l{j}": BOTH for i in range(100) for j in range(10)}
    unused: dict[str, tuple[int, ...]] = {}
    for i in range(100):
        for j in range(10):
            unused |= below(f"model.blocks.{i}.layers.{j}.proj", BOTH)
    found = matched(unused, frames, shapes)
    assert len({key for _, key in found}) == len(found) > 900
