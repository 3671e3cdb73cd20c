"""Commands on the selection: each is one sound edit or a refusal with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import clipboard, providers, rewrites, routes, scopes
from engine.document.answers import Answer, Refusal
from engine.document.document import Document
from engine.document.edits import Insert, Move, Remove, SetContexts, SetMode, SetName, SetParam, SetShared, apply
from engine.document.files import dump
from engine.document.graph import CANVAS, Graph, Node, Place, Tree
from engine.document.kinds import ParamValue
from engine.document.parsing import parse
from engine.document.sources import ListSource, NumberSource
from nodes import CATALOGUE
from tests.engine.document.test_wiring import done, graph, judged, refused, tree
from tests.strategies import graphs

__all__ = ["graph"]  # a fixture


@given(graphs(), st.data())
def test_any_command_is_a_sound_edit_or_a_refusal(graph, data):
    before = dump(graph)
    node = st.sampled_from(sorted(graph.nodes))
    several = st.lists(node, min_size=1, max_size=4, unique=True)
    kind = st.sampled_from(["Chain", "Sum", "Residual", "Concatenate", "Linear", "ReLU", "Attention"])
    match data.draw(st.sampled_from(["wrap", "unwrap", "duplicate", "beside", "swap", "route", "inline", "paste"])):
        case "wrap":
            frames = st.sampled_from(["Chain", "Sum", "Residual"])
            answer: Answer = rewrites.wrap(graph, CATALOGUE, data.draw(several), data.draw(frames))
        case "unwrap":
            answer = rewrites.unwrap(graph, CATALOGUE, data.draw(node))
        case "duplicate":
            answer = rewrites.duplicate(graph, CATALOGUE, data.draw(several))
        case "beside":
            answer = rewrites.duplicate_beside(graph, CATALOGUE, data.draw(several))
        case "swap":
            answer = rewrites.swap(graph, CATALOGUE, data.draw(node), data.draw(kind))
        case "route":
            answer = routes.through_context(graph, CATALOGUE, data.draw(node))
        case "inline":
            keys = sorted(scopes.links(graph, CATALOGUE), key=lambda key: key.label)
            if not keys:
                return
            answer = routes.inline_context(graph, CATALOGUE, data.draw(st.sampled_from(keys)))
        case _:
            text = clipboard.copy(graph, CATALOGUE, data.draw(several))
            if not text:
                return
            place = data.draw(st.sampled_from([Place(CANVAS, 0), Place(graph.root, 0), None]))
            if place:
                answer = clipboard.paste(graph, text, place, (1.0, 2.0))
            else:
                answer = clipboard.paste_beside(graph, CATALOGUE, text, data.draw(several))
    assert dump(graph) == before
    judged(graph, answer)


def test_neighbours_are_wrapped_in_their_place(graph):
    reached = done(graph, rewrites.wrap(graph, CATALOGUE, ["c", "b"], "Chain"))
    chain = reached.children["root"][1]
    assert reached.nodes[chain].kind == "Chain"
    assert reached.children["root"] == ["a", chain, "sum", "chain"]
    assert reached.children[chain] == ["b", "c"]


def test_several_nodes_are_one_branch_of_a_sum(graph):
    reached = done(graph, rewrites.wrap(graph, CATALOGUE, ["b", "c"], "Sum"))
    total = reached.children["root"][1]
    [chain] = reached.children[total]
    assert reached.children[chain] == ["b", "c"]


def test_what_is_parked_on_the_canvas_is_wrapped_where_it_stands(graph):
    reached = done(graph, rewrites.wrap(graph, CATALOGUE, ["p"], "Residual"))
    [[frame, q]] = reached.segments(CANVAS)
    assert q == "q"
    assert reached.view(frame).position == (10.0, 20.0)
    assert "p" not in reached.views


def test_branches_are_not_made_a_sequence_by_wrapping(graph):
    refusal = refused(graph, rewrites.wrap(graph, CATALOGUE, ["s", "t"], "Chain"), "refused")
    assert "side by side" in refusal.reason
    both = done(graph, rewrites.wrap(graph, CATALOGUE, ["s", "t"], "Sum"))
    assert len(both.children["sum"]) == 1
    refused(graph, rewrites.wrap(graph, CATALOGUE, ["a", "c"], "Chain"), "refused")


def test_unwrapping_is_the_inverse_of_wrapping(graph):
    before = dump(graph)
    document = Document(graph, CATALOGUE)
    wrapping = rewrites.wrap(graph, CATALOGUE, ["b", "c"], "Chain")
    assert not isinstance(wrapping, Refusal)
    document.apply(wrapping, "Wrap")
    chain = graph.children["root"][1]
    unwrapping = rewrites.unwrap(graph, CATALOGUE, chain)
    assert not isinstance(unwrapping, Refusal)
    document.apply(unwrapping, "Unwrap")
    assert dump(graph) == before


@pytest.mark.parametrize("frame", ["sum", "a", "root"])
def test_what_would_mean_something_else_is_not_unwrapped(graph, frame):
    assert refused(graph, rewrites.unwrap(graph, CATALOGUE, frame), "refused").reason


def test_contexts_move_out_with_what_was_in_a_frame(graph):
    apply(graph, SetContexts("chain", {"c": {"k": NumberSource(1)}}))
    reached = done(graph, rewrites.unwrap(graph, CATALOGUE, "chain"))
    assert reached.children["root"][-2:] == ["u", "v"]
    assert reached.nodes["root"].contexts == {"c": {"k": NumberSource(1)}}
    apply(graph, SetContexts("root", {"c": {"other": NumberSource(2)}}))
    assert "already provides" in refused(graph, rewrites.unwrap(graph, CATALOGUE, "chain"), "refused").reason


def test_copies_follow_what_they_are_copies_of(graph):
    reached = done(graph, rewrites.duplicate(graph, CATALOGUE, ["chain", "a"]))
    a, copy = reached.children["root"][:2]
    assert (a, reached.nodes[copy].kind) == ("a", "ReLU")
    chain, twin = reached.children["root"][-2:]
    assert chain == "chain"
    assert len(reached.children[twin]) == 2
    assert not set(reached.children[twin]) & set(reached.children["chain"])


def test_a_copy_beside_is_given_the_same_input(graph):
    reached = done(graph, rewrites.duplicate_beside(graph, CATALOGUE, ["b", "c"]))
    frame = reached.children["root"][1]
    assert reached.nodes[frame].kind == "Sum"
    first, twin = reached.children[frame]
    assert reached.children[first] == ["b", "c"]
    assert [reached.nodes[n].kind for n in reached.children[twin]] == [reached.nodes[n].kind for n in ("b", "c")]
    branch = graph.children["sum"][0]
    more = done(graph, rewrites.duplicate_beside(graph, CATALOGUE, [branch]))
    assert len(more.children["sum"]) == len(graph.children["sum"]) + 1


def test_copies_of_sharers_share_among_themselves(graph):
    for node in ("u", "v"):
        apply(graph, SetShared(node, "u"))
    reached = done(graph, rewrites.duplicate(graph, CATALOGUE, ["chain"]))
    twin = reached.children["root"][-1]
    groups = {reached.nodes[n].shared for n in reached.children[twin]}
    assert groups == {reached.children[twin][0]}
    alone = done(graph, rewrites.duplicate(graph, CATALOGUE, ["u"]))
    assert alone.nodes[alone.children["chain"][1]].shared == ""


def test_another_kind_keeps_place_name_and_params_that_fit(graph):
    linear = Tree(Node("lin", "Linear", "Proj", {"in_features": 4, "out_features": 8, "bias": False}))
    apply(graph, Insert(Place("root", 0), (linear,)))
    reached = done(graph, rewrites.swap(graph, CATALOGUE, "lin", "Conv2d"))
    new = reached.nodes[reached.children["root"][0]]
    assert (new.kind, new.name, new.params["use_bias"]) == ("Conv2d", "Proj", False)
    assert "in_features" not in new.params
    frames = done(graph, rewrites.swap(graph, CATALOGUE, "sum", "Concatenate"))
    assert frames.children[frames.children["root"][4]] == ["s", "t"]
    refusal = refused(graph, rewrites.swap(graph, CATALOGUE, "a", "Chain"), "refused")
    assert [offer.label for offer in refusal.offers] == ["Wrap it in a Chain"]


def test_a_name_that_is_the_kinds_goes_away(graph):
    apply(graph, SetName("a", "Act"))
    reached = done(graph, rewrites.rename(graph, CATALOGUE, "a", "ReLU"))
    assert reached.nodes["a"].name == ""
    refused(graph, rewrites.rename(graph, CATALOGUE, "b", "ReLU"), "unchanged")


def test_what_is_copied_is_a_graph_file_in_itself(graph):
    text = clipboard.copy(graph, CATALOGUE, ["v", "a", "u"])
    held = parse(text.encode())
    assert held.children[held.root] == ["a", "u", "v"]
    reached = done(graph, clipboard.paste(graph, text, Place("sum", 1)))
    assert len(reached.children["sum"]) == 5
    for fenced in (f"```json\n{text}```", f"See these:\r\n\r\n```\r\n{text}\r\n```\r\nand tell me."):
        assert len(done(graph, clipboard.paste(graph, fenced, Place("sum", 1))).children["sum"]) == 5
    parked = done(graph, clipboard.paste(graph, text, Place(CANVAS, 0), (5.0, 6.0)))
    assert parked.view(parked.segments(CANVAS)[-1][0]).position == (5.0, 6.0)
    assert clipboard.copy(graph, CATALOGUE, ["root"]) == ""


def test_what_is_pasted_beside_is_given_the_same_input(graph):
    text = clipboard.copy(graph, CATALOGUE, ["a", "u"])
    reached = done(graph, clipboard.paste_beside(graph, CATALOGUE, text, ["b", "c"]))
    frame = reached.children["root"][1]
    assert reached.nodes[frame].kind == "Sum"
    first, pasted = reached.children[frame]
    assert (reached.children[first], reached.nodes[pasted].kind) == (["b", "c"], "Chain")
    assert [reached.nodes[n].kind for n in reached.children[pasted]] == [graph.nodes[n].kind for n in ("a", "u")]
    more = done(graph, clipboard.paste_beside(graph, CATALOGUE, text, [graph.children["sum"][0]]))
    assert len(more.children["sum"]) == len(graph.children["sum"]) + 1


def test_what_is_copied_takes_along_what_its_providers_give_it():
    found = providing()
    apply(found, SetContexts("root", {"far": {"t": NumberSource(2), "other": NumberSource(3)}}))
    far = Tree(Node("far", "SetContext", "Put", params={"context": "far", "key": "t"}))
    apply(found, Insert(Place("inner", 0), (far,)))
    text = clipboard.copy(found, CATALOGUE, ["far", "use"])
    given = {"c": {"k": NumberSource(1)}, "far": {"t": NumberSource(2)}}
    assert [node.contexts for node in parse(text.encode()).nodes.values() if node.contexts] == [given]

    same = done(found, clipboard.paste(found, text, Place("inner", 2)))
    assert all(same.nodes[node].contexts == found.nodes[node].contexts for node in found.nodes), "it is there already"
    empty = Graph(Node("root", "Chain"))
    apply(empty, SetContexts("root", {"c": {"mine": NumberSource(5)}}))
    other = done(empty, clipboard.paste(empty, text, Place("root", 0)))
    assert other.nodes["root"].contexts == {"c": {"mine": NumberSource(5)}, "far": {"t": NumberSource(2)}}
    assert [other.nodes[node].title for node in other.children["root"]] == ["Put", "UseContext"]
    parked = done(empty, clipboard.paste(empty, text, Place(CANVAS, 0)))
    assert "far" not in parked.nodes["root"].contexts


@pytest.mark.parametrize(
    "text", ["", "hello", "```\nhello\n```", "{}", '{"catenary": 99}', '{"catenary": 1, "root": "r", "nodes": []}']
)
def test_a_clipboard_without_nodes_is_refused(graph, text):
    assert "the clipboard holds" in refused(graph, clipboard.paste(graph, text, Place("root", 0)), "refused").reason


def test_a_residual_goes_through_a_context_and_back():
    found = Graph(Node("root", "Chain", contexts={"unet": {}}))
    apply(found, Insert(Place("root", 0), (tree("res", "Residual", tree("a"), tree("b")), tree("c"))))
    reached = done(found, routes.through_context(found, CATALOGUE, "res"))
    assert list(reached.nodes["root"].contexts["unet"]) == ["skip"]
    chain = reached.children["root"][0]
    kinds = [reached.nodes[n].kind for n in reached.children[chain]]
    assert kinds == ["SetContext", "ReLU", "ReLU", "Sum"]
    [key] = scopes.links(reached, CATALOGUE)
    back = done(reached, routes.inline_context(reached, CATALOGUE, key))
    residual = back.children["root"][0]
    assert back.nodes[residual].kind == "Residual"
    assert back.children[residual] == ["a", "b"]
    assert back.nodes["root"].contexts == {}


def test_only_a_plain_skip_is_inlined(graph):
    refused(graph, routes.through_context(graph, CATALOGUE, "sum"), "refused")
    refused(graph, routes.through_context(graph, CATALOGUE, "root"), "refused")
    refused(graph, routes.through_context(graph, CATALOGUE, "a"), "refused")
    apply(graph, SetContexts("root", {"c": {"k": NumberSource(1)}}))
    assert (
        "written 0 times"
        in refused(graph, routes.inline_context(graph, CATALOGUE, scopes.keys(graph)[0]), "refused").reason
    )


def test_a_changed_value_is_no_skip():
    found = Graph(Node("root", "Chain"))
    apply(found, Insert(Place("root", 0), (tree("res", "Residual", tree("a")),)))
    reached = done(found, routes.through_context(found, CATALOGUE, "res"))
    reader = next(n for n in reached.nodes if reached.nodes[n].kind == "UseContext")
    apply(reached, SetParam(reader, "compose", "lambda x: x * 2"))
    [key] = scopes.links(reached, CATALOGUE)
    assert "no plain skip" in refused(reached, routes.inline_context(reached, CATALOGUE, key), "refused").reason


PUSH: dict[str, ParamValue] = {"context": "skips", "key": "list", "callback": "lambda kept, x: kept.append(x)"}
POP: dict[str, ParamValue] = {"context": "skips", "key": "list", "compose": "lambda kept: kept.pop()"}


def pushing() -> Graph:
    """root provides skips.list: [down: [push1, a, push2, b], up: [add1: [same1, pop1], c, add2: [same2, pop2]]]"""
    found = Graph(Node("root", "Chain", contexts={"skips": {"list": ListSource([])}}))
    adds = [
        tree(f"add{n}", "Sum", tree(f"same{n}", "Identity"), Tree(Node(f"pop{n}", "UseContext", params=POP)))
        for n in (1, 2)
    ]
    pushes = [Tree(Node(f"push{n}", "SetContext", params=PUSH)) for n in (1, 2)]
    down = tree("down", "Chain", pushes[0], tree("a"), pushes[1], tree("b"))
    apply(found, Insert(Place("root", 0), (down, tree("up", "Chain", adds[0], tree("c"), adds[1]))))
    return found


def test_a_list_that_is_pushed_and_popped_becomes_residuals_within_residuals():
    graph = pushing()
    found = done(graph, routes.inline_context(graph, CATALOGUE, scopes.keys(graph)[0]))
    [outer] = found.children["root"]
    a, inner, c = found.children[outer]
    assert (a, found.children[inner], c) == ("a", ["b"], "c")
    assert found.nodes[inner].kind == found.nodes[outer].kind == "Residual"
    assert found.nodes["root"].contexts == {}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Remove(("add2",)), "pushed and not popped"),
        (Remove(("push2",)), "before it is written"),
        (Move(("up",), Place("root", 0)), "before it is written"),
        (SetParam("pop1", "compose", "lambda kept: kept.pop(0)"), "read 2 times"),
        (SetParam("push1", "callback", "lambda kept, x: kept.append(-x)"), "read 2 times"),
        (SetContexts("root", {"skips": {"list": NumberSource(1)}}), "read 2 times"),
        (SetContexts("up", {"other": {}}), "in plain Chains"),
        (SetMode("down", "mute"), "written 0 times"),
        (Insert(Place("down", 4), (tree("sum", "Sum", tree("return", "Return")),)), "in plain Chains"),
        (Insert(Place("root", 1), (tree("sum", "Sum", tree("return", "Return")),)), "Return within"),
        (SetMode("same1", "mute"), "in plain Chains"),
    ],
)
def test_what_is_not_pushed_and_popped_like_skips_is_refused(edit, reason):
    graph = pushing()
    key = scopes.keys(graph)[0]
    apply(graph, edit)
    assert reason in refused(graph, routes.inline_context(graph, CATALOGUE, key), "refused").reason


def providing() -> Graph:
    """root: [outer: [inner provides c: [reader of c.k]], other]"""
    found = Graph(Node("root", "Chain"))
    reader = Tree(Node("use", "UseContext", params={"context": "c", "key": "k"}))
    inner = Tree(Node("inner", "Chain", contexts={"c": {"k": NumberSource(1)}}), None, (tree("a"), reader))
    apply(found, Insert(Place("root", 0), (Tree(Node("outer", "Chain"), None, (inner, tree("b"))),)))
    return found


def test_a_provider_is_hoisted_and_lowered():
    found = providing()
    hoisted = done(found, providers.hoist(found, CATALOGUE, "inner", "c"))
    assert [n for n in hoisted.walk() if hoisted.nodes[n].contexts] == ["outer"]
    lowered = done(hoisted, providers.lower(hoisted, CATALOGUE, "outer", "c"))
    assert dump(lowered) == dump(found)
    refused(found, providers.lower(found, CATALOGUE, "inner", "c"), "unchanged")
    refused(hoisted, providers.hoist(hoisted, CATALOGUE, "root", "c"), "refused")


def test_hoisting_catches_nobody_else():
    found = providing()
    other = Tree(Node("stray", "UseContext", params={"context": "c", "key": "k"}))
    apply(found, Insert(Place("outer", 0), (other,)))
    assert "outside" in refused(found, providers.hoist(found, CATALOGUE, "inner", "c"), "refused").reason
    refused(found, providers.lower(found, CATALOGUE, "inner", "c"), "unchanged")
