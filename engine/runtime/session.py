"""What one document needs to run: a replica of its graph, its modules, the program made of it, the last values."""

import contextlib
import gc
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from msgspec import structs

from engine.document import edits, files, scopes
from engine.document.document import new_graph
from engine.document.edits import Edit
from engine.document.effect import runs_differently
from engine.document.expand import Expanded, home
from engine.document.graph import Graph, path_of
from engine.document.kinds import Catalogue, ParamValue
from engine.document.scopes import Key
from engine.document.sources import Source
from engine.document.stack import adapter_of
from engine.messages import (
    Apply,
    Cancel,
    Configure,
    Configured,
    Driven,
    Examine,
    Export,
    ExportModel,
    Fault,
    Finished,
    FromWorker,
    Glance,
    Glanced,
    Held,
    Import,
    ImportStructure,
    InUse,
    Load,
    Log,
    Measured,
    Paused,
    Picture,
    Preview,
    Progress,
    Resume,
    Run,
    Saved,
    SaveWeights,
    Shapes,
    Stale,
    Stopped,
    ToWorker,
    Trust,
    Variant,
    Varied,
    Watch,
    WriteCode,
)
from engine.runtime import exporting, imports, preview
from engine.runtime.adapted import Adapted, is_off
from engine.runtime.cache import Cache
from engine.runtime.checkpoints import CheckpointError
from engine.runtime.emerging import Emerging
from engine.runtime.exporting import Exporting
from engine.runtime.lower import Lowered, lower
from engine.runtime.measuring import Cost, Meter, measures, parameters
from engine.runtime.modules import MakeError, Modules
from engine.runtime.outcome import Cancelled, Moment, RunError, is_memory
from engine.runtime.pausing import Pauses, breakpoints
from engine.runtime.program import Given, made_of
from engine.runtime.sources import Loader
from engine.runtime.supply import Supply
from engine.runtime.thumbnails import thumbnail
from engine.runtime.timeline import Recorder
from engine.runtime.trusted import Trusted
from engine.runtime.value_files import ExportError, export

OUT_OF_MEMORY = "out-of-memory"

Attend = Callable[[Callable[[ToWorker], bool]], ToWorker | None]
"""Waits for a message while a run is paused, and gives it if the run can stay paused; None if it can't."""

ROOM = 2 << 30
"""Bytes of values kept between runs, for previews too; the values of watched nodes are kept in any case."""

SHARE = 8
"""They may take this part of the memory of a CUDA device."""

STEPS_TOLD = 100
"""Progress is reported about so often in a run."""


