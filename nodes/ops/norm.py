"""Normalisation that torch.nn has no module for."""

import torch
from torch import Tensor, nn


class LayerNorm2d(nn.Module):
    """Normalises the channels of each pixel by themselves, then scales and shifts them: (N, C, H, W), shape kept."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        # In Fluxion's order of operations, so that results agree to the last bit.
        centred = x - x.mean(1, keepdim=True)
        deviation = torch.sqrt(centred.pow(2).mean(1, keepdim=True) + self.eps)
        return self.weight[:, None, None] * (centred / deviation) + self.bias[:, None, None]
