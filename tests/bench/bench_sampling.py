"""The digits examples through the worker process: from the move of an adapter's slider to the first preview and to the
last, what of the graph runs again, and steps a second.

    python tests/bench/bench_sampling.py
"""

import queue
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

MOVES = 20
PATIENCE = 120.0


def main() -> None:
    import torch

    from engine.client import Client
    from engine.document import edits, files
    from engine.document.edits import SetAdapterParam, SetAdapters, SetInputs, SetParam
    from engine.document.graph import Graph, Input
    from engine.document.sources import NoiseSource
    from engine.messages import Apply, Configure, Finished, Load, Preview, Run
    from engine.runtime.session import Session
    from nodes import CATALOGUE, examples

    def measure(title: str, graph: Graph, adapter: str, param: str, steps: int) -> None:
        edits.apply(graph, SetParam("n001", "steps", steps))
        heard: queue.Queue[tuple[float, object]] = queue.Queue()
        client = Client(
            "nodes:CATALOGUE",
            lambda: Load(files.dump(graph), str(examples.FOLDER)),
            lambda message: heard.put((time.perf_counter(), message)),
            lambda reason: heard.put((0.0, SystemExit(reason))),
        )
        client.start()
        first: list[float] = []
        last: list[float] = []
        previews = ran = total = 0
        for move in range(-2, MOVES):
            start = time.perf_counter()
            client.send(Apply(SetAdapterParam(adapter, param, 1.0 + (move % 7) / 10 + move / 1000)))
            client.send(Run(move + 3, ("root",)))
            seen: list[float] = []
            while True:
                at, message = heard.get(timeout=PATIENCE)
                if isinstance(message, SystemExit):
                    raise message
                if isinstance(message, Preview) and message.run == move + 3:
                    seen.append(1000 * (at - start))
                if isinstance(message, Finished) and message.run == move + 3:
                    ran, total = message.ran, message.total
                    break
            if move >= 0:
                first.append(seen[0])
                last.append(seen[-1])
                previews += len(seen)
        client.close()
        each = sum(last) / 1000
        print(
            f"| {title} | {_p(first, 50)} / {_p(first, 95)} | {_p(last, 50)} / {_p(last, 95)} "
            f"| {previews / each:.1f} | {MOVES * steps / each:.1f} | {ran} of {total} |",
            flush=True,
        )

    def processor_time(title: str, graph: Graph) -> None:
        """What a step takes of one core, however many others want it."""
        edits.apply(graph, SetParam("n001", "steps", 10))
        torch.set_num_threads(1)
        session = Session(CATALOGUE, lambda _: None)
        session.take(Configure("cpu"))
        session.take(Load(files.dump(graph), str(examples.FOLDER)))
        session.take(Run(1, ("root",)))
        taken: list[float] = []
        for seed in range(5):
            session.take(Apply(SetInputs((Input("noise", NoiseSource([16, 1, 16, 16], 100 + seed)),))))
            start = time.process_time()
            session.take(Run(2 + seed, ("root",)))
            taken.append(1000 * (time.process_time() - start) / 10)
        print(f"| {title} | {_p(taken, 50)} | {1000 / sorted(taken)[2]:.1f} |", flush=True)

    print("| | processor time of a step, one thread (ms) | steps / s of one free core |")
    print("|---|---|---|")
    plain = examples.graphs()["digits"]
    edits.apply(plain, SetAdapters(()))
    processor_time("base, guidance", plain)
    processor_time("base and Bold, guidance", examples.graphs()["digits"])
    processor_time("ControlNet, guidance", examples.graphs()["digits-controlnet"])
    processor_time("LCM", examples.graphs()["digits-lcm"])
    print()
    print("| | first preview, p50 / p95 (ms) | last preview, p50 / p95 (ms) | previews / s | steps / s | nodes run |")
    print("|---|---|---|---|---|---|")
    graphs = examples.graphs
    measure("base and Bold, guidance, 20 steps", graphs()["digits"], "digits-bold", "scale", 20)
    measure("base and Bold, guidance, 1 step", graphs()["digits"], "digits-bold", "scale", 1)
    measure("ControlNet, guidance, 20 steps", graphs()["digits-controlnet"], "digits-controlnet", "scale", 20)
    measure("LCM, 4 steps", graphs()["digits-lcm"], "digits-lcm", "condition_scale", 4)
    measure("LCM, 1 step", graphs()["digits-lcm"], "digits-lcm", "condition_scale", 1)


def _p(times: list[float], percent: int) -> str:
    ordered = sorted(times)
    return f"{ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]:.0f}"


if __name__ == "__main__":
    main()
