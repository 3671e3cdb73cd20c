"""What a window (or a command) asks of the worker.

A run is named by a number the client chose; newer runs replace older ones.
"""

from typing import Literal

from msgspec import Struct

from engine.document.edits import Edit
from engine.document.sources import Source

DType = Literal["float32", "float16", "bfloat16", "float64"]
Device = Literal["auto", "cpu", "cuda"]


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
