"""Shared leaves are one torch module, as in Refiners, where the same object stands twice in the tree."""

from pathlib import Path

import pytest
import refiners.fluxion.layers as fl
import torch
from msgspec.structs import replace
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.document.document import Change, Document, new_graph
from engine.document.edits import Edit, Insert, Remove, SetInputs, SetKey, SetParam, SetWeights
from engine.document.files import dump
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.keys import sources_of
from engine.document.kinds import ParamValue
from engine.document.sharing import place_again, unshare
from engine.document.sources import TensorSource
from engine.messages import Apply, Finished, FromWorker, Load, Run, SaveWeights, WeightsSaved
from engine.runtime.session import Session
from nodes import CATALOGUE

X = torch.rand(2, 4, generator=torch.Generator().manual_seed(0))


def leaf(node: str, kind: str, **params: ParamValue) -> Tree:
    return Tree(Node(node, kind, params=params))


def square(node: str) -> Tree:
    return leaf(node, "Linear", in_features=4, out_features=4)


class Live:
    """A document in a folder with the input X, and a session that follows its edits."""

    def __init__(self, folder: Path) -> None:
        save_file({"x": X}, folder / "x.safetensors")
        self.x = load_file(folder / "x.safetensors")["x"]  # in memory as the session has it, which decides last bits
        self.document = Document(new_graph(), CATALOGUE)
        self.do(SetInputs((Input("x", TensorSource("x.safetensors", "x")),)))
        self.finished: Finished | None = None
        self.saved: WeightsSaved | None = None
        self.session = Session(CATALOGUE, self.hear)
        self.session.take(Load(dump(self.document.graph), str(folder)))
        self.document.listeners.append(self.follow)

    def hear(self, message: FromWorker) -> None:
        if isinstance(message, Finished):
            self.finished = message
        if isinstance(message, WeightsSaved):
            self.saved = message

    def follow(self, change: Change) -> None:
        assert change.edit
        self.session.take(Apply(change.edit))

    def do(self, edit: Edit) -> None:
        self.document.apply(edit, "Edit")

    def again(self, node: str, place: Place) -> str:
        self.do(place_again(self.document.graph, CATALOGUE, node, place))
        return self.document.graph.slot(place)[place.index]

    def run(self) -> Tensor:
        self.session.take(Run(1))
        assert self.finished
        assert self.finished.status == "done", self.finished
        assert isinstance(self.session.result, Tensor)
        return self.session.result

    def module(self, node: str) -> nn.Module:
        assert self.session.lowered
        program = self.session.lowered.program
        return program.modules[program.paths[node]]


@pytest.fixture
def live(tmp_path: Path) -> Live:
    found = Live(tmp_path)
    found.do(Insert(Place("root", 0), (square("a"), leaf("relu", "ReLU"))))
    return found


def test_a_layer_placed_twice_computes_what_refiners_does(live: Live):
    first = live.run()
    second = live.again("a", Place("root", 2))
    result = live.run()
    assert live.module("a") is live.module(second)
    linear = fl.Linear(4, 4)
    linear.load_state_dict(live.module("a").state_dict())
    linear.requires_grad_(False)
    assert torch.equal(result, fl.Chain(linear, fl.ReLU(), linear)(live.x))
    assert torch.equal(first, fl.Chain(linear, fl.ReLU())(live.x)), "sharing changes nothing of the first"


def test_a_structural_copy_computes_what_refiners_does(tmp_path: Path):
    live = Live(tmp_path)
    write = leaf("write", "SetContext", context="c", key="k")
    read = leaf("read", "UseContext", context="c", key="k")
    total = Tree(Node("sum", "Sum"), children=(square("b"), read))
    block = Tree(Node("block", "Chain", "Block", contexts={"c": {}}), children=(square("a"), write, total))
    live.do(Insert(Place("root", 0), (block,)))
    copy = live.again("block", Place("root", 1))
    result = live.run()

    class Block(fl.Chain):
        def init_context(self):
            return {"c": {"k": None}}

    first = Block(fl.Linear(4, 4), fl.SetContext("c", "k"), fl.Sum(fl.Linear(4, 4), fl.UseContext("c", "k")))
    first.layer(0, fl.Linear).load_state_dict(live.module("a").state_dict())
    first.layer(2, fl.Sum).layer(0, fl.Linear).load_state_dict(live.module("b").state_dict())
    first.requires_grad_(False)
    model = fl.Chain(first, first.structural_copy())
    assert torch.equal(result, model(live.x))
    layers = [node for node in live.document.graph.walk(copy) if live.document.graph.nodes[node].kind == "Linear"]
    assert [live.module(node) for node in layers] == [live.module("a"), live.module("b")]


