"""Layers that start from zeros."""

from torch import nn


class ZeroLinear(nn.Linear):
    """A Linear whose weights are zeros at first."""

    def reset_parameters(self) -> None:
        _clear(self)


class ZeroConv2d(nn.Conv2d):
    """A Conv2d whose weights are zeros at first."""

    def reset_parameters(self) -> None:
        _clear(self)


def _clear(layer: nn.Linear | nn.Conv2d) -> None:
    for parameter in layer.parameters(recurse=False):
        nn.init.zeros_(parameter)
