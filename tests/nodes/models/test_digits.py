"""The digits model: its size, and what its numbers do."""

import torch

from engine.document.graph import paths
from engine.runtime.lower import lower
from engine.runtime.program import Given
from nodes import CATALOGUE
from nodes.models import MODELS, build
from nodes.models.digits import NO_CLASS
from tests.nodes.models import oracle

GRAPH = build(MODELS["digits"])
MODULES = oracle.noisy_weights(GRAPH)


def predicted(x: torch.Tensor, timestep: object, label: object) -> torch.Tensor:
    return oracle.result(GRAPH, MODULES, {"x": x}, {"diffusion.timestep": timestep, "diffusion.class": label})


def pictures(count: int) -> torch.Tensor:
    return torch.randn(count, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def test_it_has_about_a_million_params_and_names_them_by_path():
    assert sum(p.numel() for module in MODULES.values() for p in module.parameters()) == 1_068_001
    named = set(paths(GRAPH).values())
    assert "ConditionEncoder.Sum.ClassEncoder.Embedding" in named
    assert "DownBlocks.Chain_4.ResidualBlock.Chain.RangeAdapter2d.Conv2d" in named


def test_time_step_and_class_are_numbers_or_a_tensor_with_one_for_each_picture():
    x = pictures(3)
    steps, labels = torch.tensor([999, 500, 3]), torch.tensor([7, NO_CLASS, 0])
    together = predicted(x, steps, labels)
    assert together.shape == (3, 1, 16, 16)
    for n in range(3):
        alone = predicted(x[n : n + 1], steps[n].item(), labels[n].item())
        assert torch.allclose(alone, together[n : n + 1], atol=1e-5)


def test_every_class_and_time_step_gives_something_else():
    x = pictures(1)
    results = [predicted(x, step, label) for step in (0, 999) for label in range(NO_CLASS + 1)]
    differing = [not torch.allclose(a, b) for i, a in enumerate(results) for b in results[:i]]
    assert all(differing)


def test_one_program_holds_for_every_class_and_time_step():
    def given(step: object, label: object) -> Given:
        return oracle.given(GRAPH, {"x": pictures(1)}, {"diffusion.timestep": step, "diffusion.class": label})

    program = lower(GRAPH, CATALOGUE, MODULES, given(999, 3)).program
    assert program.accepts(given(1, 8))
    result = program.run(given(1, 8), lambda *_: None, lambda *_: None).result
    assert torch.equal(result, predicted(pictures(1), 1, 8))
