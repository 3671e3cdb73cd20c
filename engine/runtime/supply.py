"""Where a session has its weights from: the files that its graph names, kept open, compared, checked and written."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from msgspec.structs import replace

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.aliases import namings
from engine.document.attach import attached, called, rehomed
from engine.document.disk import FileError
from engine.document.drawn import by_path
from engine.document.edits import Edit, SetAdapter
from engine.document.expand import Expanded, expand
from engine.document.graph import Graph, Weights
from engine.document.keys import below_key
from engine.document.stack import adapter_of
from engine.messages import Examine, Examined, Loaded, SaveWeights, WeightsReport, WeightsSaved
from engine.runtime import saving
from engine.runtime.checkpoints import Checkpoint, CheckpointError
from engine.runtime.foreign import ForeignError
from engine.runtime.lora_files import taking
from engine.runtime.modules import Modules
from engine.runtime.saving import SaveError
from engine.runtime.weights import NOTHING, Fit, WeightsFiles, fit, fit_adapters, needs, prefixes

MOMENT = 0.05
"""Seconds that checking goes on before it is asked again whether there is nothing better to do."""


class Supply:
    """The weights files of one graph. `tell` hears how they fit, whenever the answer is another one than before."""

    def __init__(self, tell: Callable[[Loaded], None]) -> None:
        self.stale = True
        """Whether the graph may name other files or keys than it did, or have other modules."""
        self._tell = tell
        self._told: tuple[WeightsReport, ...] = ()
        self._files = WeightsFiles()
        self._fit: Fit = NOTHING
        self._whole: Expanded | None = None
        """The graph with its adapters, as it was compared last."""

    @property
    def unusable(self) -> WeightsReport | None:
        """The first file that can't be used, where there is one; those of adapters come last."""
        return next((report for report in self._fit.reports if report.error), None)

    def forget(self) -> None:
        """It is about another document, or all is to be read again."""
        self._told = ()
        self._fit = NOTHING
        self._whole = None
        self.stale = True

    def compare(self, graph: Graph, folder: Path, modules: Modules, whole: Expanded) -> None:
        """Say what the modules of the `whole` graph take from the files, when there are others or they have changed."""
        self._whole = whole
        if self.stale or self._files.changed:
            self._compare(graph, folder, modules)

    def fill(self, graph: Graph, folder: Path, modules: Modules) -> None:
        """Make the modules, with tensors of the files. Raises CheckpointError when one can't be read any more."""
        try:
            made = modules.materialize()
        except CheckpointError:
            self.stale = True
            raise
        self._files.close()
        if made:
            self._compare(graph, folder, modules)  # by now it is known which tensors hold a NaN

    def check(self, graph: Graph, folder: Path, modules: Modules) -> bool:
        """Go on, for a moment, hashing the files whose hashes the graph knows; whether there is more to do."""
        for weights in _named(graph):
            if not weights.sha256:
                continue
            file = self._files[folder / weights.path]
            if file.sha256 or file.error:
                continue
            try:
                if file.hash(MOMENT):
                    self._compare(graph, folder, modules)
            except CheckpointError:
                self.stale = True
            return True
        return False

    def examine(self, asked: Examine, graph: Graph, folder: Path, modules: Modules) -> Examined:
        """How a file would fit, and the edit that has the graph take it. Reads all of it."""
        path = _relative(Path(asked.path), folder)
        report = WeightsReport(asked.frame, path, asked.prefix or "", adapter=asked.adapter)
        if asked.adapter:
            return self._examine_adapter(asked.adapter, report, graph, folder, modules)
        if amiss := _amiss(graph, asked.frame):
            return Examined(replace(report, error=amiss))
        file = self._files[folder / path]
        if file.error:
            return Examined(replace(report, error=file.error))
        try:
            file.hash()
            found = prefixes(_relatively(graph, asked.frame, Weights(path), modules), file)
            prefix = found[0].name if asked.prefix is None else asked.prefix
            named = Weights(path, file.sha256)
            # Where both fit as well as one another, the keys that were set go on being so.
            options = [attached(graph, asked.frame, named, prefix, kept) for kept in (True, False)]
            for names in namings(graph, asked.frame):
                wanted = _relatively(graph, asked.frame, Weights(path), modules, names)
                start = prefixes(wanted, file)[0].name if asked.prefix is None else asked.prefix
                options.append(called(graph, asked.frame, named, start, names))
            trials = [_Trial(graph, asked.frame, edit) for edit in options]
            best = max(trials, key=lambda trial: trial.report(self._fitting(trial.graph, folder, modules)).count)
            fitting = self._fitting(best.graph, folder, modules)
            taken = {take.key for takes in fitting.takes.values() for take in takes.values() if take.file is file}
            file.look(sorted(taken))
            report = best.report(self._fitting(best.graph, folder, modules))
        except CheckpointError as error:
            return Examined(replace(report, error=str(error)))
        self._files.close()
        return Examined(report, tuple(found), best.edit)

    def _examine_adapter(
        self, adapter: str, report: WeightsReport, graph: Graph, folder: Path, modules: Modules
    ) -> Examined:
        """How a file would fit what an adapter adds (`report` is filled in), and the edit that has it take the file."""
        found = adapter_of(graph, adapter)
        file = self._files[folder / report.path]
        if found is None or file.error:
            return Examined(replace(report, error=file.error or "that adapter is gone: choose another one"))
        try:
            file.hash()
            taken = taking(graph, found, Weights(report.path, file.sha256), file)
            # Where both fit as well as one another, the names that were noted go on being so.
            options = [taken, plain] if (plain := by_path(taken)) != taken else [taken]
            trials = [_AdapterTrial(graph, each, modules) for each in options]
            if adapter not in trials[0].whole.targets:
                why = next((amiss.message for amiss in trials[0].whole.amiss if amiss.adapter == adapter), "")
                return Examined(replace(report, notes=(why,)), edit=SetAdapter(taken))
            answers = [Examined(trial.report(self._at(folder)), edit=SetAdapter(trial.taken)) for trial in trials]
        except CheckpointError as error:
            return Examined(replace(report, error=str(error)))
        self._files.close()
        return max(answers, key=lambda answer: answer.report.count)

    def save(self, asked: SaveWeights, graph: Graph, folder: Path, modules: Modules) -> WeightsSaved:
        """Write the weights of a frame; gives the edit that has the graph take them from there."""
        path = _relative(Path(asked.path), folder)
        failed = WeightsSaved(asked.frame, path)
        if amiss := _amiss(graph, asked.frame):
            return replace(failed, error=amiss)
        try:
            if (unusable := self.unusable) and not unusable.adapter:
                raise SaveError(f"its weights can't be read: {unusable.error}")
            found = saving.contents(
                graph, asked.frame, modules, lambda node: self._file(graph, folder, node), getattr(torch, asked.dtype)
            )
            digest = saving.write(folder / path, found.entries)
        except (SaveError, CheckpointError, FileError, ForeignError) as error:
            return replace(failed, error=str(error))
        finally:
            self._files.close()
        edit = rehomed(graph, asked.frame, Weights(path, digest), found.keys)
        return WeightsSaved(asked.frame, path, len(found.entries), edit)

    def _compare(self, graph: Graph, folder: Path, modules: Modules) -> None:
        self.stale = False
        self._fit = self._fitting(graph, folder, modules)
        if self._whole is not None:
            added = fit_adapters(graph, self._whole, modules.tensors, self._at(folder))
            takes = self._fit.takes | added.takes
            lent = {node: takes[lender] for node, lender in self._whole.borrowed.items() if lender in takes}
            self._fit = Fit(takes | lent, self._fit.reports + added.reports)
        modules.takes = self._fit.takes
        self._files.forget_but({folder / weights.path for weights in _named(graph)})
        if self._fit.reports != self._told:
            self._told = self._fit.reports
            self._tell(Loaded(self._told))

    def _fitting(self, graph: Graph, folder: Path, modules: Modules) -> Fit:
        return fit(graph, modules.tensors, lambda node: self._file(graph, folder, node))

    def _at(self, folder: Path) -> Callable[[Weights], Checkpoint]:
        """What opens the files that a graph in this folder names."""
        return lambda weights: self._files[folder / weights.path]

    def _file(self, graph: Graph, folder: Path, node: str) -> Checkpoint:
        weights = graph.nodes[node].weights
        assert weights is not None, f"{node} names no file"
        return self._files[folder / weights.path]


