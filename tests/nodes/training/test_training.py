"""Training: what is learned is the program that the engine runs, and what is measured is what it should be."""

from pathlib import Path

import pytest
import torch

from engine.document.graph import paths
from nodes.adapters import digits as built_in
from nodes.training import adapters, base, digits, judge, schedule, weights
from nodes.training.adapted import Adapted
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


@pytest.mark.parametrize("name", adapters.TRAINED)
def test_every_adapter_learns_what_it_adds_and_nothing_else(name: str, trained: Path):
    adapters.TRAINED[name](trained, CPU, 0, BRIEF)
    made = {
        "bold": built_in.bold,
        "slant": built_in.slant,
        "controlnet": built_in.edges_controlnet,
        "t2i": built_in.edges_t2i,
        "inpainting": built_in.inpainting,
        "lcm": built_in.four_steps,
    }
    untrained = Adapted(trained, made[name](), CPU)
    before = {node: {k: v.clone() for k, v in untrained.layers[node].state_dict().items()} for node in untrained.layers}
    after = untrained.load(trained)
    assert after.file == f"{name}.safetensors"
    moved = [n for n, old in before.items() if any(not torch.equal(old[k], v) for k, v in state(after, n).items())]
    weighted = {node for node in after.keys if state(after, node)}
    assert set(moved) == weighted


def state(adapted: Adapted, node: str) -> dict[str, torch.Tensor]:
    """The tensors of a node, if it is a layer with some."""
    return adapted.layers[node].state_dict() if node in adapted.layers else {}


def test_the_copy_in_a_controlnet_starts_as_the_encoder_it_is_a_copy_of(trained: Path):
    adapters.controlnet(trained, CPU, recipe=Recipe(steps=1, batch=2, rate=0, warm_up=1))
    adapted = Adapted(trained, built_in.edges_controlnet(), CPU).load(trained)
    own = {path: node for node, path in adapted.keys.items()}
    for of_base, of_copy in (
        ("DownBlocks.Chain_6.ResidualBlock.Chain.Conv2d", "Controlnet.DownBlocks.Chain_6.ResidualBlock.Chain.Conv2d"),
        ("Sum.MiddleBlock.ResidualBlock_2.Chain.Conv2d", "Controlnet.MiddleBlock.ResidualBlock_2.Chain.Conv2d"),
    ):
        original = next(node for node, path in adapted.base_keys.items() if path == of_base)
        for name, tensor in adapted.layers[original].state_dict().items():
            assert torch.equal(adapted.layers[own[of_copy]].state_dict()[name], tensor)


def test_at_scale_0_the_adapted_model_is_the_base_model(trained: Path):
    adapters.bold(trained, CPU, recipe=BRIEF)
    adapted = Adapted(trained, built_in.bold(), CPU).load(trained)
    x = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    steps, labels = torch.tensor([999, 10]), torch.tensor([3, 10])
    plain, with_lora = base.sampler(base.load(trained, CPU)), adapted.predict()
    with torch.no_grad():
        assert not torch.equal(with_lora(x, steps, labels), plain(x, steps, labels))
        adapted.set("scale", 0.0)
        assert torch.equal(with_lora(x, steps, labels), plain(x, steps, labels))
