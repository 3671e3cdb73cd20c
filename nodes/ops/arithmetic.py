"""Arithmetic modules."""

from typing import Any

import torch
from torch import Tensor, nn


class Multiply(nn.Module):
    """scale * x + bias, for tensors and for plain numbers.

    `scale` and `bias` stay Python numbers, so that a Python float comes out as the very float Python computes.
    """

    def __init__(self, scale: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.scale = scale
        self.bias = bias

    def forward(self, x: Any) -> Any:
        return self.scale * x + self.bias


class Sin(nn.Module):
    """The sine of each element, in radians."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x)


class Cos(nn.Module):
    """The cosine of each element, in radians."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cos(x)