class Session:
    """Takes the messages of one client and answers through `send`.

    `interrupted` says, between two nodes of a run, whether it is to be abandoned. Nothing is lowered again unless the
    structure has changed: for other values of live params, numbers and pictures of the same size, the program holds.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        send: Callable[[FromWorker], None],
        interrupted: Callable[[], bool] = lambda: False,
        attend: Attend | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.send = send
        self.interrupted = interrupted
        self.attend = attend
        self.graph: Graph = new_graph()
        self.folder = Path()
        self.result: object = None
        """What the root returned in the last run that was done."""
        self.values: Mapping[str, object] = {}
        """What the nodes returned in the last run, as far as it came and as far as that is kept."""
        self.lowered: Lowered | None = None
        """The program at hand, until the structure changes."""
        self._settings = Configure()
        self._trusted = Trusted()
        self._adapted = Adapted(catalogue)
        self._modules = self._new_modules()
        self._loader = Loader()
        self._cache = Cache(self._room())
        self._costs: dict[bytes, Cost] = {}
        """What calls cost when they were measured, by the keys of their values."""
        self._parameters: dict[str, int] = {}
        self._latest: dict[str, object] = {}
        """What the latest values of the nodes were made of."""
        self._present: dict[str, object] = {}
        """What they would be made of now."""
        self._stale = Stale(())
        self._in_use = InUse()
        self._built_wrong: tuple[Fault, ...] = ()
        self._supply = Supply(lambda told: self.send(told))
        self._shown: Shapes | None = None
        self._unsettled = True
        self._watched: tuple[str, ...] = ()
        self._indices: dict[str, tuple[int, ...]] = {}
        self._run = 0

    def take(self, message: ToWorker) -> None:
        """Do what a message asks, and answer through `send`."""
        match message:
            case Load(file, folder, trusted):
                self.graph = files.parse(file, "the document")
                self.folder = Path(folder)
                self._drop_values()
                self._latest = {}
                self._trust(trusted)
                self._start_afresh()
            case Trust(names):
                self._trust(names)
                self._start_afresh()
            case Apply(edit):
                self._apply(edit)
            case Configure():
                self._configure(message)
            case Run():
                self._perform(message)
            case Resume():
                pass  # the run that it is for has ended in the meantime
            case Watch(nodes, indices):
                self._watched, self._indices = nodes, indices
                self._preview(nodes)
            case Glance(nodes):
                self._glance(nodes)
            case Variant():
                self.send(self._vary(message))
            case Export(node, path):
                self._export(node, Path(path))
            case Examine():
                self.settle()
                self.send(self._supply.examine(message, self.graph, self.folder, self._modules))
            case SaveWeights():
                self.settle()
                self.send(self._supply.save(message, self.graph, self.folder, self._modules))
            case WriteCode(to, frame):
                self.send(exporting.code(self._exporting(frame), to))
            case Import() | ImportStructure():
                imports.answer(message, self.catalogue, self.send)
            case ExportModel():
                self.send(exporting.export(self._exporting(message.frame), message))
            case Cancel():
                self.send(Stopped())  # it has done its work by waiting: `interrupted` saw it

    def settle(self) -> None:
        """Tell the shapes, if they may have changed since they were told."""
        if self._unsettled:
            given, wrong = self._given({}, {})
            self._look(self._prepare(given, wrong), given)
            self._unsettled = False
            self._tell_stale()

    def check(self) -> bool:
        """Do a piece of what can wait: look whether weights files are those the graph knows. True if more is left."""
        return self._supply.check(self.graph, self.folder, self._modules)

    def tell(self, shapes: Shapes) -> None:
        """Send the shapes, unless they are those told last."""
        if shapes != self._shown:
            self._shown = shapes
            self.send(shapes)

    def _tell_stale(self) -> None:
        """Tell which values are not up to date, unless it is the same ones as before."""
        stale = Stale(tuple(n for n, made in self._latest.items() if n in self.graph and self._present.get(n) != made))
        if stale != self._stale:
            self._stale = stale
            self.send(stale)

    # Changes.

    def _start_afresh(self) -> None:
        """Build everything again, with initial weights or those of the file."""
        self._modules = self._new_modules()
        self._supply.forget()
        self._shown = None
        self._change()

    def _trust(self, names: Iterable[str]) -> None:
        """Let these names of Python code be imported, and no others."""
        self._trusted.forget()
        self._trusted = Trusted(frozenset(names), self.folder, lambda text: self.send(Log(0, preview.printable(text))))

    def _new_modules(self) -> Modules:
        wanted = self._settings.device
        device = "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
        dtype = getattr(torch, self._settings.dtype)
        return Modules(self.catalogue, torch.device(device), dtype, self._settings.seed, self._trusted)

    def _change(self) -> None:
        """The structure has changed: lower again when next a program is needed."""
        self._adapted.forget()
        self.lowered = None
        self._unsettled = True

    def _apply(self, edit: Edit) -> None:
        self._follow(edit, edits.apply(self.graph, edit))

    def _follow(self, edit: Edit, inverse: Edit) -> None:
        """Do no more about an edit (which gave `inverse`) than it takes."""
        match edit, inverse:
            case edits.Batch(several), edits.Batch(inverses):
                for one, other in zip(several, reversed(inverses), strict=True):
                    self._follow(one, other)
            case _ if not runs_differently(edit, self.graph, self.catalogue):
                pass
            case edits.SetParam(node, param, value, absent=False), _ if (
                node in self.graph  # a later part of the same edit may have taken it out
                and not self._adapted.decides(param)
                and self._modules.set_live(node, param, value)
            ):
                self._adapted.keep_up(self.graph, node)
                self._change_if_exact()
            case edits.SetAdapterParam(adapter, param), _ if self._adapted.drive(
                self.graph, adapter, param, self._modules
            ):
                self._change_if_exact()
            case edits.SetAdapter(adapter), edits.SetAdapter(old) if is_off(adapter, old):
                pass
            case (edits.SetAdapter(), _) if self._adapted.has_other_values_only(self.graph):
                self._supply.stale = self._unsettled = True
            case (edits.SetInputs(), edits.SetInputs()) | (edits.SetContexts(), edits.SetContexts()) if _names(
                edit
            ) == _names(inverse):
                if isinstance(edit, edits.SetContexts):
                    self._adapted.keep_up(self.graph, edit.node)
                self._unsettled = True  # other values: the program decides whether it holds for them
            case ((edits.SetWeights() | edits.SetKey()), _):
                self._supply.stale = self._unsettled = True
            case _:
                self._change()

    def _change_if_exact(self) -> None:
        """A value has changed that the program reads when it runs; but it may have been made for the one before."""
        if self.lowered is not None and (self.lowered.program.exact or self.lowered.faults):
            self._change()

    def _configure(self, settings: Configure) -> None:
        before, self._settings = self._settings, settings
        if structs.replace(settings, room=before.room) != before:
            self._drop_values()
            self._start_afresh()
        self._cache.resize(self._room())
        device = self._modules.device
        detail = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
        if settings.device == "cuda" != device.type:
            detail = "CPU, since this machine offers no CUDA device"
        self.send(Configured(device.type, settings.dtype, settings.seed, detail, self._room()))

    def _room(self) -> int:
        """Bytes for values that are kept."""
        if self._settings.room is not None:
            return self._settings.room
        device = self._modules.device
        return torch.cuda.get_device_properties(device).total_memory // SHARE if device.type == "cuda" else ROOM

    def _drop_values(self) -> None:
        self.result, self.values = None, {}
        self._cache.clear()
        self._costs = {}
        self._loader = Loader()

    # Programs.

    def _given(self, inputs: Mapping[str, Source], contexts: Mapping[str, Source]) -> tuple[Given, tuple[Fault, ...]]:
        """The values from outside, with `inputs` and `contexts` standing in for sources, and faults for those amiss."""
        graph = self._adapted.whole(self.graph).graph
        sources: dict[str | Key, Source] = {i.name: inputs.get(i.name, i.source) for i in self.graph.inputs}
        for key in scopes.keys(graph):
            own = graph.nodes[key.provider].contexts[key.context][key.key]
            sources[key] = contexts.get(key.label, own)
        values, errors = self._loader.load(sources, self.folder, self._modules.device, self._modules.dtype)
        given = Given(
            {name: value for name, value in values.items() if isinstance(name, str)},
            {key: value for key, value in values.items() if isinstance(key, Key)},
        )
        return given, tuple(self._source_fault(name, error) for name, error in errors.items())

    def _source_fault(self, name: str | Key, error: str) -> Fault:
        if isinstance(name, Key):
            path = self._adapted.whole(self.graph).paths[name.provider]
            return Fault(name.provider, "source", f"{name.label} has no value: {error}", path)
        return Fault(self.graph.root, "source", f"the input {name} has no value: {error}")

    def _prepare(self, given: Given, wrong: tuple[Fault, ...]) -> Lowered:
        """A program for these values: the one at hand where it holds, otherwise a new one, whose shapes are told."""
        if self.lowered is None:
            self._build()
        self._supply.compare(self.graph, self.folder, self._modules, self._adapted.whole(self.graph))
        if self.lowered is None or not self.lowered.program.accepts(given):
            modules = self._modules
            graph = self._adapted.whole(self.graph).graph
            self.lowered = lower(graph, self.catalogue, modules.sketches, given, modules.fake, self._trusted)
        lowered = self.lowered
        told = {fault.node for fault in self._built_wrong}
        faults = (*wrong, *self._built_wrong, *(f for f in lowered.faults if f.node not in told))
        faults = tuple(self._presentable(fault) for fault in faults)
        self.tell(Shapes(lowered.returns, lowered.receives, faults, self._parameters))
        return lowered

    def _build(self) -> None:
        """Bring the modules up to the graph."""
        whole = self._adapted.whole(self.graph)
        _, errors = self._modules.update(whole.graph)
        self._supply.stale = True
        self._parameters = parameters(self.graph, whole, self._modules.tensors)
        running = set(whole.graph.running()) if errors else set[str]()
        self._built_wrong = tuple(
            Fault(node, "not-built", error, whole.paths[node]) for node, error in errors.items() if node in running
        )

    def _presentable(self, fault: Fault) -> Fault:
        """A fault as the client has it: at nodes of the graph itself, in characters that can be sent."""
        fault = self._adapted.at_home(self.graph, fault)
        return structs.replace(fault, message=preview.printable(fault.message))

    def _look(self, lowered: Lowered, given: Given) -> None:
        """See what the values would be made of now."""
        stamps, program = self._modules.stamps, lowered.program
        program.stamps = {program.paths[node]: stamp for node, stamp in stamps.items()}
        self._present = made_of(program, given)

    # Runs.

    def _perform(self, message: Run) -> None:
        started = time.perf_counter()
        self._run = message.number
        self.result, self.values = None, {}  # before the run, which may need the room
        status, text, fault = "done", "", None
        ran = total = 0
        try:
            ran, total = self._compute(message)
            text = preview.text_of(self.result)
        except Cancelled:
            status = "cancelled"
        except RunError as error:
            status, self.values = "failed", error.values
            fault = next((f for f in self._built_wrong if f.node == error.fault.node), error.fault)
            if is_memory(error.__cause__):
                fault = structs.replace(fault, code=OUT_OF_MEMORY)
        except Exception as error:  # a fault of ours: told like any other, so that the session goes on
            traceback.print_exc()
            code = OUT_OF_MEMORY if is_memory(error) else "internal"
            status, fault = "failed", Fault(self.graph.root, code, f"{type(error).__name__}: {error}")
        if fault is not None and fault.code == OUT_OF_MEMORY:
            fault = self._free(fault)
        if fault is not None:
            fault = self._presentable(fault)
        seconds = time.perf_counter() - started
        self._preview(dict.fromkeys((*message.watch, *self._watched)))
        self._latest |= self._present if status == "done" else {n: self._present[n] for n in self.values}
        self._tell_stale()
        self.send(Finished(message.number, status, seconds, text, fault, ran, total))

    def _compute(self, message: Run) -> tuple[int, int]:
        """Run; says how many nodes did something, and how many have something to do."""
        if self.interrupted():
            raise Cancelled
        given, wrong = self._given(message.inputs, message.contexts)
        lowered = self._prepare(given, wrong)
        self._look(lowered, given)
        self._unsettled = self._unsettled and bool(message.inputs or message.contexts)
        if wrong:
            raise RunError(wrong[0])
        whole = self._adapted.whole(self.graph)
        if whole.amiss:
            raise RunError(Fault(self.graph.root, whole.amiss[0].code, whole.amiss[0].message))
        if unusable := self._supply.unusable:
            frame = unusable.frame or self.graph.root
            owner = adapter_of(self.graph, unusable.adapter)
            error = f"the weights of the adapter {owner.name}: {unusable.error}" if owner else unusable.error
            raise RunError(Fault(frame, "weights", error, path_of(self.graph, frame)))
        lowered.program.modules = self._real(lowered)
        told = -1

        def step(node: str, done: int, total: int) -> None:
            nonlocal told
            if self.interrupted():
                raise Cancelled
            if told < 0 or done - told >= total // STEPS_TOLD:
                told = done
                self.send(Progress(message.number, home(whole, node), done, total))

        def log(node: str, text: str) -> None:
            self.send(Log(message.number, preview.printable(text), home(whole, node)))

        keep = frozenset((*message.watch, *self._watched))
        stops = breakpoints(whole.graph, self.catalogue) if message.pauses else frozenset[str]()
        recorder = Recorder(whole.graph, self.catalogue) if message.records else None

        def tell_timeline() -> None:
            if recorder:
                self.send(recorder.timeline(message.number, whole))

        def halt(paused: Paused, moment: Moment) -> Resume:
            tell_timeline()
            return self._halt(message.watch, paused, moment)

        after = Pauses(self.graph, whole, message.number, stops, halt).after if stops else None
        emerging = Emerging(self._show, keep)
        meter = Meter(self._costs, self._modules.device) if message.measures else None
        try:
            outcome = lowered.program.run(given, step, log, keep, after, self._cache, emerging, meter, recorder)
        finally:
            tell_timeline()
        if self._modules.device.type == "cuda":
            torch.cuda.synchronize()
        self.result, self.values = outcome.result, outcome.values
        if message.number:  # what variants find out is kept for itself
            lowered.program.end(self._cache, given)
        self._tell_in_use(whole, given)
        if meter:
            program = lowered.program
            keys = program.keys(given)
            kept = {key: cost for key, cost in self._costs.items() if key in self._cache}
            self._costs = kept | {key: self._costs[key] for key in keys.values() if key in self._costs} | meter.found
            nodes = measures(self.graph, whole, program.code, program.values, keys, self._costs)
            self.send(Measured(message.number, nodes))
        return outcome.ran, outcome.total

    def _tell_in_use(self, whole: Expanded, given: Given) -> None:
        """Tell what adapters' params and contexts were in this run, unless it is the same as before."""

        def value_of(node: str, param: str) -> ParamValue:
            read = self._modules.reads(node)
            return read[param] if param in read else whole.graph.nodes[node].params.get(param)

        driven = (
            Driven(adapter, param, home(whole, d.node), whole.paths[d.node], d.param, value_of(d.node, d.param))
            for (adapter, param), drives in whole.drives.items()
            for d in drives
        )
        contexts = (
            Held(home(whole, key.provider), key.label, preview.text_of(value))
            for key, value in given.contexts.items()
            if isinstance(value, int | float | str)
        )
        in_use = InUse(tuple(driven), tuple(contexts))
        if in_use != self._in_use:
            self._in_use = in_use
            self.send(in_use)

    def _vary(self, message: Variant) -> Varied:
        """What a node makes in the graph as an edit would leave it. Nothing else is told of that graph."""
        try:
            inverse = edits.apply(self.graph, message.edit)
        except edits.EditError as error:
            return Varied(message.number, "failed", error=str(error))
        kept = self.result, self.values, self._shown, self._in_use
        self.send, send = lambda _: None, self.send
        try:
            self._follow(message.edit, inverse)
            self._compute(Run(0, (message.node,)))
            if message.node not in self.values:
                return Varied(message.number, "failed", error="the run did not get to this node")
            shown = preview.of(0, message.node, self.values[message.node], self._indices.get(message.node, ()))
            return Varied(message.number, "done", shown)
        except Cancelled:
            return Varied(message.number, "cancelled")
        except RunError as error:
            fault = self._presentable(error.fault)
            return Varied(message.number, "failed", error=f"{fault.path}: {fault.message}".removeprefix(": "))
        except Exception as error:  # as in a run: whatever it is, the session goes on
            return Varied(message.number, "failed", error=preview.printable(f"{type(error).__name__}: {error}"))
        finally:
            self._follow(inverse, edits.apply(self.graph, inverse))
            self.result, self.values, self._shown, self._in_use = kept
            self._unsettled = True  # what there was to tell may have been told to nobody
            self.send = send

    def _exporting(self, frame: str) -> Exporting:
        """What an export of a frame starts from."""
        given, wrong = self._given({}, {})
        lowered = self._prepare(given, wrong)
        whole = self._adapted.whole(self.graph)
        return Exporting(
            graph=whole.graph,
            catalogue=self.catalogue,
            frame=frame,
            modules=self._modules,
            given=given,
            faults=(*wrong, *self._built_wrong),
            amiss=whole.amiss[0].message if whole.amiss else "",
            fill=lambda: self._real(lowered),
            trusted=self._trusted,
        )

    def _halt(self, watched: Iterable[str], paused: Paused, moment: Moment) -> Resume:
        """Tell that a run has paused, and do what can be done meanwhile until it goes on."""
        self.values = moment.values
        self._preview(dict.fromkeys((*watched, *self._watched)))
        self.send(paused)
        while self.attend is not None:
            match self.attend(self._can_meanwhile):
                case None:
                    raise Cancelled
                case Resume(run) as answer if run == paused.run:
                    self.values = {}
                    return answer
                case message:
                    self.take(message)
        return Resume(paused.run)

    def _can_meanwhile(self, message: ToWorker) -> bool:
        """Whether a paused run stays as it is when this message is taken."""
        if isinstance(message, Apply):
            return not runs_differently(message.edit, self.graph, self.catalogue)
        return isinstance(message, Resume | Watch | Glance | Export)

    def _real(self, lowered: Lowered) -> dict[str, torch.nn.Module]:
        """The modules that the program calls, by path, with their weights: those of the file, or initial ones."""
        try:
            self._supply.fill(self.graph, self.folder, self._modules)
        except CheckpointError as error:
            raise RunError(Fault(self.graph.root, "weights", str(error))) from error
        except MakeError as error:
            path = self._adapted.whole(self.graph).paths[error.node]
            raise RunError(Fault(error.node, "not-built", str(error), path)) from error
        modules = self._modules.by_node
        return {lowered.program.paths[node]: module for node, module in modules.items()}

    def _free(self, fault: Fault) -> Fault:
        """Drop every value, so that there is room again, and say what may help."""
        self._drop_values()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        device = "CUDA device" if "CUDA" in fault.message else "CPU"  # a Lambda may make tensors on either
        advice = f"the {device} has run out of memory: try smaller inputs, float16, or another device"
        return structs.replace(fault, message=f"{advice} ({fault.message})")

    # Values of the last run.

    def _show(self, values: Mapping[str, object], nodes: Iterable[str]) -> None:
        """Preview nodes in the middle of a run."""
        self.values = values
        self._preview(nodes)
        self.values = {}

    def _preview(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            if node in self.values:
                try:
                    shown = preview.of(self._run, node, self.values[node], self._indices.get(node, ()))
                except Exception as error:  # a preview may run out of memory where the run itself did not
                    shown = Preview(self._run, node, f"no preview: {type(error).__name__}: {error}")
                self.send(shown)

    def _glance(self, nodes: Iterable[str]) -> None:
        """Show small pictures of these nodes' values."""
        pictures: dict[str, Picture | None] = dict.fromkeys(nodes)
        for node in pictures:
            with contextlib.suppress(RuntimeError):  # there may be no memory for it
                pictures[node] = thumbnail(self.values[node]) if node in self.values else None
        self.send(Glanced(self._run, pictures))

    def _export(self, node: str, path: Path) -> None:
        error = ""
        try:
            if node not in self.values:
                raise ExportError("there is no value of this node: run the graph first")
            export(self.values[node], path)
        except ExportError as failed:
            error = str(failed)
        self.send(Saved(str(path), error))


def devices() -> tuple[str, ...]:
    """The devices there are to run on."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def _names(edit: edits.SetInputs | edits.SetContexts) -> list[Any]:
    """What an edit gives values to, whatever they are."""
    if isinstance(edit, edits.SetInputs):
        return [entry.name for entry in edit.inputs]
    return [(context, list(entries)) for context, entries in edit.contexts.items()]
