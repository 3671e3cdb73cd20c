"""`python -m engine weights`: how a weights file fits a graph file, and having the graph take it."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from engine.commands.holding import started
from engine.commands.terminal import FAILED, note
from engine.document import edits, files, kinds
from engine.document.adapters import Adapter
from engine.document.disk import FileError
from engine.document.edits import Batch, SetKey
from engine.document.graph import Graph, paths
from engine.document.stack import added, apart
from engine.fitting import lines
from engine.messages import Configure, Examine, Examined, FromWorker

ADAPTERS = "nodes.adapters:ADAPTERS"


def attach_weights(options: argparse.Namespace) -> int:
    """Print the report on a file, and save the graph with it, unless that was not asked for or does not fit.

    What is for an adapter that the graph does not have yet adds the one that comes along.
    """
    file = Path(options.file)
    graph, stamp = files.load(file)
    adapter = _adapter(graph, options.adapter) if options.adapter else ""
    frame = "" if adapter else _frame(graph, options.frame)
    answers: list[Examined] = []

    def hear(message: FromWorker) -> None:
        if isinstance(message, Examined):
            answers.append(message)

    session = started(Configure("cpu"), graph, file, hear)
    session.take(Examine(frame, str(Path(options.weights).absolute()), options.prefix, adapter))
    report, edit = answers[-1].report, answers[-1].edit
    if edit is None:
        raise FileError(report.error)
    edits.apply(graph, edit)
    near = report.near if options.near else ()
    edits.apply(graph, Batch(tuple(SetKey(each.node, each.key) for each in near)))
    sys.stdout.write("".join(f"{line}\n" for line in lines(report, graph)))
    refused = not (report.count or near) or (options.strict and not report.exact)
    if refused:
        note(f"{file} is left as it is: the weights do not fit")
    elif not options.dry_run:
        files.save(graph, file, stamp)
        note(f"wrote {file}")
    return FAILED if refused else 0


def _adapter(graph: Graph, name: str) -> str:
    """The id of the adapter with this id or name, put into the stack if it comes along. Raises FileError."""
    for each in graph.adapters:
        if name in (each.id, each.name):
            return each.id
    adapters = cast(Mapping[str, Adapter], kinds.resolve(ADAPTERS))
    if name not in adapters:
        known = ", ".join([*(each.name for each in graph.adapters), *adapters])
        raise FileError(f"there is no adapter {name}: give one of {known}")
    adapter = apart(graph, adapters[name])
    edits.apply(graph, added(graph, adapter))
    return adapter.id


def _frame(graph: Graph, path: str) -> str:
    """The node at a path. Raises FileError."""
    found = {at: node for node, at in paths(graph).items()}
    if path not in found:
        raise FileError(f"there is no node {path} in the graph: give a path such as {max(found, key=len)}")
    return found[path]
