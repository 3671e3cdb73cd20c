"""How a weights file fits a graph, in words: one line for a status, all lines for a report."""

from engine.document.graph import Graph
from engine.document.problems import named
from engine.messages import NearMiss, Wanted, WeightsReport


def summary(report: WeightsReport) -> str:
    """What became of a file, in one line."""
    if report.error:
        return f"no weights from {report.path}: {report.error}"
    parts = [f"{report.count} tensors from {report.path}" + (f", below {report.prefix}" if report.prefix else "")]
    parts += [
        f"{len(found)} {what}"
        for found, what in (
            (report.missing, "missing in the file"),
            (report.mismatched, "of another shape"),
            (report.unexpected, "of the file not used"),
            (report.nan, "with a NaN"),
            (report.near, "near misses"),
        )
        if found
    ]
    if report.changed:
        parts.append("the file is not the one that was chosen: its content has changed since")
    return "; ".join(parts)


def lines(report: WeightsReport, graph: Graph) -> list[str]:
    """All there is to say about a file, a line for each tensor."""
    if report.error:
        return [summary(report)]
    return [
        summary(report),
        *report.notes,
        *(f"near miss: {near_text(near, graph)}" for near in report.near),
        *(f"missing: {missing_text(wanted)}" for wanted in report.missing),
        *(f"another shape: {mismatched_text(wanted)}" for wanted in report.mismatched),
        *(f"not used: {key}" for key in report.unexpected),
        *(f"holds a NaN: {key}" for key in report.nan),
    ]


def missing_text(wanted: Wanted) -> str:
    """What the file does not have."""
    return f"{_name(wanted)} {wanted.shape}"


def mismatched_text(wanted: Wanted) -> str:
    """What the file has another sort of."""
    return f"{_name(wanted)}: {wanted.found} in the file, {wanted.shape} in the graph"


def near_text(near: NearMiss, graph: Graph) -> str:
    """What the file has under another key."""
    title = named(graph, near.node) if near.node in graph else near.node
    what = "its tensor" if near.count == 1 else f"all {near.count} tensors of it"
    return f"{title}: the file has no {near.missed}, but {what}, by name and shape, as {near.key}"


def _name(wanted: Wanted) -> str:
    """What a tensor is called now and, where that is another name, in the file."""
    return wanted.name if wanted.name == wanted.key else f"{wanted.name} (in the file {wanted.key})"
