"""All models: sound, the same every time, saved and read again, and ready to run as they come."""

import pytest
import torch

from engine.document import files, parsing
from engine.document.check import check
from engine.document.graph import Input
from engine.document.sources import ListSource, NoiseSource
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.nodes.models import oracle

RETURNS = {
    "digits": (1, 1, 16, 16),
    "sd15": (1, 3, 512, 512),
    "sd15-unet": (1, 4, 64, 64),
    "sdxl-unet": (1, 4, 128, 128),
    "clip-l": (1, 77, 768),
    "clip-g": (1, 77, 1280),
    "vae": (1, 3, 512, 512),
    "vae-encoder": (1, 4, 64, 64),
    "vae-decoder": (1, 3, 512, 512),
    "bert": (1, 7, 768),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_is_sound_and_the_same_every_time(name: str):
    graph = build(MODELS[name])
    assert check(graph, CATALOGUE) == []
    data = files.dump(graph)
    assert files.dump(build(MODELS[name])) == data
    assert files.dump(parsing.parse(data)) == data
    assert MODELS[name].doc.endswith(".")


@pytest.mark.parametrize("name", MODELS)
def test_its_shapes_fit_as_it_comes(name: str):
    graph = build(MODELS[name])
    inputs = {given.name: value(given) for given in graph.inputs}
    held = {
        f"{context}.{key}": torch.zeros(source.shape)
        for context, entries in graph.nodes["root"].contexts.items()
        for key, source in entries.items()
        if isinstance(source, NoiseSource)
    }
    lowered = oracle.lowered(graph, oracle.noisy_weights(graph), inputs, held)
    assert lowered.faults == ()
    assert lowered.returns["root"] == (f"float32 {RETURNS[name]}",)


def value(given: Input) -> object:
    if isinstance(given.source, NoiseSource):
        return torch.zeros(given.source.shape)
    assert isinstance(given.source, ListSource)
    return given.source.value
