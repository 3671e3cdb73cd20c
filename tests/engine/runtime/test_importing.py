"""Import of live modules: the same tree, the same weights, the same results."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import refiners.fluxion.layers as fl
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from refiners.foundationals.clip.text_encoder import TransformerLayer
from refiners.foundationals.latent_diffusion import SD1UNet, SDXLUNet
from refiners.foundationals.latent_diffusion.auto_encoder import Decoder, Encoder, Resnet
from refiners.foundationals.latent_diffusion.cross_attention import CrossAttentionBlock2d
from refiners.foundationals.latent_diffusion.range_adapter import RangeEncoder
from refiners.foundationals.latent_diffusion.unet import ResidualAccumulator, ResidualConcatenator
from torch import nn

from engine.document import edits, files, parsing
from engine.document.check import check
from engine.document.edits import SetContexts, SetInputs
from engine.document.graph import Graph, Input, Weights, paths, same
from engine.document.keys import sources_of
from engine.document.references import Reference, references
from engine.document.scopes import keys
from engine.document.sharing import members
from engine.document.sources import ListSource, NumberSource, TensorSource, TextSource, UnsetSource
from engine.messages import Configure, Finished, Load, Loaded, Run
from engine.runtime.importing import Imported, import_tree
from engine.runtime.imports import save
from engine.runtime.lower import lower
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.engine.runtime import test_oracle as oracle


def bring(module: nn.Module) -> Imported:
    return import_tree(module, CATALOGUE)


def on_meta(make: Callable[..., nn.Module], **arguments: Any) -> nn.Module:
    with torch.device("meta"):
        return make(**arguments, device="meta")


def kinds_and_values(graph: Graph) -> list[Any]:
    nodes = map(graph.node, graph.walk())
    return [(node.id, node.kind, node.name, node.params, graph.children.get(node.id)) for node in nodes]


@pytest.mark.parametrize(
    ("make", "arguments", "count", "model"),
    [
        (SD1UNet, {"in_channels": 4}, 1265, "sd15-unet"),
        (SDXLUNet, {"in_channels": 4}, 2813, "sdxl-unet"),
        (Encoder, {}, 138, "vae-encoder"),
        (Decoder, {}, 178, "vae-decoder"),
    ],
)
def test_a_model_of_refiners_is_the_one_that_we_build(make, arguments, count, model):
    found, built = bring(on_meta(make, **arguments)), build(MODELS[model])
    assert (len(found.graph), found.placeholders) == (count, {})
    assert kinds_and_values(found.graph) == kinds_and_values(built)
    for node in found.graph.walk():
        ours, theirs = built.nodes[node].contexts, found.graph.nodes[node].contexts
        assert {c: set(entries) for c, entries in ours.items()} == {c: set(entries) for c, entries in theirs.items()}
        for context, entries in theirs.items():  # a built model has examples where Refiners waits for values
            assert all(ours[context][k] == source for k, source in entries.items() if source != UnsetSource())


@pytest.mark.parametrize(("make", "count"), [(SD1UNet, 1265), (SDXLUNet, 2813)])
def test_nodes_and_paths_are_those_of_the_live_tree(make, count):
    live = on_meta(make, in_channels=4)
    found = bring(live)
    # PyTorch counts the activation inside a GLU as a module of its own; to Fluxion's tree it is a part of it.
    names = {name for name, _ in live.named_modules() if not name.endswith("GLU.activation")}
    assert set(paths(found.graph).values()) == names
    assert len(names) == count
    assert {key: tensor.shape for key, tensor in found.weights.items()} == {
        key: tensor.shape for key, tensor in live.state_dict().items()
    }
    assert same(parsing.parse(files.dump(found.graph)), found.graph)
    problems = check(found.graph, CATALOGUE)
    assert {problem.code for problem in problems} <= {"input-missing", "context-never-set"}
    unset = {problem.param for problem in problems if problem.code == "context-never-set"}
    assert {"diffusion.timestep", "cross_attention_block.clip_text_embedding"} <= unset
    assert found.notes == [
        "cross_attention_block.clip_text_embedding is used, but declared nowhere: it is declared unset"
    ]


class Scaled(fl.Chain):
    """Functions of all sorts: with closures, from the line of others, methods, defaults, changes of a list."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        shift = 0.25
        super().__init__(
            fl.Lambda(self.times),
            fl.Parallel(fl.Lambda(lambda x: x + shift), fl.Lambda(lambda x: x - shift), fl.Identity()),
            fl.Lambda(lambda x, y, z, third=3: (x - y) / third + z),
            fl.SetContext("kept", "list", self.keep),
            fl.SetContext("kept", "one"),
            fl.Linear(4, 4),
            fl.Residual(fl.UseContext("kept", "list").compose(lambda xs: xs[1])),
            fl.Sum(fl.Identity(), fl.UseContext("kept", "one"), fl.UseContext("kept", "by")),
            fl.Concatenate(fl.Identity(), fl.Chain(fl.GLU(fl.SiLU()), fl.GeLU(fl.GeLUApproximation.TANH)), dim=1),
        )

    def init_context(self):
        return {"kept": {"list": [0.0, 0.0], "one": None, "by": 2.0, "title": "t", "where": torch.ones(1)}}

    def times(self, x):
        return x * self.scale

    def keep(self, held, x):
        held[1] = x


