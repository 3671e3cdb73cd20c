"""Code for Refiners: runs with Refiners, gives what the graph gives, and has weights of the same names."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from engine.document import edits, files
from engine.document.graph import Graph, Input, Node, Place, Tree, View, paths
from engine.document.sources import ListSource, NumberSource, UnsetSource
from engine.document.templates import complete, with_ids
from engine.export import ExportError
from engine.export.part import part
from engine.export.refiners import refiners_code
from engine.runtime.importing import import_tree
from engine.runtime.lower import lower
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from nodes import CATALOGUE
from nodes.models import MODELS, build
from nodes.tree import function, linear, node, put, use
from tests.engine.export.written import complaints, imported
from tests.engine.runtime.test_oracle import Plan, exactly, ours, outcome, roots
from tests.nodes.examples import EXAMPLES
from tests.nodes.models import oracle

FILES = sorted(Path("resources/examples").glob("*.catenary"))
SAMPLING = [file for file in FILES if file.stem.startswith("digits")]
EXAMPLE_FILES = [file for file in FILES if file not in SAMPLING]


def graph_of(root: Tree) -> Graph:
    """A graph with this root; a node's id is its number."""
    ids = (f"n{number}" for number in range(1000))
    tree = with_ids(complete(root, CATALOGUE), ids)
    graph = Graph(Node("root", tree.node.kind, tree.node.name, tree.node.params, tree.node.contexts))
    edits.apply(graph, edits.Insert(Place("root", 0), tree.children or ()))
    return graph


def model_of(graph: Graph) -> Any:
    model = imported(refiners_code(graph, CATALOGUE)).build()
    model.requires_grad_(False)
    return model


def same_keys(graph: Graph, model: Any) -> dict[str, torch.nn.Module]:
    """The modules of a graph, whose weights a model gets under the same names."""
    return oracle.same_weights(model, graph)


# Models and examples.


def test_the_unet_of_stable_diffusion_is_equal_to_the_bit(tmp_path: Path) -> None:
    graph = build(MODELS["sd15-unet"])
    code = refiners_code(graph, CATALOGUE, "unet.safetensors")
    (tmp_path / "unet.py").write_text(code)
    assert complaints(tmp_path) == ""
    with torch.device("meta"):
        model = imported(code).build()
    modules = oracle.same_weights(model, graph)
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 16, 16, generator=random)
    held = {
        "diffusion.timestep": torch.tensor([601]),
        "cross_attention_block.clip_text_embedding": torch.randn(1, 77, 768, generator=random),
    }
    for label, value in held.items():
        context, key = label.split(".")
        model.set_context(context, {key: value})
    with torch.no_grad():
        assert torch.equal(model(x), oracle.result(graph, modules, {"x": x}, held))


def test_the_text_encoder_is_equal_to_the_bit() -> None:
    graph = build(MODELS["clip-l"])
    with torch.device("meta"):
        model = imported(refiners_code(graph, CATALOGUE)).build()
    modules = oracle.same_weights(model, graph)
    ids = [[49406, 320, 1125, 539, 320, 2368, *[49407] * 71]]
    with torch.no_grad():
        assert torch.equal(model(ids), oracle.result(graph, modules, {"ids": ids}, {}))


def test_the_decoder_of_the_autoencoder_is_equal_to_the_bit() -> None:
    graph = build(MODELS["vae-decoder"])
    with torch.device("meta"):
        model = imported(refiners_code(graph, CATALOGUE)).build()
    modules = oracle.same_weights(model, graph)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(model(x), oracle.result(graph, modules, {"x": x}, {}))


@pytest.mark.parametrize("name", [name for name in MODELS if name != "sd15"])  # it samples, which no layer does
def test_every_model_is_the_same_graph_when_its_code_is_imported_again(name: str, tmp_path: Path) -> None:
    graph = build(MODELS[name])
    code = refiners_code(graph, CATALOGUE)
    (tmp_path / "model.py").write_text(code)
    assert complaints(tmp_path) == ""
    with torch.device("meta"):
        again = import_tree(imported(code).build(), CATALOGUE).graph
    kinds = [(path, graph.nodes[n].kind, graph.nodes[n].params) for n, path in paths(graph).items()]
    assert [(path, again.nodes[n].kind) for n, path in paths(again).items()] == [each[:2] for each in kinds]


