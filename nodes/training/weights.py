"""Weights between modules and .safetensors files, in half precision, under the keys that the editor looks for."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

Keys = Mapping[str, str]
"""The key of each node's tensors."""


def save(file: Path, layers: Mapping[str, nn.Module], keys: Keys) -> None:
    """Write the tensors of these nodes, called "key.weight" and "key.bias"."""
    tensors = {
        f"{key}.{name}": tensor.detach().to("cpu", torch.float16).contiguous()
        for node, key in keys.items()
        if node in layers
        for name, tensor in layers[node].state_dict().items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)


def load(file: Path, layers: Mapping[str, nn.Module], keys: Keys) -> None:
    """Read what `save` wrote. Raises ValueError when the file holds other tensors than the nodes have."""
    tensors = load_file(file)
    wanted = {f"{key}.{name}" for node, key in keys.items() if node in layers for name in layers[node].state_dict()}
    if tensors.keys() != wanted:
        raise ValueError(f"{file} does not fit the graph: {sorted(tensors.keys() ^ wanted)[:5]}")
    for node, key in keys.items():
        if node in layers:
            layers[node].load_state_dict({name: tensors[f"{key}.{name}"] for name in layers[node].state_dict()})
