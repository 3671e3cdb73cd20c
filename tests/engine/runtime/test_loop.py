"""Sampling: the children of a Sample run once per step, and no more of them than depends on the step."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from refiners.foundationals.latent_diffusion.solvers import Euler

from engine.document import edits, parsing
from engine.document.edits import SetContexts, SetInputs, SetParam
from engine.document.graph import Graph, Input, Node, Tree
from engine.document.pictures import pictures, redrawn
from engine.document.sources import ListSource, LiteralSource, NoiseSource, NumberSource, Source
from engine.messages import Apply, Configure, Finished, Log, Paused, Preview, Progress, Resume, Shapes, Watch
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from engine.runtime.sources import noise
from nodes import CATALOGUE, examples
from nodes.adapters import digits as adapters
from nodes.training import base, schedule
from nodes.training.adapted import Adapted
from tests.engine.runtime.test_session import Ear, graph, leaf

FOLDER = Path("resources/examples").absolute()
WEIGHTS = Path("resources/digits")
CPU = torch.device("cpu")
DIFFUSION: dict[str, Source] = {"class": NumberSource(3), "timestep": NumberSource(0.0)}
TOY = {"steps": 4, "guidance": 1.0, "schedule": "cosine", "prediction": "v", "clip": 1.0}


def fn(node: str, func: str) -> Tree:
    return leaf(node, "Lambda", func=func)


def use(node: str, context: str, key: str) -> Tree:
    return leaf(node, "UseContext", context=context, key=key)


def sample(*children: Tree, **params: Any) -> Tree:
    return Tree(Node("sample", "Sample", params=TOY | params, contexts={"diffusion": DIFFUSION}), children=children)


def toy(*children: Tree, after: tuple[Tree, ...] = (), contexts: Any = None, **params: Any) -> Graph:
    """Noise (3, 2) through a Sample of these."""
    return graph(sample(*children, **params), *after, contexts=contexts, x=NoiseSource([3, 2], 1))


def shipped(name: str, count: int = 10, **params: Any) -> Graph:
    """An example with so many pictures, a class for each, and other params of its Sample."""
    found = examples.graphs()[name]
    each = LiteralSource([n % 10 for n in range(count)], "int64")
    for param, value in params.items():
        edits.apply(found, SetParam("n001", param, value))
    edits.apply(found, SetContexts("n001", {"diffusion": {"timestep": NumberSource(0.0), "class": each}}))
    edits.apply(found, SetInputs((Input("noise", NoiseSource([count, 1, 16, 16], 5)),)))
    return found


def sampled(found: Graph, folder: Path | str = "") -> torch.Tensor:
    """What the Sample of a graph gives."""
    ear = Ear(found, folder)
    ear.take(Configure("cpu"))
    finished = ear.run(watch=(next(n.id for n in found.nodes.values() if n.kind == "Sample"),))
    assert finished.status == "done", finished
    return ear.session.values[next(n.id for n in found.nodes.values() if n.kind == "Sample")]  # pyright: ignore[reportReturnType]


def values_of(ear: Ear) -> Mapping[str, Any]:
    return ear.session.values


# Results.


@pytest.mark.parametrize(("guidance", "steps"), [(2.0, 20), (1.0, 7), (3.5, 2)])
def test_ddim_is_that_of_the_training(guidance: float, steps: int) -> None:
    predict = schedule.guided(base.sampler(base.load(WEIGHTS, CPU)), guidance)
    expected = schedule.ddim(predict, torch.arange(10), torch.Generator().manual_seed(5), steps)
    found = sampled(shipped("digits", guidance=guidance, steps=steps), FOLDER)
    # The training takes both halves of guidance in one batch, where convolutions may add up in another order.
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_an_adapter_in_it_is_that_of_the_training() -> None:
    adapted = Adapted(WEIGHTS, adapters.bold(), CPU).load(WEIGHTS)
    adapted.set("scale", 1.5)
    predict = schedule.guided(adapted.predict(), 2.0)
    expected = schedule.ddim(predict, torch.arange(10), torch.Generator().manual_seed(5), 6)
    found = shipped("digits", steps=6)
    edits.apply(found, edits.SetAdapterParam("digits-bold", "scale", 1.5))
    torch.testing.assert_close(sampled(found, FOLDER), expected, rtol=0, atol=1e-5)


def test_lcm_is_that_of_the_training() -> None:
    adapted = Adapted(WEIGHTS, adapters.four_steps(), CPU).load(WEIGHTS)
    adapted.set("condition_scale", 2.0)
    x, labels = noise([10, 1, 16, 16], 5), torch.arange(10)
    with torch.inference_mode():
        for index, (now, then) in enumerate(pairwise(schedule.trailing(4))):
            steps = torch.full_like(labels, now)
            found = schedule.picture(x, adapted.predict()(x, steps, labels), steps).clamp(-1, 1)
            fresh = torch.randn(x.shape, generator=torch.Generator().manual_seed((9 << 16) + index))
            x = found if then < 0 else schedule.noised(found, fresh, torch.full_like(labels, then))
    torch.testing.assert_close(sampled(shipped("digits-lcm", seed=9), FOLDER), x, rtol=0, atol=1e-5)


def test_euler_is_that_of_refiners() -> None:
    solver = Euler(num_inference_steps=9)
    x = noise([3, 2], 1)
    high = solver.sigmas[0]
    scaled = x * (1 + high**2).sqrt()
    for step in range(9):
        seen = solver.scale_model_input(scaled, step)
        scaled = solver(scaled, torch.sin(3 * seen) * solver.timesteps[step] / 1000, step)
    found = toy(
        Tree(Node("both", "Parallel"), children=(leaf("x", "Identity"), use("t", "diffusion", "timestep"))),
        fn("f", "lambda x, t: torch.sin(3 * x) * t / 1000"),
        solver="Euler",
        steps=9,
        schedule="scaled-linear",
        prediction="epsilon",
        clip=None,
    )
    torch.testing.assert_close(sampled(found), scaled, rtol=1e-4, atol=1e-4)


def test_the_noise_alone_decides_what_comes_out() -> None:
    one, other = (toy(fn("f", "lambda x: torch.sin(x)")) for _ in range(2))
    edits.apply(other, SetInputs((Input("x", NoiseSource([3, 2], 2)),)))
    assert torch.equal(sampled(one), sampled(one))
    assert not torch.equal(sampled(one), sampled(other))


# Changes.


def test_params_of_the_solver_take_effect_without_lowering_again() -> None:
    ear = Ear(toy(fn("f", "lambda x: torch.sin(x)"), condition="diffusion.class", unconditional=1.0))
    ear.run()
    first, lowered = ear.result, ear.lowered
    changes = {"steps": 9, "guidance": 3.0, "solver": "LCM", "schedule": "scaled-linear", "prediction": "epsilon"}
    for param, value in changes.items():
        ear.take(Apply(SetParam("sample", param, value)))
        assert ear.run().status == "done"
        assert ear.lowered is lowered
    assert not torch.equal(ear.result, first)
    for param in changes:
        ear.take(Apply(SetParam("sample", param, TOY.get(param, "DDIM"))))
    ear.run()
    assert torch.equal(ear.result, first)


def test_guidance_goes_from_none_over_the_condition_beyond_it() -> None:
    both = Tree(Node("both", "Parallel"), children=(leaf("id", "Identity"), use("c", "diffusion", "class")))
    ear = Ear(toy(both, fn("f", "lambda x, c: x * 0 + c"), condition="diffusion.class", unconditional=1.0, steps=1))
    alpha, sigma = (part.item() for part in schedule.rates(torch.tensor(999)))
    x = noise([3, 2], 1)
    for guidance in (1.0, 0.0, 2.0, 1.0):
        ear.take(Apply(SetParam("sample", "guidance", guidance)))
        ear.run()
        expected = (alpha * x - sigma * (1 + guidance * (3 - 1))).clamp(-1, 1)
        torch.testing.assert_close(ear.result, expected)


def test_another_number_for_the_condition_is_not_lowered_again() -> None:
    both = Tree(Node("both", "Parallel"), children=(leaf("id", "Identity"), use("c", "diffusion", "class")))
    ear = Ear(toy(both, fn("f", "lambda x, c: torch.sin(x) * c"), condition="diffusion.class"))
    ear.run()
    first, lowered = ear.result, ear.lowered
    ear.take(Apply(SetContexts("sample", {"diffusion": DIFFUSION | {"class": NumberSource(1)}})))
    ear.run()
    assert ear.lowered is lowered
    assert not torch.equal(ear.result, first)


# What runs how often.


def counted(ear: Ear, path: str) -> list[int]:
    """Grows by one at every call of a module."""
    calls: list[int] = []
    ear.lowered.program.modules[path].register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_what_does_not_depend_on_the_step_runs_once() -> None:
    side = Tree(Node("side", "Chain", "Side"), children=(use("g", "guide", "weight"), leaf("inv", "Sin")))
    told = Tree(Node("told", "Chain", "Told"), children=(use("c", "diffusion", "class"), leaf("cos", "Cos")))
    both = Tree(Node("both", "Parallel"), children=(leaf("step", "Tanh"), side, told))
    found = toy(
        both,
        fn("f", "lambda x, weight, told: x * weight + told"),
        contexts={"guide": {"weight": NoiseSource([2])}},
        condition="diffusion.class",
        guidance=2.0,
        steps=5,
    )
    ear = Ear(found)
    ear.run()
    calls = {name: counted(ear, f"Sample.Parallel.{name}") for name in ("Tanh", "Side.Sin", "Told.Cos")}
    ear.session.results.cache.clear()
    ear.run()
    assert {name: len(made) for name, made in calls.items()} == {"Tanh": 10, "Side.Sin": 1, "Told.Cos": 2}


def test_what_prints_prints_at_every_step() -> None:
    ear = Ear(toy(leaf("t", "Tanh"), fn("say", "lambda x: (print('step'), x)[1]"), steps=3))
    ear.run()
    assert [m.text for m in ear.heard if isinstance(m, Log)] == ["step\n"] * 3


def test_a_run_again_makes_nothing_and_a_change_after_it_only_that() -> None:
    ear = Ear(toy(fn("f", "lambda x: torch.sin(x)"), after=(leaf("m", "Multiply", scale=2.0),)))
    assert ear.run().ran > 1
    assert ear.run().ran == 0
    ear.take(Apply(SetParam("m", "scale", 3.0)))
    assert ear.run().ran == 1
    ear.take(Apply(SetParam("sample", "steps", 5)))
    assert ear.run().ran == 3
    other = Ear(toy(fn("f", "lambda x: torch.cos(x)")))
    other.session.results.cache = ear.session.results.cache
    other.run()
    assert torch.equal(other.result, sampled(toy(fn("f", "lambda x: torch.cos(x)"))))


# Contexts.


def test_each_step_starts_with_the_contexts_as_they_were() -> None:
    put = leaf("put", "SetContext", context="c", key="held", callback="lambda held, x: held.append(x)")
    pop = leaf("pop", "UseContext", context="c", key="held", compose="lambda held: sum(held) + len(held)")
    ear = Ear(
        toy(
            leaf("t", "Tanh"), put, pop, after=(use("after", "c", "held"),), contexts={"c": {"held": ListSource([1.0])}}
        )
    )
    assert ear.run(watch=("sample",)).status == "done"
    assert ear.result == [1.0]
    expected = sampled(toy(fn("f", "lambda x: torch.tanh(x) + 3.0")))
    assert torch.equal(values_of(ear)["sample"], expected)


def test_values_inside_are_those_of_the_last_step_also_when_looked_at_later() -> None:
    times = Tree(Node("both", "Parallel"), children=(leaf("id", "Identity"), use("t", "diffusion", "timestep")))
    ear = Ear(toy(times, fn("f", "lambda x, t: x * t / 1000"), steps=4))
    ear.run(watch=("t",))
    assert torch.equal(values_of(ear)["t"], torch.tensor([249.0]))
    [preview] = [m for m in ear.take(Watch(("f",))) if isinstance(m, Preview)]
    assert preview.figures is not None
    assert preview.figures.shape == (3, 2)


# Nesting, types.


def test_a_sample_in_a_sample() -> None:
    inner = Tree(
        Node("inner", "Sample", params=TOY | {"steps": 2}, contexts={"diffusion": DIFFUSION}),
        children=(fn("f", "lambda x: torch.sin(x)"),),
    )
    found = sampled(toy(inner, leaf("m", "Multiply", scale=0.5), steps=2))

    def run(x: torch.Tensor, model: Any) -> torch.Tensor:
        with torch.inference_mode():
            for now, then in pairwise(schedule.trailing(2)):
                steps = torch.full((3,), now)
                known = schedule.picture(x, model(x), steps).reshape(3, 1, 3, 2)[0, 0].clamp(-1, 1)
                alpha, sigma = (part[0, 0, 0, 0] for part in schedule.rates(steps))
                eps = (x - alpha * known) / sigma
                if then >= 0:
                    alpha, sigma = (part[0, 0, 0, 0] for part in schedule.rates(torch.full((3,), then)))
                x = known if then < 0 else alpha * known + sigma * eps
        return x

    expected = run(noise([3, 2], 1), lambda x: run(x, torch.sin) * 0.5)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_precisions_come_out_as_they_went_in(dtype: Any) -> None:
    ear = Ear(toy(fn("f", "lambda x: torch.sin(x)")))
    ear.take(Configure("cpu", dtype))
    assert ear.run().status == "done"
    assert ear.result.dtype == getattr(torch, dtype)
    torch.testing.assert_close(
        ear.result.float(), sampled(toy(fn("f", "lambda x: torch.sin(x)"))), rtol=0.05, atol=0.02
    )


# Faults, cancelling, progress.


def test_a_fault_in_it_is_at_its_node() -> None:
    ear = Ear(toy(leaf("fine", "Tanh"), leaf("lin", "Linear", in_features=5, out_features=2)))
    ear.settle()
    assert [fault.node for fault in ear.last(Shapes).faults][:1] == ["lin"]
    finished = ear.run()
    assert finished.status == "failed"
    assert finished.fault is not None
    assert finished.fault.node == "lin"


@pytest.mark.parametrize(
    ("func", "words"),
    [
        ("lambda x: x[:1]", "its children return float32 (1, 2), but must return what the noise is: float32 (3, 2)"),
        ("lambda x: (x, x)", "its children return 2 values, but must return what the noise is"),
        ("lambda x: None", "its children return nothing, but must"),
    ],
)
def test_what_is_no_prediction_is_told(func: str, words: str) -> None:
    ear = Ear(toy(fn("f", func)))
    ear.settle()
    [fault] = ear.last(Shapes).faults
    assert (fault.node, fault.code) == ("sample", "sample-prediction")
    assert words in fault.message
    finished = ear.run()
    assert finished.status == "failed"
    assert finished.fault is not None
    assert finished.fault.node == "sample"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("nowhere.class", "no frame around its children declares it"),
        ("diffusion.other", "which holds neither number nor tensor"),
    ],
)
def test_a_condition_that_is_not_there_is_told(condition: str, words: str) -> None:
    ear = Ear(toy(leaf("t", "Tanh"), condition=condition))
    ear.settle()
    [fault] = ear.last(Shapes).faults
    assert fault.node == "sample"
    assert words in fault.message


def test_it_is_called_off_between_two_nodes_of_a_step() -> None:
    asked: list[int] = []
    ear = Ear(
        toy(leaf("t", "Tanh"), leaf("s", "Sin"), steps=100),
        interrupted=lambda: bool(asked.append(1)) or len(asked) > 50,
    )
    assert ear.run().status == "cancelled"
    assert len(asked) == 51


def test_progress_goes_on_through_the_steps() -> None:
    ear = Ear(toy(leaf("t", "Tanh"), leaf("s", "Sin"), steps=10))
    ear.run()
    told = [m for m in ear.heard if isinstance(m, Progress) and m.node in ("t", "s")]
    shares = [m.done / m.total for m in told]
    assert shares == sorted(shares)
    assert len(shares) > 10


def test_what_is_to_come_of_it_is_shown_after_each_step() -> None:
    ear = Ear(toy(leaf("t", "Tanh"), after=(leaf("m", "Multiply", scale=10.0),), steps=5))
    ear.settle()
    program = ear.lowered.program
    ear.run()
    seen: list[Mapping[str, Any]] = []
    given = Given({"x": noise([3, 2], 1)}, ear.session.replica.given({}, {})[0].contexts)
    watched = frozenset({"sample", "m", "root", "t"})
    outcome = program.run(
        given, lambda *_: None, lambda *_: None, watched, emerge=lambda look: seen.append(dict(look()))
    )
    assert len(seen) == 4
    assert all(torch.equal(values["m"], 10 * values["sample"]) for values in seen)
    assert all(set(values) == watched for values in seen)
    assert not torch.equal(seen[0]["sample"], seen[1]["sample"])
    assert torch.equal(outcome.result, ear.result)


def test_what_fails_after_it_does_so_when_the_run_gets_there() -> None:
    after = (leaf("m", "Multiply", scale=10.0), leaf("lin", "Linear", in_features=5, out_features=5))
    ear = Ear(toy(leaf("t", "Tanh"), after=after, steps=5))
    ear.settle()
    replica = ear.session.replica
    program, given = ear.lowered.program, Given({"x": noise([3, 2], 1)}, replica.given({}, {})[0].contexts)
    program.modules = replica.real(ear.lowered)
    seen: list[set[str]] = []
    watched = frozenset({"sample", "m", "root"})
    with pytest.raises(RunError) as failed:
        program.run(given, lambda *_: None, lambda *_: None, watched, emerge=lambda look: seen.append(set(look())))
    assert seen == [{"sample", "m"}] * 4
    assert failed.value.fault.node == "lin"
    assert set(failed.value.values) == {"sample", "m"}


def test_a_breakpoint_in_it_pauses_at_every_step() -> None:
    ear = Ear(toy(leaf("t", "Tanh"), leaf("stop", "Breakpoint"), leaf("s", "Sin"), steps=3))
    ear.session.attend = lambda _: Resume(1)
    assert ear.run(pauses=True).status == "done"
    paused = [m for m in ear.heard if isinstance(m, Paused)]
    assert [m.node for m in paused] == ["stop"] * 3
    times = [held.text for at in paused for held in at.contexts if held.label == "diffusion.timestep"]
    assert times == ["float32 (1,)"] * 3
    assert isinstance(ear.heard[-1], Finished)


def test_a_kind_knows_what_a_new_one_declares() -> None:
    assert CATALOGUE["Sample"].contexts == {"diffusion": {"timestep": NumberSource(999.0)}}


def test_what_emerges_uses_values_of_earlier_runs() -> None:
    example = Path("resources/examples/digits-inpainting.catenary")
    ear = Ear(parsing.parse(example.read_bytes(), "example"), example.parent.absolute())
    ear.take(Apply(SetParam("n001", "steps", 2)))
    assert ear.run(watch=("root",)).status == "done"
    graph = ear.session.graph
    picture = next(spots for spots, path in pictures(graph).items() if path == "digits-picture.png")
    ear.take(Apply(redrawn(graph, picture, "digits-mask.png")))
    end = ear.run(watch=("root",))
    assert end.status == "done", end.fault
