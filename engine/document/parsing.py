"""The graph that the text of a file describes: decoded, brought up to the present version, checked for being a tree."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType, convert, json
from msgspec.structs import asdict

from engine.document.adapters import Adapter, Patch
from engine.document.decoding import Fault, reading, shown
from engine.document.entries import HOLDER, VERSION, AdapterEntry, File, NodeEntry
from engine.document.graph import CANVAS, NO_VIEW, Graph, Node, Nodes, View, misnamed
from engine.document.kinds import unfit
from engine.document.legal import EditError, require_adapters
from engine.document.places import Step
from engine.document.trees import MAX_DEPTH

SHOWN = 8
"""Of a circle of frames, a message names at most so many."""


def _weights_at_root(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 named one weights file, for the whole graph."""
    path = raw.pop("weights", "")
    if not isinstance(path, str):
        raise Fault(("weights",), f"is {shown(path)}, but must be text")
    for entry in raw.get("nodes") or ():
        if path and isinstance(entry, dict) and entry.get("id") == raw.get("root"):
            entry["weights"] = {"path": path}
    return raw


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _weights_at_root}
"""By version, what turns the decoded JSON of that version into that of the next."""


def parse(data: bytes, name: str = "") -> Graph:
    """The graph that `data`, the content of the file called `name`, describes. Raises FileError."""
    with reading(data, name):
        version = json.decode(data, type=_Header).catenary
        if isinstance(version, UnsetType):
            raise Fault((), 'has no version ("catenary": 1), so it is no graph file: choose another one')
        if isinstance(version, bool) or not isinstance(version, int):
            raise Fault(("catenary",), f"is {shown(version)}, but must be the file's version, a whole number")
        if version > VERSION:
            newest = f"this one reads up to version {VERSION}"
            raise Fault(
                ("catenary",), f"the file is of version {version}, from a newer Catenary ({newest}): update Catenary"
            )
        if version != VERSION and version not in UPGRADES:
            raise Fault(("catenary",), f"there is no version {version}: it must be {VERSION}")
        if version == VERSION:
            return _graph(json.decode(data, type=File))
        raw = json.decode(data)
        for old in range(version, VERSION):
            raw = UPGRADES[old](raw) | {"catenary": old + 1}
        return _graph(convert(raw, File))


class _Header(Struct):
    catenary: Any = UNSET


def _adapter(entry: AdapterEntry, where: tuple[Step, ...]) -> Adapter:
    """The adapter of a decoded entry, whose trees are checked as those of a graph are."""
    root = NodeEntry(HOLDER, "Chain", children=[])
    loose = [[patch.root] for patch in entry.patches]
    try:
        holder = _graph(File(VERSION, HOLDER, [*entry.nodes, root], loose=loose, view=entry.view))
    except Fault as fault:
        path = ("patches", fault.path[1], "root") if fault.path[0] == "loose" else fault.path
        raise Fault((*where, *path), fault.problem) from None
    for name, value in entry.values.items():
        _check_value((*where, "values", name), value)
    weights = None if isinstance(entry.weights, UnsetType) else entry.weights
    adapter = Adapter(
        entry.id,
        entry.name,
        tuple(Patch(patch.selector, holder.tree(patch.root), patch.place) for patch in entry.patches),
        tuple(entry.params),
        entry.values,
        entry.where,
        entry.enabled,
        weights,
        entry.colour,
        entry.doc,
        entry.source,
        entry.keys,
    )
    try:
        require_adapters((adapter,))
    except EditError as error:
        raise Fault(where, f"{error}: change it") from None
    return adapter


def _adapters(file: File) -> tuple[Adapter, ...]:
    found: dict[str, Adapter] = {}
    for index, entry in enumerate(file.adapters):
        if entry.id in found:
            where = ("adapters", index, "id")
            raise Fault(where, f"is {entry.id!r} for a second time: every adapter needs an id of its own")
        found[entry.id] = _adapter(entry, ("adapters", index))
    return tuple(found.values())


def _graph(file: File) -> Graph:
    """The graph of a decoded file, checked for being a tree."""
    nodes = Nodes()
    for index, entry in enumerate(file.nodes):
        _check_entry(entry, index, nodes)
        weights = None if isinstance(entry.weights, UnsetType) else entry.weights
        nodes[entry.id] = Node(
            entry.id, entry.kind, entry.name, entry.params, entry.contexts, entry.shared, weights, entry.key, entry.mode
        )
    if file.root not in nodes:
        raise Fault(("root",), f"names the node {file.root!r}, but nodes has no such one")
    graph = Graph(nodes[file.root])
    graph.nodes = nodes
    _adopt_all(graph, file)
    if file.root not in graph.children:
        index = next(i for i, entry in enumerate(file.nodes) if entry.id == file.root)
        raise Fault(("nodes", index), f'{file.root!r} is the root, which must be a frame: give it "children": []')
    if mode := nodes[file.root].mode:
        index = next(i for i, entry in enumerate(file.nodes) if entry.id == file.root)
        raise Fault(("nodes", index, "mode"), f"is {mode!r}, but {file.root!r} is the root, which always runs")
    _check_reach(graph, file)
    graph.views = _views(graph, file)
    _check_inputs(file)
    graph.inputs = tuple(file.inputs)
    graph.adapters = _adapters(file)
    return graph


