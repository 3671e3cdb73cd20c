"""The noise of the digits model over its time steps, and sampling from it with plain torch.

The schedule is the cosine one with betas capped at 0.999 (arXiv:2102.09672), the prediction is
v = alpha * noise - sigma * picture (arXiv:2202.00512). `Predict` is a model: noisy pictures (N, 1, H, W), time steps
(N) and classes (N) to v.
"""

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import torch
from torch import Generator, Tensor

from nodes.models.digits import NO_CLASS, SIZE, STEPS

Predict = Callable[[Tensor, Tensor, Tensor], Tensor]
Keep = Callable[[Tensor, Tensor], Tensor]
"""Called with the noisy pictures and their time steps before each step of sampling; gives those to go on with."""


@cache
def table(device: torch.device) -> Tensor:
    """Alpha, by time step: the share of the picture that is left. Sigma is sqrt(1 - alpha ** 2)."""
    place = torch.arange(STEPS + 1, dtype=torch.float64) / STEPS
    left = torch.cos((place + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1 - left[1:] / left[:-1]).clamp(max=0.999)
    return (1 - betas).cumprod(0).sqrt().float().to(device)


def rates(steps: Tensor) -> tuple[Tensor, Tensor]:
    """Alpha and sigma at time steps (N), each as (N, 1, 1, 1)."""
    alpha = table(steps.device)[steps].view(-1, 1, 1, 1)
    return alpha, (1 - alpha.square()).sqrt()


def noised(pictures: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
    """The pictures as they are at these time steps."""
    alpha, sigma = rates(steps)
    return alpha * pictures + sigma * noise


def velocity(pictures: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
    """What the model should predict."""
    alpha, sigma = rates(steps)
    return alpha * noise - sigma * pictures


def picture(noisy: Tensor, v: Tensor, steps: Tensor) -> Tensor:
    """The picture that a prediction amounts to."""
    alpha, sigma = rates(steps)
    return alpha * noisy - sigma * v


def step_down(noisy: Tensor, found: Tensor, steps: Tensor, to: Tensor) -> Tensor:
    """One step of DDIM (arXiv:2010.02502) from time steps to earlier ones, -1 being the picture itself."""
    alpha, sigma = rates(steps)
    noise = (noisy - alpha * found) / sigma
    return torch.where((to < 0).view(-1, 1, 1, 1), found, noised(found, noise, to.clamp(min=0)))


def guided(predict: Predict, scale: float | Tensor) -> Predict:
    """U + scale * (c - u), where u is predicted without the class: classifier-free guidance (arXiv:2207.12598)."""
    if isinstance(scale, float | int) and scale == 1:
        return predict

    def both(x: Tensor, steps: Tensor, labels: Tensor) -> Tensor:
        none = torch.full_like(labels, NO_CLASS)
        v, u = predict(torch.cat([x, x]), torch.cat([steps, steps]), torch.cat([labels, none])).chunk(2)
        return u + scale * (v - u)

    return both


def trailing(count: int) -> list[int]:
    """`count` time steps from the last one down, evenly spaced, and -1 for the picture."""
    return [round(STEPS - i * STEPS / count) - 1 for i in range(count + 1)]


@torch.inference_mode()
def ddim(predict: Predict, labels: Tensor, generator: Generator, count: int = 20, keep: Keep | None = None) -> Tensor:
    """Pictures of these classes, in [-1, 1], in `count` steps from noise."""
    shape = (len(labels), 1, SIZE, SIZE)
    x = torch.randn(shape, generator=generator, device=generator.device)
    places = trailing(count)
    for now, then in pairwise(places):
        steps, to = torch.full_like(labels, now), torch.full_like(labels, then)
        x = keep(x, steps) if keep else x
        found = picture(x, predict(x, steps, labels), steps).clamp(-1, 1)
        x = step_down(x, found, steps, to)
    return x


@torch.inference_mode()
def consistency(predict: Predict, labels: Tensor, generator: Generator, count: int = 4) -> Tensor:
    """Pictures in `count` steps of a consistency model, with fresh noise between them (arXiv:2310.04378)."""
    shape = (len(labels), 1, SIZE, SIZE)
    x = torch.randn(shape, generator=generator, device=generator.device)
    found = x
    for now in trailing(count)[:-1]:
        steps = torch.full_like(labels, now)
        if now != STEPS - 1:
            x = noised(found, torch.randn(shape, generator=generator, device=generator.device), steps)
        found = picture(x, predict(x, steps, labels), steps).clamp(-1, 1)
    return found