def convolutions():
    return fl.Chain(
        fl.Conv2d(3, 8, 3, padding=1, stride=(2, 1)),
        fl.GroupNorm(8, 2, eps=1e-3),
        fl.ReLU(),
        fl.Downsample(8, 2),
        fl.Upsample(8),
        fl.Residual(Resnet(8, 4, num_groups=2), fl.Conv2d(4, 8, (1, 3), padding=(0, 1), use_bias=False)),
        fl.SelfAttention2d(8, num_heads=2),
        fl.LayerNorm2d(8),
        fl.MaxPool2d(2),
        fl.Upsample(8, upsample_factor=2),
        fl.Flatten(1),
        fl.LayerNorm(8 * 8 * 16),
        fl.Linear(8 * 8 * 16, 5, bias=False),
        fl.Reshape(5, 1),
        fl.Permute(1, 0, 2),
        fl.Squeeze(-1),
        fl.Unsqueeze(0),
        fl.Slicing(dim=1, start=-1),
        fl.Multiply(2.0, 0.5),
    )


class Sampling(fl.Chain):
    def init_context(self):
        return {"sampling": {"shapes": []}}


def skips():
    class Net(fl.Chain):
        def init_context(self):
            return {"unet": {"residuals": [0.0] * 3}}

    return Net(
        fl.Chain(fl.Linear(4, 6), ResidualAccumulator(0)),
        fl.Chain(fl.Linear(6, 6), ResidualAccumulator(1)),
        fl.Chain(ResidualConcatenator(-2), fl.MultiLinear(12, 6, 8, 3)),
        fl.Chain(ResidualConcatenator(-3), fl.Linear(12, 4)),
    )


def torches():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.Sequential(nn.GELU(), nn.Dropout(0.5), nn.PReLU()),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(6 * 4 * 4, bias=False),
        nn.Linear(96, 4),
        nn.Softmax(dim=1),
    )


def outcome_of(found: Imported, folder: Path, x: torch.Tensor, **contexts: torch.Tensor) -> object:
    """What the saved graph gives for `x` with the saved weights."""
    np.save(folder / "x.npy", x.numpy())
    edits.apply(found.graph, SetInputs((Input("x", TensorSource("x.npy")),)))
    for key in keys(found.graph):
        if key.key in contexts:
            np.save(folder / f"{key.key}.npy", contexts[key.key].numpy())
            declared = found.graph.nodes[key.provider].contexts
            entries = declared[key.context] | {key.key: TensorSource(f"{key.key}.npy")}
            edits.apply(found.graph, SetContexts(key.provider, declared | {key.context: entries}))
    save(found, folder / "model.catenary", with_weights=True)
    heard: list[Any] = []
    session = Session(CATALOGUE, heard.append)
    session.take(Configure("cpu"))
    session.take(Load((folder / "model.catenary").read_bytes(), str(folder)))
    session.take(Run(1))
    loaded = next(message for message in heard if isinstance(message, Loaded))
    (told,) = loaded.reports
    assert (told.error, told.missing, told.unexpected, told.mismatched) == ("", (), (), ())
    finished = next(message for message in heard if isinstance(message, Finished))
    assert finished.fault is None
    return session.result


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: Scaled(1.5), (3, 4)),
        (lambda: Sampling(convolutions()), (2, 3, 16, 16)),
        (skips, (5, 4)),
        (lambda: fl.Chain(TransformerLayer(8, 16, num_attention_heads=2), fl.Transpose(1, 2)), (2, 5, 8)),
        (lambda: fl.Chain(fl.SelfAttention(8, inner_dim=4, num_heads=2, use_bias=False)), (2, 5, 8)),
        (lambda: RangeEncoder(16, 8), (3,)),
        (lambda: fl.Chain(fl.Parameter(3, 4), fl.Cos(), fl.Sin(), fl.Converter(), fl.Sigmoid()), (2, 3, 4)),
        (lambda: fl.Linear(4, 2), (3, 4)),
        (torches, (2, 3, 8, 8)),
        (lambda: nn.LSTM(4, 3, num_layers=2, bidirectional=True), (5, 4)),
    ],
)
def test_a_model_runs_to_the_same_bits_with_its_weights(make, shape, tmp_path):
    torch.manual_seed(7)
    # Where weights ask for gradients, torch multiplies matrices in another way, with other last bits.
    live = make().eval().requires_grad_(False)
    for tensor in live.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn_like(tensor).abs() * 0.3 + 0.1)
    x = torch.randn(shape)
    found = bring(live)
    assert found.placeholders == {}
    assert {p.code for p in check(found.graph, CATALOGUE) if p.severity == "error"} <= {"input-missing"}
    with torch.no_grad():
        expected = live(x)
    assert oracle.exactly(outcome_of(found, tmp_path, x)) == oracle.exactly(expected)


