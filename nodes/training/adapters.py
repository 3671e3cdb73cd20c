"""The training of each adapter of the digits model; the base model stays as it is."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from nodes.adapters import digits as built_in
from nodes.models.digits import SIZE
from nodes.training import base, digits
from nodes.training.adapted import Adapted
from nodes.training.fit import Recipe, fit
from nodes.training.schedule import guided, noised, picture, step_down, trailing

STYLE = Recipe(steps=300, rate=2e-3, mean=0.98, warm_up=30)
CONTROLNET = Recipe(steps=700, mean=0.99)
FEATURES = Recipe(steps=600, rate=2e-3, mean=0.99)
INPAINTING = Recipe(steps=500, rate=2e-3, mean=0.98, warm_up=30)
CONSISTENCY = Recipe(steps=500, mean=0.98, warm_up=30)

GRID = 20
"""Time steps that the consistency model knows: those of DDIM in as many steps."""
STRONGEST = 4.0
"""The most guidance that the consistency model has seen; the least is 1."""
HUBER = 0.03


def bold(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = STYLE) -> None:
    """Learn thick strokes."""
    _style(Adapted(out, built_in.bold(), device, seed), digits.bold, out, seed, recipe)


def slant(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = STYLE) -> None:
    """Learn to lean to the right."""
    _style(Adapted(out, built_in.slant(), device, seed), digits.sheared, out, seed, recipe)


def controlnet(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = CONTROLNET) -> None:
    """Learn to follow edges; the copy of the encoder starts as what it is a copy of."""
    adapted = Adapted(out, built_in.edges_controlnet(), device, seed)
    # The middle block stands in a Sum with the control's own addition to it.
    original = {path.removeprefix("Sum."): node for node, path in adapted.base_keys.items() if node in adapted.layers}
    for node, path in adapted.keys.items():
        if node in adapted.layers and (source := original.get(path.removeprefix("Controlnet."))):
            adapted.layers[node].load_state_dict(adapted.layers[source].state_dict())
    _edges(adapted, out, seed, recipe)


def t2i(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = FEATURES) -> None:
    """Learn to follow edges."""
    _edges(Adapted(out, built_in.edges_t2i(), device, seed), out, seed, recipe)


def inpainting(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = INPAINTING) -> None:
    """Learn to fill in what a mask hides, half of the time without being told the class."""
    adapted = Adapted(out, built_in.inpainting(), device, seed)
    data, generator = digits.load(device)[0], Generator(device).manual_seed(seed)

    def loss(size: int) -> Tensor:
        pictures, labels = digits.batch(data, size, generator)
        predict = adapted.predict(digits.masks(size, SIZE, generator), shown(pictures))
        return base.prediction_loss(predict, pictures, base.forgotten(labels, 0.5, generator), generator)

    _learn(adapted, loss, out, recipe)


def lcm(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = CONSISTENCY) -> None:
    """Learn to give, from every time step of a grid, the picture in which guided DDIM would end (arXiv:2310.04378)."""
    teacher = base.sampler(base.load(out, device))
    adapted = Adapted(out, built_in.four_steps(), device, seed)
    for node, path in adapted.keys.items():
        if path.endswith("ConditionScaleBlock.Linear"):
            nn.init.zeros_(adapted.layers[node].get_parameter("weight"))
    data, generator = digits.load(device)[0], Generator(device).manual_seed(seed)
    strengths = Generator().manual_seed(seed)
    grid = torch.tensor(trailing(GRID), device=device)
    student = adapted.predict()

    def loss(size: int) -> Tensor:
        pictures, labels = digits.batch(data, size, generator)
        strength = 1 + (STRONGEST - 1) * torch.rand((), generator=strengths).item()
        adapted.set("condition_scale", strength)
        place = torch.randint(GRID, (size,), generator=generator, device=device)
        now, then = grid[place], grid[place + 1]
        noisy = noised(pictures, torch.randn(pictures.shape, generator=generator, device=device), now)
        with torch.no_grad():
            found = picture(noisy, guided(teacher, strength)(noisy, now, labels), now).clamp(-1, 1)
            nearer, last = step_down(noisy, found, now, then), (then < 0).view(-1, 1, 1, 1)
            later = then.clamp(min=0)
            wanted = torch.where(last, found, picture(nearer, student(nearer, later, labels), later).clamp(-1, 1))
        missed = picture(noisy, student(noisy, now, labels), now) - wanted
        return (missed.square() + HUBER**2).sqrt().mean() - HUBER

    _learn(adapted, loss, out, recipe)


TRAINED: dict[str, Callable[..., None]] = {
    "bold": bold,
    "slant": slant,
    "controlnet": controlnet,
    "t2i": t2i,
    "inpainting": inpainting,
    "lcm": lcm,
}
"""Every adapter's training, by name."""


def shown(pictures: Tensor) -> Tensor:
    """Pictures in [-1, 1] as the worker would read them from files: (N, 3, H, W) in [0, 1]."""
    return ((pictures + 1) / 2).expand(-1, 3, -1, -1)


def guides(pictures: Tensor) -> Tensor:
    """The edges of pictures, as the worker would read them from files."""
    return digits.edges(pictures).expand(-1, 3, -1, -1)


def _style(adapted: Adapted, restyled: Callable[[Tensor], Tensor], out: Path, seed: int, recipe: Recipe) -> None:
    device = adapted.device
    data, generator = digits.load(device)[0], Generator(device).manual_seed(seed)

    def loss(size: int) -> Tensor:
        pictures, labels = digits.batch(data, size, generator)
        labels = base.forgotten(labels, base.CLASS_DROPOUT, generator)
        return base.prediction_loss(adapted.predict(), restyled(pictures), labels, generator)

    _learn(adapted, loss, out, recipe)


def _edges(adapted: Adapted, out: Path, seed: int, recipe: Recipe) -> None:
    data, generator = digits.load(adapted.device)[0], Generator(adapted.device).manual_seed(seed)

    def loss(size: int) -> Tensor:
        pictures, labels = digits.batch(data, size, generator)
        predict = adapted.predict(guides(pictures))
        return base.prediction_loss(predict, pictures, base.forgotten(labels, 0.3, generator), generator)

    _learn(adapted, loss, out, recipe)


def _learn(adapted: Adapted, loss: Callable[[int], Tensor], out: Path, recipe: Recipe) -> None:
    fit(adapted.adapter.name, recipe.on(adapted.device), adapted.learn(), loss)
    adapted.save(out)
