"""The examples with handwritten digits: as `python -m nodes.examples` writes them, small, and working."""

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from engine.document import edits
from engine.document.check import check
from engine.document.edits import SetAdapter, SetAdapterParam
from engine.document.sources import NoiseSource
from engine.document.stack import adapter_of
from engine.messages import Apply, Configure, Loaded, Shapes
from nodes import CATALOGUE, examples
from nodes.adapters import ADAPTERS
from nodes.training import digits, judge
from tests.engine.runtime.test_session import Ear

RESOURCES = Path("resources")
NAMES = list(examples.graphs())


def opened(name: str) -> Ear:
    ear = Ear(examples.graphs()[name], examples.FOLDER)
    ear.take(Configure("cpu"))
    return ear


def pictures(ear: Ear) -> torch.Tensor:
    """What the Sample of an example gave: (16, 1, 16, 16)."""
    found = ear.session.values["n001"]
    assert isinstance(found, torch.Tensor)
    return found


def test_the_files_are_what_is_written() -> None:
    for name, text in examples.written().items():
        assert (examples.FOLDER / name).read_bytes() == text, "run python -m nodes.examples"


def test_what_is_shipped_takes_six_megabytes_at_most() -> None:
    files = [file for folder in ("digits", "examples") for file in (RESOURCES / folder).iterdir()]
    assert sum(file.stat().st_size for file in files) <= 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_without_a_problem_and_has_all_its_weights(name: str) -> None:
    assert [found.message for found in check(examples.graphs()[name], CATALOGUE)] == []
    ear = opened(name)
    for adapter in ear.session.graph.adapters:
        ear.take(Apply(SetAdapter(replace(adapter, enabled=True))))
    ear.settle()
    assert ear.last(Shapes).faults == ()
    for report in ear.last(Loaded).reports:
        assert (report.error, report.missing, report.mismatched, report.unexpected) == ("", (), (), ())


@pytest.mark.parametrize(("name", "label"), [("digits", 3), ("digits-controlnet", 7), ("digits-inpainting", 5)])
def test_its_digits_are_recognised(name: str, label: int) -> None:
    ear = opened(name)
    assert ear.run(watch=("n001",)).status == "done"
    assert ear.result.shape == (1, 1, 67, 67)
    judges = judge.load(RESOURCES / "digits", torch.device("cpu"))
    labels = torch.full((examples.COUNT,), label)
    assert sum(each.share_recognised(pictures(ear), labels) for each in judges) / 2 >= 0.9


def test_the_slider_of_an_adapter_shows_without_lowering_again() -> None:
    ear = opened("digits")
    ear.run(watch=("n001",))
    thin, lowered = pictures(ear), ear.lowered
    ear.take(Apply(SetAdapterParam("digits-bold", "scale", 1.0)))
    ear.run(watch=("n001",))
    assert ear.lowered is lowered
    assert digits.ink(pictures(ear)).mean() > 1.15 * digits.ink(thin).mean()
    found = adapter_of(ear.session.graph, "digits-bold")
    assert found is not None
    ear.take(Apply(SetAdapter(replace(found, enabled=False))))
    ear.run(watch=("n001",))
    assert torch.equal(pictures(ear), thin), "at 0 it changes nothing, to the bit"


def test_another_seed_gives_other_digits() -> None:
    ear = opened("digits-lcm")
    ear.run(watch=("n001",))
    before = pictures(ear)
    [entry] = ear.session.graph.inputs
    ear.take(Apply(edits.SetInputs((replace(entry, source=NoiseSource([16, 1, 16, 16], 2)),))))
    ear.run(watch=("n001",))
    assert not torch.equal(pictures(ear), before)


def test_built_in_adapters_of_the_digits_model_come_with_their_weights() -> None:
    shipped = {name: adapter for name, adapter in ADAPTERS.items() if name.startswith("digits-")}
    assert len(shipped) == 6
    assert all(adapter.weights and Path(adapter.weights.path).is_file() for adapter in shipped.values())
