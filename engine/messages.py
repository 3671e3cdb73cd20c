"""What crosses the pipe between a window (or a command) and the worker, as msgpack. Edits travel as they are.

A run is named by a number the client chose; newer runs replace older ones. Nodes are named by id.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from engine.document.edits import Edit
from engine.document.kinds import ParamValue
from engine.document.sources import Source

DType = Literal["float32", "float16", "bfloat16", "float64"]
Device = Literal["auto", "cpu", "cuda"]


# To the worker.


class Load(Struct, frozen=True, tag=True):
    """Hold this graph (the bytes of a graph file); relative paths start at `folder`."""

    file: bytes
    folder: str


class Apply(Struct, frozen=True, tag=True):
    """Apply an edit to the worker's replica."""

    edit: Edit


class Configure(Struct, frozen=True, tag=True):
    """Where and how to run. `auto` takes CUDA where there is one. `seed` seeds the initial weights of every node."""

    device: Device = "auto"
    dtype: DType = "float32"
    seed: int = 0


class Run(Struct, frozen=True, tag=True):
    """Run the graph; a run in progress is abandoned for it. Previews come for the watched nodes.

    `inputs` and `contexts` (by "context.key") stand in for the graph's own sources.
    """

    number: int
    watch: tuple[str, ...] = ()
    inputs: dict[str, Source] = {}
    contexts: dict[str, Source] = {}


class Cancel(Struct, frozen=True, tag=True):
    """Stop the run in progress before its next node."""


class Watch(Struct, frozen=True, tag=True):
    """Preview these nodes: at once from the values of the last run, and after every later one."""

    nodes: tuple[str, ...]


ENDINGS = (".png", ".npy", ".safetensors")
"""What the name of an exported file may end in."""


class Export(Struct, frozen=True, tag=True):
    """Ask for one node's value of the last run as a file: .png for images, .npy or .safetensors for tensors."""

    node: str
    path: str


ToWorker = Load | Apply | Configure | Run | Cancel | Watch | Export


# From the worker.


class Ready(Struct, frozen=True, tag=True):
    """The worker has imported torch and takes work. `device` is the one in use, `devices` those there are."""

    torch: str
    devices: tuple[str, ...]


class Configured(Struct, frozen=True, tag=True):
    """The settings now in force; `device` is a real one ("cpu", "cuda"), `detail` its name for people."""

    device: str
    dtype: DType
    seed: int
    detail: str = ""


class Fault(Struct, frozen=True):
    """Something wrong at one node: its path, what it received, and the message of whatever failed there.

    Where another value of a param would do, `param` and `value` name it.
    """

    node: str
    code: str
    message: str
    path: str = ""
    inputs: tuple[str, ...] = ()
    param: str = ""
    value: ParamValue = None


class Shapes(Struct, frozen=True, tag=True):
    """What every node will receive and return, inferred without running, by id, and what will not work.

    Descriptions are such as "float32 (1, 3, 512, 512)", "float", "list of 3"; several arguments are several entries.
    """

    returns: dict[str, tuple[str, ...]]
    receives: dict[str, tuple[str, ...]]
    faults: tuple[Fault, ...] = ()


class Progress(Struct, frozen=True, tag=True):
    """A node is about to run; `done` of `total` steps are behind."""

    run: int
    node: str
    done: int
    total: int


class Log(Struct, frozen=True, tag=True):
    """What a graph printed, with its line ends."""

    run: int
    text: str
    node: str = ""


class Figures(Struct, frozen=True):
    """A tensor in numbers. Statistics leave out what is not finite and say how many that were."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    low: float
    high: float
    mean: float
    std: float
    not_finite: int = 0
    histogram: tuple[int, ...] = ()


class Picture(Struct, frozen=True):
    """Pixels for the screen, row by row, 3 bytes RGB each. `caption` says what they show (a slice, a reduction)."""

    width: int
    height: int
    rgb: bytes
    caption: str = ""


class Preview(Struct, frozen=True, tag=True):
    """What a node produced in a run. `text` describes it in words; tensors add figures, and mostly a picture."""

    run: int
    node: str
    text: str
    figures: Figures | None = None
    picture: Picture | None = None


class Finished(Struct, frozen=True, tag=True):
    """A run has ended. `text` is the value of the root as Python would print it."""

    run: int
    status: Literal["done", "failed", "cancelled"]
    seconds: float
    text: str = ""
    fault: Fault | None = None


class Loaded(Struct, frozen=True, tag=True):
    """What became of a weights file: keys that found no place, params that found no key, keys of the wrong shape."""

    path: str
    count: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    error: str = ""


class Saved(Struct, frozen=True, tag=True):
    """Answer to Export: the file written, or why not."""

    path: str
    error: str = ""


class Stopped(Struct, frozen=True, tag=True):
    """Answer to Cancel: nothing of what was asked before it is under way any more."""


FromWorker = Ready | Configured | Shapes | Progress | Log | Preview | Finished | Loaded | Saved | Stopped

encode = msgspec.msgpack.Encoder().encode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
