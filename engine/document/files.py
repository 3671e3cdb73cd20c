"""Graph files: JSON that people can read, compare and merge, one node a line. Opening one evaluates nothing.

The text is canonical: the same graph always gives the same bytes. How nodes are shown stands in a block of its own at
the end, so that moving and folding leaves the model's lines alone.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct, UnsetType, convert, json
from msgspec.structs import asdict, replace

from engine.document import disk, edits
from engine.document.adapters import Adapter, Patch, Reach
from engine.document.decoding import Fault, reading, shown
from engine.document.disk import ChangedOnDisk as ChangedOnDisk
from engine.document.disk import FileError as FileError
from engine.document.disk import Stamp as Stamp
from engine.document.edits import MAX_DEPTH
from engine.document.graph import (
    CANVAS,
    NO_VIEW,
    Contexts,
    Graph,
    Input,
    Mode,
    Node,
    Nodes,
    Place,
    View,
    Weights,
    misnamed,
)
from engine.document.kinds import Param, unfit
from engine.document.legal import EditError, require_adapters
from engine.document.places import Step

VERSION = 2

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


class NodeEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the file's `nodes`. Frames have `children`, leaves have none."""

    id: str
    kind: str
    name: str = ""
    params: dict[str, Any] = {}
    contexts: Contexts = {}
    shared: str = ""
    weights: Weights | UnsetType = UNSET
    key: str = ""
    mode: Mode = ""
    children: list[str] | UnsetType = UNSET
    loose: list[list[str]] = []


class ViewEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the file's `view`."""

    id: str
    collapsed: bool = False
    note: str = ""
    colour: str = ""
    position: tuple[float, float] | UnsetType = UNSET
    repeats: bool = False


class PatchEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the tree below `root` goes."""

    selector: str
    root: str
    place: Reach = "around"


class AdapterEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One of the file's `adapters`, with a line for each node of its trees."""

    id: str
    name: str
    patches: list[PatchEntry]
    nodes: list[NodeEntry]
    enabled: bool = True
    where: str = ""
    params: list[Param] = []
    values: dict[str, Any] = {}
    weights: Weights | UnsetType = UNSET
    colour: str = ""
    doc: str = ""
    source: str = ""
    view: list[ViewEntry] = []
    keys: dict[str, str] = {}


class File(Struct, forbid_unknown_fields=True):
    """A whole file. `loose` are the segments parked on the canvas."""

    catenary: int
    root: str
    nodes: list[NodeEntry]
    inputs: list[Input] = []
    adapters: list[AdapterEntry] = []
    loose: list[list[str]] = []
    view: list[ViewEntry] = []


def load(path: Path) -> tuple[Graph, Stamp]:
    """The graph in a file, and the stamp that `save` compares with. Raises FileError."""
    data, stamp = disk.read(path)
    return parse(data, str(path)), stamp


def save(graph: Graph, path: Path, expected: Stamp | None) -> Stamp:
    """Write the graph to a file, all or nothing; the previous version stays as `NAME.bak`.

    `expected` is the stamp of the last load or save: ChangedOnDisk is raised when the file is another one by now.
    None is for a new file, or when the user has agreed to replace what is there. Raises FileError.
    """
    data = dump(graph)
    if len(data) > disk.LARGEST:
        raise FileError(
            f"{path} can't be saved: the graph takes {len(data) / 2**20:.1f} MB, but a graph file has at most "
            f"{disk.LARGEST // 2**20}. What to do: move long lists and texts to files of their own"
        )
    return disk.write(path, data, expected)


def dump(graph: Graph) -> bytes:
    """The graph's canonical text: UTF-8, nodes sorted by id, params and contexts by name, ending in a newline."""
    blocks = [f'  "catenary": {VERSION}', f'  "root": {_line(graph.root)}']
    if graph.inputs:
        blocks.append(_block("inputs", graph.inputs))
    if graph.adapters:
        blocks.append('  "adapters": [' + ",".join(map(_adapter_block, graph.adapters)) + "\n  ]")
    if graph.segments(CANVAS):
        blocks.append(_block("loose", graph.segments(CANVAS)))
    blocks.append(_block("nodes", (_entry(graph, node) for node in sorted(graph.nodes))))
    blocks.append(_block("view", (_view_entry(node, view) for node, view in sorted(graph.views.items()))))
    return ("{\n" + ",\n".join(blocks) + "\n}\n").encode()


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


_ENCODER = json.Encoder(order="deterministic")


def _line(value: object) -> str:
    return json.format(_ENCODER.encode(value), indent=0).decode()


def _block(name: str, items: Iterable[object]) -> str:
    return f'  "{name}": [' + ",".join(f"\n    {_line(item)}" for item in items) + "\n  ]"


def _entry(graph: Graph, node: str) -> NodeEntry:
    found = graph.nodes[node]
    children = graph.children.get(node, UNSET)
    return NodeEntry(
        node,
        found.kind,
        found.name,
        found.params,
        found.contexts,
        found.shared,
        found.weights or UNSET,
        found.key,
        found.mode,
        children,
        graph.segments(node),
    )


def _view_entry(node: str, view: View) -> ViewEntry:
    position = (float(view.position[0]), float(view.position[1])) if view.position else UNSET
    return ViewEntry(node, view.collapsed, view.note, view.colour, position, view.repeats)


HOLDER = "."
"""The id of a root that stands in for one, where trees are kept that have none; no node of an adapter is called so."""


def _adapter_block(adapter: Adapter) -> str:
    holder = Graph(Node(HOLDER, "Chain"))
    for index, patch in enumerate(adapter.patches):
        edits.apply(holder, edits.Insert(Place(CANVAS, 0, index, new=True), (patch.tree,)))
    entry = AdapterEntry(
        adapter.id,
        adapter.name,
        [PatchEntry(patch.selector, patch.tree.node.id, patch.place) for patch in adapter.patches],
        [],
        adapter.enabled,
        adapter.where,
        [replace(param, low=_float(param.low), high=_float(param.high)) for param in adapter.params],
        adapter.values,
        adapter.weights or UNSET,
        adapter.colour,
        adapter.doc,
        adapter.source,
        [_view_entry(node, view) for node, view in sorted(holder.views.items())],
        dict(sorted(adapter.keys.items())),
    )
    head, tail = _line(entry).split('"nodes": []')
    nodes = (_line(_entry(holder, node)) for node in sorted(holder.nodes) if node != HOLDER)
    return f'\n    {head}"nodes": [' + ",".join(f"\n      {node}" for node in nodes) + f"\n    ]{tail}"


def _float(number: float | None) -> float | None:
    return None if number is None else float(number)


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
            park(entry.id, entry.loose, ("nodes", index, "loose"))
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
