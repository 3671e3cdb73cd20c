"""Adapters as files and as text: a graph file that holds nothing but them, so that it is read with the same care."""

from pathlib import Path

from msgspec.structs import replace

from engine.document import disk, files, parsing
from engine.document.adapters import Adapter
from engine.document.disk import FileError
from engine.document.graph import Graph, Node
from engine.document.selectors import ids_in

ENDING = ".catenary-adapter"
"""What the name of such a file ends in."""


def dump(*adapters: Adapter) -> bytes:
    """The text of these adapters. What they note of the nodes of one graph is left out."""
    holder = Graph(Node("root", "Chain"))
    holder.adapters = tuple(_portable(adapter) for adapter in adapters)
    return files.dump(holder)


def _portable(adapter: Adapter) -> Adapter:
    """Without the ids of one graph, which name nothing in another: it goes wherever it fits, or is put, there."""
    return replace(adapter, keys={}, where="" if ids_in(adapter.where) else adapter.where)


def parse(data: bytes, name: str = "") -> tuple[Adapter, ...]:
    """The adapters that `data`, the content of the file called `name`, describes. Raises FileError."""
    found = parsing.parse(data, name).adapters
    if not found:
        raise FileError(f"{name or 'the file'} holds no adapter: choose one whose name ends in {ENDING}")
    return found


def load(path: Path) -> tuple[Adapter, ...]:
    """The adapters in a file. Raises FileError."""
    data, _ = disk.read(path)
    return parse(data, str(path))


def save(path: Path, *adapters: Adapter) -> None:
    """Write adapters to a file, all or nothing. Raises FileError."""
    disk.write(path, dump(*adapters), None)
