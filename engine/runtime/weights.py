"""How weights files fit a graph: which tensor of which file each module takes, and what is amiss."""

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from torch import Tensor

from engine.document.adapter_keys import added_keys
from engine.document.expand import Expanded, home
from engine.document.graph import Graph, Weights, paths
from engine.document.keys import Origin, below_key, sources_of
from engine.messages import Prefix, Wanted, WeightsReport
from engine.runtime import adapter_words, lora_files
from engine.runtime.checkpoints import Checkpoint, Stored
from engine.runtime.near_misses import Lacking, near_misses, splits

MOST_PREFIXES = 1000

Sketched = Mapping[str, Mapping[str, Tensor]]
"""The tensors of modules as their sketches have them, by node and by their names in the module."""


class Take(NamedTuple):
    """One tensor of a file."""

    file: Checkpoint
    key: str


class Need(Struct, frozen=True):
    """The tensors of one module, by name, as its sketch has them; its leaves, and where they may have them from."""

    leaves: tuple[str, ...]
    origins: Mapping[str, Origin]
    tensors: Mapping[str, Tensor]


class Fit(NamedTuple):
    """What each leaf takes, by the name of the tensor in its module, and a report for every file."""

    takes: dict[str, dict[str, Take]]
    reports: tuple[WeightsReport, ...]


NOTHING = Fit({}, ())


class WeightsFiles:
    """The weights files that graphs name, by path: opened once, and again when they have changed."""

    def __init__(self) -> None:
        self._open: dict[Path, Checkpoint] = {}

    def __getitem__(self, path: Path) -> Checkpoint:
        """The file as it is now; one that can't be used says so itself."""
        found = self._open.get(path)
        if found is None or found.changed:
            found = self._open[path] = Checkpoint(path)
        return found

    @property
    def changed(self) -> bool:
        return any(file.changed for file in self._open.values())

    def forget_but(self, paths: Container[Path]) -> None:
        self._open = {path: file for path, file in self._open.items() if path in paths}

    def close(self) -> None:
        """Let go of all files until they are read again."""
        for file in self._open.values():
            file.close()


def needs(graph: Graph, tensors: Sketched) -> list[Need]:
    """What the modules with tensors need, in the order of running; leaves that share their weights need them once."""
    origins = sources_of(graph)
    groups: dict[str, list[str]] = {}
    for leaf in graph.walk():
        if tensors.get(leaf):
            groups.setdefault(graph.nodes[leaf].shared or leaf, []).append(leaf)
    return [
        Need(tuple(leaves), {leaf: origins[leaf] for leaf in leaves if leaf in origins}, tensors[leaves[0]])
        for leaves in groups.values()
    ]


def fit(graph: Graph, tensors: Sketched, file_of: Callable[[str], Checkpoint]) -> Fit:
    """How the files that nodes name (`file_of` gives the file of a node) fit the modules."""
    owners = [node for node in graph.walk() if graph.nodes[node].weights]
    if not owners:
        return NOTHING
    files = {owner: file_of(owner) for owner in owners}
    path_of = paths(graph)
    takes: dict[str, dict[str, Take]] = {}
    told = {owner: _Told(owner, file) for owner, file in files.items()}
    for need in needs(graph, tensors):
        if not need.origins:
            continue
        has = [leaf for leaf, origin in need.origins.items() if _has(files[origin.owner], origin.key, need)]
        for origin in map(need.origins.__getitem__, has):
            told[origin.owner].used |= {below_key(origin.key, name) for name in need.tensors}
        leaf = next(iter(has or need.origins))
        origin = need.origins[leaf]
        takes |= dict.fromkeys(need.leaves, told[origin.owner].take(leaf, path_of[leaf], origin.key, need.tensors))
    return Fit(takes, tuple(told[owner].report(graph) for owner in owners))


def fit_adapters(graph: Graph, whole: Expanded, tensors: Sketched, file_of: Callable[[Weights], Checkpoint]) -> Fit:
    """How the files that adapters name fit what they put into the graph; those that are not in force are left out."""
    naming = [(each, each.weights) for each in graph.adapters if each.weights and each.id in whole.targets]
    if not naming:
        return NOTHING
    keys = added_keys(whole, graph)
    files: dict[str, Checkpoint] = {}
    for each, weights in naming:
        file = file_of(weights)
        lora = lora_files.in_own_words(file, graph, whole, each.id, keys, tensors)
        files[each.id] = adapter_words.in_own_words(file, whole, each, keys, tensors) if lora is file else lora
    told = {adapter: _Told(adapter, file) for adapter, file in files.items()}
    takes: dict[str, dict[str, Take]] = {}
    for node, key in keys.items():
        found = told.get(whole.origin[node].adapter)
        if found and node not in whole.borrowed and (wanted := tensors.get(node)):
            found.used |= {below_key(key, name) for name in wanted}
            takes[node] = found.take(home(whole, node), whole.paths[node], key, wanted)
    return Fit(takes, tuple(told[each.id].adapter_report(weights) for each, weights in naming))


