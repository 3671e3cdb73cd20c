"""Runs of a session's graph, and of its variants: what is told of them, and what ends them early."""

import gc
import time
import traceback
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import torch
from msgspec import structs

from engine.document import edits
from engine.document.effect import runs_differently
from engine.document.expand import Expanded, home
from engine.document.graph import path_of
from engine.document.kinds import ParamValue
from engine.document.stack import adapter_of
from engine.messages import (
    Apply,
    Driven,
    Export,
    Fault,
    Finished,
    Glance,
    Held,
    InUse,
    Log,
    Measured,
    Paused,
    Progress,
    Resume,
    Run,
    ToWorker,
    Variant,
    Varied,
    Watch,
)
from engine.runtime import preview
from engine.runtime.emerging import Emerging
from engine.runtime.measuring import Meter, measures
from engine.runtime.outcome import Cancelled, Moment, RunError, is_memory
from engine.runtime.pausing import Pauses, breakpoints
from engine.runtime.program import Given, made_of
from engine.runtime.replica import Replica
from engine.runtime.timeline import Recorder

if TYPE_CHECKING:
    from engine.runtime.session import Session

OUT_OF_MEMORY = "out-of-memory"

STEPS_TOLD = 100
"""Progress is reported about so often in a run."""


def perform(session: "Session", message: Run) -> None:
    """Run the graph as it is, and tell what comes of it."""
    started = time.perf_counter()
    replica, results = session.replica, session.results
    results.run, results.waited = message.number, 0.0
    results.result, results.values = None, {}  # before the run, which may need the room
    status, text, fault = "done", "", None
    ran = total = 0
    try:
        ran, total = _compute(session, message)
        text = preview.text_of(results.result)
    except Cancelled:
        status = "cancelled"
    except RunError as error:
        status, results.values = "failed", error.values
        fault = next((f for f in replica.built_wrong if f.node == error.fault.node), error.fault)
        if is_memory(error.__cause__):
            fault = structs.replace(fault, code=OUT_OF_MEMORY)
    except Exception as error:  # a fault of ours: told like any other, so that the session goes on
        traceback.print_exc()
        code = OUT_OF_MEMORY if is_memory(error) else "internal"
        status, fault = "failed", Fault(replica.graph.root, code, f"{type(error).__name__}: {error}")
    if fault is not None and fault.code == OUT_OF_MEMORY:
        fault = _free(session, fault)
    if fault is not None:
        fault = replica.presentable(fault)
    seconds = time.perf_counter() - started - results.waited
    results.preview(dict.fromkeys((*message.watch, *results.watched)))
    results.latest |= results.present if status == "done" else {n: results.present[n] for n in results.values}
    results.tell_stale(replica.graph)
    session.send(Finished(message.number, status, seconds, text, fault, ran, total))


def vary(session: "Session", message: Variant) -> Varied:
    """What a node makes in the graph as an edit would leave it. Nothing else is told of that graph."""
    replica, results = session.replica, session.results
    try:
        inverse = edits.apply(replica.graph, message.edit)
    except edits.EditError as error:
        return Varied(message.number, "failed", error=str(error))
    kept = results.result, results.values, replica.shown, results.in_use
    session.send, send = lambda _: None, session.send
    try:
        replica.follow(message.edit, inverse)
        _compute(session, Run(0, (message.node,)))
        if message.node not in results.values:
            return Varied(message.number, "failed", error="the run did not get to this node")
        indices = results.indices.get(message.node, ())
        return Varied(message.number, "done", preview.of(0, message.node, results.values[message.node], indices))
    except Cancelled:
        return Varied(message.number, "cancelled")
    except RunError as error:
        fault = replica.presentable(error.fault)
        return Varied(message.number, "failed", error=f"{fault.path}: {fault.message}".removeprefix(": "))
    except Exception as error:  # as in a run: whatever it is, the session goes on
        return Varied(message.number, "failed", error=preview.printable(f"{type(error).__name__}: {error}"))
    finally:
        replica.follow(inverse, edits.apply(replica.graph, inverse))
        results.result, results.values, replica.shown, results.in_use = kept
        replica.unsettled = True  # what there was to tell may have been told to nobody
        session.send = send


