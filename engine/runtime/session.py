"""What one document needs to run, and the messages about it: a replica of its graph, and what came of its runs."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from msgspec import structs

from engine.document import edits, parsing
from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.messages import (
    Apply,
    Cancel,
    Configure,
    Configured,
    Examine,
    Export,
    ExportModel,
    FromWorker,
    Glance,
    Import,
    ImportStructure,
    Load,
    Resume,
    Run,
    SaveWeights,
    Stopped,
    ToWorker,
    Trust,
    Variant,
    Watch,
    WriteCode,
)
from engine.runtime import exporting, imports
from engine.runtime.lower import Lowered
from engine.runtime.program import made_of
from engine.runtime.replica import Replica
from engine.runtime.results import Results, room
from engine.runtime.runs import perform, vary
from engine.runtime.sources import Loader

Attend = Callable[[Callable[[ToWorker], bool]], ToWorker | None]
"""Waits for a message while a run is paused, and gives it if the run can stay paused; None if it can't."""


class Session:
    """Takes the messages of one client and answers through `send`.

    `interrupted` says, between two nodes of a run, whether it is to be abandoned.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        send: Callable[[FromWorker], None],
        interrupted: Callable[[], bool] = lambda: False,
        attend: Attend | None = None,
    ) -> None:
        self.send = send
        self.interrupted = interrupted
        self.attend = attend
        self.replica = Replica(catalogue, lambda told: self.send(told))
        self.results = Results(lambda told: self.send(told))
        self.results.cache.resize(self._room())

    @property
    def graph(self) -> Graph:
        """The replica of the document's graph."""
        return self.replica.graph

    @property
    def lowered(self) -> Lowered | None:
        """The program at hand, until the structure changes."""
        return self.replica.lowered

    @property
    def result(self) -> object:
        """What the root returned in the last run that was done."""
        return self.results.result

    @property
    def values(self) -> Mapping[str, object]:
        """What the nodes returned in the last run, as far as it came and as far as that is kept."""
        return self.results.values

    def take(self, message: ToWorker) -> None:
        """Do what a message asks, and answer through `send`."""
        replica, results = self.replica, self.results
        match message:
            case Load(file, folder, trusted):
                replica.graph = parsing.parse(file, "the document")
                replica.folder = Path(folder)
                self.drop_values()
                results.latest = {}
                replica.trust(trusted)
            case Trust(names):
                replica.trust(names)
            case Apply(edit):
                replica.follow(edit, edits.apply(replica.graph, edit))
            case Configure():
                self._configure(message)
            case Run():
                perform(self, message)
            case Resume():
                pass  # the run that it is for has ended in the meantime
            case Watch(nodes, indices):
                results.watched, results.indices = nodes, indices
                results.preview(nodes)
            case Glance(nodes):
                results.glance(nodes)
            case Variant():
                self.send(vary(self, message))
            case Export(node, path):
                results.save(node, Path(path))
            case Examine():
                self.settle()
                self.send(replica.supply.examine(message, replica.graph, replica.folder, replica.modules))
            case SaveWeights():
                self.settle()
                self.send(replica.supply.save(message, replica.graph, replica.folder, replica.modules))
            case WriteCode(to, frame):
                self.send(exporting.code(replica.exporting(frame), to))
            case Import() | ImportStructure():
                imports.answer(message, replica.catalogue, self.send)
            case ExportModel():
                self.send(exporting.export(replica.exporting(message.frame), message))
            case Cancel():
                self.send(Stopped())  # it has done its work by waiting: `interrupted` saw it

    def settle(self) -> None:
        """Tell the shapes, if they may have changed since they were told."""
        if self.replica.unsettled:
            given, wrong = self.replica.given({}, {})
            program = self.replica.prepare(given, wrong).program
            self.results.present = made_of(program, given)
            self.replica.unsettled = False
            self.results.tell_stale(self.graph)

    def check(self) -> bool:
        """Do a piece of what can wait: look whether weights files are those the graph knows. True if more is left."""
        return self.replica.supply.check(self.graph, self.replica.folder, self.replica.modules)

    def drop_values(self) -> None:
        """Let go of every value, of sources too."""
        self.results.drop()
        self.replica.loader = Loader()

    def _configure(self, settings: Configure) -> None:
        before, self.replica.settings = self.replica.settings, settings
        if structs.replace(settings, room=before.room) != before:
            self.drop_values()
            self.replica.start_afresh()
        self.results.cache.resize(self._room())
        device = self.replica.modules.device
        detail = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
        if settings.device == "cuda" != device.type:
            detail = "CPU, since this machine offers no CUDA device"
        self.send(Configured(device.type, settings.dtype, settings.seed, detail, self._room()))

    def _room(self) -> int:
        return room(self.replica.settings, self.replica.modules.device)


def devices() -> tuple[str, ...]:
    """The devices there are to run on."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
