"""What the worker found wrong, as problems like those of the check."""

from collections.abc import Sequence

from engine.document.edits import Batch, SetParam
from engine.document.graph import Graph
from engine.document.problems import Fix, Problem
from engine.messages import Fault

VALUELESS = ("input-missing", "no-input", "context-never-set")
"""Codes of problems that leave nodes with nothing to work on: what happens to those is the same problem again."""
NOTHING = "nothing"
"""How the worker describes None."""


def explained(fault: Fault) -> str:
    """A fault's message with what its node received; what follows the first line says more."""
    first, *rest = fault.message.split("\n", 1)
    received = f" (received {', '.join(fault.inputs)})" if fault.inputs else ""
    return "\n".join([first + received, *rest])


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
    fixes: tuple[Fix, ...] = ()
    if fault.param:
        fixes = (Fix(f"Set {fault.param} to {fault.value}", SetParam(fault.node, fault.param, fault.value)),)
    if fault.code == "untrusted":
        fixes = (Fix("Trust…", Batch(()), trust=True),)
    severity = "warning" if fault.code == "untrusted" else "error"
    return Problem(fault.code, severity, fault.node, explained(fault), fault.param, fixes)
