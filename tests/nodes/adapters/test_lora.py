"""Our LoRA against that of Refiners."""

import refiners.fluxion.layers as fl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from refiners.fluxion.adapters import Conv2dLora, LinearLora, LoraAdapter
from refiners.foundationals.latent_diffusion.cross_attention import CrossAttentionBlock2d

from engine.document import edits
from engine.document.graph import Input
from engine.document.sources import UnsetSource
from nodes.adapters import ADAPTERS
from nodes.models import diffusion
from tests.engine.document.drawn import graph_of
from tests.nodes.adapters import base
from tests.nodes.models import oracle


def stacked(id, scale, where=""):
    return replace(ADAPTERS["lora"], id=id, values={"rank": 3, "scale": scale}, where=where)


def paths_of(model):
    """The paths of a model's layers, before anything is injected."""
    name = model.__class__.__name__
    layers = [*model.walk(fl.Linear), *model.walk(fl.Conv2d)]
    return {layer: layer.get_path(parent).removeprefix(f"{name}.") for layer, parent in layers}


def lora_of(adapter, expanded, modules, target):
    """Their LoRA with the weights of ours."""
    layer = modules[target]
    ids = [node for node, site in expanded.origin.items() if (site.adapter, site.target) == (adapter.id, target)]
    down, up = (modules[node].weight for node in ids if hasattr(modules.get(node), "weight"))
    if isinstance(layer, torch.nn.Linear):
        lora = LinearLora.from_weights(adapter.id, down=down, up=up)
    else:
        lora = Conv2dLora.from_weights(adapter.id, down=down, up=up)
        lora.down.stride = layer.stride
    lora.scale = adapter.values["scale"]
    return lora.requires_grad_(False)


def inject(adapter, expanded, modules, layers, model):
    """Put their adapters around their layers; gives the adapters."""
    injected = []
    for target in {node for nodes in expanded.targets[adapter.id] for node in nodes}:
        layer = layers[expanded.paths[target]]
        lora = lora_of(adapter, expanded, modules, target)
        injected.append(LoraAdapter(layer, lora).inject(model.ensure_find_parent(layer)))
    return injected


def eject(adapters):
    for each in adapters:
        each.eject()


def test_on_every_layer_of_a_u_net_the_result_is_that_of_refiners_to_the_bit():
    model, graph, modules = base.sd15()
    x, lora = base.noise(*base.SHAPE), stacked("lora", 0.7)
    alone = base.theirs_of(model, x)
    expanded = base.adapted(graph, lora)
    modules = base.modules_of(expanded, modules)
    injected = inject(lora, expanded, modules, {path: layer for layer, path in paths_of(model).items()}, model)
    assert len(injected) == 282
    expected = base.theirs_of(model, x)
    eject(injected)
    assert (expected - alone).abs().max() > 0.001
    assert torch.equal(base.ours_of(expanded, modules, x), expected)
    assert torch.equal(base.ours_of(base.adapted(graph, replace(lora, enabled=False)), modules, x), alone)


TEXT = ("cross_attention_block", "clip_text_embedding")
BLOCK = fl.Chain(
    CrossAttentionBlock2d(
        channels=64, context_embedding_dim=16, context_key=TEXT[1], num_attention_heads=2, use_bias=False, device="meta"
    )
)
GRAPH = graph_of(diffusion.cross_attention("CrossAttentionBlock2d", 64, 16, heads=2, layers=1, linear_projection=False))
edits.apply(GRAPH, edits.SetInputs((Input("x", UnsetSource()),)))
edits.apply(GRAPH, edits.SetContexts("root", {TEXT[0]: {TEXT[1]: UnsetSource()}}))
MODULES = oracle.same_weights(BLOCK, GRAPH)
LAYERS = {path: layer for layer, path in paths_of(BLOCK).items()}
X, WORDS = base.noise(1, 64, 4, 4), base.noise(1, 5, 16)
STACK = [stacked("one", 0.7), stacked("two", -0.5, "in Attention"), stacked("three", 1.3, "kind=Conv2d, in Residual_3")]


def theirs():
    BLOCK.set_context(TEXT[0], {TEXT[1]: WORDS})
    with torch.no_grad():
        return BLOCK(X)


def ours(expanded, modules):
    return oracle.result(expanded.graph, modules, {"x": X}, {".".join(TEXT): WORDS})


@settings(max_examples=20)
@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=8))
def test_in_any_order_of_injection_and_ejection_the_result_is_that_of_refiners(toggled):
    """A number stands for an adapter: named first it is injected, named again ejected."""
    every = base.adapted(GRAPH, *STACK)
    modules = base.modules_of(every, MODULES)
    alone = theirs()
    injected = {}
    for number in toggled:
        if number in injected:
            eject(injected.pop(number))
        else:
            injected[number] = inject(STACK[number], every, modules, LAYERS, BLOCK)
    expected = theirs()
    for number in reversed(list(injected)):
        eject(injected[number])
    stack = [STACK[number] for number in injected]
    assert torch.equal(ours(base.adapted(GRAPH, *stack), modules), expected)
    assert torch.equal(expected, alone) == (not stack)
    assert torch.equal(theirs(), alone)
    assert torch.equal(ours(base.adapted(GRAPH, *(replace(each, enabled=False) for each in stack)), modules), alone)


def test_the_loras_that_one_adapter_of_refiners_adds_up_stand_in_the_stack_the_other_way_round():
    """Its auto-attach appends to the Sum that is there, where injecting once more nests."""
    twins = stacked("first", 0.7), stacked("second", 0.4)
    expanded = base.adapted(GRAPH, *reversed(twins))
    modules = base.modules_of(expanded, MODULES)
    injected = inject(twins[0], expanded, modules, LAYERS, BLOCK)
    targets = {path: node for node, path in expanded.paths.items() if node in MODULES}
    named = {layer: path for path, layer in LAYERS.items()}
    for adapter in injected:
        adapter.add_lora(lora_of(twins[1], expanded, modules, targets[named[adapter.target]]))
    expected = theirs()
    eject(injected)
    assert torch.equal(ours(expanded, modules), expected)
