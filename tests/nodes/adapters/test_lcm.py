"""Our LCM adapter against that of Refiners."""

import torch
from msgspec.structs import replace
from refiners.foundationals.latent_diffusion import SDXLUNet
from refiners.foundationals.latent_diffusion.range_adapter import RangeEncoder
from refiners.foundationals.latent_diffusion.stable_diffusion_xl.lcm import SDXLLcmAdapter

from engine.document import edits
from engine.document.graph import Input
from engine.document.sources import UnsetSource
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build, diffusion
from nodes.tree import node
from tests.engine.document.drawn import graph_of
from tests.nodes.adapters import base
from tests.nodes.models import oracle


def test_it_goes_to_the_first_layer_that_sees_the_time_step():
    expanded = base.adapted(build(MODELS["sdxl-unet"]), ADAPTERS["lcm"])
    ((target,),) = expanded.targets["lcm"]
    assert expanded.paths[target] == "TimestepEncoder.Sum.Chain.RangeEncoder.Linear_1"


def test_the_embedding_of_the_time_step_is_that_of_refiners_to_the_bit():
    graph = graph_of(node("Chain", diffusion.range_encoder(), name="TimestepEncoder"))
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    lcm = replace(ADAPTERS["lcm"], values={"condition_scale": 4.5})
    expanded = base.adapted(graph, lcm)
    modules = oracle.noisy_weights(expanded.graph)

    unet = SDXLUNet(in_channels=4, device="meta")
    theirs = unet.ensure_find(RangeEncoder)
    own = {expanded.paths[n]: m for n, m in modules.items() if n not in expanded.origin}
    theirs.load_state_dict(
        {f"{p.rpartition('.')[2]}.{k}": v for p, m in own.items() for k, v in m.state_dict().items()}, assign=True
    )
    adapter = SDXLLcmAdapter(unet, condition_scale=4.5)
    adapter.inject()
    (weight,) = base.added(expanded, modules, "lcm").values()
    block = theirs.layer("ConditionScaleBlock")
    block.load_state_dict({"Linear.weight": weight}, assign=True)
    unet.requires_grad_(False)
    x = torch.tensor([981])
    with torch.no_grad():
        context = adapter.sinusoidal_embedding
        expected = theirs(x)
    assert context is not None
    result = oracle.result(expanded.graph, modules, {"x": x}, {})
    assert torch.equal(result, expected)