def _compute(session: "Session", message: Run) -> tuple[int, int]:
    """Run; says how many nodes did something, and how many have something to do."""
    if session.interrupted():
        raise Cancelled
    replica, results = session.replica, session.results
    given, wrong = replica.given(message.inputs, message.contexts)
    lowered = replica.prepare(given, wrong)
    program = lowered.program
    results.present = made_of(program, given)
    replica.unsettled = replica.unsettled and bool(message.inputs or message.contexts)
    if wrong:
        raise RunError(wrong[0])
    _refuse_unusable(replica)
    program.modules = replica.real(lowered)
    whole = replica.whole
    told = -1

    def step(node: str, done: int, total: int) -> None:
        nonlocal told
        if session.interrupted():
            raise Cancelled
        if told < 0 or done - told >= total // STEPS_TOLD:
            told = done
            session.send(Progress(message.number, home(whole, node), done, total))

    def log(node: str, text: str) -> None:
        session.send(Log(message.number, preview.printable(text), home(whole, node)))

    keep = frozenset((*message.watch, *results.watched))
    stops = breakpoints(whole.graph, replica.catalogue) if message.pauses else frozenset[str]()
    recorder = Recorder(whole.graph, replica.catalogue) if message.records else None

    def tell_timeline() -> None:
        if recorder:
            session.send(recorder.timeline(message.number, whole))

    def halt(paused: Paused, moment: Moment) -> Resume:
        tell_timeline()
        return _halt(session, message.watch, paused, moment)

    after = Pauses(replica.graph, whole, message.number, stops, halt).after if stops else None
    emerging = Emerging(results.show, keep)
    meter = Meter(results.costs, replica.modules.device) if message.measures else None
    try:
        outcome = program.run(given, step, log, keep, after, results.cache, emerging, meter, recorder)
    finally:
        tell_timeline()
    if replica.modules.device.type == "cuda":
        torch.cuda.synchronize()
    results.result, results.values = outcome.result, outcome.values
    if message.number:  # what variants find out is kept for itself
        program.end(results.cache, given)
    _tell_in_use(session, whole, given)
    if meter:
        keys = program.keys(given)
        results.keep_costs(meter.found, keys.values())
        nodes = measures(replica.graph, whole, program.code, program.values, keys, results.costs)
        session.send(Measured(message.number, nodes))
    return outcome.ran, outcome.total


def _refuse_unusable(replica: Replica) -> None:
    """Raise RunError for adapters that can't be put in place, and for weights files that can't be read."""
    graph = replica.graph
    if amiss := replica.whole.amiss:
        raise RunError(Fault(graph.root, amiss[0].code, amiss[0].message))
    if unusable := replica.supply.unusable:
        frame = unusable.frame or graph.root
        owner = adapter_of(graph, unusable.adapter)
        error = f"the weights of the adapter {owner.name}: {unusable.error}" if owner else unusable.error
        raise RunError(Fault(frame, "weights", error, path_of(graph, frame)))


def _tell_in_use(session: "Session", whole: Expanded, given: Given) -> None:
    """Tell what adapters' params and contexts were in this run, unless it is the same as before."""

    def value_of(node: str, param: str) -> ParamValue:
        read = session.replica.modules.reads(node)
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
    if in_use != session.results.in_use:
        session.results.in_use = in_use
        session.send(in_use)


def _halt(session: "Session", watched: Iterable[str], paused: Paused, moment: Moment) -> Resume:
    """Tell that a run has paused, and do what can be done meanwhile until it goes on."""
    results, since = session.results, time.perf_counter()
    results.values = moment.values
    results.preview(dict.fromkeys((*watched, *results.watched)))
    session.send(paused)
    try:
        while session.attend is not None:
            match session.attend(partial(_can_meanwhile, session)):
                case None:
                    raise Cancelled
                case Resume(run) as answer if run == paused.run:
                    results.values = {}
                    return answer
                case message:
                    session.take(message)
    finally:
        results.waited += time.perf_counter() - since
    return Resume(paused.run)


def _can_meanwhile(session: "Session", message: ToWorker) -> bool:
    """Whether a paused run stays as it is when this message is taken."""
    if isinstance(message, Apply):
        return not runs_differently(message.edit, session.replica.graph, session.replica.catalogue)
    return isinstance(message, Resume | Watch | Glance | Export)


def _free(session: "Session", fault: Fault) -> Fault:
    """Drop every value, so that there is room again, and say what may help."""
    session.drop_values()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    device = "CUDA device" if "CUDA" in fault.message else "CPU"  # a Lambda may make tensors on either
    advice = f"the {device} has run out of memory: try smaller inputs, float16, or another device"
    return structs.replace(fault, message=f"{advice} ({fault.message})")
