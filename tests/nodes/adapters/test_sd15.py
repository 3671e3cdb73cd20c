"""Our adapters of Stable Diffusion 1.5 against those of Refiners."""

import pytest
import refiners.fluxion.layers as fl
import torch
from msgspec.structs import replace
from refiners.fluxion.utils import interpolate
from refiners.foundationals.clip.image_encoder import CLIPImageEncoder
from refiners.foundationals.latent_diffusion.freeu import SDFreeUAdapter
from refiners.foundationals.latent_diffusion.image_prompt import ImageProjection, IPAdapter
from refiners.foundationals.latent_diffusion.reference_only_control import ReferenceOnlyControlAdapter
from refiners.foundationals.latent_diffusion.solvers import DDIM
from refiners.foundationals.latent_diffusion.stable_diffusion_1 import SD1ControlnetAdapter, SD1T2IAdapter, SD1UNet
from refiners.foundationals.latent_diffusion.style_aligned import StyleAlignedAdapter
from refiners.foundationals.latent_diffusion.t2i_adapter import ConditionEncoder

from engine.document.adapters import Adapter
from nodes.adapters import ADAPTERS
from tests.nodes.adapters import base

MODEL, GRAPH, MODULES = base.sd15()
X = base.noise(*base.SHAPE)
TIME = 981
"""The time step that the models are told."""
PICTURE = base.noise(base.SHAPE[0], 3, 8 * base.SHAPE[2], 8 * base.SHAPE[3], seed=5)


def adapter(id, base_id, **values):
    return replace(base.shrunk_adapter(ADAPTERS[base_id]), id=id, values=values)


def load(theirs, expanded, modules, id, prefix):
    """Give a part of theirs the weights that our adapter adds under a prefix of keys."""
    weights = base.added(expanded, modules, id)
    theirs.load_state_dict(
        {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}, assign=True
    )
    theirs.requires_grad_(False)


@pytest.fixture(autouse=True)
def ejected():
    """What is injected has been ejected, and the base is what it was."""
    alone = base.theirs_of(MODEL, X)
    yield
    assert torch.equal(base.theirs_of(MODEL, X), alone)
    assert torch.equal(base.ours_of(base.adapted(GRAPH), MODULES, X), alone)


def test_control_nets_one_around_the_other():
    stack = [adapter("one", "controlnet", scale=0.8), adapter("two", "controlnet", scale=1.5)]
    expanded = base.adapted(GRAPH, *stack)
    modules = base.modules_of(expanded, MODULES)
    pictures = {"one": PICTURE, "two": 1 - PICTURE}
    injected = []
    for each in stack:
        with torch.device("meta"):
            theirs = SD1ControlnetAdapter(MODEL, each.id, scale=_scale(each))
        base.shrink(theirs.controlnet)
        load(theirs.controlnet, expanded, modules, each.id, "Controlnet.")
        injected.append(theirs.inject())
    for theirs in injected:
        theirs.set_controlnet_condition(pictures[theirs.name])
    expected = base.theirs_of(MODEL, X)
    for theirs in reversed(injected):
        theirs.eject()
    result = base.ours_of(expanded, modules, X, {f"controlnet@{id}.condition": p for id, p in pictures.items()})
    assert (expected - base.theirs_of(MODEL, X)).abs().max() > 0.001
    assert torch.equal(result, expected)


def test_t2i_adapters_side_by_side():
    stack = [adapter("one", "t2i", scale=0.8), adapter("two", "t2i", scale=1.5)]
    expanded = base.adapted(GRAPH, *stack)
    modules = base.modules_of(expanded, MODULES)
    pictures = {"one": PICTURE, "two": 1 - PICTURE}
    injected = []
    for each in stack:
        encoder = ConditionEncoder(device="meta")
        base.shrink(encoder)
        load(encoder, expanded, modules, each.id, "Passthrough.ConditionEncoder.")
        theirs = SD1T2IAdapter(MODEL, each.id, encoder, scale=_scale(each)).inject()
        injected.append(theirs)
    for theirs in injected:
        with torch.no_grad():
            theirs.set_condition_features(theirs.compute_condition_features(pictures[theirs.name]))
    expected = base.theirs_of(MODEL, X)
    for theirs in reversed(injected):
        theirs.eject()
    result = base.ours_of(expanded, modules, X, {f"t2iadapter@{id}.condition": p for id, p in pictures.items()})
    assert (expected - base.theirs_of(MODEL, X)).abs().max() > 0.001
    assert torch.equal(result, expected)


