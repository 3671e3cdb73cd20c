"""U-Nets of Stable Diffusion with a tenth of their channels: those of Refiners and ours, with the same weights."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import refiners.fluxion.layers as fl
import torch
from msgspec.structs import replace
from refiners.foundationals.latent_diffusion import SD1UNet, SDXLUNet
from refiners.foundationals.latent_diffusion.range_adapter import RangeEncoder
from torch import Tensor, nn

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.expand import Expanded, expand
from engine.document.graph import Graph, Node, Nodes, Tree
from engine.document.kinds import ParamValue
from engine.document.scopes import keys
from engine.runtime.lower import lower
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.nodes.models import oracle

Unet = TypeVar("Unet", SD1UNet, SDXLUNet)

SHAPE = (2, 4, 16, 8)
SIZES = ("in_features", "out_features", "in_channels", "out_channels", "num_channels", "channels")
SIZES_OF_ATTENTION = ("embedding_dim", "inner_dim", "key_embedding_dim", "value_embedding_dim")
NOTHING: Mapping[str, Tensor] = {}
HEADS = {10: 8, 20: 16}
"""Heads of SDXL that a tenth of the channels can't be shared by, and as many as they can."""
HALF_AS_WRITTEN = "160"
"""Of the 320 features of the time step, those that are cosines."""


def small(size: Any) -> Any:
    """A tenth of what counts channels."""
    if isinstance(size, list | tuple):
        return type(size)(map(small, size))
    return size // 10 if type(size) is int and size % 320 == 0 else size


def shrink(model: nn.Module) -> None:
    """Take nine tenths of the channels off a model on the meta device."""
    for module in model.modules():
        for name in (*SIZES, *SIZES_OF_ATTENTION, "normalized_shape", "sinusoidal_embedding_dim"):
            if hasattr(module, name):
                setattr(module, name, small(getattr(module, name)))
        if hasattr(module, "num_heads"):
            heads: Any = module.num_heads
            module.num_heads = HEADS.get(heads, heads)  # pyright: ignore[reportArgumentType]
        if isinstance(module, fl.Reshape):
            module.shape = small(module.shape)
        for name, parameter in module.named_parameters(recurse=False):
            shape = tuple(map(small, parameter.shape))
            setattr(module, name, nn.Parameter(torch.empty(shape, device="meta"), requires_grad=False))
    assert all(
        encoder.sinusoidal_embedding_dim == 32 for encoder in model.modules() if isinstance(encoder, RangeEncoder)
    )


def shrunk(node: Node) -> Node:
    """A node of ours with a tenth of the channels."""
    params = {name: _shrunk(value) for name, value in node.params.items()}
    if isinstance(heads := params.get("num_heads"), int) and heads in HEADS:
        params["num_heads"] = HEADS[heads]
    return replace(node, params=params)


def _shrunk(value: ParamValue) -> ParamValue:
    if isinstance(value, str):
        return value.replace(HALF_AS_WRITTEN, "16")
    return small(value)


def shrunk_tree(tree: Tree) -> Tree:
    """A tree of ours with a tenth of the channels."""
    children = tree.children and tuple(map(shrunk_tree, tree.children))
    return replace(tree, node=shrunk(tree.node), children=children)


def shrunk_adapter(adapter: Adapter) -> Adapter:
    """An adapter for a model with a tenth of the channels."""
    return replace(adapter, patches=tuple(replace(p, tree=shrunk_tree(p.tree)) for p in adapter.patches))


@cache
def sd15() -> tuple[SD1UNet, Graph, dict[str, nn.Module]]:
    """The model of Refiners, ours, and the modules of ours."""
    return _both(SD1UNet(in_channels=4, device="meta"), "sd15-unet")


@cache
def sdxl() -> tuple[SDXLUNet, Graph, dict[str, nn.Module]]:
    """The same of Stable Diffusion XL."""
    return _both(SDXLUNet(in_channels=4, device="meta"), "sdxl-unet")


def _both(theirs: Unet, model: str) -> tuple[Unet, Graph, dict[str, nn.Module]]:
    shrink(theirs)
    graph = build(MODELS[model])
    graph.nodes = Nodes({name: shrunk(node) for name, node in graph.nodes.items()})
    return theirs, graph, oracle.same_weights(theirs, graph)


@cache
def held(batch: int, model: str) -> dict[str, Tensor]:
    """What a U-Net is told, by "context.key"."""
    xl = model == "SDXLUNet"
    sizes = torch.tensor([[128.0, 64.0, 0.0, 0.0, 128.0, 64.0]]).expand(batch, -1)
    more = {"diffusion.time_ids": sizes, "diffusion.pooled_text_embedding": noise(batch, 1280, seed=4)}
    return {
        "diffusion.timestep": torch.tensor([981]),
        "cross_attention_block.clip_text_embedding": noise(batch, 77, 2048 if xl else 768, seed=2),
        **(more if xl else {}),
    }


def noise(*shape: int, seed: int = 3) -> Tensor:
    """Normally distributed numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def theirs_of(unet: SD1UNet | SDXLUNet, x: Tensor) -> Tensor:
    """What Refiners' U-Net gives."""
    for label, value in held(len(x), type(unet).__name__).items():
        context, _, key = label.partition(".")
        unet.set_context(context, {key: value})
    with torch.no_grad():
        return unet(x)


def adapted(graph: Graph, *adapters: Adapter) -> Expanded:
    """The graph with these adapters, of which none is left out."""
    twin = graph.copy()
    edits.apply(twin, edits.SetAdapters(adapters))
    expanded = expand(twin, CATALOGUE)
    assert [amiss.message for amiss in expanded.amiss] == []
    return expanded


def modules_of(expanded: Expanded, base: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """The modules of the base, with those that adapters add, which have random weights."""
    return oracle.noisy_weights(expanded.graph) | base


def added(expanded: Expanded, modules: dict[str, nn.Module], adapter: str) -> dict[str, Tensor]:
    """The weights of what an adapter adds, by key."""
    own = {node: modules[node] for node, site in expanded.origin.items() if site.adapter == adapter and node in modules}
    return {f"{expanded.paths[node]}.{k}": v for node, module in own.items() for k, v in module.state_dict().items()}


def ours_of(
    expanded: Expanded, modules: dict[str, nn.Module], x: Tensor, told: Mapping[str, Tensor] = NOTHING
) -> Tensor:
    """What our U-Net gives; `told` are the contexts of adapters, as "context@adapter.key"."""
    graph = expanded.graph
    given = oracle.given(graph, {"x": x}, held(len(x), graph.nodes[graph.root].title))
    for key in keys(graph):
        if key.label in told:
            given.contexts[key] = told[key.label]
    lowered = lower(graph, CATALOGUE, modules, given)
    assert lowered.faults == ()
    return lowered.program.run(given, lambda *_: None, lambda *_: None).result
