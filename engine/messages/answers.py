"""What the worker tells: of itself, of the graph, of runs, and in answer to what it was asked."""

from typing import Literal

from msgspec import Struct

from engine.document.edits import Edit
from engine.document.kinds import ParamValue
from engine.messages.asks import DType
from engine.messages.fits import Prefix, WeightsReport
from engine.messages.timeline import Timeline
from engine.messages.values import Held, Measure, Picture, Preview


class Ready(Struct, frozen=True, tag=True):
    """The worker has imported torch and takes work. `device` is the one in use, `devices` those there are."""

    torch: str
    devices: tuple[str, ...]


class Configured(Struct, frozen=True, tag=True):
    """The settings now in force; `device` is a real one, `detail` its name for people, `room` in bytes."""

    device: str
    dtype: DType
    seed: int
    detail: str = ""
    room: int = 0


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
    `parameters` says how many numbers can be learned in a node with all that is in it; what is shared counts once.
    """

    returns: dict[str, tuple[str, ...]]
    receives: dict[str, tuple[str, ...]]
    faults: tuple[Fault, ...] = ()
    parameters: dict[str, int] = {}


class Progress(Struct, frozen=True, tag=True):
    """A node is about to run; `done` of `total` steps are behind."""

    run: int
    node: str
    done: int
    total: int


class Log(Struct, frozen=True, tag=True):
    """What a graph printed, with its line ends; in run 0, what Python code of others did while it was imported."""

    run: int
    text: str
    node: str = ""


class Glanced(Struct, frozen=True, tag=True):
    """Answer to Glance: pictures without captions, by node; None where there is none."""

    run: int
    pictures: dict[str, Picture | None]


class Measured(Struct, frozen=True, tag=True):
    """What the nodes came to in a run; those whose values were known from before, when these were made."""

    run: int
    nodes: dict[str, Measure]


class Varied(Struct, frozen=True, tag=True):
    """Answer to Variant: the preview, or why there is none."""

    number: int
    status: Literal["done", "failed", "cancelled"]
    preview: Preview | None = None
    error: str = ""


class Paused(Struct, frozen=True, tag=True):
    """A run waits after a node for `Resume`: what the node returned, and what the contexts that it can see hold."""

    run: int
    node: str
    path: str
    value: str
    contexts: tuple[Held, ...] = ()


class Finished(Struct, frozen=True, tag=True):
    """A run has ended. `text` is the value of the root as Python would print it; pauses are no part of its `seconds`.

    Of the `total` nodes that have something to do, `ran` did it; the values of the others were known from before. Both
    are of runs that are done.
    """

    run: int
    status: Literal["done", "failed", "cancelled"]
    seconds: float
    text: str = ""
    fault: Fault | None = None
    ran: int = 0
    total: int = 0


class Stale(Struct, frozen=True, tag=True):
    """The nodes whose latest values are not those that the graph as it is now would give them.

    Those of `kept` have one that a run would take as it is.
    """

    nodes: tuple[str, ...]
    kept: tuple[str, ...] = ()


class Driven(Struct, frozen=True):
    """A param of an adapter as one module reads it: `path` is that of the module in the graph with its adapters, `node`
    the node of the graph that it stands at, `value` what its `name` is."""

    adapter: str
    param: str
    node: str
    path: str
    name: str
    value: ParamValue


class InUse(Struct, frozen=True, tag=True):
    """What the latest run read: the params that adapters drive, and the numbers and texts that contexts began with."""

    params: tuple[Driven, ...] = ()
    contexts: tuple[Held, ...] = ()


class Loaded(Struct, frozen=True, tag=True):
    """How the weights files that the graph names fit it, in the order of the frames that name them."""

    reports: tuple[WeightsReport, ...]


class Examined(Struct, frozen=True, tag=True):
    """Answer to Examine: how the file would fit, and `edit`, by which the graph would take it.

    `prefixes` are those that the file has, the best first. Without an edit, the report's error says why.
    """

    report: WeightsReport
    prefixes: tuple[Prefix, ...] = ()
    edit: Edit | None = None


class WeightsSaved(Struct, frozen=True, tag=True):
    """Answer to SaveWeights: how many tensors were written, and `edit`, by which the graph takes them from there."""

    frame: str
    path: str
    count: int = 0
    edit: Edit | None = None
    error: str = ""


class Saved(Struct, frozen=True, tag=True):
    """Answer to Export: the file written, or why not."""

    path: str
    error: str = ""


class Code(Struct, frozen=True, tag=True):
    """Answer to WriteCode: the code, or why there is none."""

    to: Literal["refiners", "torch"]
    frame: str
    text: str
    error: str = ""


class Exported(Struct, frozen=True, tag=True):
    """Answer to ExportModel: the files written, or why there are none."""

    path: str
    files: tuple[str, ...] = ()
    error: str = ""


class Importing(Struct, frozen=True, tag=True):
    """What an import is at, in words."""

    stage: str


class Imported(Struct, frozen=True, tag=True):
    """Answer to Import and ImportStructure: the bytes of a graph file, or why there is none.

    `notes` say what could not be brought over; `placeholders` are classes without a kind, by path.
    """

    file: bytes = b""
    notes: tuple[str, ...] = ()
    placeholders: dict[str, str] = {}
    error: str = ""


class Stopped(Struct, frozen=True, tag=True):
    """Answer to Cancel: nothing of what was asked before it is under way any more."""


FromWorker = (
    Code
    | Exported
    | Ready
    | Configured
    | Shapes
    | Progress
    | Log
    | Preview
    | Glanced
    | Measured
    | Varied
    | Timeline
    | Paused
    | Finished
    | Stale
    | InUse
    | Loaded
    | Examined
    | WeightsSaved
    | Saved
    | Importing
    | Imported
    | Stopped
)
