"""LoRA files as others write them, on Stable Diffusion's U-Net and its text encoder."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from msgspec.structs import replace
from refiners.fluxion.adapters import LoraAdapter
from refiners.foundationals.latent_diffusion.lora import SDLoraManager
from safetensors.torch import save_file

from engine.document.adapter_keys import added_keys
from engine.document.aliases import aliases
from engine.document.graph import Weights, paths
from engine.runtime import lora_files
from engine.runtime.checkpoints import Checkpoint
from engine.runtime.weights import fit_adapters
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from nodes.tree import node
from tests.engine.document.drawn import graph_of, with_adapters
from tests.nodes.adapters import base

MODEL, GRAPH, MODULES = base.sd15()
LAYERS = {
    leaf: names
    for leaf, names in aliases(GRAPH).items()
    if GRAPH.nodes[leaf].kind in ("Linear", "Conv2d") and ".attentions." in names.names[-1]
}
"""What a LoRA usually has: the layers of all cross-attentions."""
RANK = 3


def matrices(leaf, rank=RANK, seed=0):
    """Two matrices for a layer."""
    weight: Any = MODULES[leaf].weight
    window = weight.shape[2:]
    random = torch.Generator().manual_seed(seed + int(leaf.removeprefix("n")))
    down = 0.2 * torch.randn(rank, *weight.shape[1:], generator=random)
    return down, 0.2 * torch.randn(weight.shape[0], rank, *[1] * len(window), generator=random)


def written(form, part="unet", alpha=None):
    """The tensors of a file in which `form` says how a layer's name, and the side, become a key."""
    tensors = {}
    for leaf, names in LAYERS.items():
        for side, matrix in zip(("down", "up"), matrices(leaf), strict=True):
            tensors[form(names.names, side)] = matrix
        if alpha is not None:
            tensors[form(names.names, "alpha")] = torch.tensor(alpha)
    return tensors


def kohya(number):
    def form(names, side):
        name = "lora_unet_" + names[number].replace(".", "_")
        return f"{name}.alpha" if side == "alpha" else f"{name}.lora_{side}.weight"

    return form


FORMS = {
    "kohya, names of diffusers": kohya(2),
    "kohya, original names": kohya(1),
    "diffusers": lambda names, side: f"unet.{names[2]}.lora.{side}.weight",
    "PEFT": lambda names, side: f"base_model.model.unet.{names[2]}.lora_{'A' if side == 'down' else 'B'}.weight",
    "processors": lambda names, side: (
        f"{names[2].removesuffix('.0').replace('.to_', '.processor.to_')}_lora.{side}.weight"
        if ".to_" in names[2]
        else f"{names[2]}.lora_{side}.weight"
    ),
    "Refiners": lambda names, side: f"{names[0]}.{side}.weight",
}


def taken(tmp_path, tensors, graph=GRAPH, **values):
    """The LoRA with a file, the graph with it, its modules, and the report."""
    path = tmp_path / "lora.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)
    file = Checkpoint(path)
    adapter = lora_files.taking(graph, replace(ADAPTERS["lora"], values=values), Weights(str(path)), file)
    expanded = base.adapted(graph, adapter)
    twin = with_adapters(graph, adapter)
    modules = base.modules_of(expanded, MODULES)
    sketched = {leaf: module.state_dict() for leaf, module in modules.items()}
    fit = fit_adapters(twin, expanded, sketched, lambda _: file)
    for leaf, takes in fit.takes.items():
        for name, take in takes.items():
            read = take.file.read(take.key, torch.device("cpu"), torch.float32)
            modules[leaf].load_state_dict({name: read}, assign=True)
            modules[leaf].requires_grad_(False)
    (report,) = fit.reports
    return adapter, expanded, modules, report


def theirs(tensors, x, scale):
    """What Refiners' U-Net gives with what Refiners' manager makes of the file."""
    target = SimpleNamespace(unet=MODEL, clip_text_encoder=MODEL, device="cpu", dtype=torch.float32)
    manager = SDLoraManager(cast(Any, target))
    manager.add_loras("one", tensors, scale)
    MODEL.requires_grad_(False)
    adapters = list(MODEL.layers(LoraAdapter))
    assert len(adapters) == len(LAYERS)
    result = base.theirs_of(MODEL, x)
    for adapter in adapters:
        adapter.eject()
    return result


@pytest.fixture(scope="module")
def expected():
    x = base.noise(*base.SHAPE)
    result = theirs(written(FORMS["kohya, names of diffusers"]), x, 0.5)
    assert (result - base.theirs_of(MODEL, x)).abs().max() > 0.001
    return result


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_every_form_gives_what_refiners_makes_of_kohya_s_to_the_bit(form, tmp_path, expected):
    adapter, expanded, modules, report = taken(tmp_path, written(FORMS[form]), scale=0.5)
    assert report.exact, report
    assert report.count == 2 * len(LAYERS)
    assert adapter.values["rank"] == RANK
    assert adapter.where == "in CLIPLCrossAttention"
    assert torch.equal(base.ours_of(expanded, modules, base.noise(*base.SHAPE)), expected)


