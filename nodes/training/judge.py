"""The judges: two classifiers that tell digits apart, and what their features say of generated pictures."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from nodes.training import digits, weights
from nodes.training.digits import Digits

FILE = "judges.safetensors"
FEATURES = 64
BATCH = 128
STEPS = 1500


class Judge(nn.Module):
    """Pictures (N, 1, 16, 16) to ten scores each; about 95,000 params."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, FEATURES),
            nn.ReLU(),
        )
        self.scores = nn.Linear(FEATURES, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.scores(F.dropout(self.features(pictures), 0.2, self.training))

    @torch.inference_mode()
    def share_recognised(self, pictures: Tensor, labels: Tensor) -> float:
        """The share of pictures that are seen as what they should be."""
        return (self(pictures).argmax(1) == labels).float().mean().item()

    @torch.inference_mode()
    def features_of(self, pictures: Tensor) -> Tensor:
        """What the judge sees: (N, 64)."""
        return self.features(pictures)


def train(out: Path, device: torch.device, seed: int = 0, steps: int = STEPS) -> None:
    """Train the two judges, one after the other."""
    data, _ = digits.load(device)
    found = {f"judge_{n}": taught(data, seed + n, steps) for n in (1, 2)}
    weights.save(out / FILE, found, {name: name for name in found})


def load(out: Path, device: torch.device) -> tuple[Judge, Judge]:
    """The trained judges."""
    first, second = Judge().to(device).eval(), Judge().to(device).eval()
    weights.load(out / FILE, {"judge_1": first, "judge_2": second}, {"judge_1": "judge_1", "judge_2": "judge_2"})
    return first, second


def taught(data: Digits, seed: int, steps: int = STEPS, styles: bool = True) -> Judge:
    """A judge of these digits; with `styles` it has seen them bold and slanted as well."""
    device = data.pictures.device
    torch.manual_seed(seed)
    generator = Generator(device).manual_seed(seed)
    judge = Judge().to(device)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        pictures, labels = digits.batch(data, BATCH, generator)
        if styles:
            pictures = _restyled(pictures, generator)
        loss = F.cross_entropy(judge(pictures), labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge.eval()


def distance(judge: Judge, left: Tensor, right: Tensor) -> float:
    """The Frechet distance between pictures in the judge's features (arXiv:1706.08500).

    It falls with the number of pictures: compare for equal numbers only.
    """
    (mean_l, cov_l), (mean_r, cov_r) = (_moments(judge.features_of(part)) for part in (left, right))
    # The trace of (A B)^(1/2) is the sum of the roots of the eigenvalues of A^(1/2) B A^(1/2).
    values, vectors = torch.linalg.eigh(cov_l)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_r @ root).clamp(min=0).sqrt().sum()
    return ((mean_l - mean_r).square().sum() + cov_l.trace() + cov_r.trace() - 2 * cross).item()


def spread(pictures: Tensor, labels: Tensor) -> float:
    """The mean distance in pixels between two pictures of the same class."""
    found = [torch.pdist(pictures[labels == c].flatten(1)).mean() for c in labels.unique()]
    return torch.stack(found).mean().item()


def nearest(pictures: Tensor, others: Tensor) -> float:
    """The median distance in pixels from a picture to the nearest of others."""
    return torch.cdist(pictures.flatten(1), others.flatten(1)).amin(1).median().item()


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    return features.double().mean(0), features.double().T.cov()


def _restyled(pictures: Tensor, generator: Generator) -> Tensor:
    """A third of the pictures bold, the others slanted by up to 0.6 to either side."""
    draw = torch.rand(2, len(pictures), generator=generator, device=generator.device)
    leaning = digits.sheared(pictures, 0.6 * (2 * draw[0] - 1))
    return torch.where((draw[1] < 1 / 3).view(-1, 1, 1, 1), digits.bold(pictures), leaning)
