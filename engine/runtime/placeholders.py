"""How a module that the catalogue has no kind for can be made again: by its class, or as a part of a model."""

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import torch
from msgspec import Struct
from torch import nn

from engine.document.kinds import ParamValue
from engine.document.subset import is_reference
from engine.runtime.foreign import ForeignError, guarded
from engine.runtime.functions import name_of


class Origin(Struct, frozen=True):
    """What a live module was imported as: a name, and the arguments that were passed, as JSON."""

    name: str
    arguments: str = ""


def is_importable(found: Any) -> bool:
    """Whether the name of a function or class leads back to it, and to nothing else."""
    name = name_of(found)
    module, _, steps = name.partition(":")
    there: Any = sys.modules.get(module)
    for step in steps.split("."):
        there = getattr(there, step, None)
    return is_reference(name) and there is found and module != "__main__"


def params_of(module: nn.Module, origin: Origin | None, part: str) -> dict[str, ParamValue] | None:
    """The params of the Foreign leaf that stands for a module; None when no name leads to one like it.

    `part` is what `named_modules` calls it in the model that came from `origin`.
    """
    arguments = _arguments(module)
    if arguments is not None:
        return {"constructor": name_of(type(module)), "arguments": arguments, "path": ""}
    if origin is not None:
        return {"constructor": origin.name, "arguments": origin.arguments or "{}", "path": part}
    return None


def _arguments(module: nn.Module) -> str | None:
    """What to call the class with to make such a module again, read from its attributes of the same names, as JSON."""
    made_by = type(module)
    if not is_importable(made_by):
        return None
    arguments: dict[str, Any] = {}
    try:
        taken = inspect.signature(made_by).parameters.values()
    except (TypeError, ValueError):
        return None
    for parameter in taken:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in ("device", "dtype"):
            continue
        value = getattr(module, parameter.name, parameter.empty)
        if isinstance(parameter.default, bool) and (value is None or isinstance(value, torch.Tensor)):
            value = value is not None
        if _is_plain(value) and parameter.kind is not parameter.POSITIONAL_ONLY:
            arguments[parameter.name] = value
        elif parameter.default is parameter.empty:
            return None
    try:
        with guarded("", lambda _: None), torch.device("meta"):
            again = made_by(**arguments)
    except ForeignError:
        return None
    return json.dumps(arguments) if list(_traits(again)) == list(_traits(module)) else None


def _is_plain(value: Any) -> bool:
    """Whether JSON gives a value back as it was, but for tuples, which come back as lists."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return type(value) in (type(None), bool, int, float, str)


def _traits(module: nn.Module) -> Iterator[Any]:
    """All that two modules must have in common to do the same with the same weights."""
    for name, part in module.named_modules():
        tensors = (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
        yield name, type(part), {key: tensor.shape for key, tensor in tensors}
        yield {key: _trait(value) for key, value in vars(part).items() if not key.startswith("_") and key != "training"}


def _trait(value: Any) -> Any:
    if _is_plain(value):
        return json.dumps(value)
    return value if callable(value) or isinstance(value, torch.dtype) else type(value)
