"""Why a node can't work on what it received, in the words of its declaration rather than torch's."""

from collections.abc import Sequence
from typing import Any

import torch

from engine.document.graph import Graph
from engine.document.intake import Mismatch, mismatch
from engine.document.kinds import Catalogue, NodeKind, ParamValue
from engine.runtime.describe import describe


def explain(graph: Graph, catalogue: Catalogue, node: str, error: Exception, arguments: Sequence[Any]) -> Mismatch:
    """What `error`, raised by an operation of `node` on `arguments`, comes from.

    The first line of the error's own message follows what is said of it; alone, it is there in full.
    """
    raised = str(error).strip() or type(error).__name__
    kind = catalogue.get(graph.nodes[node].kind)
    found = _leaf(kind, graph.nodes[node].params, arguments) if kind and kind.takes else None
    if found is None and kind and kind.is_frame:
        found = _frame(kind, graph.nodes[node].params, arguments)
    if found is None:
        return Mismatch(raised)
    return Mismatch(f"{found.message}\n({raised.splitlines()[0]})", found.param, found.value)


def _leaf(kind: NodeKind, params: dict[str, ParamValue], arguments: Sequence[Any]) -> Mismatch | None:
    given = arguments[0] if arguments else None
    if not isinstance(given, torch.Tensor):
        return Mismatch(f"takes a tensor {kind.takes}, but receives {describe(given)}")
    return mismatch(kind, params, given.shape)


def _frame(kind: NodeKind, params: dict[str, ParamValue], arguments: Sequence[Any]) -> Mismatch | None:
    match (kind.role, *arguments):
        case (("sum" | "residual"), one, other):
            rule = "from the last on, sizes must be equal or 1"
            return Mismatch(f"can't add {describe(other)} to {describe(one)}: {rule}")
        case "concatenate", list(parts):
            listed = " and ".join(describe(part) for part in parts)
            dim = params.get("dim", 0)
            return Mismatch(f"can't concatenate {listed} along dimension {dim}: all their other sizes must be equal")
        case "matmul", one, other:
            rule = "the last size of the one must be the second to last of the other"
            return Mismatch(f"can't multiply {describe(one)} by {describe(other)}: {rule}")
    return None
