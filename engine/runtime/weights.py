"""Weights files: tensors of a .safetensors file into the modules of the leaves, by Fluxion path."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from engine.document.graph import Graph
from engine.document.keys import below_key, sources_of
from engine.messages import Loaded


def load(file: Path, graph: Graph, modules: Mapping[str, nn.Module], only: Iterable[str] | None = None) -> Loaded:
    """Copy the tensors called "path.of.Leaf.weight" into the modules, which keep their device and dtype.

    With `only`, the other modules are left alone. Tensors are read one by one, straight from the file. A file that is
    missing, truncated or of another format changes nothing: the message says so.
    """
    chosen = set(modules if only is None else only)
    origins = sources_of(graph)
    places = {
        below_key(origins[node].key, name): (node, tensor)
        for node, module in modules.items()
        if node in origins and origins[node].owner == graph.root
        for name, tensor in module.state_dict().items()
    }
    try:
        # Opening compares the length of the file with what its header promises, before anything is copied.
        with safe_open(file, framework="pt") as opened:
            keys = set(opened.keys())
            fitting: list[str] = []
            mismatched: list[str] = []
            for key in sorted(keys & places.keys()):
                found, wanted = tuple(opened.get_slice(key).get_shape()), tuple(places[key][1].shape)
                if found == wanted:
                    fitting.append(key)
                else:
                    mismatched.append(f"{key}: {_shape(found)} in the file, {_shape(wanted)} in the graph")
            with torch.no_grad():
                for key in fitting:
                    node, tensor = places[key]
                    if node in chosen:
                        tensor.copy_(opened.get_tensor(key))
    except FileNotFoundError:
        return Loaded(str(file), 0, error=f"there is no file {file}")
    except (OSError, SafetensorError) as error:
        return Loaded(str(file), 0, error=f"{file} can't be read as a .safetensors file: {error}")
    return Loaded(
        path=str(file),
        count=len(fitting),
        missing=tuple(sorted(places.keys() - keys)),
        unexpected=tuple(sorted(keys - places.keys())),
        mismatched=tuple(mismatched),
    )


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
