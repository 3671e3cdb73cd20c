"""Our autoencoder against that of Refiners.

Refiners' attention over pixels keeps the height and width where only its own functions find them; ours has nodes for
that: six more in each of the two.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from refiners.foundationals.latent_diffusion import LatentDiffusionAutoencoder

from nodes.models import MODELS, build
from tests.nodes.models import oracle

PARTS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], int]] = {
    "vae-encoder": (lambda whole: whole.Encoder, (2, 3, 24, 40), 1),
    "vae-decoder": (lambda whole: whole.Decoder, (2, 4, 3, 5), 1),
    "vae": (lambda whole: whole, (1, 3, 16, 24), 2),
}


@pytest.mark.parametrize("name", PARTS)
def test_weights_and_result_are_those_of_refiners_to_the_bit(name: str):
    part, shape, attentions = PARTS[name]
    theirs = part(LatentDiffusionAutoencoder(device="meta"))
    graph = build(MODELS[name])
    assert len(graph) == oracle.count(theirs) + 6 * attentions
    modules = oracle.same_weights(theirs, graph)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(x)
    result = oracle.result(graph, modules, {"x": x}, {})
    assert result.std() > 0.01
    assert torch.equal(result, expected)
