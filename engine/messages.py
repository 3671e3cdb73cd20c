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
    """Hold this graph (the bytes of a graph file); relative paths start at `folder`.

    Of the Python code of others that it names, what is `trusted` may be imported, and nothing else.
    """

    file: bytes
    folder: str
    trusted: tuple[str, ...] = ()


class Trust(Struct, frozen=True, tag=True):
    """From now on the user trusts these names of Python code, and only these; what was imported is imported again."""

    names: tuple[str, ...]


class Apply(Struct, frozen=True, tag=True):
    """Apply an edit to the worker's replica."""

    edit: Edit


class Configure(Struct, frozen=True, tag=True):
    """Where and how to run. `auto` takes CUDA where there is one. `seed` seeds the initial weights of every node.

    Values kept between runs take `room` bytes at most; None is for 2 GiB, of a CUDA device for an eighth of its memory.
    """

    device: Device = "auto"
    dtype: DType = "float32"
    seed: int = 0
    room: int | None = None


class Run(Struct, frozen=True, tag=True):
    """Run the graph; a run in progress is abandoned for it. Previews come for the watched nodes.

    `inputs` and `contexts` (by "context.key") stand in for the graph's own sources. One that `pauses` stops after each
    enabled Breakpoint, tells `Paused`, and goes on at `Resume`. One that `measures` tells `Measured`; it takes longer.
    One that `records` tells its `Timeline`.
    """

    number: int
    watch: tuple[str, ...] = ()
    pauses: bool = False
    inputs: dict[str, Source] = {}
    contexts: dict[str, Source] = {}
    measures: bool = False
    records: bool = False


class Resume(Struct, frozen=True, tag=True):
    """Go on with the paused run of this number: to the next Breakpoint, or with `step` past one more node.

    An edit that can change its result, another run or `Cancel` ends it instead.
    """

    run: int
    step: bool = False


class Cancel(Struct, frozen=True, tag=True):
    """Stop the run in progress before its next node."""


ALL = -1
"""As an index of a tensor to show: every one, side by side."""


class Watch(Struct, frozen=True, tag=True):
    """Preview these nodes: at once from the values of the last run, and after every later one.

    `indices` says, by node, what to show of a tensor along its first dimensions: one index each, or `ALL`.
    """

    nodes: tuple[str, ...]
    indices: dict[str, tuple[int, ...]] = {}


class Variant(Struct, frozen=True, tag=True):
    """Ask what a node would make, were the graph edited so: the edit is taken back whatever comes of it.

    A run abandons it, and so does `Cancel`.
    """

    number: int
    node: str
    edit: Edit


class Glance(Struct, frozen=True, tag=True):
    """Ask for small pictures of what these nodes returned in the last run, as far as it is pictures and still there."""

    nodes: tuple[str, ...]


ENDINGS = (".png", ".npy", ".safetensors")
"""What the name of an exported file may end in."""


class Export(Struct, frozen=True, tag=True):
    """Ask for one node's value of the last run as a file: .png for images, .npy or .safetensors for tensors."""

    node: str
    path: str


CHECKPOINTS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
"""What the name of a weights file may end in."""


class Examine(Struct, frozen=True, tag=True):
    """Ask how a weights file would fit the nodes below a frame, or what an `adapter` adds, before the graph names it.

    Without a `prefix`, the best one is chosen. All of the file is read: for its hash, and for what it holds.
    """

    frame: str
    path: str
    prefix: str | None = None
    adapter: str = ""


class SaveWeights(Struct, frozen=True, tag=True):
    """Ask for the weights of a frame as a .safetensors file, by present paths, floats in one precision."""

    frame: str
    path: str
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"


ExportFormat = Literal["refiners", "torch", "pt2", "onnx"]
EXPORTS: dict[ExportFormat, str] = {"refiners": ".py", "torch": ".py", "pt2": ".pt2", "onnx": ".onnx"}
"""What a model can be exported as: code for Refiners or for torch, a torch.export archive, an ONNX file; and what the
name of such a file ends in."""


class WriteCode(Struct, frozen=True, tag=True):
    """Ask for the Python code of a frame's model."""

    to: Literal["refiners", "torch"]
    frame: str


class ExportModel(Struct, frozen=True, tag=True):
    """Ask for a frame's model as a file. Code gets its `weights` in a second one beside it."""

    to: ExportFormat
    frame: str
    path: str
    weights: bool = True


class Import(Struct, frozen=True, tag=True):
    """Make a graph of the module that `name`, "module:attribute", is or makes when called with `arguments`, as JSON.

    The user agrees to running that code. It may lie in `folder`; `weights` is the .safetensors file to write, if any.
    """

    name: str
    arguments: str = ""
    folder: str = ""
    weights: str = ""


class ImportStructure(Struct, frozen=True, tag=True):
    """Make a graph whose layers could hold the tensors of a .safetensors file."""

    path: str


ToWorker = (
    Load
    | Trust
    | Apply
    | Configure
    | Run
    | Resume
    | Cancel
    | Watch
    | Glance
    | Variant
    | Export
    | Examine
    | SaveWeights
    | WriteCode
    | ExportModel
    | Import
    | ImportStructure
)


