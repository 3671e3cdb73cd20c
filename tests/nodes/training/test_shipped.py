"""The trained weights that come along: they fit, the engine runs them, and they are as good as is said of them."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from engine.__main__ import main
from engine.document import edits, files
from engine.document.graph import Input
from engine.document.sources import TensorSource
from nodes.adapters import digits as built_in
from nodes.training import base, digits
from nodes.training.adapted import Adapted
from nodes.training.adapters import guides
from nodes.training.bench import Bench, bench
from nodes.training.report import Figure
from nodes.training.schedule import ddim, guided

SHIPPED = Path(__file__).parents[3] / "resources" / "digits"
CPU = torch.device("cpu")
LABELS = torch.arange(10)


@pytest.fixture(scope="module")
def judged() -> Bench:
    return bench(SHIPPED, CPU)


def sampled(model: Adapted, *pictures: torch.Tensor) -> torch.Tensor:
    """One of each class, in a few steps."""
    return ddim(guided(model.predict(*pictures), 2.0), LABELS, torch.Generator().manual_seed(1), 6)


def test_the_figures_that_come_with_them_all_meet_their_targets():
    figures = msgspec.convert(json.loads((SHIPPED / "figures.json").read_text()), list[Figure])
    aimed = [figure for figure in figures if figure.least is not None or figure.most is not None]
    assert len(aimed) >= 20
    assert [figure for figure in aimed if not figure.fine] == []


def test_they_are_small():
    assert sum(file.stat().st_size for file in SHIPPED.glob("*.safetensors")) <= 6_000_000


def test_the_base_model_writes_digits(judged: Bench):
    predict = guided(base.sampler(base.load(SHIPPED, CPU)), 2.0)
    pictures = ddim(predict, LABELS, torch.Generator().manual_seed(1), 6)
    assert judged.recognised(pictures, LABELS) >= 0.95
    assert pictures.min() >= -1
    assert pictures.max() <= 1


def test_the_engine_runs_them_as_they_were_trained(tmp_path: Path):
    x = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    np.save(tmp_path / "x.npy", x.numpy())
    graph = base.graph()
    edits.apply(graph, edits.SetInputs((Input("x", TensorSource("x.npy")),)))
    file = tmp_path / "digits.catenary"
    file.write_bytes(files.dump(graph))
    weights, result = SHIPPED / base.FILE, tmp_path / "result.npy"
    assert main(["run", str(file), "--weights", str(weights), "--device", "cpu", "--output", str(result)]) == 0
    model = base.load(SHIPPED, CPU)
    with torch.no_grad():
        expected = base.sampler(model)(x, torch.tensor([999]), torch.tensor([3]))
    assert torch.allclose(torch.from_numpy(np.load(result)), expected, atol=1e-5)


def test_the_loras_do_what_their_names_say():
    for adapter, statistic, least in ((built_in.bold(), digits.ink, 0.1), (built_in.slant(), digits.slant, 0.2)):
        adapted = Adapted(SHIPPED, adapter, CPU).load(SHIPPED)
        found: list[float] = []
        for scale in (0.0, 0.5, 1.0):
            adapted.set("scale", scale)
            found.append(statistic(sampled(adapted)).mean().item())
        assert found[0] < found[1] < found[2]
        assert found[2] - found[0] > least


def test_guides_are_followed(judged: Bench):
    chosen = torch.stack([(judged.held_out.labels == label).nonzero()[0, 0] for label in LABELS])
    real = judged.held_out.pictures[chosen]
    for adapter in (built_in.edges_controlnet(), built_in.edges_t2i()):
        adapted = Adapted(SHIPPED, adapter, CPU).load(SHIPPED)
        missed: list[float] = []
        for scale in (0.0, 1.0):
            adapted.set("scale", scale)
            missed.append((sampled(adapted, guides(real)) - real).abs().mean().item())
        assert missed[1] < 0.6 * missed[0]