@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda file: file.stem)
def test_every_example_gives_the_same(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, _ = files.load(file)
    code = refiners_code(graph, CATALOGUE)
    (tmp_path / "model.py").write_text(code)
    assert complaints(tmp_path) == ""
    inputs = {"photo": torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0)), "x": 2.0}
    arguments = {entry.name: inputs[entry.name] for entry in graph.inputs}
    sources = {key: graph.nodes[key.provider].contexts[key.context][key.key] for key in oracle.keys(graph)}
    values = {k: s.value for k, s in sources.items() if isinstance(s, NumberSource | ListSource)}
    modules = oracle.noisy_weights(graph)
    outside = Given(arguments, values)
    told: list[str] = []
    program = lower(graph, CATALOGUE, modules, outside).program
    expected = program.run(outside, lambda *_: None, lambda _, text: told.append(text)).result
    with torch.no_grad():
        assert exactly(model_of(graph)(*arguments.values())) == exactly(expected)
    assert capsys.readouterr().out == "".join(told)


@pytest.mark.parametrize("file", SAMPLING, ids=lambda file: file.stem)
def test_what_samples_is_no_layer_but_the_model_in_it_is(file: Path) -> None:
    graph, _ = files.load(file)
    with pytest.raises(ExportError, match=r"Sample asks its children again and again.*export DigitsUNet"):
        refiners_code(graph, CATALOGUE)
    sample = next(node.id for node in graph.nodes.values() if node.kind == "Sample")
    inside = part(graph, CATALOGUE, graph.children[sample][0])
    assert "class DigitsUNet(fl.Chain)" in refiners_code(inside, CATALOGUE)


# Every kind.


@pytest.mark.parametrize("name", [name for name in EXAMPLES if CATALOGUE[name].role == "module"])
def test_every_module_computes_the_same(name: str, tmp_path: Path) -> None:
    for number, example in enumerate(EXAMPLES[name]):
        graph = graph_of(node("Chain", node(name, **example.params), name="Model"))
        code = refiners_code(graph, CATALOGUE)
        (tmp_path / f"model_{number}.py").write_text(code)
        model = imported(code).build()
        model.requires_grad_(False)
        modules = same_keys(graph, model)
        (leaf,) = modules.values()
        with torch.no_grad():
            assert exactly(model(*example.inputs)) == exactly(leaf.eval()(*example.inputs)), code
    assert complaints(tmp_path) == ""


# Random trees.


def check_plan(plan: Plan, x: Any) -> None:
    graph, values = ours(plan)
    modules = {n: torch.nn.Identity() for n in graph.nodes if graph.nodes[n].kind == "Identity"}
    outside = Given({"x": x}, values)
    program = lower(graph, CATALOGUE, modules, outside).program
    expected = outcome(lambda: program.run(outside, lambda *_: None, lambda *_: None).result, RunError)
    assume(expected != "failed")
    model = model_of(graph)
    with torch.no_grad():
        assert exactly(model(x)) == expected
        assert exactly(model(x)) == expected  # and nothing leaks from one run to the next


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(roots(tensors=False))
def test_random_trees_on_numbers_give_the_same_at_every_run(plan: Plan) -> None:
    check_plan(plan, 0.5)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(roots(tensors=True))
def test_random_trees_on_tensors_give_the_same_at_every_run(plan: Plan) -> None:
    check_plan(plan, torch.randn(2, 2, generator=torch.Generator().manual_seed(0)))


# What Fluxion does otherwise, or not at all.


def check_code(graph: Graph, *arguments: Any) -> str:
    """Run a graph here and with Refiners, twice; gives the code."""
    modules = oracle.noisy_weights(graph)
    outside = oracle.given(graph, {entry.name: x for entry, x in zip(graph.inputs, arguments, strict=True)}, {})
    sources = {key: graph.nodes[key.provider].contexts[key.context][key.key] for key in oracle.keys(graph)}
    outside.contexts.update({key: source.value for key, source in sources.items() if isinstance(source, NumberSource)})
    expected = lower(graph, CATALOGUE, modules, outside).program.run(outside, lambda *_: None, lambda *_: None).result
    code = refiners_code(graph, CATALOGUE)
    model = imported(code).build()
    model.load_state_dict(weights_of(graph, modules))
    model.requires_grad_(False)
    with torch.no_grad():
        assert exactly(model(*arguments)) == exactly(expected)
        assert exactly(model(*arguments)) == exactly(expected)
    return code


def weights_of(graph: Graph, modules: dict[str, torch.nn.Module]) -> dict[str, torch.Tensor]:
    path_of = paths(graph)
    return {f"{path_of[node]}.{k}": v for node, module in modules.items() for k, v in module.state_dict().items()}


def with_input(root: Tree) -> Graph:
    graph = graph_of(root)
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    return graph


@pytest.mark.parametrize("frame", ["Chain", "Residual", "Passthrough"])
def test_an_empty_frame_passes_its_input_on(frame: str) -> None:
    check_code(with_input(node("Chain", node(frame), function("lambda x: x + 1"))), 3.0)


