"""What of a program computes one frame: its calls in order, what they take from outside, and what comes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import fx

from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import Key
from engine.export import ExportError, loop_told
from engine.messages import Fault
from engine.runtime.loop import Loop, flat
from engine.runtime.lower import Lowered
from engine.runtime.lower_leaves import Decision
from engine.runtime.symbols import nodes_in


@dataclass(frozen=True)
class Piece:
    """A frame's part of a program.

    `nodes` are the calls that its `result` needs or that print; `inputs` are the values they take from outside, each
    with a name. `modules` are the leaves that are called, by path; of those that share weights only the first, whose
    path `called` gives for all of them. `hints` name values that a context holds.
    """

    graph: Graph
    frame: str
    nodes: tuple[fx.Node, ...]
    inputs: dict[fx.Node, str]
    result: Any
    modules: dict[str, str]
    called: dict[str, str]
    hints: dict[fx.Node, str]
    origins: Mapping[fx.Node, str | Key]
    paths: Mapping[str, str]
    exact: bool

    def inside(self, path: str) -> str:
        """A path as seen from the frame."""
        return path[len(self.paths[self.frame]) :].removeprefix(".")

    def place(self, node: str) -> str:
        """A node as a message calls it."""
        return self.paths.get(node) or self.graph.nodes[node].title

    def last_uses(self) -> dict[fx.Node, list[fx.Node]]:
        """By call, the values that nothing after it needs."""
        seen = set(nodes_in(self.result))
        found: dict[fx.Node, list[fx.Node]] = {}
        for node in reversed(self.nodes):
            for used in node.all_input_nodes:
                if used not in seen:
                    seen.add(used)
                    found.setdefault(node, []).append(used)
        return found


def piece_of(graph: Graph, catalogue: Catalogue, lowered: Lowered, frame: str) -> Piece:
    """The part of a program that computes this frame. Raises ExportError for one that will not run."""
    program = lowered.program
    if lowered.faults:
        raise ExportError(described(graph, lowered.faults))
    if frame not in program.values:
        raise ExportError(f"{graph.nodes[frame].title} does not run, so there is nothing to write")
    result = program.values[frame]
    below = set(graph.walk(frame))
    whole = frame == graph.root
    calls = [node for node in flat(program.code.nodes) if node.op not in ("placeholder", "output")]
    own = [node for node in calls if node.meta["owner"] in below]
    needed = set(nodes_in(result))
    for node in reversed(own):
        if node in needed or node.target is print or isinstance(node.target, Decision):
            needed |= {node, *node.all_input_nodes}
    nodes = tuple(node for node in own if node in needed)
    for node in nodes:
        if isinstance(node.target, Loop):
            raise ExportError(loop_told(graph, node.meta["owner"]))
    hints = _hints(graph, catalogue, program.values)
    made = set(nodes)
    outside = [node for node in program.code.nodes if node.op == "placeholder"] if whole else []
    outside += [used for node in nodes for used in node.all_input_nodes if used not in made]
    outside += [node for node in nodes_in(result) if node not in made]
    inputs = {node: _label(program.origins.get(node), hints.get(node, "x")) for node in dict.fromkeys(outside)}
    modules: dict[str, str] = {}
    called: dict[str, str] = {}
    first: dict[str, str] = {}
    by_path = {path: node for node, path in program.paths.items()}
    for path in dict.fromkeys(str(node.target) for node in nodes if node.op == "call_module"):
        leaf = by_path[path]
        called[path] = first.setdefault(graph.nodes[leaf].shared or leaf, path)
        modules.setdefault(called[path], leaf)
    origins, paths, exact = program.origins, program.paths, program.exact
    return Piece(graph, frame, nodes, inputs, result, modules, called, hints, origins, paths, exact)


def described(graph: Graph, faults: Sequence[Fault]) -> str:
    """Why a graph will not run: the first fault, and how many there are besides."""
    fault = faults[0]
    more = f" (and {len(faults) - 1} more, see Problems)" if len(faults) > 1 else ""
    return f"{fault.path or graph.nodes[fault.node].title} will not run: {fault.message}{more}"


def _label(origin: str | Key | None, hint: str) -> str:
    return origin.key if isinstance(origin, Key) else origin or hint


def _hints(graph: Graph, catalogue: Catalogue, values: Mapping[str, Any]) -> dict[fx.Node, str]:
    """The keys of contexts under which values are kept."""
    found: dict[fx.Node, str] = {}
    for node, value in values.items():
        held = graph.nodes[node]
        kind = catalogue.get(held.kind)
        if kind and kind.role == "set" and isinstance(value, fx.Node) and not held.params.get("callback"):
            found.setdefault(value, str(held.params.get("key")))
    return found
