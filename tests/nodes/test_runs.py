"""Every kind runs on a tiny input, through the real lowering; what lowering foretells comes true."""

from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import nn

from engine.document import edits
from engine.document.document import new_graph, new_tree
from engine.document.graph import Contexts, Graph, Input, Place
from engine.document.scopes import keys
from engine.document.sources import ListSource, NumberSource, UnsetSource
from engine.runtime.describe import describe_all
from engine.runtime.lower import lower
from engine.runtime.modules import Modules
from engine.runtime.outcome import Outcome
from engine.runtime.program import Given, Program
from engine.runtime.trusted import Trusted
from nodes import CATALOGUE
from tests.nodes.examples import EXAMPLES, Example, of

EVERY_EXAMPLE = pytest.mark.parametrize(
    ("kind", "example"),
    [pytest.param(kind, e, id=f"{kind}-{i}") for kind, examples in EXAMPLES.items() for i, e in enumerate(examples)],
)
TRUSTED = Trusted(frozenset(str(example.params["constructor"]) for example in EXAMPLES["Foreign"]))
CONTEXTS: Contexts = {"c": {"k": NumberSource(2.5)}, "sampling": {"shapes": ListSource([[8, 6]])}}


def graph_of(kind: str, example: Example) -> Graph:
    """A root that provides contexts, with one node of the kind, called "node", which receives the example's inputs."""
    graph = new_graph()
    names = [f"x{i}" for i in range(len(example.inputs))]
    edits.apply(graph, edits.SetInputs(tuple(Input(name, UnsetSource()) for name in names)))
    edits.apply(graph, edits.SetContexts("root", CONTEXTS))
    tree = new_tree(graph, CATALOGUE, kind, **example.params)
    edits.apply(graph, edits.Insert(Place("root", 0), (replace(tree, node=replace(tree.node, id="node")),)))
    for i, child in enumerate(example.children):
        edits.apply(graph, edits.Insert(Place("node", i), (new_tree(graph, CATALOGUE, child),)))
    return graph


def given_to(graph: Graph, example: Example) -> Given:
    """The example's inputs, and what providers declare."""
    inputs = {f"x{i}": x for i, x in enumerate(example.inputs)}
    contexts = {key: graph.nodes[key.provider].contexts[key.context][key.key] for key in keys(graph)}
    held = {key: source.value for key, source in contexts.items() if isinstance(source, NumberSource | ListSource)}
    return Given(inputs, held)


def built(graph: Graph) -> dict[str, nn.Module]:
    """The modules of all leaves, none of which may fail."""
    modules = Modules(CATALOGUE, torch.device("cpu"), torch.float32, 0, TRUSTED)
    _, errors = modules.update(graph)
    assert not errors
    return modules.by_node


def run(program: Program, given: Given) -> Outcome:
    return program.run(given, lambda *_: None, lambda *_: None)


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
    assert EXAMPLES.keys() == CATALOGUE.keys()
    for kind, (first, *_) in EXAMPLES.items():
        assert first.params.keys() <= {p.name for p in CATALOGUE[kind].params if p.required}


def test_every_choice_is_tried_unless_torch_alone_reads_it() -> None:
    for kind in CATALOGUE.values():
        for param in kind.params:
            if kind.impl.startswith("nodes.ops"):
                tried = (
                    {e.params.get(param.name, param.default) for e in EXAMPLES[kind.name]} if param.choices else set()
                )
                assert tried == set(param.choices), f"{kind.name}.{param.name}"


@EVERY_EXAMPLE
def test_a_run_gives_what_lowering_foretells(kind: str, example: Example) -> None:
    graph = graph_of(kind, example)
    given = given_to(graph, example)
    lowered = lower(graph, CATALOGUE, built(graph), given)
    assert lowered.faults == ()
    outcome = run(lowered.program, given)
    for node, value in outcome.values.items():
        assert lowered.returns[node] == describe_all(value if isinstance(value, tuple) else (value,)), node
    assert outcome.values.keys() == lowered.returns.keys() >= {"node"}
    assert same(run(lowered.program, given).result, outcome.result), "nothing is random or kept from run to run"


def test_an_lstm_goes_on_from_the_states_another_returned() -> None:
    """Outputs and states travel as two arguments, the states as a pair: what the next one takes."""
    example = of([2, 5, 3], input_size=3, hidden_size=3)
    graph = graph_of("LSTM", example)
    given = given_to(graph, example)
    second = new_tree(graph, CATALOGUE, "LSTM", **example.params)
    edits.apply(graph, edits.Insert(Place("root", 1), (second,)))
    modules = built(graph)
    lowered = lower(graph, CATALOGUE, modules, given)
    assert lowered.faults == ()
    assert lowered.returns[second.node.id] == ("float32 (2, 5, 3)", "(float32 (1, 2, 3), float32 (1, 2, 3))")
    with torch.inference_mode():
        expected = modules[second.node.id](*modules["node"](*example.inputs))
    assert same(run(lowered.program, given).result, expected)
