"""Modules that only rearrange elements."""

from collections.abc import Sequence

from torch import Tensor, nn


class Reshape(nn.Module):
    """(N, ...) to (N, *shape): the batch stays. One size may be -1."""

    def __init__(self, shape: int | Sequence[int]) -> None:
        super().__init__()
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)
