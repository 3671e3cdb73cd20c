"""Our U-Net of Stable Diffusion XL against that of Refiners."""

import torch
from refiners.foundationals.latent_diffusion import SDXLUNet

from engine.document.graph import paths
from engine.runtime.describe import describe_all
from nodes.models import MODELS, build
from tests.nodes.models import oracle


def test_weights_wires_and_result_are_those_of_refiners_to_the_bit():
    theirs = SDXLUNet(in_channels=4, device="meta")
    graph = build(MODELS["sdxl-unet"])
    assert len(graph) == oracle.count(theirs) == 2813
    modules = oracle.same_weights(theirs, graph)
    random = torch.Generator().manual_seed(1)
    x = torch.randn(1, 4, 8, 8, generator=random)
    held = {
        "diffusion.timestep": torch.tensor([981]),
        "diffusion.time_ids": torch.tensor([[64, 64, 0, 0, 64, 64]]),
        "diffusion.pooled_text_embedding": torch.randn(1, 1280, generator=random),
        "cross_attention_block.clip_text_embedding": torch.randn(1, 77, 2048, generator=random),
    }
    theirs.set_timestep(held["diffusion.timestep"])
    theirs.set_time_ids(held["diffusion.time_ids"])
    theirs.set_pooled_text_embedding(held["diffusion.pooled_text_embedding"])
    theirs.set_clip_text_embedding(held["cross_attention_block.clip_text_embedding"])
    wires: dict[str, tuple[str, ...]] = {}
    for path, module in theirs.named_modules(remove_duplicate=False):
        module.register_forward_hook(
            lambda _module, _inputs, output, path=path: wires.update(
                {path: describe_all(output if isinstance(output, tuple) else (output,))}
            )
        )
    with torch.no_grad():
        expected = theirs(x)

    ours = oracle.lowered(graph, modules, {"x": x}, held)
    assert ours.faults == ()
    path_of = paths(graph)
    returned = {path_of[node]: shapes for node, shapes in ours.returns.items()}
    contexts = sum(node.kind in ("UseContext", "SetContext") for node in graph.nodes.values())
    shared = wires.keys() & returned.keys()
    assert len(shared) == 2813 - contexts, "Refiners calls these two without hooks"
    assert {path: wires[path] for path in shared} == {path: returned[path] for path in shared}

    result = ours.program.run(oracle.given(graph, {"x": x}, held), lambda *_: None, lambda *_: None).result
    assert result.std() > 0.01
    assert torch.equal(result, expected)