@pytest.mark.parametrize("frame", ["Chain", "Residual", "Passthrough"])
def test_a_return_ends_the_sequence_around_it(frame: str) -> None:
    inner = node(frame, function("lambda x: x * 2"), node("Return"), function("lambda x: x * 100"))
    check_code(with_input(node("Chain", inner, function("lambda x: x + 1"))), 3.0)


def test_a_return_leaves_the_branches_around_it_and_contexts_start_anew() -> None:
    branches = node("Sum", node("Identity"), put("c", "k"), node("Return"))
    inner = node("Chain", branches, contexts={"c": {"k": NumberSource(1.0)}}, name="Inner")
    check_code(with_input(node("Chain", node("Sum", inner, function("lambda x: x * 10")))), 3.0)


def test_a_provider_inside_another_of_the_same_context_starts_from_its_own_values() -> None:
    read = node("Sum", use("c", "k"), put("c", "k"))
    inner = node("Chain", read, name="Inner", contexts={"c": {"k": NumberSource(5.0)}})
    check_code(with_input(node("Chain", inner, read, contexts={"c": {"k": NumberSource(1.0)}})), 3.0)


@pytest.mark.parametrize("frame", ["Sum", "Parallel", "Distribute"])
def test_a_provider_that_is_no_chain_starts_every_run_anew(frame: str) -> None:
    push = node("Chain", put("c", "l", "lambda l, x: l.append(x)"), use("c", "l", "lambda l: sum(l)"))
    branches = [push] if frame == "Distribute" else [push, push]
    check_code(with_input(node(frame, *branches, name="All", contexts={"c": {"l": ListSource([1.0])}})), 3.0)


def test_a_context_without_entries_can_be_written() -> None:
    check_code(with_input(node("Chain", put("c", "k"), use("c", "k", "lambda k: k * 2"), contexts={"c": {}})), 3.0)


def test_a_breakpoint_is_passed() -> None:
    check_code(with_input(node("Chain", node("Breakpoint"), node("Sin"))), torch.ones(2))


def test_causal_attention_that_refiners_refuses_is_ours() -> None:
    attention = node("SelfAttention", embedding_dim=8, num_heads=2, is_causal=True, is_optimized=False)
    code = check_code(with_input(node("Chain", attention)), torch.randn(1, 5, 8))
    assert "class ScaledDotProductAttention(fl.Module)" in code


def test_layers_with_shared_weights_are_one_object() -> None:
    graph = with_input(node("Chain", linear(3, 3), node("Chain", node("ReLU"), linear(3, 3))))
    first, second = (n for n in graph.walk() if graph.nodes[n].kind == "Linear")
    for leaf in (first, second):
        edits.apply(graph, edits.SetShared(leaf, first))
    code = refiners_code(graph, CATALOGUE)
    assert 'share(model, "Chain.Linear", "Linear")' in code
    model = imported(code).build()
    assert model[0] is model[1][1]
    assert set(model.state_dict()) == {f"{p}.{k}" for p in ("Linear", "Chain.Linear") for k in ("weight", "bias")}


def test_modules_and_functions_of_others_are_imported() -> None:
    foreign = node("Foreign", constructor="torch.nn:Sequential", arguments="{}")
    code = refiners_code(graph_of(node("Chain", function("torch.nn.functional:relu"), foreign)), CATALOGUE)
    model = imported(code).build()
    assert list(model._modules) == ["Lambda", "Foreign"]
    assert torch.equal(model(torch.tensor([-1.0, 1.0])), torch.tensor([0.0, 1.0]))


def test_functions_of_one_name_in_several_modules_are_told_apart() -> None:
    functions = ("math:floor", "torch:floor", "torch:relu")
    graph = graph_of(node("Chain", *map(function, functions[1:]), node("Chain", function(functions[0]), name="floor")))
    model = imported(refiners_code(graph, CATALOGUE)).build()
    assert list(model._modules) == ["Lambda_1", "Lambda_2", "floor"]
    assert model(torch.tensor([-1.5, 1.5])[1:]) == 1


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"constructor": "torch.nn:Linear(1) or 2"}, "names no Python code"),
        ({"constructor": "os:path\nimport this"}, "names no Python code"),
        ({"arguments": "[1]"}, "must be a JSON object"),
        ({"arguments": "{"}, "are no JSON"),
    ],
)
def test_what_names_no_module_is_not_written(params: dict[str, Any], why: str) -> None:
    given: dict[str, Any] = {"constructor": "torch.nn:Linear", "arguments": "{}"} | params
    foreign = node("Foreign", **given)
    with pytest.raises(ExportError, match=why):
        refiners_code(graph_of(node("Chain", foreign)), CATALOGUE)


