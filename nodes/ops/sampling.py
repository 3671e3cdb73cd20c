"""Sampling from a diffusion model: noise schedules, solvers, and guidance, over pictures that are noise at first.

Everywhere x = alpha * picture + sigma * noise with alpha ** 2 + sigma ** 2 = 1, and time steps count from 0 (almost the
picture) to `train_steps` - 1 (noise), as in the training. They need not be whole; alpha and sigma in between are those
where sigma / alpha runs straight.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor, nn

BETA_CAP = 0.999


def cosine(train_steps: int) -> Tensor:
    """Alpha by time step: what is left follows a squared cosine (arXiv:2102.09672), betas capped at 0.999."""
    place = torch.arange(train_steps + 1, dtype=torch.float64) / train_steps
    left = torch.cos((place + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1 - left[1:] / left[:-1]).clamp(max=BETA_CAP)
    return (1 - betas).cumprod(0).sqrt()


def scaled_linear(train_steps: int) -> Tensor:
    """Alpha by time step: betas are squares of evenly spaced numbers, as in Stable Diffusion (arXiv:2112.10752)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, train_steps, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).sqrt()


SCHEDULES: dict[str, Callable[[int], Tensor]] = {"cosine": cosine, "scaled-linear": scaled_linear}


@lru_cache(16)
def _alphas(schedule: str, train_steps: int) -> Tensor:
    return SCHEDULES[schedule](train_steps).float()


def rates(schedule: str, train_steps: int, step: float) -> tuple[Tensor, Tensor]:
    """Alpha and sigma at a time step, as tensors without dimensions on the CPU, which go with any device."""
    alphas = _alphas(schedule, train_steps)
    below = int(step)
    alpha = alphas[below]
    if step != below:
        low, high = (((1 - a.square()).sqrt() / a) for a in alphas[below : below + 2])
        ratio = low + (high - low) * (step - below)
        alpha = 1 / (1 + ratio.square()).sqrt()
    return alpha, (1 - alpha.square()).sqrt()


def trailing(train_steps: int, count: int) -> list[float]:
    """`count` time steps from the last one down, evenly spaced (arXiv:2305.08891, table 2)."""
    return [float(round(train_steps - i * train_steps / count) - 1) for i in range(count)]


def linspaced(train_steps: int, count: int) -> list[float]:
    """`count` time steps from the last one to 0, evenly spaced; the last one alone if it is to be one."""
    return [(train_steps - 1) * (1 - i / max(count - 1, 1)) for i in range(count)]


SPACINGS = {"DDIM": trailing, "Euler": linspaced, "LCM": trailing}


def ddim(x: Tensor, found: Tensor, now: tuple[Tensor, Tensor], then: tuple[Tensor, Tensor]) -> Tensor:
    """A step of DDIM without noise (arXiv:2010.02502, equation 12 with sigma = 0); `found` is the picture foreseen."""
    noise = (x - now[0] * found) / now[1]
    return then[0] * found + then[1] * noise


def euler(x: Tensor, found: Tensor, now: tuple[Tensor, Tensor], then: tuple[Tensor, Tensor]) -> Tensor:
    """A step of Euler's along the probability flow over sigma / alpha (arXiv:2206.00364, algorithm 1 without churn)."""
    place, end = now[1] / now[0], then[1] / then[0]
    scaled = x / now[0]
    slope = (scaled - found) / place
    return then[0] * (scaled + slope * (end - place))


def renoised(found: Tensor, noise: Tensor, then: tuple[Tensor, Tensor]) -> Tensor:
    """The picture foreseen with fresh noise: a step of a consistency model (arXiv:2310.04378)."""
    return then[0] * found + then[1] * noise


class Sampler(nn.Module):
    """The steps from noise to a picture. Every attribute is read at every run, so it may change in between.

    `clip` is how far pixels of a picture may lie from 0, None for any distance; `guidance` is the weight of what the
    condition changes (arXiv:2207.12598), 1 for the condition alone; `seed` is that of the noise that LCM adds.
    """

    def __init__(
        self,
        solver: str,
        steps: int,
        guidance: float,
        schedule: str,
        prediction: str,
        train_steps: int,
        clip: float | None,
        condition: str,
        unconditional: float,
        seed: int,
    ) -> None:
        super().__init__()
        self.solver = solver
        self.steps = steps
        self.guidance = guidance
        self.schedule = schedule
        self.prediction = prediction
        self.train_steps = train_steps
        self.clip = clip
        self.condition = condition
        self.unconditional = unconditional
        self.seed = seed

    @property
    def is_guided(self) -> bool:
        """Whether a step takes the prediction without the condition as well."""
        return bool(self.condition) and self.guidance != 1

    def times(self) -> list[float]:
        """The time steps at which the model is asked, noise first."""
        return SPACINGS[self.solver](self.train_steps, min(self.steps, self.train_steps))

    def guided(self, without: Tensor, with_condition: Tensor) -> Tensor:
        """Classifier-free guidance (arXiv:2207.12598)."""
        return without + self.guidance * (with_condition - without)

    def picture(self, x: Tensor, predicted: Tensor, time: float) -> Tensor:
        """The picture that a prediction at a time step amounts to."""
        alpha, sigma = rates(self.schedule, self.train_steps, time)
        found = alpha * x - sigma * predicted if self.prediction == "v" else (x - sigma * predicted) / alpha
        return found if self.clip is None else found.clamp(-self.clip, self.clip)

    def next(self, x: Tensor, found: Tensor, index: int) -> Tensor:
        """X at the time step after the one of this index, given the picture foreseen, which it is in the end."""
        times = self.times()
        if index + 1 == len(times):
            return found
        now, then = (rates(self.schedule, self.train_steps, time) for time in times[index : index + 2])
        if self.solver == "LCM":
            generator = torch.Generator().manual_seed((self.seed << 16) + index)
            return renoised(found, torch.randn(x.shape, generator=generator).to(x), then)
        return (euler if self.solver == "Euler" else ddim)(x, found, now, then)