def test_an_image_prompt():
    ours = adapter("ip", "ip-adapter", scale=0.6)
    expanded = base.adapted(GRAPH, ours)
    modules = base.modules_of(expanded, MODULES)
    embedding = base.noise(base.SHAPE[0], 1024, seed=6)
    projection = ImageProjection(device="meta")
    load(projection, expanded, modules, "ip", "Passthrough.ImageProjection.")
    theirs = IPAdapter(MODEL, CLIPImageEncoder(num_layers=1, device="meta"), projection, scale=0.6)  # pyright: ignore[reportArgumentType]
    paths = {attention: attention.get_path() for attention in MODEL.layers(fl.Attention)}
    for each in theirs.sub_adapters:
        path = paths[each.target].removeprefix("SD1UNet.")
        weights = base.added(expanded, modules, "ip")
        prefix = f"{path}.ScaledDotProductAttention.ImageCrossAttention.Distribute."
        each.load_weights(weights[f"{prefix}Chain_1.Linear.weight"], weights[f"{prefix}Chain_2.Linear.weight"])
    theirs.requires_grad_(False)
    theirs.inject()
    with torch.no_grad():
        theirs.set_clip_image_embedding(projection(embedding))
    expected = base.theirs_of(MODEL, X)
    theirs.eject()
    result = base.ours_of(expanded, modules, X, {"ip_adapter@ip.clip_image_embedding": embedding})
    assert (expected - base.theirs_of(MODEL, X)).abs().max() > 0.001
    assert torch.equal(result, expected)


def test_freeu():
    ours = adapter("freeu", "freeu", backbone_1=1.3, skip_2=0.4)
    expanded = base.adapted(GRAPH, ours)
    theirs = SDFreeUAdapter(MODEL, backbone_scales=[1.3, 1.6], skip_scales=[0.9, 0.4]).inject()
    expected = base.theirs_of(MODEL, X)
    theirs.eject()
    result = base.ours_of(expanded, base.modules_of(expanded, MODULES), X)
    assert (expected - base.theirs_of(MODEL, X)).abs().max() > 0.001
    assert torch.equal(result, expected)


def test_style_alignment_of_a_batch_with_guidance():
    ours = adapter("style", "style-aligned", scale=0.7)
    expanded = base.adapted(GRAPH, ours)
    x = base.noise(4, *base.SHAPE[1:])
    theirs = StyleAlignedAdapter(MODEL, scale=0.7).inject()
    expected = base.theirs_of(MODEL, x)
    theirs.eject()
    result = base.ours_of(expanded, base.modules_of(expanded, MODULES), x)
    assert (expected - base.theirs_of(MODEL, x)).abs().max() > 0.001
    assert torch.equal(result, expected)


def test_reference_only_control():
    ours = adapter("ref", "reference-only", style_cfg=0.3)
    expanded = base.adapted(GRAPH, ours)
    modules = base.modules_of(expanded, MODULES)
    modules |= {leaf: modules[lender] for leaf, lender in expanded.borrowed.items()}
    assert not base.added(
        expanded, {leaf: each for leaf, each in modules.items() if leaf not in expanded.borrowed}, "ref"
    )
    latent, random = (base.noise(1, *base.SHAPE[1:], seed=seed) for seed in (8, 9))
    kept = DDIM(50).cumulative_scale_factors[TIME].square()
    guide = (kept.sqrt() * latent + (1 - kept).sqrt() * random).expand(2, -1, -1, -1)
    theirs = ReferenceOnlyControlAdapter(MODEL, style_cfg=0.3).inject()
    theirs.set_controlnet_condition(guide)
    for label, value in base.held(2, "SD1UNet").items():
        context, _, key = label.partition(".")
        theirs.set_context(context, {key: value})
    with torch.no_grad():
        expected = theirs(X)
    theirs.eject()
    told = {"reference_only_control@ref.latent": latent, "reference_only_control@ref.noise": random}
    result = base.ours_of(expanded, modules, X, told)
    assert (expected - base.theirs_of(MODEL, X)).abs().max() > 0.001
    assert torch.allclose(result, expected, atol=1e-5)  # to the bit but for the rounding of the noise's share


def test_inpainting():
    expanded = base.adapted(GRAPH, adapter("in", "inpainting"))
    modules = base.modules_of(expanded, MODULES)
    ((key, weight), (_, bias)) = base.added(expanded, modules, "in").items()
    assert (key, weight.shape) == ("DownBlocks.Chain_1.Conv2d.weight", (32, 9, 3, 3))
    model = SD1UNet(in_channels=9, device="meta")
    base.shrink(model)
    model.load_state_dict(MODEL.state_dict() | {key: weight, key.replace("weight", "bias"): bias}, assign=True)
    model.requires_grad_(False)
    mask, latent = PICTURE[:1].clamp(0, 1).round(), base.noise(1, 4, *base.SHAPE[2:], seed=7)
    told = {"inpainting@in.mask": mask, "inpainting@in.masked_latent": latent}
    small = interpolate(mask[:, :1], torch.Size(base.SHAPE[2:]))
    beside = [each.expand(X.shape[0], -1, -1, -1) for each in (small, latent)]
    expected = base.theirs_of(model, torch.cat((X, *beside), dim=1))
    assert torch.equal(base.ours_of(expanded, modules, X, told), expected)


def _scale(of: Adapter) -> float:
    scale = of.values["scale"]
    assert isinstance(scale, float)
    return scale