def _has(file: Checkpoint, key: str, need: Need) -> bool:
    return any(below_key(key, name) in file.tensors for name in need.tensors)


class _Told:
    """What is gathered about one file."""

    def __init__(self, owner: str, file: Checkpoint) -> None:
        self.owner = owner
        self.file = file
        self.used: set[str] = set()
        self.taken: list[str] = []
        self.missing: list[Wanted] = []
        self.mismatched: list[Wanted] = []
        self.lacking: dict[str, Lacking] = {}
        self.content: set[str] = set()

    def take(self, leaf: str, path: str, key: str, tensors: Mapping[str, Tensor]) -> dict[str, Take]:
        """The tensors that the file has for a leaf; what it has not, or not in that shape, is noted."""
        found: dict[str, Take] = {}
        for name, tensor in tensors.items():
            at = below_key(key, name)
            stored = self.file.tensors.get(at)
            wanted = Wanted(leaf, below_key(path, name), at, shape_text(tensor.shape))
            if stored is None:
                self.missing.append(wanted)
            elif reason := _unlike(stored, tensor):
                self.mismatched.append(Wanted(leaf, wanted.name, at, wanted.shape, reason))
            else:
                found[name] = Take(self.file, at)
                self.taken.append(at)
        if len(found) == len(tensors):
            self.content.add(leaf)
        else:
            self.lacking[leaf] = Lacking(leaf, key, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
        return found

    def report(self, graph: Graph) -> WeightsReport:
        file = self.file
        node = graph.nodes[self.owner]
        assert node.weights
        if file.error:
            return WeightsReport(self.owner, node.weights.path, node.key, error=file.error)
        unused = {key: stored.shape for key, stored in file.tensors.items() if key not in self.used}
        prefix = f"{node.key}." if node.key else ""
        unexpected = tuple(key for key in sorted(unused) if key.startswith(prefix))
        notes = list(file.notes)
        if elsewhere := len(unused) - len(unexpected):
            notes.append(f"{elsewhere} tensors of the file lie outside {node.key}")
        return WeightsReport(
            frame=self.owner,
            path=node.weights.path,
            prefix=node.key,
            count=len(self.taken),
            missing=tuple(self.missing),
            mismatched=tuple(self.mismatched),
            unexpected=unexpected,
            near=tuple(near_misses(graph, self.owner, self.lacking, self.content, unused)),
            nan=tuple(key for key in self.taken if key in file.nan),
            notes=tuple(notes),
            changed=file.sha256 if node.weights.sha256 not in ("", file.sha256) else "",
        )

    def adapter_report(self, weights: Weights) -> WeightsReport:
        """The report on the file of an adapter."""
        file = self.file
        if file.error:
            return WeightsReport("", weights.path, error=file.error, adapter=self.owner)
        return WeightsReport(
            frame="",
            path=weights.path,
            count=len(self.taken),
            missing=tuple(self.missing),
            mismatched=tuple(self.mismatched),
            unexpected=tuple(sorted(file.tensors.keys() - self.used)),
            nan=tuple(key for key in self.taken if key in file.nan),
            notes=tuple(file.notes),
            changed=file.sha256 if weights.sha256 not in ("", file.sha256) else "",
            adapter=self.owner,
        )


def _unlike(stored: Stored, tensor: Tensor) -> str:
    """What a file has where it does not fit a tensor, else ""."""
    alike = stored.dtype.is_floating_point == tensor.dtype.is_floating_point
    if alike and _core(stored.shape) == _core(tuple(tensor.shape)):
        return ""
    dtype = "" if alike else f"{str(stored.dtype).removeprefix('torch.')} "
    return dtype + shape_text(stored.shape)


def _core(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without windows of 1 x 1: a convolution over single pixels may be a Linear in the graph."""
    return shape[:2] if all(size == 1 for size in shape[2:]) else shape


def shape_text(shape: Sequence[int]) -> str:
    """A shape such as "(3, 5)"."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def prefixes(wanted: Mapping[str, tuple[int, ...]], file: Checkpoint) -> list[Prefix]:
    """The prefixes that a file has, and how many of the `wanted` tensors fit below each; the best come first."""
    counts: dict[str, int] = {"": 0}
    for key, stored in file.tensors.items():
        for prefix, rest in (("", key), *splits(key)):
            counts[prefix] = counts.get(prefix, 0) + (wanted.get(rest) == stored.shape)
    best = sorted(counts, key=lambda prefix: (-counts[prefix], prefix.count("."), prefix))
    return [Prefix(prefix, counts[prefix]) for prefix in best[:MOST_PREFIXES]]
