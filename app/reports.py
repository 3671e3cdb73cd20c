"""What the worker says, in words for people."""

from collections.abc import Sequence

from engine.document.edits import SetParam
from engine.document.graph import Graph
from engine.document.problems import Fix, Problem
from engine.messages import Fault, Loaded

MOST_NAMES = 3
VALUELESS = ("input-missing", "no-input", "context-never-set")
"""Codes of problems that leave nodes with nothing to work on: what happens to those is the same problem again."""
NOTHING = "nothing"
"""How the worker describes None."""


def problems_of(faults: Sequence[Fault], found: Sequence[Problem], graph: Graph) -> list[Problem]:
    """What the worker found wrong, where the check (which gave `found`) has not said so already."""
    told = {p.node for p in found if p.severity == "error"}
    starved = any(p.code in VALUELESS for p in found) or any(f.code == "source" for f in faults)
    return [
        _problem(fault)
        for fault in faults
        if fault.node not in told
        and fault.node in graph
        and not (starved and fault.code == "shape" and NOTHING in fault.inputs)
    ]


def _problem(fault: Fault) -> Problem:
    first, *rest = fault.message.split("\n", 1)
    received = f" (received {', '.join(fault.inputs)})" if fault.inputs else ""
    message = "\n".join([first + received, *rest])
    fixes: tuple[Fix, ...] = ()
    if fault.param:
        fixes = (Fix(f"Set {fault.param} to {fault.value}", SetParam(fault.node, fault.param, fault.value)),)
    return Problem(fault.code, "error", fault.node, message, fault.param, fixes)


def weights_report(message: Loaded) -> tuple[str, str]:
    """What became of a weights file, and in which tone to say so."""
    if message.error:
        return f"No weights from {message.path}: {message.error}", "error"
    parts = [
        f"{len(names)} {what} ({', '.join(names[:MOST_NAMES])}{', …' if len(names) > MOST_NAMES else ''})"
        for names, what in (
            (message.missing, "missing in the file"),
            (message.unexpected, "without a place in the graph"),
            (message.mismatched, "of another shape"),
        )
        if names
    ]
    text = f"{message.count} weights from {message.path}"
    return ("; ".join((text, *parts)), "warning") if parts else (text, "info")


def death_report(reason: str, restarted: bool) -> str:
    """Why the worker ended, and what that means."""
    if restarted:
        return f"The engine stopped: {reason}. It was restarted; your graph is untouched."
    return f"The engine could not start: {reason}. Your graph is untouched, but nothing can run."
