"""Graph files: JSON that people can read, compare and merge, one node a line. Opening one evaluates nothing.

The text is canonical: the same graph always gives the same bytes. How nodes are shown stands in a block of its own at
the end, so that moving and folding leaves the model's lines alone.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import UNSET, json
from msgspec.structs import replace

from engine.document import disk, edits
from engine.document.adapters import Adapter
from engine.document.disk import FileError, Stamp
from engine.document.entries import HOLDER, VERSION, AdapterEntry, NodeEntry, PatchEntry, ViewEntry
from engine.document.graph import CANVAS, Graph, Node, Place, View
from engine.document.parsing import parse


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
        graph.segments(node) or UNSET,
    )


def _view_entry(node: str, view: View) -> ViewEntry:
    position = (float(view.position[0]), float(view.position[1])) if view.position else UNSET
    return ViewEntry(node, view.collapsed, view.note, view.colour, position, view.repeats)


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
