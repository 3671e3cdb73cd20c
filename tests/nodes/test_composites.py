"""Frames made of others have the params, the weights and the results of Refiners 0.4.0's, to the bit."""

import inspect
from typing import Any

import pytest
import refiners.fluxion.layers as fl
import torch

from engine.document.graph import paths
from engine.document.kinds import defaults
from engine.runtime.lower import lower
from nodes import CATALOGUE
from nodes.composites import KINDS
from tests.nodes.examples import EXAMPLES, Example
from tests.nodes.test_runs import built, given_to, graph_of, run

NAMES = [kind.name for kind in KINDS]


class Provider(fl.Chain):
    """A chain that holds the sizes which Downsample and Upsample share."""

    def init_context(self) -> dict[str, Any]:
        return {"sampling": {"shapes": [[8, 6]]}}


@pytest.mark.parametrize("kind", NAMES)
def test_params_are_fluxions(kind: str):
    taken = inspect.signature(getattr(fl, kind)).parameters
    assert list(taken) == [param.name for param in CATALOGUE[kind].params] + ["device", "dtype"]
    for param in CATALOGUE[kind].params:
        default = taken[param.name].default
        assert default is inspect.Parameter.empty or default == param.default


@pytest.mark.parametrize(
    ("kind", "example"), [pytest.param(k, e, id=f"{k}-{i}") for k in NAMES for i, e in enumerate(EXAMPLES[k])]
)
def test_weights_and_results_are_fluxions_to_the_bit(kind: str, example: Example):
    graph = graph_of(kind, example)
    given = given_to(graph, example)
    modules, path_of = built(graph), paths(graph)
    theirs = Provider(getattr(fl, kind)(**defaults(CATALOGUE[kind]) | example.params))
    weights = {f"{path_of[node]}.{k}": v for node, module in modules.items() for k, v in module.state_dict().items()}
    theirs.load_state_dict(weights, strict=True)
    theirs.requires_grad_(False)  # torch multiplies by another routine where a weight wants a gradient
    with torch.no_grad():
        expected = theirs(*example.inputs)
    assert torch.equal(run(lower(graph, CATALOGUE, modules, given).program, given).result, expected)
