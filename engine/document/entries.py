"""The lines of a graph file: what its JSON decodes to, and what is written."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from engine.document.adapters import Reach
from engine.document.graph import Contexts, Input, Mode, Weights
from engine.document.kinds import Param

VERSION = 2

HOLDER = "."
"""The id of a root that stands in for one, where trees are kept that have none; no node of an adapter is called so."""


class NodeEntry(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A line of the file's `nodes`. Frames have `children`, leaves have none."""

    id: str
    kind: str
    name: str = ""
    params: dict[str, Any] = {}
    contexts: Contexts = {}
    shared: str = ""
    weights: Weights | UnsetType = UNSET
    key: str = ""
    mode: Mode = ""
    children: list[str] | UnsetType = UNSET
    loose: list[list[str]] | UnsetType = UNSET


class ViewEntry(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A line of the file's `view`."""

    id: str
    collapsed: bool = False
    note: str = ""
    colour: str = ""
    position: tuple[float, float] | UnsetType = UNSET
    repeats: bool = False


class PatchEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the tree below `root` goes."""

    selector: str
    root: str
    place: Reach = "around"


class AdapterEntry(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One of the file's `adapters`, with a line for each node of its trees."""

    id: str
    name: str
    patches: list[PatchEntry]
    nodes: list[NodeEntry]
    enabled: bool = True
    where: str = ""
    params: list[Param] = []
    values: dict[str, Any] = {}
    weights: Weights | UnsetType = UNSET
    colour: str = ""
    doc: str = ""
    source: str = ""
    view: list[ViewEntry] = []
    keys: dict[str, str] = {}


class File(Struct, forbid_unknown_fields=True):
    """A whole file. `loose` are the segments parked on the canvas."""

    catenary: int
    root: str
    nodes: list[NodeEntry]
    inputs: list[Input] = []
    adapters: list[AdapterEntry] = []
    loose: list[list[str]] = []
    view: list[ViewEntry] = []
