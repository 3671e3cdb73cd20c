"""How long the U-Nets of Stable Diffusion take to be made, checked, written, read and lowered. Medians, in ms."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.document import files
from engine.document.check import check
from engine.document.sources import NoiseSource
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.nodes.models import oracle

TIMES = 5


def median(task: Callable[[], object]) -> float:
    """The median time of a task, in ms."""
    times: list[float] = []
    for _ in range(TIMES):
        start = time.perf_counter()
        task()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def measure(name: str) -> None:
    """Print the figures of one model."""
    graph = build(MODELS[name])
    data = files.dump(graph)
    modules = oracle.noisy_weights(graph)
    shapes = {f"{c}.{k}": s for c, entries in graph.nodes["root"].contexts.items() for k, s in entries.items()}
    held = {label: torch.zeros(source.shape) for label, source in shapes.items() if isinstance(source, NoiseSource)}
    (x,) = [given.source for given in graph.inputs]
    assert isinstance(x, NoiseSource)
    inputs = {"x": torch.zeros(x.shape)}
    print(f"{name}: {len(graph)} nodes, file of {len(data)} bytes")
    print(f"  make   {median(lambda: build(MODELS[name])):8.1f}")
    print(f"  check  {median(lambda: check(graph, CATALOGUE)):8.1f}")
    print(f"  write  {median(lambda: files.dump(graph)):8.1f}")
    print(f"  read   {median(lambda: files.parse(data)):8.1f}")
    print(f"  lower  {median(lambda: oracle.lowered(graph, modules, inputs, held)):8.1f}")


if __name__ == "__main__":
    for each in ("sd15-unet", "sdxl-unet"):
        measure(each)
