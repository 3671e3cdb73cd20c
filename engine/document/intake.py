"""Whether a node can take a tensor of given sizes, by what its kind and params declare. Nothing is run."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from engine.document.graph import Graph
from engine.document.kinds import BRANCHES, Catalogue, NodeKind, ParamValue
from engine.document.scopes import role_of

_SIZES = re.compile(r"^\w+ \(([\d, ]*)\)$")


class Mismatch(Struct, frozen=True):
    """What is wrong, and the param that would make it right with the value it needs; no param where none would."""

    message: str
    param: str = ""
    value: ParamValue = None


def sizes(shape: str) -> tuple[int, ...] | None:
    """The sizes in a described shape such as "float32 (1, 3, 64, 64)"; None where there are none."""
    found = _SIZES.search(shape)
    return tuple(int(size) for size in found[1].split(",") if size.strip()) if found else None


def mismatch(kind: NodeKind, params: Mapping[str, ParamValue], sizes: Sequence[int]) -> Mismatch | None:
    """Why a leaf can't take a tensor of these sizes; None when it can, or its kind does not say what it takes."""
    if not kind.takes:
        return None
    parts = kind.takes.strip("()").split(", ")
    gap = parts.index("...") if "..." in parts else None
    if gap is None and len(sizes) not in (len(parts), len(parts) - 1):  # some take a single one without a batch
        return Mismatch(f"takes {len(parts)} dimensions {kind.takes}, but receives {len(sizes)}")
    for index, part in enumerate(parts):
        param = kind.param(part.removeprefix("*"))
        if param is None:
            continue
        wanted = params.get(param.name, param.default)
        count = len(wanted) if isinstance(wanted, list) else 1
        first = index if gap is not None and index < gap else index - len(parts) + 1 - count
        received = list(sizes[first : first + count or None])
        fit: ParamValue = received if isinstance(wanted, list) else received[0] if received else None
        if len(received) != count or fit is None:
            return Mismatch(f"takes {kind.takes}, but receives {len(sizes)} dimension{'s' * (len(sizes) != 1)}")
        if fit != wanted:
            return Mismatch(f"takes {kind.takes} with {part} = {wanted}, but receives {fit} there", param.name, fit)
    return None


def misfit(graph: Graph, catalogue: Catalogue, node: str, shapes: Sequence[str]) -> str:
    """What would go wrong if `node` received values of these described shapes; empty where nothing is known to."""
    given = sizes(shapes[0]) if len(shapes) == 1 else None
    for leaf in _entries(graph, catalogue, node) if given is not None else ():
        data = graph.nodes[leaf]
        kind = catalogue.get(data.kind)
        found = mismatch(kind, data.params, given or ()) if kind else None
        if found:
            return f"{data.title} {found.message}"
    return ""


def _entries(graph: Graph, catalogue: Catalogue, node: str) -> Iterator[str]:
    """The leaves that receive what a node does."""
    if graph.nodes[node].mode:
        return
    if not graph.is_frame(node):
        yield node
        return
    role, run = role_of(graph, catalogue, node), graph.children[node]
    if role != "distribute":  # its branches share what it is given out
        for child in run if role in BRANCHES else run[:1]:
            yield from _entries(graph, catalogue, child)
