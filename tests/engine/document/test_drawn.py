"""An adapter's weights file goes on fitting, whatever is done to the adapter's own trees."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import adapter_files, edits
from engine.document.adapter_keys import added_keys
from engine.document.adapters import Adapter, Patch
from engine.document.drawn import by_path, graph_of, keep_drawn, keys_in, tree_of
from engine.document.edits import Batch, Edit, EditError, Insert, Move, Remove, SetName, SetParam
from engine.document.expand import expand
from engine.document.graph import Node, Place, Tree, Weights, tree_nodes
from engine.document.kinds import has_weights
from nodes import CATALOGUE
from nodes.tree import linear, node
from tests.engine.document.drawn import adapter, lora, with_adapters
from tests.engine.document.drawn import graph_of as base_of
from tests.engine.document.test_keeping import explicit
from tests.strategies import edits_of, ids, trees

FILE = Weights("lora.safetensors")
# Of `lora()`: Sum a1, Target a2, Chain Lora a3, Linear a4 and a5, Multiply a6.
LORA = adapter("l", ("Linear", lora()), weights=FILE)
NEW = Tree(Node("x", "Linear", params={"in_features": 2, "out_features": 2, "bias": True}))


def edited(before: Adapter, *changes: Edit, named: bool = True) -> Adapter:
    """The adapter after edits of its first tree, each of which can be taken back to the byte."""
    for change in changes:
        patch = before.patches[0]
        drawn = graph_of(patch.tree)
        start = tree_of(drawn)
        inverse = edits.apply(drawn, keep_drawn(drawn, CATALOGUE, change, named))
        after = replace(before, patches=(replace(patch, tree=tree_of(drawn)), *before.patches[1:]))
        edits.apply(drawn, inverse)
        assert tree_of(drawn) == start
        before = after
    return before


def in_file(of: Adapter) -> dict[str, str]:
    """What the file calls the layers at the one target, by their ids in the tree."""
    graph = with_adapters(base_of(node("Chain", linear(2, 2), name="Body")), of)
    expanded = expand(graph, CATALOGUE)
    assert not expanded.amiss
    keys = added_keys(expanded, graph)
    assert not any(found.key for found in expanded.graph.nodes.values()), "a graph's key is of the graph's own file"
    return {node.split(".")[1]: key for node, key in keys.items() if has_weights(CATALOGUE, _kind(of, node))}


def _kind(of: Adapter, node: str) -> str:
    return graph_of(of.patches[0].tree).nodes[node.split(".")[1]].kind


BEFORE = {"a4": "Body.Linear.Lora.Linear_1", "a5": "Body.Linear.Lora.Linear_2"}


@pytest.mark.parametrize(
    "edit",
    [
        SetName("a3", "Mine"),
        SetName("a4", "Down"),
        Batch((Insert(Place("a3", 0), (Tree(Node("new", "Residual"), children=()),)), Move(("a4",), Place("new", 0)))),
        Batch((Insert(Place("a1", 0), (Tree(Node("new", "Chain"), children=()),)), Move(("a3",), Place("new", 0)))),
        Move(("a5",), Place("a3", 0)),
        Move(("a3",), Place("a1", 0)),
        Insert(Place("a3", 0), (NEW,)),
        Remove(("a4",)),
    ],
)
def test_edits_of_the_tree_leave_the_names_of_its_layers(edit: Edit):
    after = edited(LORA, edit)
    found = in_file(after)
    assert {name: key for name, key in found.items() if name != "x"}.items() <= BEFORE.items()
    assert found.get("x") not in BEFORE.values()
    assert in_file(*adapter_files.parse(adapter_files.dump(after))) == found, "a file of the adapter keeps them"
    assert in_file(by_path(after)) != BEFORE or edit == Move(("a3",), Place("a1", 0))


def test_without_any_file_nothing_is_noted():
    after = edited(LORA, SetName("a3", "Mine"), named=False)
    assert by_path(after) == after
    assert in_file(after) == {"a4": "Body.Linear.Mine.Linear_1", "a5": "Body.Linear.Mine.Linear_2"}


def test_what_follows_again_is_not_noted():
    there, back = SetName("a3", "Mine"), SetName("a3", "Lora")
    assert in_file(edited(LORA, there)) == BEFORE
    assert edited(LORA, there, back) == LORA


def test_a_tree_that_is_a_leaf_keeps_its_name_beside_others_and_alone_again():
    alone = adapter("i", ("Linear", linear(2, 2), "instead"), weights=FILE)
    beside = edited(alone, Insert(Place("stand-in", 0), (NEW,)))
    assert in_file(alone) == {"a1": "Body.Linear"}
    assert in_file(beside) == {"a1": "Body.Linear", "x": "Body.Linear.Linear_1"}
    assert edited(beside, Remove(("x",))) == alone
    assert edited(alone, SetParam("a1", "bias", False)).patches[0].tree.children is None


def test_leaves_of_a_tree_that_share_their_weights_change_together():
    twins = tuple(Tree(replace(NEW.node, id=name, shared="s")) for name in ("x", "y"))
    changed = edited(edited(LORA, Insert(Place("a3", 0), twins)), SetParam("x", "bias", False))
    assert [graph_of(changed.patches[0].tree).nodes[name].params["bias"] for name in ("x", "y")] == [False, False]


@given(trees(ids("n")), st.data())
def test_no_layer_of_a_tree_loses_its_weights(tree, data):
    fresh = ids("m")
    found = Adapter("l", "L", (Patch("*", tree),), weights=FILE)
    known: dict[str, str] = {}
    for _ in range(4):
        leaves = {each.node.id: each.node.kind for each in tree_nodes(found.patches[0].tree) if each.children is None}
        layers = {name for name, kind in leaves.items() if has_weights(CATALOGUE, kind)}
        keys = {name: key for name, key in keys_in(found).items() if name in layers}
        assert {name: known.get(name, key) for name, key in keys.items()} == keys
        known |= keys
        edit = data.draw(edits_of(graph_of(found.patches[0].tree), fresh).filter(lambda edit: not explicit(edit)))
        with suppress(EditError):
            found = edited(found, edit)
