"""How many values reach each node, as far as that is certain before anything runs.

A tuple travels a wire as several arguments. What a layer returns is known only when it runs, so behind it nothing is
certain until a frame collects values again.
"""

import ast

from engine.document import expressions
from engine.document.graph import Graph
from engine.document.kinds import Catalogue, Role

Count = int | None
"""A number of arguments; None where it is not certain."""


def received(graph: Graph, catalogue: Catalogue) -> dict[str, Count]:
    """The number of arguments of every node that runs."""
    counts: dict[str, Count] = {}

    def returned(node: str, given: Count) -> Count:
        counts[node] = given
        kind = catalogue.get(graph.nodes[node].kind)
        if kind is None or kind.is_frame != graph.is_frame(node):
            counts.update(dict.fromkeys([n for n in graph.walk(node) if n != node]))
            return None
        if not kind.is_frame:
            return _from_leaf(graph, node, kind.role)
        children = graph.children[node]
        match kind.role:
            case "chain" | "residual" | "passthrough":
                flowing = given
                for child in children:
                    flowing = returned(child, flowing)
                return {"chain": flowing, "residual": 1, "passthrough": given}[kind.role]
            case role:
                for child in children:
                    returned(child, 1 if role == "distribute" else given)
                return len(children) if role in ("parallel", "distribute") else 1

    returned(graph.root, len(graph.inputs))
    return counts


def _from_leaf(graph: Graph, node: str, role: Role) -> Count:
    if role == "set":
        return 1
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