def _named(graph: Graph) -> list[Weights]:
    """The files that nodes and adapters name."""
    of_nodes = (graph.nodes[node].weights for node in graph.walk())
    return [weights for weights in (*of_nodes, *(each.weights for each in graph.adapters)) if weights]


class _Trial:
    """The graph as it would be after an edit that gives a frame its weights."""

    def __init__(self, graph: Graph, frame: str, edit: Edit) -> None:
        self.graph = graph.copy()
        self.frame = frame
        self.edit = edit
        edits.apply(self.graph, edit)

    def report(self, fitting: Fit) -> WeightsReport:
        """What is said about that frame."""
        return next(report for report in fitting.reports if report.frame == self.frame)


class _AdapterTrial:
    """The graph as it would be with another adapter, in force, in the place of the one with its id."""

    def __init__(self, graph: Graph, taken: Adapter, modules: Modules) -> None:
        self.graph = graph.copy()
        self.taken = taken
        self.modules = modules
        edits.apply(self.graph, SetAdapter(replace(taken, enabled=True)))
        self.whole = expand(self.graph, modules.catalogue)

    def report(self, file_of: Callable[[Weights], Checkpoint]) -> WeightsReport:
        """What is said about that adapter."""
        fitting = fit_adapters(self.graph, self.whole, self.modules.beside(self.whole.graph), file_of)
        return next(report for report in fitting.reports if report.adapter == self.taken.id)


def _relatively(
    graph: Graph, frame: str, weights: Weights, modules: Modules, names: Mapping[str, str] | None = None
) -> dict[str, tuple[int, ...]]:
    """The tensors that are needed below a frame, by their names from there, or by other `names` of the leaves."""
    trial = _Trial(graph, frame, attached(graph, frame, weights))
    return {
        below_key(names.get(leaf, origin.key) if names else origin.key, name): tuple(tensor.shape)
        for need in needs(trial.graph, modules.tensors)
        for leaf, origin in need.origins.items()
        if origin.owner == frame
        for name, tensor in need.tensors.items()
    }


def _amiss(graph: Graph, frame: str) -> str:
    """Why a node has no weights to load or save."""
    if frame not in graph:
        return "that node is gone: choose another one"
    if graph.is_loose(frame):
        return f"{graph.nodes[frame].title} is parked and has no weights now: wire it in first"
    return ""


def _relative(path: Path, folder: Path) -> str:
    """How a graph in this folder names a file."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
