"""The graph of what flows: a networkx digraph with a port node for each way in and out, derived from the tree.

Every node of the tree has an inlet `(id, "in")` and an outlet `(id, "out")`. Edges carry `link`: "data" for solid
wires and the way through a node, "context" for the dashed links from a writer (or the provider's inlet) to its readers.
"""

from itertools import pairwise
from typing import Literal

import networkx as nx
from msgspec import Struct

from engine.document import returns, scopes
from engine.document.graph import CANVAS, Graph
from engine.document.kinds import BRANCHES, Catalogue

Port = tuple[str, Literal["in", "out"]]


class Wire(Struct, frozen=True):
    """A solid wire between two ports of one frame: the frame's own inlet or outlet, or a child's."""

    start: Port
    end: Port


def is_branching(graph: Graph, catalogue: Catalogue, frame: str) -> bool:
    """Whether a frame's children stand side by side between its inlet and its outlet. The canvas's do not."""
    return frame != CANVAS and scopes.role_of(graph, catalogue, frame) in BRANCHES


def wires(graph: Graph, catalogue: Catalogue, frame: str) -> list[Wire]:
    """The wires inside a frame, in child order. An empty frame has one, from inlet to outlet.

    The frame's inlet and outlet are `(frame, "in")` and `(frame, "out")`. Loose segments have wires of their own: see
    `segment_wires`. A frame of unknown kind is shown as a sequence.
    """
    run = graph.children[frame]
    if not run:
        return [Wire((frame, "in"), (frame, "out"))]
    if is_branching(graph, catalogue, frame):
        return [w for n in run for w in (Wire((frame, "in"), (n, "in")), Wire((n, "out"), (frame, "out")))]
    return [Wire((frame, "in"), (run[0], "in")), *segment_wires(run), Wire((run[-1], "out"), (frame, "out"))]


def segment_wires(run: list[str]) -> list[Wire]:
    """The wires between neighbours of a sequence."""
    return [Wire((a, "out"), (b, "in")) for a, b in pairwise(run)]


def flow(graph: Graph, catalogue: Catalogue) -> "nx.DiGraph[Port]":
    """Everything that runs as ports and edges. Residual frames carry the skip from their inlet to their outlet."""
    found: nx.DiGraph[Port] = nx.DiGraph()
    for node in graph.running():
        role = scopes.role_of(graph, catalogue, node)
        if not graph.is_frame(node):
            found.add_edge((node, "in"), (node, "out"), link="data")
            continue
        run = graph.children[node]
        idle = {child for child in run if graph.nodes[child].mode}
        if is_branching(graph, catalogue, node):
            muted = {child for child in idle if graph.nodes[child].mode == "mute"}
            between = [w for w in wires(graph, catalogue, node) if muted.isdisjoint((w.start[0], w.end[0]))]
            idle -= muted
        else:
            between = wires(graph, catalogue, node)
        found.add_edges_from(((w.start, w.end) for w in between), link="data")
        found.add_edges_from((((child, "in"), (child, "out")) for child in idle), link="data")
        if role in ("residual", "passthrough"):
            found.add_edge((node, "in"), (node, "out"), link="data")
    position = {node: index for index, node in enumerate(graph.walk())}
    for key, ends in scopes.links(graph, catalogue).items():
        for reader in [*ends.readers, *(w for w in ends.writers if graph.nodes[w].params.get("callback"))]:
            before = [w for w in ends.writers if position[w] < position[reader]]
            origins: list[Port] = [(w, "out") for w in before] or [(key.provider, "in")]
            found.add_edges_from(((origin, (reader, "in")) for origin in origins), link="context")
    return found


def order(graph: Graph, catalogue: Catalogue) -> list[str]:
    """Nodes in the order in which their results are known: depth first, in child order, a frame after its children.

    Contexts make this order observable, so among all topological orders of the flow it is the tree's.
    """
    position = {node: index for index, node in enumerate(graph.walk())}
    ports = nx.lexicographical_topological_sort(flow(graph, catalogue), key=lambda port: position[port[0]])
    return [node for node, side in ports if side == "out"]


def upstream(graph: Graph, catalogue: Catalogue, node: str) -> set[str]:
    """The nodes whose results can reach `node`, through wires or contexts; none for a parked one."""
    return _reached(_reaching(graph, catalogue).reverse(copy=False), node)


def downstream(graph: Graph, catalogue: Catalogue, node: str) -> set[str]:
    """The nodes that `node`'s result can reach, through wires or contexts; none for a parked one."""
    return _reached(_reaching(graph, catalogue), node)


def _reaching(graph: Graph, catalogue: Catalogue) -> "nx.DiGraph[Port]":
    """The flow, from a Return straight to the outlet of what it ends; without what never runs because of it."""
    found = flow(graph, catalogue)
    late = returns.all_unreached(graph, catalogue)
    for node in {node for node, _ in found} - late:
        if scopes.role_of(graph, catalogue, node) == "return":
            around, end = graph.ancestors(node), returns.ends(graph, catalogue, node)
            found.add_edge((node, "out"), (end, "out"), link="data")
            found.remove_nodes_from([(frame, "out") for frame in around[: around.index(end)]])  # they give nothing
    found.remove_nodes_from([port for port in found if port[0] in late])
    return found


def _reached(found: "nx.DiGraph[Port]", node: str) -> set[str]:
    outlet: Port = (node, "out")
    return {n for n, side in nx.descendants(found, outlet) if side == "out"} - {node} if outlet in found else set()


def would_cycle(graph: Graph, catalogue: Catalogue, start: str, end: str) -> bool:
    """Whether a wire from `start`'s outlet to `end`'s inlet would close a cycle."""
    if start == end:
        return True
    if runs_after(graph, end, start):  # nothing flows back in the order of running
        return False
    found = flow(graph, catalogue)
    ports: tuple[Port, Port] = (end, "in"), (start, "out")
    return all(port in found for port in ports) and nx.has_path(found, *ports)


def runs_after(graph: Graph, one: str, other: str) -> bool:
    """Whether `one` comes when `other`, with all that is in it, is done. Not if either is parked, or in the other."""
    if graph.is_loose(one) or graph.is_loose(other):
        return False
    before, after = ([*reversed(graph.ancestors(node)), node] for node in (other, one))
    for frame, (early, late) in zip(before, zip(before[1:], after[1:], strict=False), strict=False):
        if early != late:
            run = graph.children[frame]
            return run.index(late) > run.index(early)
    return False
