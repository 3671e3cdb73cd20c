"""Train the digits model and its adapters, and measure them.

Weights go to a folder as .safetensors files; the figures to figures.json beside them and, as a table, to standard
output. `judge` measures what is there and trains nothing. Exit code 1: a figure missed its target.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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
            if code := _side_by_side(list(tasks), options.jobs, options):
                return code
    return _measured(options.out, device)


def _side_by_side(tasks: Sequence[str], jobs: int, options: argparse.Namespace) -> int:
    """Run tasks in processes of their own, `jobs` at a time. Gives the exit code of the first that fails."""
    waiting, running = list(tasks), dict[str, subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            task = waiting.pop(0)
            line = [sys.executable, "-m", "nodes.training", task, "--out", str(options.out)]
            line += ["--device", options.device, "--seed", str(options.seed)]
            running[task] = subprocess.Popen(line)
        time.sleep(0.1)
        for task, process in list(running.items()):
            if code := process.poll():
                report.note(f"{task} failed")
                for other in running.values():
                    other.terminate()
                return code
            if process.returncode == 0:
                del running[task]
    return 0


def _measured(out: Path, device: torch.device) -> int:
    """Measure everything in a folder."""
    figures = list(measure.everything(bench(out, device)))
    report.save(out / FIGURES, figures)
    print(report.table(figures))
    return 0 if all(figure.fine for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