def test_alpha_over_rank_counts_and_is_told(tmp_path, expected):
    tensors = written(FORMS["kohya, names of diffusers"], alpha=RANK / 2)
    _, expanded, modules, report = taken(tmp_path, tensors, scale=1.0)
    assert report.exact
    assert any("alpha over rank is 0.5" in note for note in report.notes)
    assert torch.equal(base.ours_of(expanded, modules, base.noise(*base.SHAPE)), expected)


def test_layers_of_other_ranks_are_filled_up_and_those_the_file_lacks_are_left_alone(tmp_path):
    one, two = list(LAYERS)[:2]
    form = FORMS["diffusers"]
    tensors = {}
    for leaf, rank in ((one, 2), (two, 5)):
        for side, matrix in zip(("down", "up"), matrices(leaf, rank), strict=True):
            tensors[form(LAYERS[leaf].names, side)] = matrix
    adapter, expanded, modules, report = taken(tmp_path, tensors)
    assert report.exact
    assert adapter.values["rank"] == 5
    assert set(expanded.targets["lora"][0] + expanded.targets["lora"][1]) == {one, two}
    sides: list[Any] = [
        modules[n].weight
        for n in sorted(n for n in expanded.origin if n.endswith(f".{one}"))
        if n in modules and hasattr(modules[n], "weight")
    ]
    down, up = sides
    assert torch.equal((up.flatten(1) @ down.flatten(1)), torch.mm(*(m.flatten(1) for m in reversed(matrices(one, 2)))))


def test_what_has_no_place_is_told(tmp_path):
    name = FORMS["kohya, names of diffusers"]
    tensors = written(name) | {
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.zeros(RANK, 768),
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.zeros(3072, RANK),
        "lora_unet_mid_block_attentions_0_proj_in.hada_w1_a": torch.zeros(2, 2),
        "lora_unet_mid_block_attentions_0_proj_in.dora_scale": torch.zeros(2, 2),
    }
    _, _, _, report = taken(tmp_path, tensors)
    assert report.count == 2 * len(LAYERS) - 2
    assert any("1 layers of a text encoder are not in this graph" in note for note in report.notes)
    assert any("2 tensors are of other methods" in note for note in report.notes)
    assert len(report.unexpected) == 6


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        ("clip-l", "lora_te_"),
        ("clip-l", "lora_te1_"),
        ("clip-g", "lora_te2_"),
        ("clip-l", "text_encoder."),
        ("clip-g", "text_encoder_2."),
    ],
)
def test_text_encoders_have_theirs(model, prefix):
    graph = build(MODELS[model])
    joint = "." if prefix.endswith(".") else "_"
    keys = [
        f"{prefix}{f'text_model.encoder.layers.{n}.{layer}'.replace('.', joint)}.lora_{side}.weight"
        for n in (0, 11)
        for layer in ("self_attn.q_proj", "self_attn.out_proj", "mlp.fc2")
        for side in ("down", "up")
    ]
    found = lora_files.attached(graph, lora_files.layers_in(keys))
    path_of = paths(graph)
    assert {path_of[leaf] for leaf in found} == {
        f"TransformerLayer_{n}.{path}"
        for n in (1, 12)
        for path in (
            "Residual_1.SelfAttention.Distribute.Linear_1",
            "Residual_1.SelfAttention.Linear",
            "Residual_2.FeedForward.Linear_2",
        )
    }


def test_every_layer_of_the_u_nets_has_names_that_tell_it_from_all_others():
    for model in ("sd15-unet", "sdxl-unet"):
        graph = build(MODELS[model])
        names = [
            alias.names for leaf, alias in aliases(graph).items() if graph.nodes[leaf].kind in ("Linear", "Conv2d")
        ]
        assert all(len(each) >= 3 for each in names)
        every = [name for each in names for name in each]
        assert len(every) == len(set(every))


def test_a_graph_of_one_s_own_has_its_layers_by_their_paths():
    graph = graph_of(node("Chain", node("Linear"), name="Mine"))
    assert lora_files.attached(
        graph, lora_files.layers_in(["Mine.Linear.down.weight", "Mine.Linear.up.weight"])
    ).keys() == {"n2"}
    expanded = base.adapted(graph, ADAPTERS["lora"])
    assert set(added_keys(expanded, graph).values()) >= {"Mine.Linear.Lora.Linear_1", "Mine.Linear.Lora.Linear_2"}
