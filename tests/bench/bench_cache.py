"""What keeping values between runs gains and costs, in the worker's session, on one thread, without a window.

Two graphs: one step of the digits U-Net on 16 pictures, and the U-Net of Stable Diffusion 1.5 with a tenth of its
channels. Sliders scale what goes into the first block, the middle, and the output. Each is moved with values kept and
with none; then of a run from nothing the share that keys and keeping take.
"""

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch

from engine.document import edits, files
from engine.document.edits import Insert, SetInputs, SetParam
from engine.document.graph import Graph, Input, Node, Nodes, Place, Tree
from engine.document.sources import NoiseSource
from engine.messages import Apply, Configure, Finished, Load, Run
from engine.runtime.cache import Cache
from engine.runtime.identity import SIZE, Identity
from engine.runtime.results import ROOM
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.nodes.adapters.base import SHAPE, shrunk

MOVES = 30


def digits() -> Graph:
    graph = build(MODELS["digits"])
    edits.apply(graph, SetInputs((Input("x", NoiseSource([16, 1, 16, 16])),)))
    return graph


def sd15() -> Graph:
    graph = build(MODELS["sd15-unet"])
    graph.nodes = Nodes({name: shrunk(node) for name, node in graph.nodes.items()})
    edits.apply(graph, SetInputs((Input("x", NoiseSource(list(SHAPE))),)))
    return graph


class Bench:
    """A session that runs a graph, with a slider after some of its nodes."""

    def __init__(self, graph: Graph, room: int | None = None) -> None:
        self.ends: list[Finished] = []
        self.session = Session(CATALOGUE, self.hear)
        self.session.take(Configure("cpu", room=room))
        self.session.take(Load(files.dump(graph), ""))
        self.session.settle()
        self.run()

    def hear(self, message: Any) -> None:
        if isinstance(message, Finished):
            assert message.status == "done", message.fault
            self.ends.append(message)

    def run(self) -> float:
        """Milliseconds of a run with its preview."""
        start = time.perf_counter()
        self.session.take(Run(1, ("root",)))
        return 1000 * (time.perf_counter() - start)

    def slide(self, node: str) -> tuple[float, float, Finished]:
        """The median and the 95th percentile of moves of a slider, and the last end."""
        times: list[float] = []
        for move in range(MOVES):
            self.session.take(Apply(SetParam(node, "scale", 0.9 + move / 1000)))
            times.append(self.run())
        return statistics.median(times), sorted(times)[MOVES * 95 // 100], self.ends[-1]


def with_sliders(graph: Graph) -> Graph:
    """A Multiply before the first block, before the middle block's way up, and before the output."""
    frames = {node.title: node.id for node in graph.nodes.values()}
    places = {
        "first block": Place(frames["DownBlocks"], 0),
        "middle": Place(frames["UpBlocks"], 0),
        "output": Place(frames["UpBlocks"], len(graph.children[frames["UpBlocks"]])),
    }
    for name, place in places.items():
        edits.apply(graph, Insert(place, (Tree(Node(name, "Multiply", params={"scale": 1.0})),)))
    return graph


def overhead(session: Session) -> tuple[float, float, float, float]:
    """Milliseconds of a run of the code alone, of what is worked out once for it, of all keys, and of keeping all."""
    lowered = session.lowered
    assert lowered is not None
    program, (given, _) = lowered.program, session.replica.given({}, {})
    nothing: Any = lambda *_: None  # noqa: E731

    def timed(task: Any) -> float:
        times: list[float] = []
        for _ in range(MOVES):
            start = time.perf_counter()
            task()
            times.append(1000 * (time.perf_counter() - start))
        return statistics.median(times)

    values = {key: session.results.cache.get(key) for key in program.keys(given).values()}

    def keep() -> None:
        cache = Cache(ROOM)
        for key, value in values.items():
            cache.put(key, value)

    identity = Identity(program.code)

    def keys() -> None:
        stamps = {path: os.urandom(SIZE) for path in program.stamps}
        identity.keys(lambda node: program.outside(given, node), stamps)

    run = timed(lambda: program.run(given, nothing, nothing, frozenset()))
    return run, timed(lambda: Identity(program.code)), timed(keys), timed(keep)


def measure(title: str, graph: Graph) -> None:
    """Print the figures of one graph."""
    kept, fresh = Bench(graph), Bench(graph, room=0)
    print(f"{title}: {len(graph)} nodes, {kept.session.results.cache.bytes / 2**20:.0f} MiB kept of one run")
    for node in ("first block", "middle", "output"):
        (p50, p95, end), (p50_of_all, p95_of_all, _) = kept.slide(node), fresh.slide(node)
        print(
            f"  slider before the {node:12} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms, {end.ran} of {end.total} nodes ran"
            f" ({end.ran / end.total:.0%}); nothing kept: p50 {p50_of_all:6.1f} ms  p95 {p95_of_all:6.1f} ms"
        )
    print(f"  nothing changed: {statistics.median(kept.run() for _ in range(MOVES)):.1f} ms")
    run, once, keys, keeping = overhead(kept.session)
    print(f"  a run of the code {run:.1f} ms; beside its lowering {once:.1f} ms, once")
    print(f"  from nothing: keys {keys:.2f} ms ({keys / run:.1%}), keeping {keeping:.2f} ms ({keeping / run:.1%})")


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure("digits, one step", with_sliders(digits()))
    measure("SD 1.5, a tenth of the channels", with_sliders(sd15()))
