"""Modules that choose, make or convert what travels the wire."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class GetArg(nn.Module):
    """One of the arguments, counted from 0; from the end when negative."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def forward(self, *arguments: Any) -> Any:
        if not -len(arguments) <= self.index < len(arguments):
            raise IndexError(f"there is no argument {self.index}: {len(arguments)} arrived, counted from 0")
        return arguments[self.index]


class Parameter(nn.Module):
    """A learned tensor of shape `dims`, repeated for each element of the input's batch: (N, ...) to (N, *dims)."""

    def __init__(self, dims: int | Sequence[int]) -> None:
        super().__init__()
        self.dims = (dims,) if isinstance(dims, int) else tuple(dims)
        self.weight = nn.Parameter(torch.randn(self.dims))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.expand(x.shape[0], *self.dims)


class Converter(nn.Module):
    """Brings each argument to the device and dtype of this module; numbers, which have neither, pass as they are."""

    like: Tensor

    def __init__(self, set_device: bool = True, set_dtype: bool = True) -> None:
        super().__init__()
        self.set_device = set_device
        self.set_dtype = set_dtype
        self.register_buffer("like", torch.empty(0), persistent=False)

    def forward(self, *inputs: Any) -> tuple[Any, ...]:
        return tuple([self._converted(x) if isinstance(x, Tensor) else x for x in inputs])

    def _converted(self, x: Tensor) -> Tensor:
        device = self.like.device if self.set_device else x.device
        return x.to(device, self.like.dtype if self.set_dtype else x.dtype)
