"""What a graph would import: the functions and modules of others' Python code that it names as "module:name".

A Lambda, compose or callback may be such a name instead of an expression, and a Foreign leaf is made by one. Naming
imports nothing: the worker does, once the user trusts the names.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from engine.document.graph import Graph, Node, tree_nodes
from engine.document.kinds import Catalogue
from engine.document.subset import is_reference


class Reference(Struct, frozen=True):
    """A name that would be imported, the nodes that need it, in the graph's order, and the adapters, by name.

    One that is `altered` was imported before: its code is another by now.
    """

    name: str
    nodes: tuple[str, ...]
    adapters: tuple[str, ...] = ()
    altered: bool = False


def naming(catalogue: Catalogue) -> dict[str, list[str]]:
    """The kinds that may name code of others, and the params in which they do."""
    params = {
        kind.name: [param.name for param in kind.params if param.type in ("expression", "reference")]
        for kind in catalogue.values()
    }
    return {kind: names for kind, names in params.items() if names}


def references(graph: Graph, catalogue: Catalogue) -> tuple[Reference, ...]:
    """All that a graph names, parked nodes included, in alphabetical order."""
    params_of = naming(catalogue)

    def names(node: Node) -> Iterator[str]:
        for param in params_of.get(node.kind, ()):
            name = node.params.get(param)
            if isinstance(name, str) and is_reference(name):
                yield name.strip()

    nodes: dict[str, dict[str, None]] = {}
    adapters: dict[str, dict[str, None]] = {}
    perhaps = [  # most have nothing like it, and there may be thousands
        node
        for kind, params in params_of.items()
        for node in graph.nodes.of_kinds((kind,))
        for param in params
        if ":" in str(graph.nodes[node].params.get(param, ""))
    ]
    for node in graph.in_order(dict.fromkeys(perhaps)):
        for name in names(graph.nodes[node]):
            nodes.setdefault(name, {})[node] = None
    for adapter in graph.adapters:
        for patch in adapter.patches:
            for tree in tree_nodes(patch.tree):
                for name in names(tree.node):
                    adapters.setdefault(name, {})[adapter.name] = None
    return tuple(
        Reference(name, tuple(nodes.get(name, ())), tuple(adapters.get(name, ()))) for name in sorted(nodes | adapters)
    )


def fingerprint(digest: str, references: tuple[Reference, ...], folder: Path | None) -> str:
    """What trust in a graph file is kept under: the sha256 `digest` of its bytes.

    Where the modules that it names lie beside it, their content counts too, and `folder`: what they import may differ
    elsewhere.
    """
    names = [each.name for each in references]
    beside = modules(names, folder) if folder else []
    if folder is None or not beside:
        return digest
    found = hashlib.sha256(f"{digest} {folder.absolute()}".encode())
    for file in beside:
        with contextlib.suppress(OSError):  # what can't be read can't be imported
            found.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}".encode())
    return found.hexdigest()


def modules(names: Iterable[str], folder: Path) -> list[Path]:
    """The files of the modules of these references that lie in a folder."""
    beside = sorted({_top(name) for name in names if is_beside(name, folder)})
    return [file for top in beside for file in sorted([folder / f"{top}.py", *(folder / top).rglob("*.py")])]


def is_beside(name: str, folder: Path) -> bool:
    """Whether the module of a reference lies in this folder, as a file or as a package."""
    top = _top(name)
    return (folder / f"{top}.py").is_file() or (folder / top).is_dir()


def _top(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]
