"""Refiners' models and ours with the same weights, held once."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from refiners.fluxion import layers as fl
from torch import Tensor, nn

from engine.document.graph import Graph, paths
from engine.document.scopes import Key, keys
from engine.document.sources import ListSource, NumberSource
from engine.runtime.lower import Lowered, lower
from engine.runtime.modules import Modules
from engine.runtime.program import Given
from nodes import CATALOGUE

NOISE = 64_000_000
"""Numbers to draw weights from: as many as the largest weight has."""


def empty_modules(graph: Graph) -> dict[str, nn.Module]:
    """The modules of a graph, without memory for weights."""
    modules = Modules(CATALOGUE, torch.device("meta"), torch.float32, seed=0)
    with torch.device("meta"):
        _, errors = modules.update(graph)
    assert not errors
    return modules.by_node


@cache
def weights_noise() -> Tensor:
    return 0.03 * torch.randn(NOISE, generator=torch.Generator().manual_seed(0))


def noisy_weights(graph: Graph) -> dict[str, nn.Module]:
    """The modules of a graph, with random weights.

    All are stretches of the same noise, so that a model of many gigabytes needs little memory; each starts elsewhere,
    so that no two are alike.
    """
    modules = empty_modules(graph)
    noise = weights_noise()
    number = 0
    for module in modules.values():
        own: dict[str, Tensor] = {}
        for name, empty in module.state_dict().items():
            start = 64 * number % (NOISE - empty.numel() + 1)
            stretch = noise[start : start + empty.numel()].view(empty.shape)
            own[name] = 1 + stretch if name == "weight" and empty.dim() == 1 else stretch
            number += 1
        module.load_state_dict(own, assign=True)
        module.requires_grad_(False)
        if not own:
            module.to_empty(device="cpu")  # a Converter brings tensors to where it is
    return modules


def same_weights(theirs: nn.Module, graph: Graph) -> dict[str, nn.Module]:
    """The modules of a graph, with random weights that `theirs`, a model of Refiners on the meta device, gets as well.

    Both must have weights of the same names and shapes.
    """
    path_of, modules = paths(graph), noisy_weights(graph)
    weights = {f"{path_of[node]}.{k}": v for node, module in modules.items() for k, v in module.state_dict().items()}
    shapes = {key: tensor.shape for key, tensor in weights.items()}
    assert {key: tensor.shape for key, tensor in theirs.state_dict().items()} == shapes
    theirs.load_state_dict(weights, assign=True)
    theirs.requires_grad_(False)  # torch multiplies by another routine where a weight wants a gradient
    return modules


def lowered(graph: Graph, modules: Mapping[str, nn.Module], inputs: dict[str, Any], held: dict[str, Any]) -> Lowered:
    """The program of a graph for these inputs and, by "context.key", these values of the root's contexts."""
    return lower(graph, CATALOGUE, modules, given(graph, inputs, held))


def given(graph: Graph, inputs: dict[str, Any], held: dict[str, Any]) -> Given:
    """These inputs, these values of the root's contexts, and the lists and numbers that providers declare."""
    contexts: dict[Key, Any] = {}
    for key in keys(graph):
        source = graph.nodes[key.provider].contexts[key.context][key.key]
        if key.label in held:
            contexts[key] = held[key.label]
        elif isinstance(source, ListSource | NumberSource):
            contexts[key] = source.value
    return Given(inputs, contexts)


def result(graph: Graph, modules: Mapping[str, nn.Module], inputs: dict[str, Any], held: dict[str, Any]) -> Any:
    """What a graph gives, run eagerly."""
    program = lowered(graph, modules, inputs, held)
    assert program.faults == ()
    return program.program.run(given(graph, inputs, held), lambda *_: None, lambda *_: None).result


def count(module: nn.Module) -> int:
    """The nodes of a tree of Refiners: chains and the layers in them."""
    return 1 + sum(map(count, module)) if isinstance(module, fl.Chain) else 1
