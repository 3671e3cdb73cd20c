"""`python -m engine run`: a graph's value."""

import argparse
import sys
from pathlib import Path

from engine.commands.holding import note_weights, opened, started, trusted_in
from engine.commands.terminal import FAILED, UsageError, check_output, note
from engine.document import edits
from engine.document.graph import Weights
from engine.faults import explained
from engine.messages import ENDINGS, Configure, Finished, FromWorker, Loaded, Log, Paused, Run


def run_file(options: argparse.Namespace) -> int:
    """Run a graph; print what it prints, then its value."""
    graph = opened(options)
    if options.weights:
        weights = Path(options.weights).absolute()
        edits.apply(graph, edits.SetWeights(graph.root, Weights(str(weights))))
        if not weights.is_file():
            raise UsageError(f"there is no file {weights}")
    if options.output:
        check_output(Path(options.output), *ENDINGS)
    finished: Finished | None = None

    def hear(message: FromWorker) -> None:
        nonlocal finished
        match message:
            case Log(text=text):
                sys.stdout.write(text)
                sys.stdout.flush()
            case Loaded():
                note_weights(message, graph)
            case Paused(path=path, value=value):
                note(f"breakpoint {path}: {value}")
            case Finished():
                finished = message
            case _:
                pass

    settings = Configure(options.device, options.dtype, options.seed)
    trusted = trusted_in(options, graph)
    session = started(settings, graph, Path(options.file), hear, trusted)
    session.take(Run(1, pauses=True))  # with nobody to wait for
    assert finished is not None
    if finished.fault is not None:
        fault = finished.fault
        place = fault.path or graph.nodes[fault.node].title
        note(f"error: {place}: {explained(fault)}")
        return FAILED
    if session.result is not None:
        print(_text_of(session.result), flush=True)
    if options.output:
        from engine.runtime.value_files import ExportError, export

        try:
            export(session.result, Path(options.output))
        except ExportError as error:
            note(f"error: {error}")
            return FAILED
        note(f"wrote {options.output}")
    return 0


def _text_of(value: object) -> str:
    """A value in one line: tensors with their figures, everything else as Python prints it."""
    import torch

    from engine.runtime import preview

    text = preview.text_of(value, longest=None)
    if isinstance(value, torch.Tensor) and value.dim():
        found = preview.figures(value)
        text += f" on {found.device}"
        if value.numel() > found.not_finite:
            text += f", min {found.low:.6g}, max {found.high:.6g}, mean {found.mean:.6g}, std {found.std:.6g}"
        if found.not_finite:
            text += f", {found.not_finite} not finite"
    return text
