"""The leaves of Refiners 0.4.0 are here, under its names, with its params, and give its results to the last bit."""

import inspect
from enum import Enum
from typing import Any

import pytest
import refiners.fluxion.layers as fl
import torch

from engine.document.kinds import defaults
from engine.runtime.lower import lower
from nodes import CATALOGUE
from tests.nodes.examples import EXAMPLES, Example
from tests.nodes.test_runs import built, given_to, graph_of, run, same

ABSTRACT = {"Activation", "Module", "ContextModule", "WeightedModule", "GeLUApproximation"}
LEAVES = [name for name in fl.__all__ if name in CATALOGUE and CATALOGUE[name].role == "module"]
LEFT_OUT = {
    "device": "the run decides",
    "dtype": "the run decides",
    "requires_grad": "nothing is trained",
    "padding_mode": "a transposed convolution knows zeros alone",
    "args": "what modules without a constructor take",
    "kwargs": "what modules without a constructor take",
}

GATES = {
    "GeLU": fl.GeLU(),
    "GeLU(tanh)": fl.GeLU(fl.GeLUApproximation.TANH),
    "GeLU(sigmoid)": fl.GeLU(fl.GeLUApproximation.SIGMOID),
    "SiLU": fl.SiLU(),
    "ReLU": fl.ReLU(),
    "Sigmoid": fl.Sigmoid(),
}


def taken(kind: str) -> dict[str, inspect.Parameter]:
    """The params of Refiners' constructor."""
    return dict(inspect.signature(getattr(fl, kind)).parameters)


def test_no_layer_is_missing() -> None:
    assert set(fl.__all__) - ABSTRACT <= CATALOGUE.keys()


@pytest.mark.parametrize("kind", LEAVES)
def test_params_and_defaults_are_fluxions(kind: str) -> None:
    for name, parameter in taken(kind).items():
        param = CATALOGUE[kind].param(name)
        assert param or name in LEFT_OUT
        if param and parameter.default is not inspect.Parameter.empty:
            assert in_our_words(parameter.default) == param.default, name


def in_our_words(value: Any) -> Any:
    """A default of Refiners as a param holds it: (1, 1) is 1."""
    if isinstance(value, Enum):
        return value.value
    return value[0] if isinstance(value, tuple) else value


def of_refiners(kind: str, params: dict[str, Any]) -> torch.nn.Module:
    """Refiners' layer for these params."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in params.items()}
    match kind:
        case "Reshape" | "Permute" | "Parameter":
            (sizes,) = values.values()
            return getattr(fl, kind)(*((sizes,) if isinstance(sizes, int) else sizes))
        case "GeLU":
            return fl.GeLU(fl.GeLUApproximation(values["approximation"]))
        case "GLU":
            return fl.GLU(GATES[values["activation"]])
        case "Converter":
            converter = fl.Converter(**values)
            fl.Chain(converter, fl.Linear(1, 1))
            return converter
        case _:
            return getattr(fl, kind)(**{name: value for name, value in values.items() if name in taken(kind)})


def comparable(kind: str) -> list[Example]:
    """The examples that Refiners' layer has all the params for."""
    return [example for example in EXAMPLES[kind] if example.params.keys() <= taken(kind).keys()]


@pytest.mark.parametrize(
    ("kind", "example"),
    [pytest.param(kind, e, id=f"{kind}-{i}") for kind in LEAVES for i, e in enumerate(comparable(kind))],
)
def test_results_are_fluxions_to_the_bit(kind: str, example: Example) -> None:
    graph = graph_of(kind, example)
    modules = built(graph)
    theirs = of_refiners(kind, defaults(CATALOGUE[kind]) | example.params).eval()
    theirs.load_state_dict(disturbed(modules["node"]), strict=True)
    given = given_to(graph, example)
    with torch.inference_mode():
        expected = theirs(*example.inputs)
    assert same(run(lower(graph, CATALOGUE, modules, given).program, given).result, expected)


def disturbed(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a module by name, after scales of 1 and offsets of 0 have been changed to something telling."""
    with torch.no_grad():
        for i, tensor in enumerate(module.parameters()):
            tensor += torch.linspace(0.1 * i, 1, tensor.numel()).reshape(tensor.shape)
    return module.state_dict()
