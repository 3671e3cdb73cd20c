"""Activations of Fluxion that torch.nn has no module for."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Approximation = Literal["none", "tanh", "sigmoid"]
Gate = Literal["GeLU", "GeLU(tanh)", "GeLU(sigmoid)", "SiLU", "ReLU", "Sigmoid"]


class GeLU(nn.Module):
    """x times the normal distribution function of x, or an approximation; "sigmoid" is x * sigmoid(1.702 * x)."""

    def __init__(self, approximation: Approximation = "none") -> None:
        super().__init__()
        self.approximation = approximation

    def forward(self, x: Tensor) -> Tensor:
        if self.approximation == "sigmoid":
            return x * torch.sigmoid(1.702 * x)
        return F.gelu(x, approximate=self.approximation)


class GLU(nn.Module):
    """Halves of the last dimension: the first times the activation of the second. (..., 2 * n) to (..., n)."""

    def __init__(self, activation: Gate = "GeLU") -> None:
        super().__init__()
        self.activation = _gate(activation)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 0 or x.shape[-1] % 2:
            raise ValueError(f"expected a last dimension of even size, to halve it, but got {tuple(x.shape)}")
        output, gate = x.chunk(2, dim=-1)
        return output * self.activation(gate)


def _gate(name: Gate) -> nn.Module:
    match name:
        case "GeLU":
            return GeLU()
        case "GeLU(tanh)":
            return GeLU("tanh")
        case "GeLU(sigmoid)":
            return GeLU("sigmoid")
        case "SiLU":
            return nn.SiLU()
        case "ReLU":
            return nn.ReLU()
        case "Sigmoid":
            return nn.Sigmoid()
