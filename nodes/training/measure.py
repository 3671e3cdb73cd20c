"""How good the trained models are: figures, with the targets they should meet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from nodes.training import base, digits, judge
from nodes.training.digits import Digits
from nodes.training.judge import Judge
from nodes.training.report import Figure
from nodes.training.schedule import ddim, guided

GUIDANCE = 2.0
SAMPLES = 500
TO_TEACH = 1000
"""Generated pictures that a classifier learns from, which real ones then test."""


@dataclass(frozen=True)
class Bench:
    """What measurements need: where the weights are, the judges, and the real digits."""

    out: Path
    device: torch.device
    judges: tuple[Judge, Judge]
    train: Digits
    held_out: Digits

    def generator(self, seed: int = 1) -> Generator:
        """Random numbers, the same for every measurement."""
        return Generator(self.device).manual_seed(seed)

    def labels(self, count: int = SAMPLES) -> Tensor:
        """Each class as often as the others."""
        return torch.arange(count, device=self.device) % 10

    def recognised(self, pictures: Tensor, labels: Tensor) -> float:
        """The share that both judges see as what they should be, in the mean of the two."""
        return sum(each.share_recognised(pictures, labels) for each in self.judges) / 2

    def distance(self, pictures: Tensor) -> float:
        """The Frechet distance to the held-out digits, in the mean of the two judges."""
        return sum(judge.distance(each, pictures, self.held_out.pictures) for each in self.judges) / 2

    def diversity(self, pictures: Tensor, labels: Tensor) -> float:
        """How far apart pictures of a class are, where those held out have 1."""
        return judge.spread(pictures, labels) / judge.spread(self.held_out.pictures, self.held_out.labels)


def bench(out: Path, device: torch.device) -> Bench:
    """A bench with the judges kept in `out`."""
    train, held_out = digits.load(device)
    return Bench(out, device, judge.load(out, device), train, held_out)


def everything(bench: Bench) -> Iterator[Figure]:
    """All measurements."""
    for measurement in (judges, base_model):
        yield from measurement(bench)


def judges(bench: Bench) -> Iterator[Figure]:
    """The judges on digits they have not seen; what they say of real ones."""
    pictures, labels = bench.held_out.pictures, bench.held_out.labels
    for name, each in zip(("first", "second"), bench.judges, strict=True):
        yield Figure(f"{name} judge, held-out digits", each.share_recognised(pictures, labels), least=0.985)
        yield Figure(f"{name} judge, bold", each.share_recognised(digits.bold(pictures), labels))
        yield Figure(f"{name} judge, slanted", each.share_recognised(digits.sheared(pictures), labels))
    some = bench.train.pictures[:SAMPLES]
    yield Figure("real training digits, Frechet distance", bench.distance(some))
    yield Figure("real held-out digits, distance to the nearest training digit", _copying(bench, pictures))


def base_model(bench: Bench) -> Iterator[Figure]:
    """The base model: DDIM in 20 steps."""
    predict = base.predict(base.load(bench.out, bench.device))
    labels = bench.labels()
    for scale in (1.0, GUIDANCE, 3.0):
        name, aimed = f"base, guidance {scale:g}", scale == GUIDANCE
        pictures = ddim(guided(predict, scale), labels, bench.generator())
        yield Figure(f"{name}, recognised", bench.recognised(pictures, labels), least=0.97 if aimed else None)
        yield Figure(f"{name}, Frechet distance", bench.distance(pictures), most=8 if aimed else None)
        yield Figure(f"{name}, diversity", bench.diversity(pictures, labels), least=0.75 if aimed else None)
        yield Figure(f"{name}, distance to the nearest training digit", _copying(bench, pictures))
    labels = bench.labels(TO_TEACH)
    pictures = ddim(guided(predict, GUIDANCE), labels, bench.generator(2))
    pupil = judge.taught(Digits(pictures.clone(), labels), seed=3, styles=False)
    seen = pupil.share_recognised(bench.held_out.pictures, bench.held_out.labels)
    yield Figure("classifier trained on generated digits, held-out ones", seen, least=0.95)


def _copying(bench: Bench, pictures: Tensor) -> float:
    return judge.nearest(pictures, bench.train.pictures)
