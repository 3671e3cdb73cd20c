"""Plain PyTorch: one file that needs torch alone, and gives what the graph gives."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch import nn

from engine.document import edits, files
from engine.document.graph import Graph, Input
from engine.document.scopes import Key
from engine.document.sources import NumberSource, UnsetSource
from engine.export import ExportError
from engine.runtime.lower import Lowered, lower
from engine.runtime.outcome import RunError
from engine.runtime.piece import piece_of
from engine.runtime.program import Given
from engine.runtime.torch_code import torch_code
from nodes import CATALOGUE
from nodes.models import MODELS, build
from nodes.tree import function, linear, node, put, use
from tests.engine.export.test_refiners import EXAMPLE_FILES, graph_of, weights_of
from tests.engine.export.written import complaints, imported, run_alone
from tests.engine.runtime.test_oracle import Plan, exactly, ours, outcome, roots
from tests.nodes.examples import EXAMPLES
from tests.nodes.models import oracle


def run(lowered: Lowered, outside: Given) -> Any:
    return lowered.program.run(outside, lambda *_: None, lambda *_: None).result


def code_of(graph: Graph, lowered: Lowered, frame: str = "", weights: str = "") -> str:
    return torch_code(piece_of(graph, CATALOGUE, lowered, frame or graph.root), CATALOGUE, weights)


def check_alone(graph: Graph, inputs: dict[str, Any], held: dict[str, Any], folder: Path) -> None:
    """Run a graph here, and its code where only torch can be imported."""
    modules = oracle.noisy_weights(graph)
    outside = oracle.given(graph, inputs, held)
    for key in oracle.keys(graph):
        source = graph.nodes[key.provider].contexts[key.context][key.key]
        if isinstance(source, NumberSource):
            outside.contexts[key] = source.value
    lowered = lower(graph, CATALOGUE, modules, outside)
    used = weights_of(graph, modules)
    (folder / "model.py").write_text(code_of(graph, lowered, weights="model.pt" if used else ""))
    if used:
        torch.save(used, folder / "model.pt")
    assert complaints(folder) == ""
    keywords = {label.split(".")[1]: value for label, value in held.items()}
    found = run_alone(folder, tuple(inputs.values()), keywords)
    assert exactly(found) == exactly(run(lowered, outside))


def test_the_unet_of_stable_diffusion_is_equal_to_the_bit(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 8, 8, generator=random)
    held = {
        "diffusion.timestep": torch.tensor([601]),
        "cross_attention_block.clip_text_embedding": torch.randn(1, 77, 768, generator=random),
    }
    check_alone(build(MODELS["sd15-unet"]), {"x": x}, held, tmp_path)


def test_the_text_encoder_is_equal_to_the_bit(tmp_path: Path) -> None:
    ids = torch.tensor([[49406, 320, 1125, 539, 320, 2368, *[49407] * 71]])
    graph = build(MODELS["clip-l"])
    leaf = next(n for n in graph.walk() if graph.nodes[n].kind == "Lambda")
    edits.apply(graph, edits.SetParam(leaf, "func", "lambda ids: ids"))
    check_alone(graph, {"ids": ids}, {}, tmp_path)


def test_the_decoder_of_the_autoencoder_is_equal_to_the_bit(tmp_path: Path) -> None:
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    check_alone(build(MODELS["vae-decoder"]), {"x": x}, {}, tmp_path)


@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda file: file.stem)
def test_every_example_gives_the_same(file: Path, tmp_path: Path) -> None:
    graph, _ = files.load(file)
    values = {"photo": torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0)), "x": 2.0}
    check_alone(graph, {entry.name: values[entry.name] for entry in graph.inputs}, {}, tmp_path)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if CATALOGUE[name].role == "module"])
def test_every_module_computes_the_same(name: str, tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES[name]):
        graph = graph_of(node("Chain", node(name, **example.params), name="Model"))
        names = [f"x_{place}" for place in range(len(example.inputs))]
        edits.apply(graph, edits.SetInputs(tuple(Input(each, UnsetSource()) for each in names)))
        modules = {n: module.eval() for n, module in oracle.noisy_weights(graph).items()}
        outside = Given(dict(zip(names, example.inputs, strict=True)))
        lowered = lower(graph, CATALOGUE, modules, outside)
        code = code_of(graph, lowered)
        (tmp_path / f"model_{number}.py").write_text(code)
        model = imported(code).build()
        model.load_state_dict(weights_of(graph, modules))
        model.requires_grad_(False)
        tensors = [x for x in example.inputs if isinstance(x, torch.Tensor | int | float)]
        with torch.no_grad():
            assert exactly(model(*tensors)) == exactly(run(lowered, outside)), code
    assert complaints(tmp_path) == ""


def check_plan(plan: Plan, x: Any) -> None:
    graph, values = ours(plan)
    modules = {n: nn.Identity() for n in graph.nodes if graph.nodes[n].kind == "Identity"}
    outside = Given({"x": x}, values)
    lowered = lower(graph, CATALOGUE, modules, outside)
    expected = outcome(lambda: run(lowered, outside), RunError)
    assume(expected != "failed" and not lowered.faults)
    assert exactly(imported(code_of(graph, lowered)).build()(x)) == expected


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(roots(tensors=False))
def test_random_trees_on_numbers_give_the_same(plan: Plan) -> None:
    check_plan(plan, 0.5)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(roots(tensors=True))
def test_random_trees_on_tensors_give_the_same(plan: Plan) -> None:
    check_plan(plan, torch.randn(2, 2, generator=torch.Generator().manual_seed(0)))


# How it reads, and what it takes.


def written(graph: Graph, outside: Given, frame: str = "") -> tuple[str, Any]:
    lowered = lower(graph, CATALOGUE, oracle.noisy_weights(graph), outside)
    code = code_of(graph, lowered, frame)
    return code, imported(code).build()


def with_input(*children: Any, contexts: Any = None, name: str = "") -> Graph:
    graph = graph_of(node("Chain", *children, contexts=contexts, name=name))
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    return graph


def test_entries_of_providers_are_keyword_arguments_with_their_values() -> None:
    graph = with_input(
        node("Sum", node("Identity"), use("c", "strength")), contexts={"c": {"strength": NumberSource(2.5)}}
    )
    _, model = written(graph, Given({"x": 1.0}, {Key("root", "c", "strength"): 2.5}))
    assert model(1.0) == 3.5
    assert model(1.0, strength=4.0) == 5.0


def test_a_value_kept_in_a_context_has_its_name_and_the_frames_are_comments() -> None:
    inner = node("Chain", put("c", "kept"), node("Sin"), name="Inner")
    graph = with_input(inner, use("c", "kept"), contexts={"c": {}})
    code, model = written(graph, Given({"x": torch.ones(2)}))
    assert torch.equal(model(torch.ones(2)), torch.ones(2))
    assert "Sin" not in code  # nobody needs what it makes
    graph = with_input(node("Cos"), inner, node("Sum", node("Identity"), use("c", "kept")), contexts={"c": {}})
    code, _ = written(graph, Given({"x": torch.ones(2)}))
    assert "        kept = self.Cos(x)\n        # Inner\n        x = self.Inner.Sin(kept)\n" in code


def test_an_expression_that_chooses_is_a_function() -> None:
    choose = function("lambda x: x if x > 0 else -x", name="Absolute")
    code, model = written(with_input(choose, choose), Given({"x": -2.0}))
    assert code.count("def _absolute(x):\n    return x if x > 0 else -x\n") == 1
    assert (model(-2.0), model(3.0)) == (2.0, 3.0)


def test_what_it_prints_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    _, model = written(with_input(function("lambda x: print('x is', x) or x * 2")), Given({"x": 2.0}))
    assert model(4.0) == 8.0
    assert capsys.readouterr().out == "x is 4.0\n"


def test_new_tensors_are_made_where_the_input_is() -> None:
    code, _ = written(with_input(function("lambda x: x + torch.ones(2, device=x.device)")), Given({"x": torch.ones(2)}))
    assert "device = x.device" in code
    assert "device=device" in code


def test_layers_with_shared_weights_are_one() -> None:
    graph = with_input(linear(3, 3), node("Chain", node("ReLU"), linear(3, 3)))
    leaves = [n for n in graph.walk() if graph.nodes[n].kind == "Linear"]
    for leaf in leaves:
        edits.apply(graph, edits.SetShared(leaf, leaves[0]))
    code, model = written(graph, Given({"x": torch.ones(1, 3)}))
    assert code.count("nn.Linear(") == 1
    assert set(model.state_dict()) == {"Linear.weight", "Linear.bias"}


def test_a_frame_takes_what_reaches_it_as_arguments() -> None:
    inner = node("Chain", node("Sum", linear(2, 2), use("c", "scale", "lambda s: s * 2")), name="Inner")
    graph = with_input(node("Sin"), inner, contexts={"c": {"scale": NumberSource(3.0)}})
    frame = graph.children["root"][1]
    x = torch.ones(1, 2)
    code, model = written(graph, Given({"x": x}, {Key("root", "c", "scale"): 3.0}), frame)
    assert "class Inner(nn.Module)" in code
    assert "def forward(self, x: Tensor, *, scale: float = 3.0)" in code
    assert torch.equal(model(x), model.Sum.Linear(x) + 6.0)


@pytest.mark.parametrize("name", ["forward", "class", "Tête", "training"])
def test_names_that_torch_has_for_itself_are_refused(name: str) -> None:
    with pytest.raises(ExportError, match=f"can't call a layer '{name}'"):
        written(with_input(node("Chain", linear(2, 2), name=name)), Given({"x": torch.ones(2)}))


def test_inputs_of_any_name_are_arguments() -> None:
    graph = graph_of(node("Chain", function("lambda a, b, c: a + b * c")))
    edits.apply(graph, edits.SetInputs(tuple(Input(n, UnsetSource()) for n in ("class", "größe", "torch"))))
    _, model = written(graph, Given({"class": 1.0, "größe": 2.0, "torch": 3.0}))
    assert model(1.0, 2.0, 3.0) == 7.0


def test_a_graph_that_will_not_run_is_refused_with_the_node() -> None:
    graph = with_input(node("Chain", linear(3, 3), name="Inner"))
    with pytest.raises(ExportError, match=r"^Inner.Linear will not run: "):
        written(graph, Given({"x": torch.ones(1, 2)}))


def test_code_of_others_is_refused_with_the_node() -> None:
    graph = with_input(function("math:sqrt"))
    with pytest.raises(ExportError, match=r"^Lambda "):
        written(graph, Given({"x": 4.0}))


def test_names_of_python_are_no_names_of_models_and_arguments() -> None:
    graph = graph_of(node("Chain", linear(2, 2), name="super"))
    graph.inputs = (Input("len", UnsetSource()),)
    modules, outside = oracle.noisy_weights(graph), Given({"len": torch.ones(1, 2)}, {})
    lowered = lower(graph, CATALOGUE, modules, outside)
    made = imported(code_of(graph, lowered)).build()
    made.load_state_dict(weights_of(graph, modules))
    with torch.no_grad():
        assert torch.equal(made(value_len=torch.ones(1, 2)), run(lowered, outside))
