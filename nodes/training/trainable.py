"""A graph as a torch module that can be trained: the very code that the engine lowers it to, over the same layers."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from engine.document.graph import Graph
from engine.document.scopes import Key, keys
from engine.document.sources import ListSource, NumberSource
from engine.runtime.lower import lower
from engine.runtime.modules import Modules
from engine.runtime.program import Given
from nodes import CATALOGUE


class Trainable(nn.Module):
    """A graph's program on a device.

    Called with values by name: of its inputs, and of the root's contexts as "context.key". `layers` are its modules by
    node; they are frozen until `learn` says otherwise.
    """

    def __init__(self, graph: Graph, example: Mapping[str, Tensor], device: torch.device, seed: int = 0) -> None:
        super().__init__()
        modules = Modules(CATALOGUE, device, torch.float32, seed)
        _, errors = modules.update(graph)
        if errors:
            raise ValueError(f"layers that can't be built: {errors}")
        self.layers = modules.by_node
        lowered = lower(graph, CATALOGUE, self.layers, _given(graph, example))
        if lowered.faults:
            raise ValueError("; ".join(f"{fault.path}: {fault.message}" for fault in lowered.faults))
        program = lowered.program
        self.entries = [_name(program.origins[n]) for n in program.code.nodes if n.op == "placeholder"]
        self.code = fx.GraphModule(_tree(program.modules), program.code)

    def forward(self, **values: Any) -> Tensor:
        return self.code(*[values[name] for name in self.entries])

    def learn(self, nodes: Iterable[str]) -> list[nn.Parameter]:
        """Thaw the layers of these nodes; gives their parameters."""
        found = [parameter for node in nodes if node in self.layers for parameter in self.layers[node].parameters()]
        for parameter in found:
            parameter.requires_grad_(True)
        return found


def _given(graph: Graph, example: Mapping[str, Tensor]) -> Given:
    """The values to lower for: those of the example, and what providers declare."""
    contexts: dict[Key, Any] = {}
    for key in keys(graph):
        source = graph.nodes[key.provider].contexts[key.context][key.key]
        if key.label in example:
            contexts[key] = example[key.label]
        elif isinstance(source, ListSource | NumberSource):
            contexts[key] = source.value
    return Given({entry.name: example[entry.name] for entry in graph.inputs}, contexts)


def _name(origin: str | Key) -> str:
    return origin if isinstance(origin, str) else origin.label


def _tree(modules: Mapping[str, nn.Module]) -> nn.Module:
    """Modules by path as a tree of torch modules."""
    root = nn.Module()
    for path, module in modules.items():
        *folders, name = path.split(".")
        place = root
        for folder in folders:
            if not hasattr(place, folder):
                place.add_module(folder, nn.Module())
            place = getattr(place, folder)
        place.add_module(name, module)
    return root