def test_either_place_may_go(live: Live):
    second = live.again("a", Place("root", 2))
    live.run()
    module = live.module("a")
    live.do(Remove(("a",)))
    live.run()
    assert live.module(second) is module, "and is not built again"


def test_unshared_weights_are_drawn_anew(live: Live):
    second = live.again("a", Place("root", 2))
    live.run()
    before = live.module("a").get_parameter("weight").clone()
    live.do(unshare(live.document.graph, "a"))
    live.run()
    assert live.module("a") is not live.module(second)
    assert torch.equal(live.module(second).get_parameter("weight"), before)
    assert not torch.equal(live.module("a").get_parameter("weight"), before)


def test_params_of_the_one_module(live: Live):
    second = live.again("a", Place("root", 2))
    live.run()
    live.do(SetParam(second, "bias", False))
    live.run()
    assert live.module("a") is live.module(second)
    assert live.module("a").bias is None


@pytest.mark.parametrize("key", ["Linear_1", "Linear_2"])
def test_the_first_that_the_file_has_counts(live: Live, tmp_path: Path, key: str):
    second = live.again("a", Place("root", 2))
    save_file({f"{key}.weight": torch.eye(4), f"{key}.bias": torch.ones(4)}, tmp_path / "w.safetensors")
    live.do(SetWeights("root", Weights("w.safetensors")))
    assert torch.equal(live.run(), X + 2)
    assert live.module("a") is live.module(second)


def test_keys_hold_through_edits_and_unsharing(live: Live, tmp_path: Path):
    save_file({"Linear.weight": torch.eye(4), "Linear.bias": torch.ones(4)}, tmp_path / "w.safetensors")
    live.do(SetWeights("root", Weights("w.safetensors")))
    second = live.again("a", Place("root", 0))
    assert torch.equal(live.run(), X + 2)
    live.do(unshare(live.document.graph, second))
    assert torch.equal(live.run(), X + 2)
    live.do(Remove(("a",)))
    assert torch.equal(live.run(), X + 1)
    live.do(SetKey(second, "Nowhere"))
    assert not torch.equal(live.run(), X + 1)


def test_saved_once_and_found_whichever_place_goes(live: Live, tmp_path: Path):
    second = live.again("a", Place("root", 2))
    before = live.run()
    live.session.take(SaveWeights("root", str(tmp_path / "out.safetensors"), "float32"))
    assert live.saved
    assert live.saved.edit
    assert load_file(tmp_path / "out.safetensors").keys() == {"Linear_1.weight", "Linear_1.bias"}
    live.do(live.saved.edit)
    assert torch.equal(live.run(), before)
    weight = live.module("a").get_parameter("weight").clone()
    live.do(Remove(("a",)))
    live.run()
    assert torch.equal(live.module(second).get_parameter("weight"), weight)
    assert sources_of(live.document.graph)[second].key == "Linear_1"


def test_sharers_that_are_not_alike_are_told(live: Live):
    second = live.again("a", Place("root", 2))
    graph = live.document.graph
    graph.nodes[second] = replace(graph.nodes[second], params={"in_features": 4, "out_features": 5})
    live.session.take(Load(dump(graph), str(live.session.replica.folder)))
    live.session.take(Run(1))
    assert live.finished
    assert live.finished.fault
    assert live.finished.fault.node == second
    assert "shares the weights of Linear" in live.finished.fault.message
