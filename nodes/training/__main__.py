"""Train the digits model and its adapters, and measure them.

Weights go to a folder as .safetensors files; the figures to figures.json beside them and, as a table, to standard
output. `judge` measures what is there and trains nothing. Exit code 1: a figure missed its target.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from nodes.training import adapters, base, judge, measure, report
from nodes.training.bench import bench

FIRST: dict[str, Callable[[Path, torch.device, int], None]] = {"judges": judge.train, "base": base.train}
"""What everything else builds on."""

TASKS = FIRST | adapters.TRAINED
FIGURES = "figures.json"


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m nodes.training", description=__doc__)
    parser.add_argument("task", choices=[*TASKS, "judge", "all"], help="what to train")
    parser.add_argument("--out", type=Path, default=Path("resources/digits"), help="folder of the weights")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="with all: trainings that run at the same time")
    options = parser.parse_args()
    device = torch.device(options.device)
    if options.task in TASKS:
        TASKS[options.task](options.out, device, options.seed)
        return 0
    if options.task == "all":
        for tasks in (FIRST, adapters.TRAINED):
            if code := _side_by_side(tasks, options):
                return code
    return _measured(options.out, device)


def _side_by_side(tasks: Iterable[str], options: argparse.Namespace) -> int:
    """Train these in processes of their own, which share the cores. Gives the worst exit code."""
    cores = max(1, (os.cpu_count() or 1) // options.jobs)

    def train(task: str) -> int:
        line = [sys.executable, "-m", "nodes.training", task, "--out", str(options.out)]
        line += ["--device", options.device, "--seed", str(options.seed)]
        return subprocess.run(line, env=os.environ | {"OMP_NUM_THREADS": str(cores)}, check=False).returncode

    with ThreadPoolExecutor(options.jobs) as pool:
        return max(pool.map(train, tasks), key=abs)


def _measured(out: Path, device: torch.device) -> int:
    """Measure everything in a folder."""
    figures = list(measure.everything(bench(out, device)))
    report.save(out / FIGURES, figures)
    print(report.table(figures))
    return 0 if all(figure.fine for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
