"""The check of a graph before it runs. Nothing here evaluates or opens anything.

A `Checker` is told what edits touch, and looks again only where that can matter; a check from nothing is its first.
"""

import math
from collections.abc import Callable, Iterator

from engine.document import check_adapters, check_contexts, check_nodes, check_shared, expressions, returns, scopes
from engine.document.edits import Batch, Move, Remove, SetInputs
from engine.document.expand import Expanded
from engine.document.graph import CANVAS, Graph, Input, Place
from engine.document.kinds import BRANCHES, SEQUENCES, Catalogue
from engine.document.problems import Fix, Found, Problem
from engine.document.sources import ImageSource, NoiseSource, NumberSource, lacks_value
from engine.document.subject import Subject
from engine.document.touched import Touched

PICTURE = NoiseSource([1, 3, 256, 256])


class Checker:
    """Keeps what a check has found in a graph, for the next one."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self._subject = Subject(graph, catalogue)
        self._found: dict[str, list[Problem]] = {}
        """What the node checks found, by the node they looked at."""

    def touch(self, touched: Touched) -> None:
        """Take note of what an edit has touched: the next check looks there again."""
        self._subject.touch(touched)

    @property
    def expanded(self) -> Expanded:
        """The graph with its adapters."""
        return self._subject.standing.expanded

    def problems(self) -> list[Problem]:
        """All that is wrong with the graph or worth knowing about it.

        What concerns the graph itself comes first, then node by node in the order of running, then what is parked.
        """
        subject = self._subject
        # What was found is found anew each time: its words and fixes may name any place of the graph.
        for node in subject.update() | self._found.keys():
            found = [p for check in NODE_CHECKS for p in check(subject, node)] if node in subject.order else []
            if found:
                self._found[node] = found
            else:
                self._found.pop(node, None)
        order = subject.order
        everything = [problem for node in sorted(self._found, key=order.__getitem__) for problem in self._found[node]]
        if not subject.graph.inputs:
            everything = _without_input(subject, everything)
        everything.extend(problem for check in GRAPH_CHECKS for problem in check(subject))
        return sorted(everything, key=lambda problem: order.get(problem.node, math.inf if problem.node else -1))


def check(graph: Graph, catalogue: Catalogue) -> list[Problem]:
    """All that is wrong with a graph or worth knowing about it (see `Checker.problems`)."""
    return Checker(graph, catalogue).problems()


def _inputs(subject: Subject) -> Found:
    graph = subject.graph
    for index, given in enumerate(graph.inputs):
        if not lacks_value(given.source):
            continue
        fixes: list[Fix] = []
        for label, source in (("Use the number 0", NumberSource(0)), ("Use seeded noise as a picture", PICTURE)):
            inputs = (*graph.inputs[:index], Input(given.name, source), *graph.inputs[index + 1 :])
            fixes.append(Fix(label, SetInputs(inputs)))
        message = f"The input {given.name} has no value: choose a file, a number or another source for it."
        yield Problem("input-missing", "error", "", message, given.name, tuple(fixes))


def _without_input(subject: Subject, found: list[Problem]) -> list[Problem]:
    """Report once, at the first of them, that the nodes behind the root's inlet get nothing."""
    graph = subject.graph
    starved = [node for node in _entrances(subject, graph.root) if _needs_input(subject, node)]
    if not starved:
        return found
    fixes = [
        Fix(f"Add {what} as its input", SetInputs((Input("x", source),)))
        for what, source in (("a picture", ImageSource("")), ("noise", PICTURE), ("a number", NumberSource(1)))
    ]
    message = f"The graph has no input, but {subject.named(starved[0])} needs one."
    rest = [problem for problem in found if problem.code != "argument-count" or problem.node not in starved]
    return [*rest, Problem("no-input", "error", starved[0], message, fixes=tuple(fixes))]


def _entrances(subject: Subject, frame: str) -> Iterator[str]:
    """The nodes in a frame that get what it gets."""
    graph = subject.graph
    role = scopes.role_of(graph, subject.catalogue, frame)
    within = role in SEQUENCES | BRANCHES - {"distribute"}
    children = [child for child in graph.children[frame] if within and not graph.nodes[child].mode]
    for child in children[:1] if role in SEQUENCES else children:
        yield child
        if graph.is_frame(child):
            yield from _entrances(subject, child)


def _needs_input(subject: Subject, node: str) -> bool:
    match scopes.role_of(subject.graph, subject.catalogue, node):
        case "module" | "foreign" | "set" | "residual" | "return":
            return True
        case "lambda":
            try:
                return expressions.parse(str(subject.graph.nodes[node].params.get("func", ""))).arity[0] > 0
            except expressions.ExpressionError:
                return False  # reported with the param
        case _:
            return False


def _unreachable(subject: Subject) -> Found:
    graph = subject.graph
    skipped: set[str] = set()
    for node in subject.of_roles("return"):
        late = [] if node in skipped else returns.unreached(graph, subject.catalogue, node)
        skipped.update(below for each in late for below in graph.walk(each))
        if late:
            more = f" and {len(late) - 1} more" if len(late) > 1 else ""
            end = subject.named(returns.ends(graph, subject.catalogue, node))
            message = f"{subject.named(late[0])}{more} can't be reached: {subject.named(node)} ends {end} before."
            fixes = (
                Fix("Delete what can't be reached", Batch(tuple(Remove((each,)) for each in late))),
                Fix("Delete the Return", Remove((node,))),
            )
            yield Problem("unreachable", "info", late[0], message, fixes=fixes)


def _parked(subject: Subject) -> Found:
    graph = subject.graph
    for frame in [*sorted(graph.loose.keys() & subject.order.keys(), key=subject.order.__getitem__), CANVAS]:
        home = frame or graph.root
        for segment in graph.segments(frame):
            more = f" and {len(segment) - 1} more" if len(segment) > 1 else ""
            where = f"in {subject.named(frame)}" if frame else "on the canvas"
            what = f"{subject.named(segment[0])}{more} {'are' if more else 'is'} parked {where}"
            message = f"{what} and can't run: wire in what is needed, and delete the rest."
            wire = Move(tuple(segment), Place(home, len(graph.children[home])))
            fixes = (Fix(f"Put at the end of {subject.named(home)}", wire), Fix("Delete", Remove(tuple(segment))))
            yield Problem("loose-node", "info", segment[0], message, fixes=fixes)


NODE_CHECKS: tuple[Callable[[Subject, str], Found], ...] = (check_nodes.check,)
"""Checks of one node that runs.

Whether they find anything depends on that node, on what is below it and on the number of arguments it is given, and on
nothing else. What they then say, and the fixes they offer, may speak of anything.
"""

GRAPH_CHECKS: tuple[Callable[[Subject], Found], ...] = (
    _inputs,
    check_contexts.check,
    check_shared.check,
    check_adapters.check,
    _unreachable,
    _parked,
)
"""Checks that look farther. They run in full after every edit, so they visit the few nodes that they are about."""
