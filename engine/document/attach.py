"""Weights files given to nodes and taken from them, each as one edit."""

from collections.abc import Iterator, Mapping

from engine.document.edits import Batch, Edit, SetKey, SetWeights
from engine.document.graph import Graph, Weights
from engine.document.keys import below_key


def attached(graph: Graph, node: str, weights: Weights | None, prefix: str = "", kept: bool = False) -> Edit:
    """Have `node` and all below it take their weights from a file, where they start at `prefix`.

    With `kept`, the keys that are set below hold for this file as well; otherwise it knows nodes by their paths.
    Without a file, the weights are again those of the frames around. Nodes below that name a file go on so.
    """
    changes: list[Edit] = []
    if graph.nodes[node].weights != weights:
        changes.append(SetWeights(node, weights))
    if graph.nodes[node].key != prefix:
        changes.append(SetKey(node, prefix))
    if not kept:
        changes += [SetKey(below, "") for below in _belonging(graph, node) if graph.nodes[below].key]
    return Batch(tuple(changes))


def called(graph: Graph, node: str, weights: Weights, prefix: str, names: Mapping[str, str]) -> Edit:
    """Have `node` and all below it take their weights from a file that knows its leaves by these names."""
    belonging = set(_belonging(graph, node))
    keys = [SetKey(leaf, below_key(prefix, name)) for leaf, name in names.items() if leaf in belonging]
    return Batch((attached(graph, node, weights, prefix), *keys))


def rehomed(graph: Graph, node: str, weights: Weights, keys: dict[str, str]) -> Edit:
    """Have `node` and all below it take their weights from a file made of them, whatever they came from.

    The file knows nodes by their paths below `node`, but for those with `keys`.
    """
    changes: list[Edit] = [SetWeights(node, weights)]
    for each in graph.walk(node, loose=True):
        if each != node and graph.nodes[each].weights:
            changes.append(SetWeights(each, None))
        if graph.nodes[each].key != keys.get(each, ""):
            changes.append(SetKey(each, keys.get(each, "")))
    return Batch(tuple(changes))


def _belonging(graph: Graph, node: str) -> Iterator[str]:
    """What is below `node` and takes its weights from the file that `node` names."""
    stack = [*graph.children.get(node, ())]
    while stack:
        top = stack.pop()
        if graph.nodes[top].weights is None:
            yield top
            stack.extend(graph.children.get(top, ()))
            stack.extend(each for segment in graph.segments(top) for each in segment)
