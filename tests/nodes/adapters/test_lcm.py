"""Our LCM adapter against that of Refiners."""

import torch
from msgspec.structs import replace
from refiners.foundationals.latent_diffusion.range_adapter import RangeEncoder
from refiners.foundationals.latent_diffusion.stable_diffusion_xl.lcm import ConditionScaleBlock, SDXLLcmAdapter

from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from tests.nodes.adapters import base


def test_it_goes_to_the_first_layer_that_sees_the_time_step():
    expanded = base.adapted(build(MODELS["sdxl-unet"]), ADAPTERS["lcm"])
    ((target,),) = expanded.targets["lcm"]
    assert expanded.paths[target] == "TimestepEncoder.Sum.Chain.RangeEncoder.Linear_1"


def test_the_whole_u_net_gives_what_refiners_gives_to_the_bit():
    model, graph, modules = base.sdxl()
    x = base.noise(1, *base.SHAPE[1:])
    alone = base.theirs_of(model, x)
    expanded = base.adapted(graph, replace(base.shrunk_adapter(ADAPTERS["lcm"]), values={"condition_scale": 4.5}))
    with_lcm = base.modules_of(expanded, modules)
    ((key, weight),) = base.added(expanded, with_lcm, "lcm").items()
    assert (key.endswith("ConditionScaleBlock.Linear.weight"), weight.shape) == (True, (32, 256))

    adapter = SDXLLcmAdapter(model, condition_scale=4.5).inject()
    block = model.ensure_find(RangeEncoder).layer("ConditionScaleBlock", ConditionScaleBlock)
    block.load_state_dict({"Linear.weight": weight}, assign=True)
    model.requires_grad_(False)
    expected = base.theirs_of(model, x)
    adapter.eject()
    assert (expected - alone).abs().max() > 0.001
    assert torch.equal(base.ours_of(expanded, with_lcm, x), expected)
    assert torch.equal(base.theirs_of(model, x), alone)
    assert torch.equal(base.ours_of(base.adapted(graph), modules, x), alone)
