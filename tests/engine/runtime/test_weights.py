import pytest
import torch
from refiners.fluxion import layers as fl
from safetensors.torch import save_file

from engine.document.document import Document, new_graph
from engine.document.edits import Insert, SetWeights
from engine.document.graph import Node, Place, Tree, Weights
from engine.runtime import weights
from engine.runtime.modules import Modules
from nodes import CATALOGUE


def linear(node, size=3, name=""):
    return Tree(Node(node, "Linear", name, {"in_features": size, "out_features": size}))


@pytest.fixture
def graph():
    document = Document(new_graph(), CATALOGUE)
    inner = Tree(Node("body", "Chain", "Body"), children=(linear("a"), linear("b"), linear("c", name="Head")))
    document.apply(Insert(Place("root", 0), (inner, linear("d"))), "")
    document.apply(SetWeights("root", Weights("named here")), "")
    return document.graph


@pytest.fixture
def modules(graph):
    found = Modules(CATALOGUE, torch.device("cpu"), torch.float32, 0)
    found.update(graph)
    return found.by_node


class Body(fl.Chain):
    pass


class Head(fl.Linear):
    pass


def state(modules):
    return {f"{node}.{k}": v.clone() for node, m in modules.items() for k, v in m.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_a_checkpoint_of_refiners_loads_as_it_is(graph, modules, tmp_path):
    model = fl.Chain(Body(fl.Linear(3, 3), fl.Linear(3, 3), Head(3, 3)), fl.Linear(3, 3))
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    loaded = weights.load(tmp_path / "model.safetensors", graph, modules)
    assert (loaded.count, loaded.missing, loaded.unexpected, loaded.mismatched, loaded.error) == (8, (), (), (), "")
    x = torch.rand(2, 3)
    ours = x
    for node in "abcd":
        ours = modules[node](ours)
    assert torch.equal(ours, model(x))


def test_what_does_not_fit_is_named(graph, modules, tmp_path):
    before = state(modules)
    file = tmp_path / "odd.safetensors"
    save_file(
        {
            "Body.Linear_1.weight": torch.ones(3, 3, dtype=torch.float16),
            "Body.Linear_2.weight": torch.ones(3, 5),
            "Body.Tail.weight": torch.ones(1),
        },
        file,
    )
    loaded = weights.load(file, graph, modules)
    assert loaded.count == 1
    assert loaded.mismatched == ("Body.Linear_2.weight: (3, 5) in the file, (3, 3) in the graph",)
    assert loaded.unexpected == ("Body.Tail.weight",)
    assert "Body.Head.bias" in loaded.missing
    assert len(loaded.missing) == 6
    assert torch.equal(modules["a"].weight, torch.ones(3, 3))
    assert modules["a"].weight.dtype == torch.float32
    assert torch.equal(modules["b"].weight, before["b.weight"])


def test_only_the_chosen_modules_are_written(graph, modules, tmp_path):
    file = tmp_path / "two.safetensors"
    save_file({"Linear.weight": torch.ones(3, 3), "Body.Head.weight": torch.ones(3, 3)}, file)
    before = state(modules)
    loaded = weights.load(file, graph, modules, only={"d"})
    assert loaded.count == 2
    assert torch.equal(modules["d"].weight, torch.ones(3, 3))
    assert torch.equal(modules["c"].weight, before["c.weight"])


@pytest.mark.parametrize("content", ["missing", "text", "truncated", "empty", "folder"])
def test_a_file_that_cannot_be_read_changes_nothing(graph, modules, tmp_path, content):
    file = tmp_path / "x.safetensors"
    match content:
        case "text":
            file.write_text("weights, honestly")
        case "truncated":
            save_file({"Linear.weight": torch.ones(3, 3)}, file)
            file.write_bytes(file.read_bytes()[:-8])
        case "empty":
            file.touch()
        case "folder":
            file.mkdir()
    before = state(modules)
    loaded = weights.load(file, graph, modules)
    assert str(file) in loaded.error
    assert ("there is no file" if content == "missing" else "can't be read") in loaded.error
    assert loaded.count == 0
    assert same(state(modules), before)
