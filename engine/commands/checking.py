"""`python -m engine check`: the problems of a graph."""

import argparse
from collections import Counter
from pathlib import Path
from typing import get_args

from engine.commands.holding import catalogue, note_weights, opened, started
from engine.commands.terminal import FAILED, note
from engine.document.check import check
from engine.document.graph import Graph, paths
from engine.document.problems import Problem, Severity, named
from engine.document.sources import UnsetSource
from engine.faults import problems_of
from engine.messages import Configure, Fault, FromWorker, Loaded, Shapes


def check_file(options: argparse.Namespace) -> int:
    """Print the problems of a graph, one a line."""
    graph = opened(options)
    path_of = paths(graph)
    found = check(graph, catalogue())
    if not options.no_shapes:
        unread, inferred = _shape_faults(options, graph)
        found += [*unread, *problems_of(inferred, found, graph)]
    for node in graph.walk():
        named_file = graph.nodes[node].weights
        weights = Path(options.file).absolute().parent / named_file.path if named_file else None
        if weights and not any(problem.code == "weights" for problem in found) and not weights.exists():
            text = f"there is no file {weights}: choose it where it is now, or another one"
            found.append(Problem("weights", "error", "", text))
    for problem in found:
        place = ""
        if problem.node in graph and not problem.message.startswith(named(graph, problem.node)):
            place = f"{path_of.get(problem.node) or graph.nodes[problem.node].title}: "
        message = " ".join(problem.message.split("\n"))
        print(f"{options.file}: {problem.severity}: {place}{message} [{problem.code}]")
    counts = Counter(problem.severity for problem in found)
    note(", ".join(_count(counts[each], each) for each in get_args(Severity) if counts[each]) or "no problems")
    return FAILED if counts["error"] else 0


def _count(number: int, severity: Severity) -> str:
    noun = "note" if severity == "info" else severity
    return f"{number} {noun}{'s' * (number != 1)}"


def _shape_faults(options: argparse.Namespace, graph: Graph) -> tuple[list[Problem], tuple[Fault, ...]]:
    """What reading the weights and inferring the shapes finds wrong."""
    unset = [i.name for i in graph.inputs if isinstance(i.source, UnsetSource)]
    if unset:
        note(f"shapes not checked: no value for {', '.join(unset)}; give one with --input {unset[0]}=VALUE")
        return [], ()
    faults: tuple[Fault, ...] = ()
    unread: list[Problem] = []

    def hear(message: FromWorker) -> None:
        nonlocal faults, unread
        match message:
            case Shapes():
                faults = message.faults
            case Loaded():
                note_weights(message, graph)
                unread = [
                    Problem("weights", "error", r.frame if r.frame != graph.root else "", r.error)
                    for r in message.reports
                    if r.error
                ]
            case _:
                pass

    session = started(Configure("cpu"), graph, Path(options.file), hear)
    session.settle()
    return unread, faults
