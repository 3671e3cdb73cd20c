"""`python -m engine export`: a graph, or a frame of it, as code or in another program's format."""

import argparse
from difflib import get_close_matches
from pathlib import Path

from engine.commands.holding import catalogue, note_weights, opened, started, trusted_in
from engine.commands.terminal import FAILED, UsageError, check_output, note
from engine.document.graph import paths
from engine.document.references import references
from engine.messages import EXPORTS, Configure, Exported, ExportModel, FromWorker, Loaded


def export_model(options: argparse.Namespace) -> int:
    """Write a graph, or a frame of it, as code or in another program's format."""
    graph = opened(options)
    target = Path(options.output)
    check_output(target, EXPORTS[options.to])
    frames = {path: node for node, path in paths(graph).items() if graph.is_frame(node)}
    if options.frame not in frames:
        near = get_close_matches(options.frame, [path for path in frames if path])
        raise UsageError(f"there is no frame {options.frame}{f'; did you mean {near[0]}?' if near else ''}")
    answer: Exported | None = None

    def hear(message: FromWorker) -> None:
        nonlocal answer
        if isinstance(message, Loaded):
            note_weights(message, graph)
        elif isinstance(message, Exported):
            answer = message

    settings = Configure("cpu", options.dtype, options.seed)
    trusted = trusted_in(options, graph) if options.trust else ()
    session = started(settings, graph, Path(options.file), hear, trusted)
    session.take(ExportModel(options.to, frames[options.frame], str(target), options.weights))
    assert answer is not None
    if answer.error:
        note(f"error: {answer.error}")
        if not options.trust and (names := [each.name for each in references(graph, catalogue())]):
            note(f"with --trust it would import {', '.join(names)}")
        return FAILED
    for name in answer.files:
        note(f"wrote {name}")
    return 0