def test_contexts_that_are_set_from_outside_can_be_given(tmp_path):
    torch.manual_seed(3)
    live = fl.Chain(CrossAttentionBlock2d(8, 6, "text", num_attention_heads=2, num_groups=2, use_bias=False))
    live.requires_grad_(False)
    x, text = torch.randn(1, 8, 4, 4), torch.randn(1, 5, 6)
    found = bring(live)
    assert found.notes == ["cross_attention_block.text is used, but declared nowhere: it is declared unset"]
    live.set_context("cross_attention_block", {"text": text})
    with torch.no_grad():
        expected = live(x)
    assert oracle.exactly(outcome_of(found, tmp_path, x, text=text)) == oracle.exactly(expected)


def test_first_values_of_contexts():
    found = bring(Scaled(1.0))
    assert found.graph.nodes["root"].contexts == {
        "kept": {
            "list": ListSource([0.0, 0.0]),
            "one": UnsetSource(),
            "by": NumberSource(2.0),
            "title": TextSource("t"),
            "where": UnsetSource(),
        }
    }
    assert found.notes == ["the root: kept.where starts as a Tensor, which was not imported: it is unset"]


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """Every source of the random trees, as a function that stands in a file."""
    texts = {text for text, _ in [*oracle.ONE, *oracle.CHOOSING, *oracle.TWO, *oracle.LIST_READS]}
    texts |= {
        *oracle.READS,
        *oracle.WRITES,
        "lambda: 2",
        "lambda *xs: xs",
        "lambda *xs: sum(xs)",
        "lambda *xs: len(xs)",
    }
    texts |= {str(plan.params["func"]) for plan in (oracle.FIRST, oracle.SQUARE, oracle.CORNER)}
    file = tmp_path_factory.mktemp("functions") / "functions_of_random_trees.py"
    lines = [f"    {text!r}: ({text})," for text in sorted(texts - {""})]
    # Several a line, so that they must be told apart.
    pairs = [" ".join(line.strip() for line in lines[i : i + 3]) for i in range(0, len(lines), 3)]
    file.write_text("import torch\n\nFUNCTIONS = {\n" + "\n".join(pairs) + "\n}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(file.parent)
        return importlib.import_module("functions_of_random_trees").FUNCTIONS


def names_nowhere(plan: oracle.Plan) -> bool:
    """Whether a tree uses a context that nobody declares: Refiners fails, and an import declares it."""
    return plan.params.get("context") == "nowhere" or any(map(names_nowhere, plan.children))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(plan=oracle.roots(tensors=True), seed=st.integers(0, 5))
def test_random_trees_run_to_the_same_bits(functions, plan, seed):
    assume(not names_nowhere(plan))
    x = torch.randn(2, 2, generator=torch.Generator().manual_seed(seed))
    live = oracle.theirs(plan, functions.__getitem__)
    found = bring(live)
    assert (found.placeholders, found.notes) == ({}, [])
    graph = parsing.parse(files.dump(found.graph))
    assert same(graph, found.graph)
    sources = {key: graph.nodes[key.provider].contexts[key.context][key.key] for key in keys(graph)}
    values = {key: source.value for key, source in sources.items() if isinstance(source, NumberSource | ListSource)}
    modules = {n: torch.nn.Identity() for n in graph.nodes if graph.nodes[n].kind == "Identity"}
    outside = Given({"x": x}, values)
    program = lower(graph, CATALOGUE, modules, outside).program
    got = oracle.outcome(lambda: program.run(outside, lambda *_: None, lambda *_: None).result, RunError)
    oracle.reset(live)
    with torch.no_grad(), oracle.returning():
        assert got == oracle.outcome(lambda: live(x), Exception)


class Doubling(nn.Linear):
    """A layer that computes in a way of its own."""

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.factor, self.title, self.sizes, self.device_of = 2.0, "t", (1, 2), torch.device("cpu")

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input) * self.factor


