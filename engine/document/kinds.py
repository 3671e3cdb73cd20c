"""Node kinds as pure data: what a node is called, what it takes, what implements it.

From a `NodeKind` alone come the palette entry, the inspector form, the tooltip, the check, the file entry and the
reference page. The catalogue is passed in by whoever needs it; the engine never imports `nodes`.
"""

import math
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Literal

from msgspec import Struct

from engine.document.sources import Source
from engine.document.subset import is_reference

ParamValue = None | bool | int | float | str | list[Any]
ParamType = Literal["bool", "int", "float", "ints", "text", "choice", "expression", "reference", "context", "key"]
Role = Literal[
    "module",  # a leaf implemented by `impl`
    "foreign",  # a leaf implemented by Python code of others, which its params name
    "lambda",  # a leaf that evaluates an expression
    "use",  # a leaf that reads a context
    "set",  # a leaf that writes a context
    "return",  # a leaf that ends the sequence around it
    "breakpoint",  # a leaf at which a run may pause
    "chain",  # frames, named after the Fluxion class whose `forward` they follow
    "residual",
    "passthrough",
    "sum",
    "parallel",
    "distribute",
    "concatenate",
    "matmul",
    "sample",  # a frame whose children run once per step of a solver; its `impl` makes the solver from the params
]

SEQUENCES: frozenset[Role] = frozenset({"chain", "residual", "passthrough", "sample"})
"""Frames whose children are one wire, in order."""

BRANCHES: frozenset[Role] = frozenset({"sum", "parallel", "concatenate", "matmul", "distribute"})
"""Frames whose children stand side by side between inlet and outlet."""


class Param(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One parameter of a kind.

    `type` names a row of the inspector's field table; "ints" is a list of whole numbers (of `length` ones, where that
    is given) or one number for all, "expression" is source in the checked subset, "reference" names Python code as
    "module:name", "context" and "key" name a context. A `live` param is read at every run, so changing it never lowers
    the graph again. A `required` param may not be empty; an `optional` one may be None. `argument` is the constructor's
    keyword where it differs from the name.
    """

    name: str
    type: ParamType
    argument: str = ""
    default: ParamValue = None
    doc: str = ""
    length: int | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    required: bool = False
    optional: bool = False


class NodeKind(Struct, frozen=True, kw_only=True):
    """A node type. `impl` is "module:attribute", called with the params by name; only leaves of role "module" and
    frames of role "sample" have one.

    `template` is the "module:function" of a frame that is made of others, without torch: called with the params by
    name, it gives the `Tree` of such a frame (see `engine.document.templates`). `takes` lays out the first argument:
    in "(N, in_channels, H, W)" the second size must be the param in_channels, and a tensor that does not fit is
    explained with it; `*` stands before a param that holds several sizes. `children` bounds the number of children of
    a frame (least, most; None for no bound). Leaves with `weights` have tensors of their own. `contexts` are
    what a new node of the kind declares. `doc` says what it does, with shapes and units; `source` is the Fluxion
    class or the paper it comes from.
    """

    name: str
    category: str
    role: Role
    doc: str
    params: tuple[Param, ...] = ()
    impl: str = ""
    weights: bool = False
    template: str = ""
    takes: str = ""
    children: tuple[int, int | None] = (0, None)
    contexts: dict[str, dict[str, Source]] = {}
    source: str = ""

    @property
    def is_frame(self) -> bool:
        return self.role in SEQUENCES or self.role in BRANCHES

    def param(self, name: str) -> Param | None:
        return next((p for p in self.params if p.name == name), None)


Catalogue = Mapping[str, NodeKind]


def has_weights(catalogue: Catalogue, kind: str) -> bool:
    """Whether leaves of this kind may have weights; those of an unknown one may."""
    return kind not in catalogue or catalogue[kind].weights


def catalogue_of(kinds: Iterable[NodeKind]) -> Catalogue:
    """Kinds by name. Raises ValueError when two share a name."""
    catalogue: dict[str, NodeKind] = {}
    for kind in kinds:
        if kind.name in catalogue:
            raise ValueError(f"two kinds are called {kind.name!r}")
        catalogue[kind.name] = kind
    return catalogue


def defaults(kind: NodeKind) -> dict[str, ParamValue]:
    """The params a new node of this kind starts with."""
    return {p.name: p.default for p in kind.params}


def resolve(impl: str) -> object:
    """The object that "module:attribute" names. Imports the module, so only the runtime calls this for an `impl`."""
    module, _, attribute = impl.partition(":")
    return getattr(import_module(module), attribute)


def complaint(param: Param, value: ParamValue) -> str | None:
    """Why `value` does not fit `param`, in plain words, or None when it does.

    Expressions are checked only for being text here; `check` parses them.
    """
    if value is None:
        return None if param.optional else "needs a value"
    match param.type:
        case "bool":
            fits = isinstance(value, bool)
            wanted = "true or false"
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
            wanted = "a whole number"
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            wanted = "a number"
        case "ints":
            many = value if isinstance(value, list) else [value]
            fits = all(isinstance(v, int) and not isinstance(v, bool) for v in many)
            if isinstance(value, list) and param.length is not None:
                fits = fits and len(value) == param.length
            wanted = f"a whole number or a list of {f'{param.length} ' if param.length else ''}whole numbers"
        case "choice":
            fits = value in param.choices
            wanted = "one of " + ", ".join(param.choices)
        case "reference":
            fits = isinstance(value, str) and (not value or is_reference(value))
            wanted = "the name of Python code, such as my_package.model:Model"
        case _:
            fits = isinstance(value, str)
            wanted = "text"
    if not fits:
        return f"is {value!r}, but must be {wanted}"
    if param.type in ("int", "float", "ints"):
        numbers = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, int | float)]
        if param.low is not None and any(n < param.low for n in numbers):
            return f"is {value!r}, but must be at least {param.low:g}"
        if param.high is not None and any(n > param.high for n in numbers):
            return f"is {value!r}, but must be at most {param.high:g}"
    if param.required and value == "":
        return "needs a value"
    return None


def miscounted(kind: NodeKind, count: int) -> str | None:
    """Why a frame of this kind can't have so many children, in plain words, or None when it can."""
    least, most = kind.children
    if least <= count and (most is None or count <= most):
        return None
    bound = least if count < least or most is None else most
    how = "exactly " if least == most else "at least " if count < least else "at most "
    verb = "takes" if how == "at most " else "needs"
    return f"{verb} {how}{bound} {'child' if bound == 1 else 'children'}, but has {count}"


NESTING = 32
"""Lists in a value nest at most this deep."""


def unfit(value: object) -> str | None:
    """Why nothing in a graph may hold this value, in plain words, or None when it may.

    Values are what a file keeps exactly: None, booleans, whole numbers of 64 bits, finite numbers, text and lists.
    """
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        match part:
            case None | bool():
                pass
            case int():
                if not -(2**63) <= part < 2**63:
                    return "is a whole number of more than 64 bits; write it as a number with a point"
            case float():
                if not math.isfinite(part):
                    return f"is {part}, but must be a finite number"
            case str():
                try:
                    part.encode()
                except UnicodeEncodeError:
                    return "is text with half a character (a lone surrogate); type it anew"
            case list() if depth < NESTING:
                waiting.extend((inner, depth + 1) for inner in part)
            case list():
                return f"is a list that nests more than {NESTING} deep"
            case _:
                return f"holds {type(part).__name__}, but must be a number, text, true, false, null or a list of those"
    return None
