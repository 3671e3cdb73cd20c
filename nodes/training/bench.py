"""What every measurement needs: the judges, the real digits, and how pictures are compared with them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from nodes.training import digits, judge
from nodes.training.digits import Digits
from nodes.training.judge import Judge


@dataclass(frozen=True)
class Bench:
    """Judges and digits; `out` is where the weights are."""

    out: Path
    device: torch.device
    judges: tuple[Judge, Judge]
    train: Digits
    held_out: Digits

    def generator(self, seed: int = 1) -> Generator:
        """Random numbers, the same for every measurement."""
        return Generator(self.device).manual_seed(seed)

    def labels(self, count: int) -> Tensor:
        """Each class as often as the others."""
        return torch.arange(count, device=self.device) % 10

    def recognised(self, pictures: Tensor, labels: Tensor) -> float:
        """The share seen as what they should be, in the mean of both judges."""
        return sum(each.share_recognised(pictures, labels) for each in self.judges) / 2

    def distance(self, pictures: Tensor) -> float:
        """The Frechet distance to as many held-out digits, in the mean of both judges."""
        return sum(judge.distance(each, pictures, self.held_out.pictures) for each in self.judges) / 2

    def diversity(self, pictures: Tensor, labels: Tensor) -> float:
        """How far apart pictures of a class are, where those held out have 1."""
        return judge.spread(pictures, labels) / judge.spread(self.held_out.pictures, self.held_out.labels)

    def copying(self, pictures: Tensor) -> float:
        """The distance to the nearest training digit, where held-out digits have 1."""
        known = self.train.pictures
        return judge.nearest(pictures, known) / judge.nearest(self.held_out.pictures, known)


def bench(out: Path, device: torch.device) -> Bench:
    """A bench with the judges kept in `out`."""
    train, held_out = digits.load(device)
    return Bench(out, device, judge.load(out, device), train, held_out)
