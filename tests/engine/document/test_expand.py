"""Expanding: what adapters make of a graph, and what they leave as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.expand import Amiss, driven, expand, home
from engine.document.files import dump
from engine.document.graph import Contexts, path_of, paths
from engine.document.sources import NumberSource
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.tree import conv, linear, node, use
from tests.engine.document.drawn import adapter, graph_of, lora, with_adapters
from tests.legal import assert_legal

GRAPH = graph_of(node("Chain", linear(3, 8), node("ReLU"), linear(8, 5), name="Down"), conv(1, 2))
"""Down has n2, n3 and n4; the convolution is n5."""


def shape(graph, top=None):
    """The tree as nested pairs of ids and children."""
    top = top or graph.root
    return (top, [shape(graph, child) for child in graph.children[top]]) if graph.is_frame(top) else top


def test_without_enabled_adapters_the_graph_itself_runs():
    assert expand(GRAPH, CATALOGUE).graph is GRAPH
    graph = with_adapters(GRAPH, adapter("l", ("Linear", lora()), enabled=False))
    assert expand(graph, CATALOGUE).graph is graph


def test_a_tree_takes_the_place_of_each_target_with_the_target_in_its_hole():
    graph = with_adapters(GRAPH, adapter("l", ("Linear", lora()), values={"rank": 4}))
    before = dump(graph)
    found = expand(graph, CATALOGUE)
    assert dump(graph) == before
    assert_legal(found.graph)

    def beside(target):
        return f"l.a1.{target}", [target, (f"l.a3.{target}", [f"l.a4.{target}", f"l.a5.{target}", f"l.a6.{target}"])]

    assert shape(found.graph) == ("root", [("n1", [beside("n2"), "n3", beside("n4")]), "n5"])
    assert found.targets == {"l": (("n2", "n4"),)}
    assert {found.origin[f"l.a6.{target}"].target for target in ("n2", "n4")} == {"n2", "n4"}
    assert [home(found, node) for node in ("n2", "l.a6.n2", "root")] == ["n2", "n2", "root"]
    down, up = found.graph.node("l.a4.n4"), found.graph.node("l.a5.n4")
    assert (down.params["in_features"], down.params["out_features"]) == (8, 4)
    assert (up.params["in_features"], up.params["out_features"]) == (4, 5)


def test_weights_keep_their_paths_and_added_ones_are_called_after_their_target():
    found = expand(with_adapters(GRAPH, adapter("l", ("Linear", lora()))), CATALOGUE)
    own = paths(GRAPH)
    assert {node: found.paths[node] for node in own} == own
    assert found.paths["l.a4.n2"] == "Down.Linear_1.Lora.Linear_1"
    assert found.paths["l.a5.n4"] == "Down.Linear_2.Lora.Linear_2"
    assert path_of(found.graph, "n2") == "Down.Sum_1.Linear"


def test_of_two_adapters_on_one_target_the_later_stands_closer_to_it_as_in_fluxion():
    one, two = adapter("one", ("#n2", lora())), adapter("two", ("#n2", lora()))
    found = expand(with_adapters(GRAPH, one, two), CATALOGUE)
    assert found.graph.children["n1"][0] == "one.a1.n2"
    assert found.graph.children["one.a1.n2"][0] == "two.a1.n2"
    assert found.graph.children["two.a1.n2"][0] == "n2"
    other = expand(with_adapters(GRAPH, two, one), CATALOGUE)
    assert other.graph.children["n1"][0] == "two.a1.n2"


def test_an_adapter_goes_to_what_another_has_put_there_only_when_it_is_named():
    one = adapter("one", ("#n2", lora()))
    plain = expand(with_adapters(GRAPH, one, adapter("two", ("Linear", lora()))), CATALOGUE)
    assert plain.targets["two"] == (("n2", "n4"),)
    named = expand(with_adapters(GRAPH, one, adapter("two", ("Linear by One", lora()))), CATALOGUE)
    assert named.targets["two"] == (("one.a4.n2", "one.a5.n2"),)
    assert named.paths["two.a4.one.a5.n2"] == "Down.Linear_1.Lora.Linear_2.Lora.Linear_1"
    assert home(named, "two.a4.one.a5.n2") == "n2"
    assert_legal(named.graph)


def test_inside_a_frame_the_hole_holds_what_it_held():
    drawn = node("Chain", use("c", "k"), node("Target"), contexts={"c": {"k": NumberSource(1)}})
    found = expand(with_adapters(GRAPH, adapter("x", ("Down", drawn, "inside"))), CATALOGUE)
    assert shape(found.graph) == ("root", [("n1", [("x.a1.n1", ["x.a2.n1", ("x.a3.n1", ["n2", "n3", "n4"])])]), "n5"])
    assert found.graph.node("x.a3.n1").kind == "Chain"
    assert found.graph.node("x.a1.n1").contexts == {"c@x": {"k": NumberSource(1)}}
    assert found.paths["n2"] == "Down.Linear_1"
    assert_legal(found.graph)


def test_contexts_that_only_an_adapter_knows_are_its_own():
    graph = graph_of(node("Chain", use("known", "k"), contexts={"known": {"k": NumberSource(1)}}, name="Down"))
    contexts: Contexts = {"known": {"k": NumberSource(2)}, "new": {"k": NumberSource(3)}}
    drawn = node("Chain", use("new", "k"), use("known", "k"), use("foreign", "k"), node("Target"), contexts=contexts)
    found = expand(with_adapters(graph, adapter("x", ("Down", drawn)), adapter("y", ("Down", drawn))), CATALOGUE)
    for id in ("x", "y"):
        assert found.graph.node(f"{id}.a1.n1").contexts == {
            "known": {"k": NumberSource(2)},
            f"new@{id}": contexts["new"],
        }
        read = [found.graph.node(f"{id}.{name}.n1").params["context"] for name in ("a2", "a3", "a4")]
        assert read == [f"new@{id}", "known", "foreign"]


def test_instead_of_a_node_the_tree_alone_runs():
    found = expand(with_adapters(GRAPH, adapter("x", ("Down", node("Identity"), "instead"))), CATALOGUE)
    assert shape(found.graph) == ("root", ["x.a1.n1", "n5"])
    assert_legal(found.graph)


def test_the_root_can_be_a_target():
    around = expand(
        with_adapters(GRAPH, adapter("x", ("#root", node("Chain", node("Target"), node("Sin"))))), CATALOGUE
    )
    assert around.graph.root == "x.a1.root"
    assert around.graph.children["x.a1.root"] == ["root", "x.a3.root"]
    assert_legal(around.graph)
    inside = expand(
        with_adapters(GRAPH, adapter("x", ("#root", node("Chain", node("Target"), node("Sin")), "inside"))), CATALOGUE
    )
    assert inside.graph.children["root"] == ["x.a1.root"]
    assert inside.graph.children["x.a2.root"] == ["n1", "n5"]


def test_where_narrows_what_is_put_around_but_not_what_is_put_inside():
    two = adapter(
        "x", ("#root", node("Chain", node("Target")), "inside"), ("Linear", lora()), where="Linear & out_features=5"
    )
    assert expand(with_adapters(GRAPH, two), CATALOGUE).targets["x"] == (("root",), ("n4",))


def test_patches_see_what_those_before_them_have_made():
    two = adapter("x", ("#n2", lora()), ("Linear by X & in Lora", node("Residual", node("Target"))))
    assert expand(with_adapters(GRAPH, two), CATALOGUE).targets["x"] == (("n2",), ("x.a4.n2", "x.a5.n2"))


def test_a_param_of_the_frame_around_the_target_can_be_asked_for():
    graph = graph_of(node("Attention", embedding_dim=6, num_heads=2))
    beside = node("Chain", node("Target"), node("Multiply", scale="=parent.num_heads * scale"))
    found = expand(with_adapters(graph, adapter("x", ("ScaledDotProductAttention", beside))), CATALOGUE)
    assert [n.params["scale"] for n in found.graph.nodes.values() if n.kind == "Multiply"] == [2.0]


def test_a_param_says_what_it_drives_and_what_it_makes_of_it():
    drawn = node("Chain", node("Target"), node("Multiply", scale="=scale / target.out_features", bias="=rank"))
    one = adapter("x", ("Linear", drawn), values={"scale": 16})
    found = expand(with_adapters(GRAPH, one), CATALOGUE)
    assert driven(found, one, "scale") == [("x.a3.n2", "scale", 2.0), ("x.a3.n4", "scale", 3.2)]
    changed = replace(one, values={"scale": 4})
    assert [value for _, _, value in driven(found, changed, "scale")] == [0.5, 0.8]
    assert driven(found, one, "nothing") == []
    assert found.looked_at == {"out_features"}


@pytest.mark.parametrize(
    ("drawn", "code", "message"),
    [
        (adapter("x"), "adapter-flawed", "it has no patch"),
        (adapter("x", ("Linear", node("Chain"))), "adapter-flawed", "'Linear' holds no node of kind Target; it needs"),
        (
            adapter("x", ("Linear", node("Sum", node("Target"), node("Target")))),
            "adapter-flawed",
            "holds 2 nodes of kind Target; it needs exactly one",
        ),
        (adapter("x", ("Linear", node("Target"), "instead")), "adapter-flawed", "it needs none, since nothing stays"),
        (adapter("x", ("Linear in", lora())), "adapter-selector", "at the end (character 10) there should be"),
        (adapter("x", ("Linear", lora()), where="("), "adapter-selector", "there should be"),
        (adapter("x", ("Lineer", lora())), "adapter-unmatched", "no node is a Lineer; did you mean Linear?"),
        (adapter("x", ("Linear", lora()), where="Up"), "adapter-unmatched", "no node is a Up"),
        (adapter("x", ("ReLU", lora())), "adapter-formula", "the target has no param in_features; there are none"),
        (adapter("x", ("Linear", lora()), values={"rank": 0}), "adapter-flawed", "rank is 0, but must be at least 1"),
        (
            adapter("x", ("Linear", node("Chain", node("Target"), node("Multiply", scale="=scal")))),
            "adapter-formula",
            "the adapter has no param scal; there are rank, scale",
        ),
        (
            adapter("x", ("Linear", node("Chain", node("Target"), node("Multiply", scale="=1 / (scale - 1)")))),
            "adapter-formula",
            "division by zero",
        ),
        (
            adapter("x", ("Linear", node("Chain", node("Target"), node("Multiply", scale="=__import__('os')")))),
            "adapter-formula",
            "__import__",
        ),
        (
            adapter("x", ("Linear", node("Chain", node("Target")), "inside")),
            "adapter-flawed",
            "takes Down.Linear_1, a Linear; trees go inside a Chain, Residual or Passthrough only",
        ),
    ],
)
def test_what_can_t_be_applied_is_left_out_as_a_whole_and_says_why(drawn, code, message):
    good = adapter("good", ("Linear", lora()))
    alone = expand(with_adapters(GRAPH, good), CATALOGUE)
    found = expand(with_adapters(GRAPH, good, drawn), CATALOGUE)
    assert [(amiss.adapter, amiss.code) for amiss in found.amiss] == [("x", code)]
    assert message in found.amiss[0].message
    assert shape(found.graph) == shape(alone.graph)
    assert found.paths == alone.paths
    assert isinstance(found.amiss[0], Amiss)


def stacks() -> st.SearchStrategy[list[Adapter]]:
    """Adapters that overlap: beside layers, inside frames, and around what others have put there."""
    drawn = st.sampled_from(
        [
            ("Linear", lora(), "around"),
            ("Down", node("Chain", node("Sin"), node("Target")), "inside"),
            ("Down", node("Residual", node("Target")), "around"),
            ("#root", node("Chain", node("Target")), "inside"),
            ("Linear by A*", lora(), "around"),
            ("ReLU", node("Sin"), "instead"),
        ]
    )
    return st.lists(drawn, max_size=4).map(lambda all: [adapter(f"a{n}", each) for n, each in enumerate(all)])


@given(stacks(), st.data())
def test_whatever_is_switched_on_and_off_the_graph_is_legal_and_comes_back(stack, data):
    graph = with_adapters(GRAPH, *stack)
    before = dump(graph)
    full = expand(graph, CATALOGUE)
    undo = []
    for _ in range(data.draw(st.integers(0, 6))):
        if not stack:
            break
        each = data.draw(st.sampled_from(graph.adapters))
        undo.append(edits.apply(graph, edits.SetAdapter(replace(each, enabled=not each.enabled))))
        found = expand(graph, CATALOGUE)
        assert_legal(found.graph)
        assert {node: found.paths[node] for node in GRAPH.nodes} == paths(GRAPH)
    edits.apply(graph, edits.Batch(tuple(edits.SetAdapter(replace(a, enabled=False)) for a in graph.adapters)))
    assert expand(graph, CATALOGUE).graph is graph
    edits.apply(graph, edits.SetAdapters(tuple(stack)))
    again = expand(graph, CATALOGUE)
    assert (shape(again.graph), again.paths, again.origin) == (shape(full.graph), full.paths, full.origin)
    assert dump(graph) == before


def test_a_lora_on_both_sorts_of_layers():
    found = expand(with_adapters(GRAPH, ADAPTERS["lora"]), CATALOGUE)
    assert found.amiss == ()
    assert found.targets == {"lora": (("n2", "n4"), ("n5",))}
    down = next(n for n in found.graph.nodes.values() if n.kind == "Conv2d" and n.id != "n5")
    assert down.params == CATALOGUE_CONV | {"in_channels": 1, "out_channels": 4, "kernel_size": 3, "padding": 1}


CATALOGUE_CONV = {
    "stride": 1,
    "dilation": 1,
    "groups": 1,
    "padding_mode": "zeros",
    "use_bias": False,
}
