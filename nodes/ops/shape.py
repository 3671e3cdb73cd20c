"""Modules that only rearrange elements."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Reshape(nn.Module):
    """(N, ...) to (N, *shape): the batch stays. One size may be -1."""

    def __init__(self, shape: int | Sequence[int]) -> None:
        super().__init__()
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Unflatten(nn.Module):
    """Splits one dimension into the sizes that arrive as second argument. One size may be -1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor, sizes: Sequence[int]) -> Tensor:
        return x.unflatten(self.dim, tuple(sizes))


class Transpose(nn.Module):
    """Swaps two dimensions."""

    def __init__(self, dim0: int, dim1: int) -> None:
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(self.dim0, self.dim1)


class Permute(nn.Module):
    """Puts the dimensions into another order."""

    def __init__(self, dims: int | Sequence[int]) -> None:
        super().__init__()
        self.dims = (dims,) if isinstance(dims, int) else tuple(dims)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)


class Squeeze(nn.Module):
    """Drops a dimension of size 1; one of another size stays."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze(self.dim)


class Unsqueeze(nn.Module):
    """Inserts a dimension of size 1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(self.dim)


class Slicing(nn.Module):
    """x[start:end:step] along one dimension, by Python's rules, but for an `end` of 0, which as None means all."""

    def __init__(self, dim: int = 0, start: int = 0, end: int | None = None, step: int = 1) -> None:
        super().__init__()
        self.dim = dim
        self.start = start
        self.end = end
        self.step = step

    def forward(self, x: Tensor) -> Tensor:
        first, last, step = slice(self.start, self.end or None, self.step).indices(x.shape[self.dim])
        return x.index_select(self.dim, torch.arange(first, max(first, last), step, device=x.device))
