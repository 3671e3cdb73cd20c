"""Weights files of ControlNet, T2I-Adapter, IP-Adapter and Control-LoRA as others write them.

That Refiners has the names that are called so here, `test_sd15` shows: its modules take them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save_file
from torch import Tensor

from engine.document.adapter_keys import added_keys
from engine.document.drawn import keys_in
from engine.document.expand import Expanded
from engine.document.graph import Graph, Weights, tree_nodes
from engine.document.keys import below_key
from engine.messages import WeightsReport
from engine.runtime import lora_files
from engine.runtime.adapter_words import DIFFUSERS, ORIGINAL, PAIR, REFINERS, Spot, names
from engine.runtime.checkpoints import Checkpoint
from engine.runtime.weights import fit_adapters
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from tests.engine.document.drawn import with_adapters
from tests.nodes.adapters import base
from tests.nodes.adapters.test_control_lora import refiners_key

RANK = 4
Call = Callable[[str, str, Spot, str], str]
"""A tensor's key for the path of the target, the key of the layer as we have it, the spot, the name in the layer."""
ATTENTIONS = 16
"""Those to the text in Stable Diffusion 1.5: six down, one in the middle, nine up."""


def drawn(id: str) -> list[str]:
    """The keys of the layers that an adapter brings along."""
    keys = keys_in(ADAPTERS[id])
    trees = (tree.node for patch in ADAPTERS[id].patches for tree in tree_nodes(patch.tree))
    return [keys[node.id] for node in trees if CATALOGUE[node.kind].weights and not node.shared]


@pytest.mark.parametrize(
    ("key", "original", "diffusers"),
    [
        ("Controlnet.TimestepEncoder.RangeEncoder.Linear_1", "time_embed.0", "time_embedding.linear_1"),
        ("Controlnet.DownBlocks.Chain_1.Conv2d", "input_blocks.0.0", "conv_in"),
        ("Controlnet.DownBlocks.Chain_4.Downsample.Conv2d", "input_blocks.3.0.op", "down_blocks.0.downsamplers.0.conv"),
        ("Controlnet.DownBlocks.Chain_1.Passthrough.Conv2d", "zero_convs.0.0", "controlnet_down_blocks.0"),
        ("Controlnet.DownBlocks.Chain_12.Passthrough.Conv2d", "zero_convs.11.0", "controlnet_down_blocks.11"),
        ("Controlnet.MiddleBlock.Passthrough.Conv2d", "middle_block_out.0", "controlnet_mid_block"),
        (
            "Controlnet.DownBlocks.Chain_1.Residual.ConditionEncoder.Chain_1.Conv2d",
            "input_hint_block.0",
            "controlnet_cond_embedding.conv_in",
        ),
        (
            "Controlnet.DownBlocks.Chain_1.Residual.ConditionEncoder.Chain_2.Conv2d_2",
            "input_hint_block.4",
            "controlnet_cond_embedding.blocks.1",
        ),
        (
            "Controlnet.DownBlocks.Chain_1.Residual.ConditionEncoder.Conv2d",
            "input_hint_block.14",
            "controlnet_cond_embedding.conv_out",
        ),
        ("ControlLora.MiddleBlock.ResidualBlock_1.Chain.Conv2d.Lora.Conv2d_1", "middle_block.0.out_layers.3.down", ""),
    ],
)
def test_a_side_network_by_other_names(key: str, original: str, diffusers: str) -> None:
    assert "target." + key in drawn("controlnet" if key.startswith("Controlnet.") else "control-lora")
    found = names(Spot(f"target.{key}"))
    assert found[ORIGINAL] == original
    assert not diffusers or found[DIFFUSERS] == diffusers


@cache
def unet(model: str) -> Graph:
    return build(MODELS[model])


