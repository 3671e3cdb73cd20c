"""Every kind runs on a tiny input, through the real lowering; what lowering foretells comes true."""

from typing import Any

import pytest
import torch

from engine.document import edits
from engine.document.document import new_graph
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree
from engine.document.kinds import defaults
from engine.document.scopes import Key
from engine.document.sources import UnsetSource
from engine.runtime.describe import describe_all
from engine.runtime.lower import lower
from engine.runtime.modules import Modules
from engine.runtime.program import Given
from nodes import CATALOGUE
from tests.nodes.examples import EXAMPLES, Example

EVERY_EXAMPLE = pytest.mark.parametrize(
    ("kind", "example"),
    [pytest.param(kind, e, id=f"{kind}-{i}") for kind, examples in EXAMPLES.items() for i, e in enumerate(examples)],
)
HELD = torch.tensor([1.0, 2.0])


def graph_of(kind: str, example: Example) -> Graph:
    """A root that provides "c.k", with one node of the kind, which receives the example's inputs."""
    graph = new_graph()
    names = [f"x{i}" for i in range(len(example.inputs))]
    edits.apply(graph, edits.SetInputs(tuple(Input(name, UnsetSource()) for name in names)))
    edits.apply(graph, edits.SetContexts("root", Contexts({"c": {"k": UnsetSource()}})))
    children = tuple(Tree(Node(f"child{i}", c, params=defaults(CATALOGUE[c]))) for i, c in enumerate(example.children))
    node = Node("node", kind, params={**defaults(CATALOGUE[kind]), **example.params})
    tree = Tree(node, children=children if CATALOGUE[kind].is_frame else None)
    edits.apply(graph, edits.Insert(Place("root", 0), (tree,)))
    return graph


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, in shape and in type."""
    if isinstance(one, torch.Tensor):
        return (
            isinstance(other, torch.Tensor)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and torch.equal(one, other)
        )
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_every_kind_has_examples_and_the_first_are_of_its_defaults() -> None:
    assert list(EXAMPLES) == list(CATALOGUE)
    for kind, (first, *_) in EXAMPLES.items():
        assert first.params.keys() <= {p.name for p in CATALOGUE[kind].params if p.required}


def test_every_choice_is_tried() -> None:
    for kind in CATALOGUE.values():
        for param in kind.params:
            if param.choices and param.name not in ("padding_mode", "reduction", "mode", "channels"):
                tried = {e.params.get(param.name, param.default) for e in EXAMPLES[kind.name]}
                assert tried == set(param.choices), f"{kind.name}.{param.name}"


@EVERY_EXAMPLE
def test_a_run_gives_what_lowering_foretells(kind: str, example: Example) -> None:
    graph = graph_of(kind, example)
    modules = Modules(CATALOGUE, torch.device("cpu"), torch.float32, seed=0)
    _, errors = modules.update(graph)
    assert not errors
    given = Given({f"x{i}": x for i, x in enumerate(example.inputs)}, {Key("root", "c", "k"): HELD})
    lowered = lower(graph, CATALOGUE, modules.by_node, given)
    assert lowered.faults == ()
    outcome = lowered.program.run(given, lambda *_: None, lambda *_: None)
    for node, value in outcome.values.items():
        assert lowered.returns[node] == describe_all(value if isinstance(value, tuple) else (value,)), node
    assert outcome.values.keys() == lowered.returns.keys() >= {"node"}
    again = lowered.program.run(given, lambda *_: None, lambda *_: None)
    assert same(again.result, outcome.result), "nothing is random, and nothing is kept from run to run"
