"""Values in a few words, the same whether they are real, fake or still to come."""

from collections.abc import Callable
from typing import Any

import torch


def describe(value: Any) -> str:
    """Such as "float32 (1, 3, 512, 512)", "float", "list of 3", "(float, int)", "nothing"; "?" for what is unknown."""
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if value is None:
        return "nothing"
    if isinstance(value, tuple):
        return f"({', '.join(map(describe, value))})"
    if isinstance(value, list):
        return f"list of {len(value)}"
    if isinstance(value, bool | int | float | complex | str):
        return type(value).__name__
    return str(value) if repr(value) == "?" else type(value).__name__


def describe_all(values: tuple[Any, ...], view: Callable[[Any], Any] = lambda value: value) -> tuple[str, ...]:
    """Each of several values in words, after `view` has made it something to describe."""
    return tuple(describe(view(value)) for value in values)