# From the worker.


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
    """Pixels for the screen, row by row, 3 bytes RGB each. `caption` says what they show (a slice, a reduction).

    Where they are not too many, `values` are the `depth` numbers behind each pixel, as float32. Pictures side by side
    have the width and height of `tile`, with a line of one pixel, which has no values, between them.
    """

    width: int
    height: int
    rgb: bytes
    caption: str = ""
    values: bytes = b""
    depth: int = 0
    tile: tuple[int, int] = (0, 0)


class Preview(Struct, frozen=True, tag=True):
    """What a node produced in a run. `text` describes it in words; tensors add figures, and mostly a picture."""

    run: int
    node: str
    text: str
    figures: Figures | None = None
    picture: Picture | None = None


class Glanced(Struct, frozen=True, tag=True):
    """Answer to Glance: pictures without captions, by node; None where there is none."""

    run: int
    pictures: dict[str, Picture | None]


class Spread(Struct, frozen=True):
    """The numbers of a tensor: moments of those that are finite, and which part is zero or not finite, from 0 to 1."""

    mean: float
    std: float
    zeros: float
    not_finite: float


class Measure(Struct, frozen=True):
    """What a node came to: time in all its `calls`, and bytes that what it made takes, all that is in it included.

    `spread` is of the value that it returned last, where that is a tensor.
    """

    seconds: float = 0.0
    bytes: int = 0
    calls: int = 0
    spread: Spread | None = None


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


class Held(Struct, frozen=True):
    """What a context holds, in words; `label` is "context.key"."""

    provider: str
    label: str
    text: str


class Paused(Struct, frozen=True, tag=True):
    """A run waits after a node for `Resume`: what the node returned, and what the contexts that it can see hold."""

    run: int
    node: str
    path: str
    value: str
    contexts: tuple[Held, ...] = ()


class Content(Struct, frozen=True):
    """What a context holds, in a line; of a list also its length, and its last elements in order."""

    text: str
    count: int | None = None
    items: tuple[str, ...] = ()


class Touch(Struct, frozen=True):
    """A step reaches a key, by their numbers in the timeline, which holds `content` then.

    At "start" and at the beginning of a turn of a loop values come from outside; "clear" empties a list, or puts back
    what was there before the turn.
    """

    step: int
    track: int
    how: Literal["start", "write", "read", "push", "pop", "clear"]
    content: Content


class Track(Struct, frozen=True):
    """A key in a run: its provider, its label ("context.key"), and after which step the provider is done with it.

    `path` is that of the provider in the graph with its adapters.
    """

    provider: str
    label: str
    path: str
    last: int


class Where(Struct, frozen=True):
    """A node, and its path in the graph with its adapters; what an adapter inserts has the id of its target."""

    node: str
    path: str


class Timeline(Struct, frozen=True, tag=True):
    """What contexts held in a run, as far as it came: `steps` are the nodes in the order in which they were done, as
    numbers of `places`, the start before them.

    `touches` are in order. Steps that were too many to be recorded are only counted (`left_out`).
    """

    run: int
    tracks: tuple[Track, ...]
    places: tuple[Where, ...]
    steps: tuple[int, ...]
    touches: tuple[Touch, ...]
    left_out: int = 0


class Finished(Struct, frozen=True, tag=True):
    """A run has ended. `text` is the value of the root as Python would print it.

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


class Wanted(Struct, frozen=True):
    """A tensor of the graph: its leaf, its name by present path, and the key that the file should have it under.

    `shape` is the graph's, such as "(3, 5)"; `found` what the file has under that key, where that does not fit.
    """

    node: str
    name: str
    key: str
    shape: str
    found: str = ""


class NearMiss(Struct, frozen=True):
    """A node whose tensors, `count` of them, the file does have, but under `key` instead of `missed`.

    `SetKey(node, key)` takes them.
    """

    node: str
    missed: str
    key: str
    count: int


class WeightsReport(Struct, frozen=True):
    """How one weights file fits what it is for: the nodes below `frame`, which names it, or what `adapter` adds.

    `prefix` is where they start in the file. `nan` names tensors that hold a NaN, as far as they were read; `changed`
    is the hash of the content where that is not the one the graph knows. With an `error`, nothing is taken from it.
    """

    frame: str
    path: str
    prefix: str = ""
    count: int = 0
    missing: tuple[Wanted, ...] = ()
    mismatched: tuple[Wanted, ...] = ()
    unexpected: tuple[str, ...] = ()
    near: tuple[NearMiss, ...] = ()
    nan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    changed: str = ""
    error: str = ""
    adapter: str = ""

    @property
    def exact(self) -> bool:
        """Whether every tensor of the graph has its own in the file, and the other way round."""
        return not (self.error or self.missing or self.mismatched or self.unexpected or self.nan)


class Loaded(Struct, frozen=True, tag=True):
    """How the weights files that the graph names fit it, in the order of the frames that name them."""

    reports: tuple[WeightsReport, ...]


class Prefix(Struct, frozen=True):
    """A prefix of keys that a weights file has, and how many tensors would fit there."""

    name: str
    count: int


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

encode = msgspec.msgpack.Encoder().encode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
