"""A session's graph as the worker has it, kept up by edits, and what is made of it: modules, weights, a program."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from msgspec import structs

from engine.document import edits, scopes
from engine.document.document import new_graph
from engine.document.edits import Edit
from engine.document.effect import runs_differently
from engine.document.expand import Expanded
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import Key
from engine.document.sources import Source
from engine.messages import Configure, Fault, FromWorker, Log, Shapes
from engine.runtime import preview
from engine.runtime.adapted import Adapted, is_off
from engine.runtime.checkpoints import CheckpointError
from engine.runtime.exporting import Exporting
from engine.runtime.lower import Lowered, lower
from engine.runtime.measuring import parameters
from engine.runtime.modules import MakeError, Modules
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from engine.runtime.sources import Loader
from engine.runtime.supply import Supply
from engine.runtime.trusted import Trusted


class Replica:
    """The graph of one document, and what it takes to run it.

    Nothing is lowered again unless the structure has changed: for other values of live params, numbers and pictures of
    the same size, the program holds. `send` takes what there is to tell: shapes, how weights fit, what code prints.
    """

    def __init__(self, catalogue: Catalogue, send: Callable[[FromWorker], None]) -> None:
        self.catalogue = catalogue
        self.graph: Graph = new_graph()
        self.folder = Path()
        self.lowered: Lowered | None = None
        """The program at hand, until the structure changes."""
        self.unsettled = True
        """Whether the shapes may have changed since they were told."""
        self.shown: Shapes | None = None
        """What was told last."""
        self.settings = Configure()
        self.adapted = Adapted(catalogue)
        self.supply = Supply(send)
        self.loader = Loader()
        self.built_wrong: tuple[Fault, ...] = ()
        self._send = send
        self._trusted = Trusted()
        self._parameters: dict[str, int] = {}
        self.modules = self._new_modules()

    @property
    def whole(self) -> Expanded:
        """The graph with its adapters."""
        return self.adapted.whole(self.graph)

    def trust(self, names: Iterable[str]) -> None:
        """Let these names of Python code be imported, and no others; build everything again."""
        self._trusted.forget()
        self._trusted = Trusted(frozenset(names), self.folder, lambda text: self._send(Log(0, preview.printable(text))))
        self.start_afresh()

    def start_afresh(self) -> None:
        """Build everything again, with initial weights or those of the file."""
        self.modules = self._new_modules()
        self.supply.forget()
        self.shown = None
        self._change()

    def _new_modules(self) -> Modules:
        wanted = self.settings.device
        device = "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
        dtype = getattr(torch, self.settings.dtype)
        return Modules(self.catalogue, torch.device(device), dtype, self.settings.seed, self._trusted)

    def follow(self, edit: Edit, inverse: Edit) -> None:
        """Do no more about an edit (which gave `inverse`) than it takes."""
        match edit, inverse:
            case edits.Batch(several), edits.Batch(inverses):
                for one, other in zip(several, reversed(inverses), strict=True):
                    self.follow(one, other)
            case _ if not runs_differently(edit, self.graph, self.catalogue):
                pass
            case edits.SetParam(node, param, value, absent=False), _ if (
                node in self.graph  # a later part of the same edit may have taken it out
                and not self.adapted.decides(param)
                and self.modules.set_live(node, param, value)
            ):
                self.adapted.keep_up(self.graph, node)
                self._change_if_exact()
            case edits.SetAdapterParam(adapter, param), _ if self.adapted.drive(
                self.graph, adapter, param, self.modules
            ):
                self._change_if_exact()
            case edits.SetAdapter(adapter), edits.SetAdapter(old) if is_off(adapter, old):
                pass
            case (edits.SetAdapter(), _) if self.adapted.has_other_values_only(self.graph):
                self.supply.stale = self.unsettled = True
            case (edits.SetInputs(), edits.SetInputs()) | (edits.SetContexts(), edits.SetContexts()) if _names(
                edit
            ) == _names(inverse):
                if isinstance(edit, edits.SetContexts):
                    self.adapted.keep_up(self.graph, edit.node)
                self.unsettled = True  # other values: the program decides whether it holds for them
            case ((edits.SetWeights() | edits.SetKey()), _):
                self.supply.stale = self.unsettled = True
            case _:
                self._change()

    def _change(self) -> None:
        """The structure has changed: lower again when next a program is needed."""
        self.adapted.forget()
        self.lowered = None
        self.unsettled = True

    def _change_if_exact(self) -> None:
        """A value has changed that the program reads when it runs; but it may have been made for the one before."""
        if self.lowered is not None and (self.lowered.program.exact or self.lowered.faults):
            self._change()

    def given(self, inputs: Mapping[str, Source], contexts: Mapping[str, Source]) -> tuple[Given, tuple[Fault, ...]]:
        """The values from outside, with `inputs` and `contexts` standing in for sources, and faults for those amiss."""
        graph = self.whole.graph
        sources: dict[str | Key, Source] = {i.name: inputs.get(i.name, i.source) for i in self.graph.inputs}
        for key in scopes.keys(graph):
            own = graph.nodes[key.provider].contexts[key.context][key.key]
            sources[key] = contexts.get(key.label, own)
        values, errors = self.loader.load(sources, self.folder, self.modules.device, self.modules.dtype)
        given = Given(
            {name: value for name, value in values.items() if isinstance(name, str)},
            {key: value for key, value in values.items() if isinstance(key, Key)},
        )
        return given, tuple(self._source_fault(name, error) for name, error in errors.items())

    def _source_fault(self, name: str | Key, error: str) -> Fault:
        if isinstance(name, Key):
            path = self.whole.paths[name.provider]
            return Fault(name.provider, "source", f"{name.label} has no value: {error}", path)
        return Fault(self.graph.root, "source", f"the input {name} has no value: {error}")

    def prepare(self, given: Given, wrong: tuple[Fault, ...]) -> Lowered:
        """A program for these values: the one at hand where it holds, otherwise a new one, whose shapes are told."""
        if self.lowered is None:
            self._build()
        self.supply.compare(self.graph, self.folder, self.modules, self.whole)
        if self.lowered is None or not self.lowered.program.accepts(given):
            modules = self.modules
            graph = self.whole.graph
            self.lowered = lower(graph, self.catalogue, modules.sketches, given, modules.fake, self._trusted)
        lowered = self.lowered
        told = {fault.node for fault in self.built_wrong}
        faults = (*wrong, *self.built_wrong, *(f for f in lowered.faults if f.node not in told))
        faults = tuple(self.presentable(fault) for fault in faults)
        self.tell(Shapes(lowered.returns, lowered.receives, faults, self._parameters))
        stamps, program = self.modules.stamps, lowered.program
        program.stamps = {program.paths[node]: stamp for node, stamp in stamps.items()}
        return lowered

    def _build(self) -> None:
        """Bring the modules up to the graph."""
        whole = self.whole
        _, errors = self.modules.update(whole.graph)
        self.supply.stale = True
        self._parameters = parameters(self.graph, whole, self.modules.tensors)
        running = set(whole.graph.running()) if errors else set[str]()
        self.built_wrong = tuple(
            Fault(node, "not-built", error, whole.paths[node]) for node, error in errors.items() if node in running
        )

    def tell(self, shapes: Shapes) -> None:
        """Send the shapes, unless they are those told last."""
        if shapes != self.shown:
            self.shown = shapes
            self._send(shapes)

    def presentable(self, fault: Fault) -> Fault:
        """A fault as the client has it: at nodes of the graph itself, in characters that can be sent."""
        fault = self.adapted.at_home(self.graph, fault)
        return structs.replace(fault, message=preview.printable(fault.message))

    def real(self, lowered: Lowered) -> dict[str, torch.nn.Module]:
        """The modules that the program calls, by path, with their weights: those of the file, or initial ones.

        Raises RunError where they can't be had.
        """
        try:
            self.supply.fill(self.graph, self.folder, self.modules)
        except CheckpointError as error:
            raise RunError(Fault(self.graph.root, "weights", str(error))) from error
        except MakeError as error:
            path = self.whole.paths[error.node]
            raise RunError(Fault(error.node, "not-built", str(error), path)) from error
        modules = self.modules.by_node
        return {lowered.program.paths[node]: module for node, module in modules.items()}

    def exporting(self, frame: str) -> Exporting:
        """What an export of a frame starts from."""
        given, wrong = self.given({}, {})
        lowered = self.prepare(given, wrong)
        whole = self.whole
        return Exporting(
            graph=whole.graph,
            catalogue=self.catalogue,
            frame=frame,
            modules=self.modules,
            given=given,
            faults=(*wrong, *self.built_wrong),
            amiss=whole.amiss[0].message if whole.amiss else "",
            fill=lambda: self.real(lowered),
            trusted=self._trusted,
        )


def _names(edit: edits.SetInputs | edits.SetContexts) -> list[Any]:
    """What an edit gives values to, whatever they are."""
    if isinstance(edit, edits.SetInputs):
        return [entry.name for entry in edit.inputs]
    return [(context, list(entries)) for context, entries in edit.contexts.items()]
