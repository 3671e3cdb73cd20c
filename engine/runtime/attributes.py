"""Params of a node, read from the live module that it is made of."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from engine.document.kinds import NodeKind, Param, ParamValue, unfit

PER_AXIS = frozenset({"kernel_size", "stride", "padding", "output_padding", "dilation", "output_size"})
"""Params of which one number stands for the same on every axis."""


class Unreadable(ValueError):
    """A module does not tell the value of a param."""


def params_of(module: nn.Module, kind: NodeKind) -> tuple[dict[str, ParamValue], list[str]]:
    """The values of a kind's params, those of functions apart, and the names of those that the module does not tell."""
    found: dict[str, ParamValue] = {}
    unknown: list[str] = []
    for param in kind.params:
        if param.type == "expression":
            continue
        try:
            found[param.name] = _value(module, kind, param)
        except Unreadable:
            unknown.append(param.name)
    return found, unknown


def plain(value: Any) -> ParamValue:
    """A value as a file keeps it: tuples become lists, members of enumerations their values. Raises Unreadable."""
    match value:
        case Enum():
            return plain(value.value)
        case tuple() | list():
            return [plain(each) for each in value]
        case torch.dtype():
            return str(value)
        case _ if unfit(value) is None and type(value) in (type(None), bool, int, float, str):
            return value
        case _:
            raise Unreadable


def _value(module: nn.Module, kind: NodeKind, param: Param) -> ParamValue:
    if special := SPECIAL.get((kind.name, param.name)):
        return special(module)
    for name in (param.name, param.argument):
        if name and hasattr(module, name):
            value = getattr(module, name)
            break
    else:
        raise Unreadable
    if param.type == "bool" and (value is None or isinstance(value, Tensor)):
        return value is not None
    value = plain(value)
    if isinstance(value, list) and value and isinstance(param.default, int | None):
        one_for_all = len(value) == 1 or (param.name in PER_AXIS and all(each == value[0] for each in value))
        return value[0] if one_for_all else value
    return value


def _features(module: nn.Module, name: str) -> int | None:
    """A number of features, None where it is that of the queries."""
    found = getattr(module, name)
    return None if found == module.embedding_dim else found


def _gate(module: Any) -> str:
    gate = module.activation
    title = type(gate).__name__
    approximation = plain(getattr(gate, "approximation", "none"))
    return title if approximation == "none" else f"{title}({approximation})"


def _linears(module: nn.Module) -> list[nn.Linear]:
    return [child for child in module.children() if isinstance(child, nn.Linear)]


def _registers(module: nn.Module) -> bool:
    return any(type(child).__name__ == "SetContext" for child in module.children())


SPECIAL: dict[tuple[str, str], Callable[[Any], ParamValue]] = {
    ("LayerNorm2d", "channels"): lambda module: module.weight.shape[0],
    ("GLU", "activation"): _gate,
    ("MultiheadAttention", "bias"): lambda module: module.in_proj_bias is not None,
    ("MultiheadAttention", "add_bias_kv"): lambda module: module.bias_k is not None,
    ("MultiLinear", "input_dim"): lambda module: _linears(module)[0].in_features,
    ("MultiLinear", "output_dim"): lambda module: _linears(module)[-1].out_features,
    ("MultiLinear", "inner_dim"): lambda module: _linears(module)[-1].in_features,
    ("MultiLinear", "num_layers"): lambda module: len(_linears(module)),
    ("Downsample", "register_shape"): _registers,
    ("Breakpoint", "enabled"): lambda module: True,
    ("Attention", "key_embedding_dim"): lambda module: _features(module, "key_embedding_dim"),
    ("Attention", "value_embedding_dim"): lambda module: _features(module, "value_embedding_dim"),
    ("Attention", "inner_dim"): lambda module: _features(module, "inner_dim"),
    ("SelfAttention", "inner_dim"): lambda module: _features(module, "inner_dim"),
}
"""Where a module keeps a param elsewhere than in an attribute of that name."""
