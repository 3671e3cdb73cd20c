"""The training loop: AdamW with a warm-up and a cosine decay, and a running mean of what it learns."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nodes.training.report import note


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn. `mean` is the share of the running mean that a step keeps."""

    steps: int
    batch: int = 64
    rate: float = 1e-3
    mean: float = 0.995
    warm_up: int = 100

    def on(self, device: torch.device) -> "Recipe":
        """The same for a GPU, which has the time for more steps and larger batches."""
        if device.type != "cuda":
            return self
        return Recipe(3 * self.steps, 4 * self.batch, self.rate, 1 - (1 - self.mean) / 3, self.warm_up)


def fit(name: str, recipe: Recipe, parameters: Sequence[nn.Parameter], loss: Callable[[int], Tensor]) -> None:
    """Make `loss`, a function of the batch's size, small; leaves the running mean in the parameters."""
    optimizer = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=1e-4)

    def pace(step: int) -> float:
        return min(1.0, (step + 1) / recipe.warm_up) * (0.5 + 0.5 * math.cos(math.pi * step / recipe.steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
    mean = [parameter.detach().clone() for parameter in parameters]
    started, told = time.monotonic(), torch.zeros((), device=parameters[0].device)
    every = max(1, recipe.steps // 10)
    for step in range(recipe.steps):
        optimizer.zero_grad()
        found = loss(recipe.batch)
        found.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        share = 1 - min(recipe.mean, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, parameter in zip(mean, parameters, strict=True):
                kept.lerp_(parameter, share)
        told += found.detach()
        if (step + 1) % every == 0:
            mean_loss, took = told.item() / every, time.monotonic() - started
            note(f"{name}: step {step + 1} of {recipe.steps}, loss {mean_loss:.4f}, {took:.0f} s")
            told.zero_()
    with torch.no_grad():
        for parameter, value in zip(parameters, mean, strict=True):
            parameter.copy_(value)
