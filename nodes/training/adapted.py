"""The base model with an adapter: what is learned is what the adapter puts there."""

from functools import partial
from pathlib import Path

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.expand import driven, expand
from engine.document.graph import Graph, paths
from engine.document.kinds import ParamValue
from engine.document.scopes import keys
from engine.document.sources import ImageSource
from nodes import CATALOGUE
from nodes.adapters import digits as built_in
from nodes.models.digits import SIZE
from nodes.training import base, weights
from nodes.training.schedule import Predict
from nodes.training.trainable import Trainable


class Adapted:
    """The trained base model with an untrained adapter.

    `keys` are those of the adapter's own layers in its weights file, by node; `base_keys` those of the model's.
    """

    def __init__(self, out: Path, adapter: Adapter, device: torch.device, seed: int = 0) -> None:
        graph = base.graph()
        self.base_keys = paths(graph)
        edits.apply(graph, edits.SetAdapters((adapter,)))
        self.expanded = expand(graph, CATALOGUE)
        if self.expanded.amiss:
            raise ValueError("; ".join(amiss.message for amiss in self.expanded.amiss))
        self.adapter, self.device = adapter, device
        self.keys = {node: path for node, path in self.expanded.paths.items() if node in self.expanded.origin}
        self.reads = _pictures_read(self.expanded.graph)
        pictures = dict.fromkeys(self.reads, torch.zeros(2, 3, SIZE, SIZE, device=device))
        self.model = Trainable(self.expanded.graph, base.example(device) | pictures, device, seed)
        self.layers = self.model.layers
        weights.load(out / base.FILE, self.layers, self.base_keys)

    @property
    def file(self) -> str:
        """What the file of the weights is called."""
        return built_in.file_of(self.adapter)

    def set(self, param: str, value: ParamValue) -> None:
        """Give a live param of the adapter a value, everywhere."""
        self.adapter = replace(self.adapter, values=self.adapter.values | {param: value})
        for node, name, found in driven(self.expanded, self.adapter, param):
            setattr(self.layers[node], name, found)

    def learn(self) -> list[nn.Parameter]:
        """Thaw the adapter; gives its parameters."""
        return self.model.learn(self.keys)

    def predict(self, *pictures: Tensor) -> Predict:
        """The model as sampling calls it, with the pictures (N, 3, 16, 16) that the adapter reads, in order."""
        return partial(base.predicted, self.model, dict(zip(self.reads, pictures, strict=True)))

    def save(self, out: Path) -> None:
        """Write the adapter's weights."""
        weights.save(out / self.file, self.layers, self.keys)

    def load(self, out: Path) -> "Adapted":
        """Read the adapter's weights."""
        weights.load(out / self.file, self.layers, self.keys)
        return self


def _pictures_read(graph: Graph) -> list[str]:
    """The context entries that hold a picture, as "context.key"."""
    sources = [(key, graph.nodes[key.provider].contexts[key.context][key.key]) for key in keys(graph)]
    return [key.label for key, source in sources if isinstance(source, ImageSource)]