def sketched(whole: Expanded, tensors: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Tensors of the layers that adapters add to a graph, each another one; their shapes are not those of the model."""
    for node in whole.origin.keys() - whole.borrowed.keys() - tensors.keys():
        if CATALOGUE[whole.graph.nodes[node].kind].weights:
            pair, params = PAIR.fullmatch(whole.paths[node]), whole.graph.nodes[node].params
            shape = [(RANK, 5), (5, RANK)][int(pair["side"]) - 1] if pair else (2, 3)
            biased = params.get("bias", params.get("use_bias", True))
            tensors[node] = {"weight": torch.rand(shape)} | ({"bias": torch.rand(2)} if biased else {})
    return tensors


def taken(tmp_path: Path, id: str, call: Call, model: str = "sd15-unet") -> tuple[WeightsReport, int]:
    """The report on a file that `call` names the tensors of; all that is taken is what was meant."""
    graph, plain = unet(model), ADAPTERS[id]
    whole = base.adapted(graph, plain)
    layers = sketched(whole, {})
    keys, in_tree = added_keys(whole, graph), keys_in(plain)
    places = {target: n for nodes in whole.targets[id] for n, target in enumerate(nodes)}
    meant: dict[str, tuple[str, str]] = {}
    for node, site in whole.origin.items():
        for name in layers.get(node, ()):
            spot = Spot(in_tree[site.node], places[site.target])
            meant[call(whole.paths[site.target], keys[node], spot, name)] = (node, name)
    path = tmp_path / "adapter.safetensors"
    save_file({key: layers[node][name] for key, (node, name) in meant.items()}, path)
    file = Checkpoint(path)
    adapter = lora_files.taking(graph, plain, Weights(str(path)), file)
    assert adapter.values.get("rank", RANK) == RANK
    fit = fit_adapters(with_adapters(graph, adapter), base.adapted(graph, adapter), layers, lambda _: file)
    for node, name in meant.values():
        take = fit.takes[node][name]
        assert torch.equal(take.file.read(take.key, torch.device("cpu"), torch.float32), layers[node][name])
    (report,) = fit.reports
    return report, len(meant)


def in_form(form: str, prefix: str = "") -> Call:
    return lambda path, key, spot, name: below_key(prefix, f"{names(spot)[form]}.{name}")


@pytest.mark.parametrize(
    ("id", "call", "note"),
    [
        ("controlnet", in_form(REFINERS), "names as Refiners has them"),
        ("controlnet", in_form(DIFFUSERS), "names as diffusers has them"),
        ("controlnet", in_form(ORIGINAL, "control_model"), "names as its authors has them, below control_model"),
        ("t2i", in_form(DIFFUSERS, "adapter"), "names as diffusers has them, below adapter"),
        (
            "t2i",
            lambda path, key, spot, name: f"Pipeline.Unet.{key}.{name}",
            "names as where the model stood elsewhere",
        ),
    ],
)
def test_a_file_of_another_form_is_taken_by_name(tmp_path: Path, id: str, call: Call, note: str) -> None:
    report, count = taken(tmp_path, id, call)
    assert (report.count, report.exact) == (count, True)
    assert report.notes[0].startswith(note)


def of_ip_adapter(path: str, key: str, spot: Spot, name: str) -> str:
    """As its authors count: every second of the attentions down, up, and then in the middle."""
    if "ImageProjection" in spot.key:
        return f"image_proj.{'norm' if 'LayerNorm' in spot.key else 'proj'}.{name}"
    side = "k" if "Chain_1.Linear" in spot.key else "v"
    place = ATTENTIONS - 1 if "MiddleBlock" in path else spot.number - ("UpBlocks" in path)
    return f"ip_adapter.{2 * place + 1}.to_{side}_ip.{name}"


@pytest.mark.parametrize("call", [of_ip_adapter, in_form(REFINERS)])
def test_the_attentions_of_an_ip_adapter_are_found_by_their_order(tmp_path: Path, call: Call) -> None:
    report, count = taken(tmp_path, "ip-adapter", call)
    assert (report.count, report.exact, count) == (count, True, 2 * ATTENTIONS + 4)


def test_a_control_lora_has_the_rank_of_its_file(tmp_path: Path) -> None:
    zeros: list[str] = []
    call: Call = lambda path, key, spot, name: refiners_key(f"{key}.{name}", zeros)  # noqa: E731
    report, count = taken(tmp_path, "control-lora", call, "sdxl-unet")
    assert (report.count, report.exact) == (count, True)
    assert report.notes == ("names as Refiners has them",)


def test_a_file_of_something_else_is_none(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv_in.weight": torch.zeros(7, 3), "x.y.bias": torch.zeros(1)}, path)
    graph, adapter = unet("sd15-unet"), replace(ADAPTERS["t2i"], weights=Weights(str(path)))
    whole = base.adapted(graph, adapter)
    fit = fit_adapters(with_adapters(graph, adapter), whole, sketched(whole, {}), lambda _: Checkpoint(path))
    (report,) = fit.reports
    assert (report.count, report.notes, len(report.unexpected)) == (0, (), 2)
