"""How long the U-Nets of Stable Diffusion take to be imported, made, checked, written, read and lowered, in ms.

Medians, and for the check after one edit the median, the 95th percentile and the longest of each sort of edit, in the
time that the thread had the processor: such short spans would otherwise tell more of what else the machine does.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2]))

from refiners.foundationals.latent_diffusion import SD1UNet, SDXLUNet

from engine.document import edits, files, parsing
from engine.document.check import Checker, check
from engine.document.graph import Graph
from engine.document.sources import NoiseSource
from engine.document.touched import touched_by
from engine.runtime.importing import import_tree
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.bench.edits import typical
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


def on_meta(make: Callable[..., nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make(in_channels=4, device="meta")


def check_after_edits(graph: Graph) -> None:
    """Print how long the check after one edit takes, and after taking it back."""
    checker = Checker(graph, CATALOGUE)
    checker.problems()

    def after(edit: edits.Edit) -> tuple[float, edits.Edit]:
        inverse = edits.apply(graph, edit)
        start = time.thread_time()
        checker.touch(touched_by(edit, inverse))
        checker.problems()
        return 1000 * (time.thread_time() - start), inverse

    for sort, each in typical(graph):
        times: list[float] = []
        for edit in each * TIMES:
            forth, inverse = after(edit)
            back, _ = after(inverse)
            times += [forth, back]
        p50, p95 = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
        print(f"    {sort:28} p50 {p50:5.1f}  p95 {p95:5.1f}  longest {max(times):5.1f}")


def measure(name: str, make: Callable[..., nn.Module]) -> None:
    """Print the figures of one model; `make` is what Refiners makes it with."""
    live = on_meta(make)
    graph = build(MODELS[name])
    data = files.dump(graph)
    modules = oracle.noisy_weights(graph)
    shapes = {f"{c}.{k}": s for c, entries in graph.nodes["root"].contexts.items() for k, s in entries.items()}
    held = {label: torch.zeros(source.shape) for label, source in shapes.items() if isinstance(source, NoiseSource)}
    (x,) = [given.source for given in graph.inputs]
    assert isinstance(x, NoiseSource)
    inputs = {"x": torch.zeros(x.shape)}
    print(f"{name}: {len(graph)} nodes, file of {len(data)} bytes")
    print(f"  import {median(lambda: import_tree(live, CATALOGUE)):8.1f}")
    print(f"  make   {median(lambda: build(MODELS[name])):8.1f}")
    print(f"  check  {median(lambda: check(graph, CATALOGUE)):8.1f}")
    print(f"  write  {median(lambda: files.dump(graph)):8.1f}")
    print(f"  read   {median(lambda: parsing.parse(data)):8.1f}")
    print("  check after one edit")
    check_after_edits(graph)
    print(f"  lower  {median(lambda: oracle.lowered(graph, modules, inputs, held)):8.1f}")


if __name__ == "__main__":
    measure("sd15-unet", SD1UNet)
    measure("sdxl-unet", SDXLUNet)