def _check_entry(entry: NodeEntry, index: int, nodes: dict[str, Node]) -> None:
    where = ("nodes", index)
    if not entry.id:
        raise Fault((*where, "id"), "is empty, but every node needs an id")
    if entry.id in nodes:
        raise Fault((*where, "id"), f"is {entry.id!r} for a second time: every node needs an id of its own")
    if reason := misnamed(entry.kind):
        raise Fault((*where, "kind"), reason)
    if entry.name and (reason := misnamed(entry.name)):
        raise Fault((*where, "name"), reason)
    for param, value in entry.params.items():
        _check_value((*where, "params", param), value)
    for context, entries in entry.contexts.items():
        if not context or "" in entries:
            raise Fault((*where, "contexts"), "every context and key needs a name: give them one")
        for key, source in entries.items():
            for field, value in asdict(source).items():
                _check_value((*where, "contexts", context, key, field), value)
    if not isinstance(entry.weights, UnsetType) and not entry.weights.path:
        raise Fault((*where, "weights", "path"), "is empty, but must name a file: write its path, or leave weights out")
    if entry.shared and not isinstance(entry.children, UnsetType):
        raise Fault((*where, "shared"), f"{entry.id!r} is a frame (it has children), and only leaves share weights")
    if isinstance(entry.children, UnsetType):
        if entry.contexts:
            raise Fault(
                (*where, "contexts"), f"{entry.id!r} is a leaf (it has no children), and only frames provide contexts"
            )
        if entry.loose:
            raise Fault(
                (*where, "loose"), f"{entry.id!r} is a leaf (it has no children), so nothing can be parked in it"
            )


def _check_value(path: Sequence[Step], value: object) -> None:
    if reason := unfit(value):
        raise Fault(path, reason)


def _adopt_all(graph: Graph, file: File) -> None:
    """Put every node where the file says, each in one place."""

    def adopt(frame: str, run: list[str], path: tuple[Step, ...]) -> None:
        for index, child in enumerate(run):
            where = (*path, index)
            if child not in graph.nodes:
                raise Fault(where, f"names the node {child!r}, but nodes has no such one")
            if child == graph.root:
                raise Fault(where, f"names {child!r}, the root, which can't stand inside another frame")
            if child in graph.parents:
                other = graph.parents[child]
                held = f"in {other!r}" if other else "on the canvas"
                raise Fault(where, f"names {child!r}, which already stands {held}: a node has one place")
            graph.parents[child] = frame

    def park(frame: str, segments: list[list[str]], path: tuple[Step, ...]) -> None:
        for index, segment in enumerate(segments):
            if not segment:
                raise Fault((*path, index), "is an empty loose segment: remove it")
            adopt(frame, segment, (*path, index))
        if segments:
            graph.loose[frame] = segments

    del graph.children[graph.root]
    for index, entry in enumerate(file.nodes):
        if not isinstance(entry.children, UnsetType):
            adopt(entry.id, entry.children, ("nodes", index, "children"))
            graph.children[entry.id] = entry.children
            park(entry.id, entry.loose or [], ("nodes", index, "loose"))
    park(CANVAS, file.loose, ("loose",))


def _check_reach(graph: Graph, file: File) -> None:
    """Every node hangs from the root or from a parked segment, and not too deep."""
    level = [graph.root, *(node for segment in graph.segments(CANVAS) for node in segment)]
    reached: set[str] = set()
    for _ in range(MAX_DEPTH):
        reached.update(level)
        runs = (run for node in level for run in (graph.children.get(node, ()), *graph.segments(node)))
        level = [node for run in runs for node in run]
    for index, entry in enumerate(file.nodes):
        if entry.id not in reached:
            raise Fault(("nodes", index), _stray(graph, entry.id))


def _stray(graph: Graph, node: str) -> str:
    """Why `node` can't be reached."""
    around = [node]
    seen = {node}
    while frame := graph.parents.get(around[-1]):
        around.append(frame)
        if frame in seen:
            circle = [repr(n) for n in around[around.index(frame) :]]
            shown = circle if len(circle) <= SHOWN else [*circle[: SHOWN - 2], "…", *circle[-2:]]
            return f"{node!r} lies in a circle of frames ({' in '.join(shown)}): take one of them out of the other"
        seen.add(frame)
    if around[-1] in (graph.root, *(n for segment in graph.segments(CANVAS) for n in segment)):
        return f"{node!r} lies more than {MAX_DEPTH} frames deep: nest less"
    inside = "" if around[-1] == node else f"lies in {around[-1]!r}, which "
    return f"{node!r} {inside}stands nowhere: name {around[-1]!r} in the children of a frame, or remove it"


def _views(graph: Graph, file: File) -> dict[str, View]:
    views: dict[str, View] = {}
    for index, entry in enumerate(file.view):
        where = ("view", index)
        if entry.id not in graph.nodes:
            raise Fault((*where, "id"), f"is {entry.id!r}, but there is no such node: remove the line")
        if entry.id in views:
            raise Fault((*where, "id"), f"is {entry.id!r} for a second time: keep one of the two lines")
        position = None if isinstance(entry.position, UnsetType) else entry.position
        views[entry.id] = View(entry.collapsed, entry.note, entry.colour, position, entry.repeats)
    return {node: view for node, view in views.items() if view != NO_VIEW}


def _check_inputs(file: File) -> None:
    seen: set[str] = set()
    for index, given in enumerate(file.inputs):
        where = ("inputs", index)
        if reason := misnamed(given.name):
            raise Fault((*where, "name"), reason)
        if given.name in seen:
            raise Fault((*where, "name"), f"is {given.name!r} for a second time: inputs need names of their own")
        seen.add(given.name)
        for field, value in asdict(given.source).items():
            _check_value((*where, "source", field), value)
