"""Commands that promise to keep the result do, to the last bit."""

from pathlib import Path
from typing import Any

import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.document import modes, rewrites, routes, scopes
from engine.document.answers import Answer, Refusal
from engine.document.edits import Insert, Remove, apply
from engine.document.files import load
from engine.document.graph import Graph, Node, Place, Tree
from engine.document.scopes import Key
from engine.runtime.lower import lower
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from nodes import CATALOGUE
from tests.engine.runtime.test_oracle import exactly, ours, roots

UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def result(graph: Graph, contexts: dict[Key, Any], x: Any) -> Any:
    given_values = Given({"x": x}, {key: value for key, value in contexts.items() if key.provider in graph})
    modules = {n: torch.nn.Identity() for n in graph.nodes if graph.nodes[n].kind == "Identity"}
    try:
        program = lower(graph, CATALOGUE, modules, given_values).program
        return exactly(program.run(given_values, lambda *_: None, lambda *_: None).result)
    except RunError:
        return "failed"


def changed(graph: Graph, answer: Answer) -> Graph:
    assume(not isinstance(answer, Refusal))
    return did(graph, answer)


def did(graph: Graph, answer: Answer) -> Graph:
    assert not isinstance(answer, Refusal)
    apply(graph, answer)
    return graph


@settings(max_examples=100, suppress_health_check=UNHURRIED, deadline=None)
@given(roots(tensors=False), st.sampled_from([2.0, 0.5, 3, -1.75]), st.data())
def test_wrapping_in_a_chain_and_unwrapping_change_no_result(plan, x, data):
    graph, contexts = ours(plan)
    assume(all(graph.nodes[n].kind != "Return" for n in graph.walk()))
    before = result(graph, contexts, x)
    node = data.draw(st.sampled_from([n for n in graph.walk() if n != graph.root]))
    if data.draw(st.booleans()):
        changed(graph, rewrites.wrap(graph, CATALOGUE, [node], "Chain"))
    else:
        moved = graph.nodes[node].contexts
        outer = graph.parents[node]
        changed(graph, rewrites.unwrap(graph, CATALOGUE, node))
        for key in list(contexts):
            if key.provider == node and key.context in moved:
                contexts[Key(outer, key.context, key.key)] = contexts.pop(key)
    assert result(graph, contexts, x) == before


@settings(max_examples=100, suppress_health_check=UNHURRIED, deadline=None)
@given(roots(tensors=False), st.sampled_from([2.0, 0.5, 3, -1.75]), st.data())
def test_a_skip_through_a_context_and_back_changes_no_result(plan, x, data):
    graph, contexts = ours(plan)
    found = (graph.nodes[n] for n in graph.walk() if n != graph.root)
    residuals = [node.id for node in found if node.kind == "Residual" and not node.contexts]
    assume(residuals)
    before = result(graph, contexts, x)
    assume(before != "failed")
    known = set(scopes.keys(graph))
    changed(graph, routes.through_context(graph, CATALOGUE, data.draw(st.sampled_from(residuals))))
    [new] = set(scopes.keys(graph)) - known
    assert result(graph, contexts, x) == before
    changed(graph, routes.inline_context(graph, CATALOGUE, new))
    assert result(graph, contexts, x) == before


def test_nested_residuals_go_through_contexts_and_back() -> None:
    """One skip after the other; the middle one as a Sum of an Identity and a Chain."""
    graph = load(Path("resources/examples/nested-residuals.catenary"))[0]
    middle = [node for node in graph.walk() if graph.nodes[node].kind == "Residual"][1]
    did(graph, rewrites.wrap(graph, CATALOGUE, list(graph.children[middle]), "Chain"))
    did(graph, rewrites.swap(graph, CATALOGUE, middle, "Sum"))
    [branch] = [node for node in graph.walk() if graph.nodes[node].kind == "Chain" and node != graph.root]
    apply(graph, Insert(Place(graph.parents[branch], 1), (Tree(Node("same", "Identity")),)))
    before = result(graph, {}, 2.0)
    assert before == exactly(2.5547711633552384)
    skips = [node for node in graph.walk() if graph.nodes[node].kind in ("Residual", "Sum")]
    for node in skips:
        did(graph, routes.through_context(graph, CATALOGUE, node))
        assert result(graph, {}, 2.0) == before
    assert not any(node in graph for node in skips)
    for key in reversed(scopes.keys(graph)):
        did(graph, routes.inline_context(graph, CATALOGUE, key))
        assert result(graph, {}, 2.0) == before
    kinds = [graph.nodes[node].kind for node in graph.walk()]
    assert [kinds.count(kind) for kind in ("Residual", "SetContext", "UseContext", "Sum", "Chain")] == [3, 0, 0, 0, 1]


def test_residuals_through_a_list_become_nested_ones() -> None:
    graph = load(Path("resources/examples/context-residuals.catenary"))[0]
    nested = load(Path("resources/examples/nested-residuals.catenary"))[0]
    [key] = scopes.keys(graph)
    before = result(graph, {key: []}, 2.0)
    assert before == exactly(2.5547711633552384)
    did(graph, routes.inline_context(graph, CATALOGUE, key))
    assert result(graph, {}, 2.0) == before
    assert [graph.nodes[n].kind for n in graph.walk()] == [nested.nodes[n].kind for n in nested.walk()]
    assert graph.nodes["root"].contexts == {}


@settings(max_examples=100, suppress_health_check=UNHURRIED, deadline=None)
@given(roots(tensors=False), st.sampled_from([2.0, 0.5, 3, -1.75]), st.data())
def test_a_bypassed_node_is_an_identity_and_a_muted_one_is_as_if_it_were_gone(plan, x, data):
    graph, contexts = ours(plan)
    twin = graph.copy()
    node = data.draw(st.sampled_from([n for n in graph.walk() if n != graph.root]))
    mode = data.draw(st.sampled_from(["bypass", "mute"]))
    place = graph.place_of(node)
    changed(graph, modes.switch(graph, CATALOGUE, [node], mode))
    apply(twin, Remove((node,)))
    if mode == "bypass":
        apply(twin, Insert(place, (Tree(Node("twin", "Identity")),)))
    expected = result(twin, contexts, x)
    assume(mode == "mute" or expected != "failed")  # an Identity takes one value, what is bypassed any number
    assert result(graph, contexts, x) == expected
    changed(graph, modes.switch(graph, CATALOGUE, [node], mode))
    assert result(graph, contexts, x) == result(ours(plan)[0], contexts, x)
