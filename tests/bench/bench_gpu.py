"""One step of Stable Diffusion's U-Nets on a CUDA device, ours beside Refiners': float16, batch 2, random weights."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from refiners.foundationals.latent_diffusion import SD1UNet, SDXLUNet

from engine.document.graph import paths
from nodes.models import MODELS, build
from tests.nodes.models import oracle

TIMES = 30


def median(task: Callable[[], object]) -> float:
    """The median time of a task in ms, the device's work included."""
    times: list[float] = []
    for _ in range(3):
        task()
    for _ in range(TIMES):
        torch.cuda.synchronize()
        start = time.perf_counter()
        task()
        torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def measure(name: str, theirs: Any, side: int, held: dict[str, torch.Tensor]) -> None:
    """Print the times of one model, and how far the two results are apart."""
    device, half = torch.device("cuda"), torch.float16
    graph = build(MODELS[name])
    modules = oracle.same_weights(theirs, graph)
    theirs.to(device, half)
    for module in modules.values():
        module.to(device, half)
    x = torch.randn(2, 4, side, side, device=device, dtype=half)
    held = {n: v.to(device, half if v.is_floating_point() else None) for n, v in held.items()}
    start = time.perf_counter()
    program = oracle.lowered(graph, modules, {"x": x}, held).program
    lowering = 1000 * (time.perf_counter() - start)
    values = oracle.given(graph, {"x": x}, held)
    path_of = paths(graph)
    program.modules = {path_of[node]: module for node, module in modules.items()}

    def ours() -> Any:
        return program.run(values, lambda *_: None, lambda *_: None, frozenset()).result

    def refiners() -> Any:
        for label, value in held.items():
            context, key = label.split(".")
            theirs.set_context(context, {key: value})
        with torch.inference_mode():
            return theirs(x)

    one, other = ours(), refiners()
    apart = (one.float() - other.float()).abs().max().item()
    print(f"{name}: lowered in {lowering:.0f} ms, results at most {apart:g} apart")
    print(f"  ours     {median(ours):8.1f}")
    print(f"  Refiners {median(refiners):8.1f}")


if __name__ == "__main__":
    print(torch.cuda.get_device_name(), torch.__version__)
    text = torch.randn(2, 77, 768)
    step = torch.tensor([500])
    measure(
        "sd15-unet",
        SD1UNet(4, device="meta"),
        64,
        {"diffusion.timestep": step, "cross_attention_block.clip_text_embedding": text},
    )
    measure(
        "sdxl-unet",
        SDXLUNet(4, device="meta"),
        128,
        {
            "diffusion.timestep": step,
            "cross_attention_block.clip_text_embedding": torch.randn(2, 77, 2048),
            "diffusion.pooled_text_embedding": torch.randn(2, 1280),
            "diffusion.time_ids": torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]] * 2),
        },
    )