def test_arguments_of_others_may_have_any_name() -> None:
    foreign = node("Foreign", constructor="collections:OrderedDict", arguments='{"name": 1, "made": 2, "a b": 3}')
    code = refiners_code(graph_of(node("Chain", foreign)), CATALOGUE)
    assert 'adopted("Foreign", collections.OrderedDict, {"name": 1, "made": 2, "a b": 3})' in code


def test_a_module_called_as_something_else_is_refused() -> None:
    with pytest.raises(ExportError, match="module build is called"):
        refiners_code(graph_of(node("Chain", function("build:made"))), CATALOGUE)


def test_a_layer_that_torch_can_t_hold_is_refused() -> None:
    with pytest.raises(ExportError, match="another name"):
        refiners_code(graph_of(node("Chain", node("ReLU", name="training"))), CATALOGUE)


# How it reads.


def test_frames_that_differ_in_values_are_one_class_with_arguments() -> None:
    blocks = [node("Chain", linear(n, n), node("ReLU"), name="Block") for n in (2, 3)]
    code = refiners_code(graph_of(node("Chain", *blocks, name="Net")), CATALOGUE)
    assert code.count("class Block(") == 1
    assert "def __init__(self, in_features: int) -> None:" in code
    assert "fl.Linear(in_features=in_features, out_features=in_features)" in code
    assert "Block(in_features=3)" in code


def test_frames_of_one_name_and_another_structure_are_classes_that_fluxion_calls_the_same() -> None:
    blocks = [node("Chain", node("Sin"), name="Block"), node("Chain", node("Cos"), name="Block")]
    model = imported(refiners_code(graph_of(node("Chain", *blocks, name="Net")), CATALOGUE)).build()
    assert list(model._modules) == ["Block_1", "Block_2"]


@pytest.mark.parametrize("name", ["class", "fl", "torch", "build", "Any", "super", "self", "len", "Tête", "Block2"])
def test_names_that_mean_something_else_stay_names_of_weights(name: str) -> None:
    graph = graph_of(node("Chain", node("Chain", linear(2, 2), name=name), node("Chain", name="Block"), name="Net"))
    model = imported(refiners_code(graph, CATALOGUE)).build()
    assert {path.rpartition(".")[0] for path in model.state_dict()} == {f"{name}.Linear"}


def test_an_untouched_attention_is_fluxions_and_a_changed_one_is_spelled_out() -> None:
    graph = graph_of(node("Chain", node("Attention", embedding_dim=8, num_heads=2)))
    assert "fl.Attention(embedding_dim=8, num_heads=2)" in refiners_code(graph, CATALOGUE)
    inner = next(n for n in graph.walk() if graph.nodes[n].kind == "ScaledDotProductAttention")
    edits.apply(graph, edits.SetParam(inner, "num_heads", 4))
    code = refiners_code(graph, CATALOGUE)
    assert "class Attention(fl.Chain):" in code
    assert "fl.ScaledDotProductAttention(num_heads=4)" in code


def test_notes_are_docstrings_and_unset_contexts_are_told_of() -> None:
    graph = graph_of(
        node("Chain", use("c", "k"), contexts={"c": {"k": UnsetSource(), "n": NumberSource(2)}}, name="Net")
    )
    edits.apply(graph, edits.SetView("root", View(note="What it is for.")))
    module = imported(refiners_code(graph, CATALOGUE))
    assert module.Net.__doc__ == "What it is for."
    assert 'model.set_context("c", {"k": ..., "n": 2})' in module.__doc__


def test_a_frame_of_a_graph_is_a_model_that_asks_for_the_contexts_outside() -> None:
    inner = node("Chain", use("c", "k"), function("lambda k: k * 2"), name="Inner")
    graph = graph_of(node("Chain", inner, contexts={"c": {"k": NumberSource(1)}}, name="Net"))
    model = imported(refiners_code(part(graph, CATALOGUE, graph.children["root"][0]), CATALOGUE)).build()
    assert type(model).__name__ == "Inner"
    model.set_context("c", {"k": 21})
    assert model(None) == 42


def test_what_can_not_be_written_names_the_node() -> None:
    graph = graph_of(node("Chain", node("Chain", function("lambda x: ("), name="Inner")))
    with pytest.raises(ExportError, match=r"^Inner.Lambda: "):
        refiners_code(graph, CATALOGUE)
    graph.nodes["root"] = Node("root", "Mystery")
    with pytest.raises(ExportError, match="Mystery"):
        refiners_code(graph, CATALOGUE)