class Named(fl.Linear):
    """A layer with a name of its own, and nothing else."""


def looped(x):
    for _ in range(2):
        x = x + x
    return x


def test_what_nobody_knows_stays_as_a_placeholder_and_round_trips():
    found = bring(fl.Chain(Named(2, 2), Doubling(), fl.Lambda(looped), fl.Linear(2, 2)))  # pyright: ignore
    node = found.graph.nodes["n0002"]
    assert found.placeholders == {"Doubling": "Doubling"}
    assert (node.kind, node.name) == ("Foreign", "Doubling")
    assert node.params == {"constructor": f"{__name__}:Doubling", "arguments": "{}", "path": ""}
    assert found.graph.nodes["n0003"].params == {"func": f"{__name__}:looped"}
    assert found.notes == [
        "Lambda: func stays the name of Python code: `for _ in range(2): x = x + x`: "
        "only assignments, calls, if and return are written out"
    ]
    assert set(found.weights) == {
        f"{layer}.{name}" for layer in ("Named", "Doubling", "Linear") for name in ("weight", "bias")
    }
    assert same(parsing.parse(files.dump(found.graph)), found.graph)
    codes = [problem.code for problem in check(found.graph, CATALOGUE)]
    assert codes == ["input-missing"]
    assert references(found.graph, CATALOGUE) == (
        Reference(f"{__name__}:Doubling", ("n0002",)),
        Reference(f"{__name__}:looped", ("n0003",)),
    )


class Block(nn.Module):
    """A module of torch with its layers in attributes, a tensor of its own and a forward."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.more = nn.ModuleList([nn.ReLU(), nn.Linear(2, 2)])
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(x) + self.bias


def test_containers_of_torch_are_chains_and_say_so():
    found = bring(Block())
    path_of = paths(found.graph)
    assert [path_of[node] for node in found.graph.walk()] == [
        "", "Linear", "ModuleList", "ModuleList.ReLU", "ModuleList.Linear",
    ]  # fmt: skip
    assert [note.partition(":")[0] for note in found.notes] == ["the root", "ModuleList", "the root"]
    assert "tensor bias belongs to no layer" in found.notes[0]
    assert "its own forward is Python code" in found.notes[2]
    assert found.graph.views["root"].note == found.notes[2].removeprefix("the root: ")


def test_a_layer_that_stands_twice_shares_its_weights(tmp_path):
    shared = fl.Linear(2, 2).requires_grad_(False)
    live = fl.Chain(shared, fl.ReLU(), shared)
    found = bring(live)
    first, relu, second = found.graph.children["root"]
    assert [found.graph.nodes[node].shared for node in (first, relu, second)] == [first, "", first]
    assert found.weights.keys() == {"Linear_1.weight", "Linear_1.bias"}
    assert found.graph.nodes[second].key == "Linear_1"
    assert found.notes == []
    x = torch.randn(3, 2)
    assert oracle.exactly(outcome_of(found, tmp_path, x)) == oracle.exactly(live(x))


def test_a_structural_copy_shares_its_layers(tmp_path):
    block = fl.Chain(fl.Linear(2, 2), fl.Residual(fl.Linear(2, 2), fl.ReLU())).requires_grad_(False)
    live = fl.Chain(block, block.structural_copy(), block)
    found = bring(live)
    groups = members(found.graph)
    assert [len(leaves) for leaves in groups.values()] == [3, 3]
    assert len(found.weights) == 4
    keys = {path: found.graph.nodes[node].key for node, path in paths(found.graph).items()}
    assert keys["Chain_3"] == "Chain_1"
    assert keys["Chain_2.Residual.Linear"] == "Chain_1.Residual.Linear"
    assert {origin.key for origin in sources_of(named(found)).values() if origin.key.endswith("Linear")} == {
        "Chain_1.Linear",
        "Chain_1.Residual.Linear",
    }
    x = torch.randn(3, 2)
    assert oracle.exactly(outcome_of(found, tmp_path, x)) == oracle.exactly(live(x))


def named(found: Imported) -> Graph:
    """The graph with a weights file."""
    graph = found.graph.copy()
    edits.apply(graph, edits.SetWeights(graph.root, Weights("w.safetensors")))
    return graph
