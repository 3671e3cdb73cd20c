"""The pictures: scikit-learn's handwritten digits at 16 x 16 pixels in [-1, 1], and what is done to and read off them.

All functions take pictures (N, 1, 16, 16) on any device. Randomness comes from the generator given.
"""

import math
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

HELD_OUT = 500
SHEAR = 0.4
EDGE = 0.35
"""Least magnitude of an edge, where the strongest possible one has 1."""


@dataclass(frozen=True)
class Digits:
    """Pictures with their labels (N)."""

    pictures: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@cache
def load(device: torch.device) -> tuple[Digits, Digits]:
    """The 1297 digits to train on and the 500 held out, each class in the same share."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    values, classes = load_digits(return_X_y=True)
    pictures = torch.tensor(values, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1
    pictures = F.interpolate(pictures, scale_factor=2, mode="bicubic", align_corners=False).clamp(-1, 1)
    labels = torch.tensor(classes)
    chosen = train_test_split(range(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=0)
    train, held_out = (Digits(pictures[part].to(device), labels[part].to(device)) for part in chosen)
    return train, held_out


def batch(digits: Digits, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Pictures, slightly turned, scaled and shifted, and their labels."""
    chosen = torch.randint(len(digits), (size,), generator=generator, device=generator.device)
    return augmented(digits.pictures[chosen], generator), digits.labels[chosen]


def augmented(pictures: Tensor, generator: Generator) -> Tensor:
    """Turned by up to 6 degrees, scaled by up to 6 %, shifted by up to 0.6 pixels."""
    n, size = len(pictures), pictures.shape[-1]
    spread = 2 * torch.rand(4, n, generator=generator, device=generator.device) - 1
    turn, scale = math.radians(6) * spread[0], 1 + 0.06 * spread[1]
    shift = 2 * 0.6 / size * spread[2:]
    rows = (
        torch.stack([scale * turn.cos(), -scale * turn.sin(), shift[0]], dim=1),
        torch.stack([scale * turn.sin(), scale * turn.cos(), shift[1]], dim=1),
    )
    return _sampled(pictures, torch.stack(rows, dim=1))


def bold(pictures: Tensor) -> Tensor:
    """Strokes thickened: grey dilation by a square of 3 x 3 pixels."""
    return F.max_pool2d(pictures, 3, stride=1, padding=1)


def sheared(pictures: Tensor, by: Tensor | float = SHEAR) -> Tensor:
    """Slanted to the right: each row shifted by its height above the middle, times `by` (a number, or one each)."""
    theta = pictures.new_zeros(len(pictures), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, 0, 1] = torch.as_tensor(by, device=pictures.device)
    return _sampled(pictures, theta)


def edge_strength(pictures: Tensor) -> Tensor:
    """The magnitude of the Sobel gradient: at most about 1."""
    across = pictures.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    kernels = torch.stack([across, across.T])[:, None]
    padded = F.pad(pictures, (1, 1, 1, 1), value=-1)
    return F.conv2d(padded, kernels).square().sum(1, keepdim=True).sqrt()


def edges(pictures: Tensor) -> Tensor:
    """The edges as white lines (1) on black (0)."""
    return (edge_strength(pictures) > EDGE).to(pictures)


def masks(n: int, size: int, generator: Generator) -> Tensor:
    """What is to be painted anew (1) and what is kept (0): a rectangle, of 6 to 12 pixels each way."""
    device = generator.device
    extent = torch.randint(6, 13, (2, n, 1), generator=generator, device=device)
    start = (torch.rand(2, n, 1, generator=generator, device=device) * (size - extent + 1)).long()
    place = torch.arange(size, device=device)
    rows, columns = ((place >= start[i]) & (place < start[i] + extent[i]) for i in (0, 1))
    return (rows[:, None, :, None] & columns[:, None, None, :]).float()


def ink(pictures: Tensor) -> Tensor:
    """The share of ink in each picture: (N)."""
    return ((pictures + 1) / 2).mean(dim=(1, 2, 3))


def slant(pictures: Tensor) -> Tensor:
    """By how much the ink of each picture leans to the right, from its second moments: (N)."""
    weight = ((pictures[:, 0] + 1) / 2).clamp(min=1e-6)
    weight = weight / weight.sum(dim=(1, 2), keepdim=True)
    place = torch.arange(weight.shape[-1], device=weight.device, dtype=weight.dtype)
    across, down = place[None, None, :], place[None, :, None]
    across = across - (weight * across).sum(dim=(1, 2), keepdim=True)
    down = down - (weight * down).sum(dim=(1, 2), keepdim=True)
    return -(weight * across * down).sum(dim=(1, 2)) / (weight * down.square()).sum(dim=(1, 2))


def _sampled(pictures: Tensor, theta: Tensor) -> Tensor:
    """The pictures, looked up at places moved by an affine map; outside is black."""
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures + 1, grid, mode="bilinear", align_corners=False) - 1
