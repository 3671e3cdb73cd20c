"""How a weights file fits a graph, in words: one line for a status, all lines for a report."""

from collections.abc import Mapping

from msgspec import Struct

from engine.document.edits import SetKey
from engine.document.graph import Graph, paths
from engine.document.problems import Fix, named
from engine.messages import NearMiss, Wanted, WeightsReport


class Finding(Struct, frozen=True):
    """One line of a report: of which sort, about which node, and what can be done about it."""

    sort: str
    text: str
    node: str = ""
    fix: Fix | None = None


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


def findings(report: WeightsReport, graph: Graph) -> list[Finding]:
    """All there is to say about a file, a line for each tensor, what can be mended first."""
    path_of = paths(graph)
    return [
        *(Finding("note", text) for text in report.notes),
        *(Finding("near miss", _near_text(near, graph, path_of), near.node, _taking(near)) for near in report.near),
        *(Finding("missing", f"{_name(wanted)} {wanted.shape}", wanted.node) for wanted in report.missing),
        *(
            Finding("other shape", f"{_name(w)}: {w.found} in the file, {w.shape} in the graph", w.node)
            for w in report.mismatched
        ),
        *(Finding("not used", key) for key in report.unexpected),
        *(Finding("holds NaN", key) for key in report.nan),
        *_renamed(report, graph, path_of),
    ]


def lines(report: WeightsReport, graph: Graph) -> list[str]:
    """The report as text."""
    return [summary(report), *(f"{found.sort}: {found.text}" for found in findings(report, graph))]


def _near_text(near: NearMiss, graph: Graph, path_of: Mapping[str, str]) -> str:
    title = named(graph, near.node, path_of.get(near.node)) if near.node in graph else near.node
    missed = f", not {near.missed}" if near.missed not in title else ""
    tensors = "1 tensor fits" if near.count == 1 else f"{near.count} tensors fit"
    return f"{title} may be {near.key} in the file{missed}: {tensors}"


def _taking(near: NearMiss) -> Fix:
    return Fix(f"Take {near.key}", SetKey(near.node, near.key))


def _renamed(report: WeightsReport, graph: Graph, path_of: Mapping[str, str]) -> list[Finding]:
    """The nodes that the file calls otherwise; what is below them is called after them."""
    if report.frame not in graph:
        return []
    return [
        Finding("renamed", f"{named(graph, node, path_of.get(node))} is {graph.nodes[node].key} in the file", node)
        for node in graph.walk(report.frame)
        if node != report.frame and graph.nodes[node].key and _owner(graph, node) == report.frame
    ]


def _owner(graph: Graph, node: str) -> str | None:
    """The node that names the file that `node` has its weights from."""
    return next((each for each in (node, *graph.ancestors(node)) if graph.nodes[each].weights), None)


def _name(wanted: Wanted) -> str:
    """What a tensor is called now and, where that is another name, in the file."""
    return wanted.name if wanted.name == wanted.key else f"{wanted.name} (in the file {wanted.key})"
