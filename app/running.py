"""Commands of the menu Run: running, pausing, and what it is done with."""

from typing import Literal

from app import dialogs
from app.action import Action


def _device(device: Literal["auto", "cpu", "cuda"], title: str) -> Action:
    return Action(
        id=f"device-{device}",
        menu="Run/Device",
        title=title,
        run=lambda w: w.runs.configure(device=device),
        checked=lambda w: w.link.settings.device == device,
        enabled=lambda w: device == "auto" or device in w.runs.devices,
        group="device",
    )


def _dtype(dtype: Literal["float32", "float16", "bfloat16", "float64"]) -> Action:
    return Action(
        id=f"dtype-{dtype}",
        menu="Run/Dtype",
        title=dtype,
        run=lambda w: w.runs.configure(dtype=dtype),
        checked=lambda w: w.link.settings.dtype == dtype,
        group="dtype",
    )


RUNNING: tuple[Action, ...] = (
    Action(
        id="run",
        menu="Run",
        title="Run",
        keys=("Ctrl+Return", "Ctrl+Enter", "F5"),
        icon="run",
        tip="Run the graph once; pauses at Breakpoints",
        run=lambda w: w.link.run(pauses=True),
    ),
    Action(
        id="continue",
        menu="Run",
        title="Continue",
        keys=("F8",),
        icon="continue",
        tip="Go on with the paused run, to the next Breakpoint",
        run=lambda w: w.link.resume(),
        enabled=lambda w: w.link.paused_at is not None,
    ),
    Action(
        id="step",
        menu="Run",
        title="Step",
        keys=("F10",),
        icon="step",
        tip="Go on with the paused run past one more node",
        run=lambda w: w.link.resume(step=True),
        enabled=lambda w: w.link.paused_at is not None,
    ),
    Action(
        id="cancel",
        menu="Run",
        title="Cancel",
        keys=("Ctrl+Alt+Return", "Ctrl+Alt+Enter"),
        icon="stop",
        tip="Stop the run in progress",
        run=lambda w: w.runs.cancel(),
        enabled=lambda w: w.link.busy,
    ),
    Action(
        id="auto-run",
        menu="Run",
        title="Run after every change",
        icon="auto",
        tip="Run again whenever something changes",
        run=lambda w: w.runs.set_auto(not w.link.auto),
        checked=lambda w: w.link.auto,
    ),
    _device("auto", "Automatic"),
    _device("cpu", "CPU"),
    _device("cuda", "CUDA"),
    _dtype("float32"),
    _dtype("float16"),
    _dtype("bfloat16"),
    _dtype("float64"),
    Action(
        id="seed",
        menu="Run",
        title="Seed…",
        tip="What initial weights are drawn from",
        run=lambda w: dialogs.ask_seed(w),
    ),
    Action(
        id="room",
        menu="Run",
        title="Memory for values…",
        tip="How much of what nodes returned is kept for later runs",
        run=lambda w: dialogs.ask_room(w),
        enabled=lambda w: w.link.configured_as is not None,
    ),
    Action(
        id="restart",
        menu="Run",
        title="Restart the engine",
        tip="End the process that runs the graph and start another",
        run=lambda w: w.runs.restart(),
        separated=True,
    ),
)
