"""Memory and time of weights files of 2 GB: loaded as they lie, loaded in another precision, and saved.

Each figure is that of a process of its own: anonymous memory at its highest (what the machine must have) beside all
that was resident at the highest (the pages of the mapped file included, which the system may drop at any time).
"""

import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Literal

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Graph, Input, Node, Place, Tree, Weights
from engine.document.sources import NoiseSource
from engine.messages import Configure, DType, Load, Run, SaveWeights, WeightsSaved
from engine.runtime.session import Session
from nodes import CATALOGUE

SIZE = 4096
MB = 2**20


def graph(layers: int, weights: str = "") -> Graph:
    """A chain of square layers without biases."""
    found = new_graph()
    params = {"in_features": SIZE, "out_features": SIZE, "bias": False}
    edits.apply(found, SetInputs((Input("x", NoiseSource([1, SIZE])),)))
    edits.apply(
        found, Insert(Place("root", 0), tuple(Tree(Node(f"n{i}", "Linear", "", params)) for i in range(layers)))
    )
    edits.apply(found, edits.SetWeights("root", Weights(weights) if weights else None))
    return found


def anonymous() -> int:
    """Bytes of memory that no file backs."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


class Highest(threading.Thread):
    """The most anonymous memory there has been, looked at every few milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.start_at = self.most = anonymous()
        self.start()

    def run(self) -> None:
        while True:
            self.most = max(self.most, anonymous())
            time.sleep(0.005)


def measure(folder: Path, what: Literal["save", "load"], layers: int, dtype: DType, file: str) -> None:
    """Do one thing with one file, and print what it took."""
    torch.set_num_threads(1)
    heard: list[object] = []
    session = Session(CATALOGUE, heard.append)
    session.take(Configure("cpu", dtype))
    session.take(Load(files.dump(graph(layers, file if what == "load" else "")), str(folder)))
    session.settle()
    memory = Highest()
    began = time.perf_counter()
    if what == "save":
        session.take(SaveWeights("root", file, "float16" if "half" in file else "float32"))
        assert isinstance(heard[-1], WeightsSaved)
        assert not heard[-1].error
    else:
        session.take(Run(1))
    seconds = time.perf_counter() - began
    size = (folder / file).stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{what} {file}, {size / MB:.0f} MB, in {dtype}: {seconds:.1f} s, "
        f"{(memory.most - memory.start_at) / MB:.0f} MB of memory more, {peak / MB:.0f} MB resident at most"
    )


def main() -> None:
    """Print all figures."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for what, layers, dtype, file in (
            ("save", 32, "float32", "full.safetensors"),
            ("save", 32, "float32", "half.safetensors"),
            ("load", 32, "float32", "full.safetensors"),
            ("load", 32, "float16", "half.safetensors"),
            ("load", 32, "float32", "half.safetensors"),
        ):
            process = spawn.Process(target=measure, args=(Path(folder), what, layers, dtype, file))
            process.start()
            process.join()
            assert process.exitcode == 0


if __name__ == "__main__":
    main()
