"""The base model: its graph as a torch module, and its training."""

from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from engine.document.graph import Graph, paths
from nodes.models import MODELS, build
from nodes.models.digits import NO_CLASS, SIZE, STEPS
from nodes.training import digits, weights
from nodes.training.fit import Recipe, fit
from nodes.training.schedule import Predict, noised, velocity
from nodes.training.trainable import Trainable

FILE = "base.safetensors"
RECIPE = Recipe(steps=2500)
CLASS_DROPOUT = 0.15


def graph() -> Graph:
    """The model as File > New from model makes it."""
    return build(MODELS["digits"])


def example(device: torch.device) -> dict[str, Tensor]:
    """Values of the shapes and types that training and sampling give."""
    whole = torch.zeros(2, dtype=torch.int64, device=device)
    return {
        "x": torch.zeros(2, 1, SIZE, SIZE, device=device),
        "diffusion.timestep": whole,
        "diffusion.class": whole,
    }


def trainable(device: torch.device, seed: int = 0) -> Trainable:
    """The model with initial weights."""
    return Trainable(graph(), example(device), device, seed)


def sampler(model: Trainable) -> Predict:
    """The model as sampling calls it."""
    return partial(predicted, model, {})


def predicted(model: Trainable, conditions: dict[str, Tensor], x: Tensor, steps: Tensor, labels: Tensor) -> Tensor:
    """The prediction for noisy pictures; `conditions` are further values by name, of as many pictures or of half.

    With the model and the conditions given, this is a `Predict`; guidance asks it for twice the pictures at once.
    """
    more = {name: value.repeat(len(x) // len(value), 1, 1, 1) for name, value in conditions.items()}
    return model(x=x, **{"diffusion.timestep": steps, "diffusion.class": labels}, **more)


def train(out: Path, device: torch.device, seed: int = 0, recipe: Recipe = RECIPE) -> None:
    """Learn to remove noise from digits, with their class and without."""
    model = trainable(device, seed)
    learned = model.learn(model.layers)
    data, _ = digits.load(device)
    generator = Generator(device).manual_seed(seed)

    def loss(size: int) -> Tensor:
        pictures, labels = digits.batch(data, size, generator)
        return prediction_loss(sampler(model), pictures, forgotten(labels, CLASS_DROPOUT, generator), generator)

    fit("base", recipe.on(device), learned, loss)
    weights.save(out / FILE, model.layers, paths(graph()))


def load(out: Path, device: torch.device) -> Trainable:
    """The trained model."""
    model = trainable(device)
    weights.load(out / FILE, model.layers, paths(graph()))
    return model


def forgotten(labels: Tensor, share: float, generator: Generator) -> Tensor:
    """Labels of which a share are made `NO_CLASS`."""
    dropped = torch.rand(len(labels), generator=generator, device=labels.device) < share
    return labels.masked_fill(dropped, NO_CLASS)


def prediction_loss(predict: Predict, pictures: Tensor, labels: Tensor, generator: Generator) -> Tensor:
    """The squared error of the prediction at random time steps, with random noise."""
    device = pictures.device
    steps = torch.randint(STEPS, (len(pictures),), generator=generator, device=device)
    noise = torch.randn(pictures.shape, generator=generator, device=device)
    found = predict(noised(pictures, noise, steps), steps, labels)
    return F.mse_loss(found, velocity(pictures, noise, steps))
