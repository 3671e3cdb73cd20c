"""How a leaf is made in Python: the constructor to call, and with what."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.document.graph import Node
from engine.document.kinds import NodeKind, Param, ParamValue
from engine.export.text import literal

Arguments = tuple[tuple[str, str, str], ...]
"""The name of each param, the keyword to write (empty for none), and its value in writing."""

_FLUXION = "fluxion.layers."

_NOT_IN_FLUXION = {
    "GroupNorm": {"affine"},
    "LayerNorm": {"elementwise_affine", "bias"},
    "InstanceNorm2d": {"momentum", "affine", "track_running_stats"},
}
"""Params that Fluxion's constructors do not take."""

_SPREAD = {"Reshape", "Permute", "Parameter"}
"""Kinds whose list Fluxion takes as so many arguments."""

_USUAL = frozenset(
    """
    stride padding output_padding dilation groups end_dim start end step slice_size num_layers num_parameters
    ignore_index
    """.split()
)
"""Whole numbers whose defaults are those of the constructors; others are always written."""

_ASKED = frozenset({"batch_first", "reduction", "value"})
"""Params for which constructors have no default or another one."""

_GATES = {"GeLU(tanh)": "fl.GeLU(fl.GeLUApproximation.TANH)", "GeLU(sigmoid)": "fl.GeLU(fl.GeLUApproximation.SIGMOID)"}


@dataclass(frozen=True)
class Made:
    """A constructor's name and what it is called with."""

    constructor: str
    arguments: Arguments


def in_fluxion(node: Node, kind: NodeKind) -> Made | None:
    """A leaf as Fluxion's constructor makes it; None where it has no such layer, or one that computes otherwise."""
    params = node.params
    if not kind.source.startswith(_FLUXION):
        return None
    changed = {param.name for param in kind.params if params.get(param.name, param.default) != param.default}
    if changed & _NOT_IN_FLUXION.get(kind.name, set()):
        return None
    match kind.name:
        case "ScaledDotProductAttention" if params.get("is_causal") and (
            params.get("slice_size") or not params.get("is_optimized", True)
        ):
            return None  # Refiners 0.4.0 refuses, or looks at the wrong keys
        case "ReflectionPad2d" if isinstance(params.get("padding"), list):
            return None
        case "GLU":
            gate = str(params.get("activation", kind.params[0].default))
            return Made("fl.GLU", (("activation", "", _GATES.get(gate, f"fl.{gate}()")),))
        case "GeLU":
            chosen = str(params.get("approximation", "none"))
            written = (("approximation", "", f"fl.GeLUApproximation.{chosen.upper()}"),)
            return Made("fl.GeLU", written if chosen != "none" else ())
        case name if name in _SPREAD:
            value = params.get(kind.params[0].name, kind.params[0].default)
            sizes = value if isinstance(value, list) else [value]
            return Made(
                f"fl.{name}", tuple((f"{kind.params[0].name}_{i}", "", literal(v)) for i, v in enumerate(sizes))
            )
        case name:
            return Made(f"fl.{name}", arguments(kind, params, lambda param: param.name))


def in_torch(node: Node, kind: NodeKind, constructor: str) -> Made:
    """A leaf as `constructor`, that of torch or our own, makes it."""
    return Made(constructor, arguments(kind, node.params, lambda param: param.argument or param.name))


def arguments(kind: NodeKind, params: dict[str, ParamValue], keyword: Callable[[Param], str]) -> Arguments:
    """What to write of a kind's params: all but those whose defaults everybody agrees on."""
    found: list[tuple[str, str, str]] = []
    for param in kind.params:
        value = params.get(param.name, param.default)
        if value != param.default or type(value) is not type(param.default) or _is_asked(kind, param):
            written = literal(tuple(value) if isinstance(value, list) else value)
            found.append((param.name, keyword(param), written))
    return tuple(found)


def _is_asked(kind: NodeKind, param: Param) -> bool:
    if param.name in _ASKED or (param.name == "padding" and kind.category == "Padding"):
        return True
    return param.type in ("int", "ints") and param.default is not None and param.name not in _USUAL
