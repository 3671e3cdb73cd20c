"""Our U-Net of Stable Diffusion 1.5 against that of Refiners."""

import torch
from refiners.foundationals.latent_diffusion import SD1UNet

from nodes.models import MODELS, build
from tests.nodes.models import oracle


def test_weights_and_result_are_those_of_refiners_to_the_bit():
    theirs = SD1UNet(in_channels=4, device="meta")
    graph = build(MODELS["sd15-unet"])
    assert len(graph) == oracle.count(theirs) == 1265
    modules = oracle.same_weights(theirs, graph)
    random = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, 8, 16, generator=random)
    text = torch.randn(2, 77, 768, generator=random)
    time = torch.tensor([981])
    theirs.set_timestep(time)
    theirs.set_clip_text_embedding(text)
    with torch.no_grad():
        expected = theirs(x)
    held = {"diffusion.timestep": time, "cross_attention_block.clip_text_embedding": text}
    result = oracle.result(graph, modules, {"x": x}, held)
    assert result.std() > 0.01
    assert torch.equal(result, expected)
