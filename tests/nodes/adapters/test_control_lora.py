"""Our Control-LoRA against that of Refiners."""

import torch
from msgspec.structs import replace
from refiners.foundationals.latent_diffusion.stable_diffusion_xl.control_lora import ControlLoraAdapter

from nodes.adapters import ADAPTERS
from tests.nodes.adapters import base

RANK = 3


def refiners_key(key: str, zeros: list[str]) -> str:
    """What Refiners' files call a tensor that ours adds."""
    own = key.removeprefix("ControlLora.")
    for side, number in (("down", 1), ("up", 2)):
        for kind in ("Linear", "Conv2d"):
            if own.endswith(f".Lora.{kind}_{number}.weight"):
                return f"ControlLora.{own.removesuffix(f'.Lora.{kind}_{number}.weight')}.{side}"
    if "ConditionEncoder." in own:
        return "ConditionEncoder." + own.partition("ConditionEncoder.")[2]
    place, _, rest = own.rpartition("Passthrough.")
    if place not in zeros:
        zeros.append(place)
    return f"ZeroConvolution_{zeros.index(place) + 1:02d}.{rest}"


def test_it_gives_what_refiners_gives_to_the_bit_and_borrows_the_layers_of_the_u_net():
    model, graph, modules = base.sdxl()
    x, picture = base.noise(1, *base.SHAPE[1:]), base.noise(1, 3, 8 * base.SHAPE[2], 8 * base.SHAPE[3], seed=5)
    alone = base.theirs_of(model, x)
    ours = replace(base.shrunk_adapter(ADAPTERS["control-lora"]), id="one", values={"scale": 0.8, "rank": RANK})
    expanded = base.adapted(graph, ours)
    new = base.modules_of(expanded, modules)
    for leaf, lender in expanded.borrowed.items():
        new[leaf] = modules[lender]
    zeros: list[str] = []
    borrowed = {f"{expanded.paths[leaf]}." for leaf in expanded.borrowed}
    weights = {
        refiners_key(key, zeros): tensor
        for key, tensor in base.added(expanded, new, "one").items()
        if f"{key.rpartition('.')[0]}." not in borrowed
    }
    theirs = ControlLoraAdapter("one", model, scale=0.8, weights=weights).inject()
    model.requires_grad_(False)
    theirs.set_condition(picture)
    expected = base.theirs_of(model, x)
    theirs.eject()
    result = base.ours_of(expanded, new, x, {"control_lora@one.condition": picture})
    assert (expected - alone).abs().max() > 0.001
    assert torch.equal(result, expected)
    assert torch.equal(base.theirs_of(model, x), alone)
    assert torch.equal(base.ours_of(base.adapted(graph), modules, x), alone)
