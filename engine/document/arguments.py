"""How many values reach each node, as far as that is certain before anything runs.

A tuple travels a wire as several arguments. What a layer returns is known only when it runs, so behind it nothing is
certain until a frame collects values again.
"""

import ast
from collections.abc import Container

from msgspec import Struct

from engine.document import expressions
from engine.document.graph import Graph
from engine.document.kinds import Catalogue, Role

Count = int | None
"""A number of arguments; None where it is not certain."""


class Passed(Struct, frozen=True):
    """How many arguments a node is given, and how many it returns; whether a Return in it ends the frame around it."""

    given: Count
    returned: Count
    ends: bool = False


def update(passed: dict[str, Passed], graph: Graph, catalogue: Catalogue, stale: Container[str]) -> set[str]:
    """Bring `passed` up to date for all nodes that run; gives those that are now given another number.

    `stale` holds the nodes that have changed since, and the frames around them; from nothing, all are worked out.
    """
    changed: set[str] = set()

    def put(node: str, given: Count, returned: Count, ends: bool = False) -> None:
        if node not in passed or passed[node].given != given:
            changed.add(node)
        passed[node] = Passed(given, returned, ends)

    def passed_by(node: str, given: Count) -> Passed:
        known = passed.get(node)
        if known is None or known.given != given or node in stale:
            put(node, given, *work_out(node, given))
        return passed[node]

    def work_out(node: str, given: Count) -> tuple[Count, bool]:
        if graph.nodes[node].mode:
            return given, False
        kind = catalogue.get(graph.nodes[node].kind)
        if kind is None or kind.is_frame != graph.is_frame(node):
            for below in graph.walk(node):
                if below != node:
                    put(below, None, None)
            return None, False
        if not kind.is_frame:
            return _from_leaf(graph, node, kind.role, given), kind.role == "return"
        children = graph.active(node)
        match kind.role:
            case "chain" | "residual" | "passthrough" | "sample":
                flowing, ended = given, False
                for child in children:
                    found = passed_by(child, None if ended else flowing)
                    if not ended:
                        flowing, ended = 1 if found.ends else found.returned, found.ends
                return {"chain": flowing, "passthrough": given}.get(kind.role, 1), False
            case role:
                branches = [passed_by(child, 1 if role == "distribute" else given) for child in children]
                count = len(children) if role in ("parallel", "distribute") else 1
                return count, any(branch.ends for branch in branches)

    passed_by(graph.root, len(graph.inputs))
    return changed


def _from_leaf(graph: Graph, node: str, role: Role, given: Count) -> Count:
    if role == "set":
        return 1
    if role == "breakpoint":
        return given
    func = graph.nodes[node].params.get("func")
    if role != "lambda" or not isinstance(func, str):
        return None
    try:
        body = expressions.parse(func).body
    except expressions.ExpressionError:
        return None
    if not isinstance(body, ast.Tuple) or any(isinstance(part, ast.Starred) for part in body.elts):
        return None
    return len(body.elts)
