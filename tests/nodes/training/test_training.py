"""Training: what is learned is the program that the engine runs, and what is measured is what it should be."""

from pathlib import Path

import pytest
import torch

from engine.document.graph import paths
from nodes.training import base, digits, judge, schedule, weights
from nodes.training.fit import Recipe
from tests.nodes.models import oracle

CPU = torch.device("cpu")
BRIEF = Recipe(steps=4, batch=4, warm_up=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base model that has learned for a moment."""
    out = tmp_path_factory.mktemp("digits")
    base.train(out, CPU, recipe=BRIEF)
    return out


def test_the_trained_weights_give_in_the_engine_what_they_gave_in_training(trained: Path):
    model = base.load(trained, CPU)
    x = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    steps, labels = torch.tensor([999, 10]), torch.tensor([3, 10])
    with torch.no_grad():
        learned = base.predicted(model, {}, x, steps, labels)
    graph = base.graph()
    modules = base.trainable(CPU, seed=1).layers
    weights.load(trained / base.FILE, modules, paths(graph))
    held = {"diffusion.timestep": steps, "diffusion.class": labels}
    assert torch.equal(oracle.result(graph, modules, {"x": x}, held), learned)


def test_training_moves_every_weight_and_is_the_same_for_the_same_seed(trained: Path, tmp_path: Path):
    base.train(tmp_path, CPU, recipe=BRIEF)
    before, after = base.trainable(CPU).layers, base.load(trained, CPU).layers
    again = base.load(tmp_path, CPU).layers
    for node, layer in before.items():
        for name, tensor in layer.state_dict().items():
            assert not torch.equal(tensor, after[node].state_dict()[name]), f"{node} {name} has not moved"
            assert torch.equal(after[node].state_dict()[name], again[node].state_dict()[name])


def test_weights_of_another_model_are_refused(trained: Path):
    with pytest.raises(ValueError, match="does not fit the graph"):
        weights.load(trained / base.FILE, {"n": torch.nn.Linear(2, 2)}, {"n": "Linear"})


def test_the_digits_are_split_so_that_each_class_has_its_share():
    train, held_out = digits.load(CPU)
    assert (len(train), len(held_out)) == (1297, 500)
    assert train.pictures.shape[1:] == (1, 16, 16)
    assert held_out.labels.bincount().min() >= 47
    assert not (held_out.pictures.flatten(1)[:, None] == train.pictures.flatten(1)).all(2).any()


def test_bold_digits_have_more_ink_and_sheared_ones_lean_by_the_shear():
    pictures = digits.load(CPU)[0].pictures[:200]
    assert digits.ink(digits.bold(pictures)).mean() > 1.5 * digits.ink(pictures).mean()
    leaning = digits.slant(digits.sheared(pictures, 0.4)) - digits.slant(pictures)
    assert leaning.mean().item() == pytest.approx(0.4, abs=0.05)


def test_a_perfect_prediction_gives_the_picture_back_in_any_number_of_steps():
    pictures = digits.load(CPU)[0].pictures[:4]
    generator = torch.Generator().manual_seed(2)

    def perfect(x: torch.Tensor, steps: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        alpha, sigma = schedule.rates(steps)
        return (alpha * x - pictures) / sigma

    for count in (1, 4, 20):
        assert torch.allclose(schedule.ddim(perfect, torch.arange(4), generator, count), pictures, atol=1e-3)


def test_the_prediction_and_the_picture_say_the_same():
    pictures = digits.load(CPU)[0].pictures[:3]
    noise, steps = torch.randn_like(pictures), torch.tensor([0, 500, 998])
    noisy = schedule.noised(pictures, noise, steps)
    v = schedule.velocity(pictures, noise, steps)
    assert torch.allclose(schedule.picture(noisy, v, steps), pictures, atol=1e-5)


def test_the_frechet_distance_is_nothing_to_itself_and_more_the_more_differs():
    train, held_out = digits.load(CPU)
    seen = judge.taught(train, seed=1, steps=30)
    same = judge.distance(seen, held_out.pictures, held_out.pictures)
    other = judge.distance(seen, train.pictures[:500], held_out.pictures)
    noisy = judge.distance(seen, held_out.pictures + torch.randn_like(held_out.pictures), held_out.pictures)
    assert same == pytest.approx(0, abs=1e-2)
    assert same < other < noisy
