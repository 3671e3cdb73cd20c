"""From files as they are published to a picture, as docs/checkpoints.md has it, with random weights at small sizes."""

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save_file
from torch import Tensor

from engine.__main__ import main
from engine.document import edits, files
from engine.document.aliases import aliases
from engine.document.graph import Graph, Input
from engine.document.sources import NoiseSource
from engine.runtime.modules import Modules
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.nodes.adapters.base import shrunk

SIZES = {768: 96, 3072: 384, 512: 128, 256: 64, 128: 32}
"""What the text encoder and the decoder have of channels, and what they get here; the U-Net has a tenth."""
PARTS = {"unet": "model.diffusion_model", "te1": "cond_stage_model.transformer", "vae": "first_stage_model"}
"""Where the parts are in a single file."""
FRAMES = ("Sample.SD1UNet", "Prompt.CLIPTextEncoderL", "Decoder")


def small(value: object, part: str) -> object:
    if isinstance(value, list):
        return [small(each, part) for each in value]
    fits = type(value) is int and (part != "unet" or value == 768)
    return SIZES.get(value, value) if fits else value  # pyright: ignore[reportCallIssue, reportArgumentType]


def pipeline() -> Graph:
    graph = build(MODELS["sd15"])
    inside = {node for node in graph.walk() if any(graph.nodes[f].title == "SD1UNet" for f in graph.ancestors(node))}
    for name, node in graph.nodes.items():
        part = "unet" if name in inside else ""
        data = replace(node, params={key: small(value, part) for key, value in shrunk(node).params.items()})
        if node.kind == "Sample":
            data = replace(data, params=data.params | {"steps": 2})
        graph.nodes[name] = data
    edits.apply(graph, edits.SetInputs((Input("x", NoiseSource([1, 4, 8, 8])),)))
    return graph


def tensors(graph: Graph) -> dict[str, dict[str, Tensor]]:
    """Random weights of every leaf."""
    modules = Modules(CATALOGUE, torch.device("cpu"), torch.float32, seed=0)
    modules.update(graph)
    random = torch.Generator().manual_seed(0)
    return {
        leaf: {name: 0.05 * torch.randn(empty.shape, generator=random) for name, empty in held.items()}
        for leaf, held in modules.tensors.items()
        if held
    }


def single_file(graph: Graph) -> dict[str, Tensor]:
    """All of it under the names of the original; the autoencoder's attention has convolutions for Linears."""
    found = {}
    for leaf, held in tensors(graph).items():
        alias = aliases(graph)[leaf]
        for name, tensor in held.items():
            pixelwise = alias.part == "vae" and graph.nodes[leaf].kind == "Linear" and name == "weight"
            found[f"{PARTS[alias.part]}.{alias.names[1]}.{name}"] = tensor[..., None, None] if pixelwise else tensor
    return found


def lora_file(graph: Graph) -> dict[str, Tensor]:
    """A LoRA of kohya's on the attention of the U-Net and of the text encoder."""
    prefixes = {"unet": "lora_unet_", "te1": "lora_te_"}
    found = {}
    for leaf, alias in aliases(graph).items():
        name = alias.names[-1]
        if alias.part in prefixes and ("attn" in name) and graph.nodes[leaf].kind == "Linear":
            params = graph.nodes[leaf].params
            key = prefixes[alias.part] + name.replace(".", "_")
            found[f"{key}.lora_down.weight"] = torch.randn(4, params["in_features"])  # pyright: ignore
            found[f"{key}.lora_up.weight"] = torch.randn(params["out_features"], 4)  # pyright: ignore
            found[f"{key}.alpha"] = torch.tensor(2.0)
    return found


def test_a_single_file_and_a_lora_make_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = pipeline()
    file = str(tmp_path / "cat.catenary")
    files.save(graph, Path(file), None)
    save_file(single_file(graph), tmp_path / "v1-5.safetensors")
    save_file(lora_file(graph), tmp_path / "style.safetensors")

    for frame in FRAMES:
        assert main(["weights", file, str(tmp_path / "v1-5.safetensors"), "--frame", frame]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert not [line for line in lines if line.startswith(("missing", "other shape", "near miss"))]

    assert main(["weights", file, str(tmp_path / "style.safetensors"), "--adapter", "lora", "--strict"]) == 0
    out = capsys.readouterr().out
    assert "alpha over rank is 0.5" in out
    [adapter] = files.load(Path(file))[0].adapters
    assert adapter.values["rank"] == 4
    assert main(["run", file, "--output", str(tmp_path / "cat.png")]) == 0
    assert "(1, 3, 64, 64)" in capsys.readouterr().out
    assert (tmp_path / "cat.png").stat().st_size > 0
