"""Checks of shared weights: leaves of one group are one module, so they are alike."""

from engine.document.edits import Batch, SetParam
from engine.document.graph import Node
from engine.document.kinds import ParamValue, defaults
from engine.document.problems import Fix, Found, Problem
from engine.document.sharing import members, unshare
from engine.document.subject import Subject


def check(subject: Subject) -> Found:
    """Leaves that share the weights of another, but are of another kind or have other params."""
    graph = subject.graph
    for leaves in members(graph).values():
        first = graph.nodes[leaves[0]]
        for leaf in leaves[1:]:
            node = graph.nodes[leaf]
            others = _others(subject, node, first) if node.params != first.params else []
            if node.kind == first.kind and not others:
                continue
            own = Fix("Give it weights of its own", unshare(graph, leaf))  # it looks at the whole graph
            what = f"{subject.named(leaf)} shares the weights of {subject.named(first.id)}"
            if node.kind != first.kind:
                message = f"{what}, but a {node.kind} can't have those of a {first.kind}: give it weights of its own."
                yield Problem("shared-differs", "error", leaf, message, fixes=(own,))
            else:
                has, wanted = (_values(subject, each).get(others[0]) for each in (node, first))
                message = f"{what}, but its {others[0]} is {has}, not {wanted}: they need the same params."
                alike = Batch(tuple(_taking(leaf, first, param) for param in others))
                fixes = (Fix(f"Take the params of {subject.named(first.id)}", alike), own)
                yield Problem("shared-differs", "error", leaf, message, others[0], fixes)


def _others(subject: Subject, node: Node, first: Node) -> list[str]:
    """The params in which two nodes of one kind differ."""
    one, other = _values(subject, node), _values(subject, first)
    return [param for param in one | other if param not in one or param not in other or one[param] != other[param]]


def _values(subject: Subject, node: Node) -> dict[str, ParamValue]:
    kind = subject.catalogue.get(node.kind)
    return (defaults(kind) if kind else {}) | node.params


def _taking(leaf: str, first: Node, param: str) -> SetParam:
    return SetParam(leaf, param, first.params.get(param), param not in first.params)
