"""Which tensors of which files the nodes of a graph take, and what is said about it."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from refiners.fluxion import layers as fl
from safetensors.torch import load_file, save_file

from engine.document import edits, files
from engine.document.attach import attached
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, Remove, SetInputs, SetKey, SetName, SetShared, SetWeights
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.sources import NoiseSource
from engine.messages import Apply, Configure, Examine, Examined, Load, Loaded, Prefix, Run, WeightsReport
from engine.runtime.session import Session
from engine.runtime.sources import Loader
from nodes import CATALOGUE


def linear(node, size=3, name="", **params):
    return Tree(Node(node, "Linear", name, {"in_features": size, "out_features": size} | params))


def frame(node, name, *children):
    return Tree(Node(node, "Chain", name), children=children)


class Body(fl.Chain):
    pass


class Head(fl.Linear):
    pass


class Desk:
    """A document and the session that follows it, as the window has them."""

    def __init__(self, folder: Path, *trees: Tree) -> None:
        self.folder = folder
        self.heard: list[Any] = []
        self.session = Session(CATALOGUE, self.heard.append)
        self.document = Document(new_graph(), CATALOGUE)
        edits.apply(self.document.graph, SetInputs((Input("x", NoiseSource([2, 3])),)))
        if trees:
            edits.apply(self.document.graph, Insert(Place("root", 0), trees))
        self.session.take(Load(files.dump(self.document.graph), str(folder)))
        self.document.listeners.append(lambda change: change.edit and self.session.take(Apply(change.edit)))
        self.runs = 0

    def do(self, edit: edits.Edit) -> None:
        self.document.apply(edit, "")

    def last(self, kind: type) -> Any:
        return next(m for m in reversed(self.heard) if isinstance(m, kind))

    @property
    def reports(self) -> tuple[WeightsReport, ...]:
        self.session.settle()
        return self.last(Loaded).reports

    def run(self) -> Any:
        self.runs += 1
        self.session.take(Run(self.runs))
        assert self.heard[-1].status == "done", self.heard[-1]
        return self.session.result

    def examine(self, path: str, node: str = "root", prefix: str | None = None) -> Examined:
        self.session.take(Examine(node, path, prefix))
        return self.heard[-1]

    def module(self, path: str) -> Any:
        assert self.session.lowered
        return self.session.lowered.program.modules[path]


@pytest.fixture
def desk(tmp_path):
    """Body(Linear, Linear, Head), Linear"""
    return Desk(tmp_path, frame("body", "Body", linear("a"), linear("b"), linear("c", name="Head")), linear("d"))


def model(seed=0) -> Any:
    torch.manual_seed(seed)
    return fl.Chain(Body(fl.Linear(3, 3), fl.Linear(3, 3), Head(3, 3)), fl.Linear(3, 3))


def put(file, tensors):
    save_file(dict(tensors), file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_checkpoint_of_refiners_loads_as_it_is(desk, tmp_path):
    theirs = model()
    digest = put(tmp_path / "model.safetensors", theirs.state_dict())
    found = desk.examine("model.safetensors")
    assert found.report == WeightsReport("root", "model.safetensors", count=8)
    assert found.report.exact
    assert found.edit == edits.Batch((SetWeights("root", Weights("model.safetensors", digest)),))
    desk.do(found.edit)
    result = desk.run()
    assert desk.reports == (found.report,)
    theirs.requires_grad_(False)
    noise = NoiseSource([2, 3])
    value, _ = Loader().load({"x": noise}, tmp_path, torch.device("cpu"), torch.float32)
    assert torch.equal(result, theirs(value["x"]))


def test_what_does_not_fit_is_named_and_the_rest_is_loaded(desk, tmp_path):
    before = {path: module.weight.clone() for path, module in modules(desk).items()}
    tensors = {
        "Body.Linear_1.weight": torch.ones(3, 3, dtype=torch.float16),
        "Body.Linear_2.weight": torch.ones(3, 5),
        "Body.Head.weight": torch.ones(3, 3, dtype=torch.int8),
        "Linear.weight": torch.tensor([[float("nan")] * 3] * 3),
        "Tail.weight": torch.ones(7),
    }
    put(tmp_path / "odd.safetensors", tensors)
    report = desk.examine("odd.safetensors").report
    assert (report.count, report.exact) == (2, False)
    assert [(w.node, w.name, w.key, w.shape, w.found) for w in report.mismatched] == [
        ("b", "Body.Linear_2.weight", "Body.Linear_2.weight", "(3, 3)", "(3, 5)"),
        ("c", "Body.Head.weight", "Body.Head.weight", "(3, 3)", "int8 (3, 3)"),
    ]
    assert report.unexpected == ("Tail.weight",)
    assert report.nan == ("Linear.weight",)
    assert [w.name for w in report.missing] == [
        *("Body.Linear_1.bias", "Body.Linear_2.bias", "Body.Head.bias", "Linear.bias")
    ]
    desk.do(SetWeights("root", Weights("odd.safetensors")))
    desk.run()
    assert torch.equal(desk.module("Body.Linear_1").weight, torch.ones(3, 3))
    assert desk.module("Body.Linear_1").weight.dtype == torch.float32
    assert torch.equal(desk.module("Body.Linear_2").weight, before["Body.Linear_2"])
    assert desk.reports[0].nan == ("Linear.weight",)


def modules(desk):
    desk.run()
    return dict(desk.session.lowered.program.modules)


def test_nodes_that_are_not_in_the_file_have_the_very_weights_they_have_without_it(desk, tmp_path):
    before = {path: {k: v.clone() for k, v in m.state_dict().items()} for path, m in modules(desk).items()}
    put(tmp_path / "w.safetensors", {"Body.Linear_1.weight": torch.ones(3, 3), "Body.Linear_1.bias": torch.ones(3)})
    desk.do(SetWeights("root", Weights("w.safetensors")))
    desk.run()
    assert torch.equal(desk.module("Body.Linear_1").bias, torch.ones(3))
    for path in ("Body.Linear_2", "Body.Head", "Linear"):
        for key, value in before[path].items():
            assert torch.equal(desk.module(path).state_dict()[key], value)
    desk.do(SetWeights("root", None))
    desk.run()
    assert torch.equal(desk.module("Body.Linear_1").weight, before["Body.Linear_1"]["weight"])
    assert desk.last(Loaded).reports == ()


def test_what_comes_from_a_file_is_not_made_twice_and_lies_in_the_file(desk, tmp_path):
    put(tmp_path / "w.safetensors", {f"{key}": value for key, value in model().state_dict().items()})
    desk.do(SetWeights("root", Weights("w.safetensors")))
    state = torch.default_generator.get_state()
    desk.run()
    assert torch.equal(torch.default_generator.get_state(), state)
    kept = desk.module("Body.Linear_1")
    desk.do(Insert(Place("root", 0), (Tree(Node("relu", "ReLU")),)))
    desk.run()
    assert desk.module("Body.Linear_1") is kept, "another edit reads nothing again"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_tensors_come_in_the_dtype_of_the_run(desk, tmp_path, dtype):
    theirs = model()
    put(tmp_path / "w.safetensors", theirs.state_dict())
    desk.do(SetWeights("root", Weights("w.safetensors")))
    desk.session.take(Configure("cpu", dtype))
    desk.run()
    expected = theirs.state_dict()["Linear.weight"].to(getattr(torch, dtype))
    assert torch.equal(desk.module("Linear").weight, expected)


def test_a_frame_has_a_file_of_its_own_below_a_prefix(desk, tmp_path):
    whole, other = model(1), model(2)
    put(tmp_path / "whole.safetensors", whole.state_dict())
    below = {f"unet.body.{k}": v for k, v in other.Body.state_dict().items()}
    put(tmp_path / "many.safetensors", below | {"vae.x": torch.ones(2)})
    desk.do(desk.examine("whole.safetensors").edit)
    found = desk.examine("many.safetensors", "body")
    assert found.prefixes[:2] == (Prefix("unet.body", 6), Prefix("", 0))
    assert {"unet", "vae", "unet.body.Head"} <= {prefix.name for prefix in found.prefixes}
    assert found.report.prefix == "unet.body"
    assert found.report.notes == ("1 tensors of the file lie outside unet.body",)
    assert found.report.exact
    desk.do(found.edit)
    desk.run()
    assert torch.equal(desk.module("Body.Head").weight, other.Body.Head.weight)
    assert torch.equal(desk.module("Linear").weight, whole.Linear.weight)
    assert [(r.frame, r.count) for r in desk.reports] == [("root", 2), ("body", 6)]
    desk.document.undo()
    desk.run()
    assert torch.equal(desk.module("Body.Head").weight, whole.Body.Head.weight)
    assert desk.examine("many.safetensors", "body", "vae").report.count == 0


def test_an_edit_that_renumbers_paths_loses_no_weight(desk, tmp_path):
    theirs = model()
    put(tmp_path / "w.safetensors", theirs.state_dict())
    desk.do(SetWeights("root", Weights("w.safetensors")))
    desk.run()
    kept = desk.module("Body.Linear_2")
    desk.do(Insert(Place("body", 0), (linear("new"),)))
    desk.run()
    assert desk.module("Body.Linear_3") is kept
    assert torch.equal(kept.weight, theirs.Body.Linear_2.weight)
    (report,) = desk.reports
    assert {w.node for w in report.missing} == {"new"}
    desk.do(SetName("body", "Trunk"))
    desk.run()
    assert desk.module("Trunk.Linear_3") is kept
    desk.do(Remove(("d",)))
    desk.run()
    assert desk.reports[0].unexpected == ("Linear.bias", "Linear.weight")


def test_what_is_called_otherwise_in_the_file_is_offered_and_taken(desk, tmp_path):
    theirs = model()
    renamed = {k.replace("Body.", "trunk."): v for k, v in theirs.state_dict().items()}
    put(tmp_path / "w.safetensors", renamed)
    found = desk.examine("w.safetensors")
    assert [(n.node, n.missed, n.key, n.count) for n in found.report.near] == [("body", "Body", "trunk", 6)]
    desk.do(found.edit)
    (near,) = found.report.near
    desk.do(SetKey(near.node, near.key))
    desk.run()
    assert torch.equal(desk.module("Body.Linear_2").weight, theirs.Body.Linear_2.weight)
    assert desk.reports[0].exact
    again = desk.examine("w.safetensors")
    assert again.report.exact, "keys that are set count, where the file has them"


def test_shared_leaves_take_the_tensors_that_the_file_has_for_any_of_them(tmp_path):
    desk = Desk(tmp_path, linear("a"), linear("b"))
    desk.do(edits.Batch((SetShared("a", "a"), SetShared("b", "a"))))
    weight, bias = torch.rand(3, 3), torch.rand(3)
    put(tmp_path / "w.safetensors", {"Linear_2.weight": weight, "Linear_2.bias": bias})
    desk.do(SetWeights("root", Weights("w.safetensors")))
    desk.run()
    assert desk.reports == (WeightsReport("root", "w.safetensors", count=2),)
    assert desk.module("Linear_1") is desk.module("Linear_2")
    assert torch.equal(desk.module("Linear_1").weight, weight)
    both = {f"Linear_{n}.{k}": v * n for n in (1, 2) for k, v in (("weight", weight), ("bias", bias))}
    put(tmp_path / "w.safetensors", both)
    desk.run()
    assert desk.reports[0].exact
    assert torch.equal(desk.module("Linear_2").weight, weight)


def test_a_file_that_changes_is_noticed_and_read_again(desk, tmp_path):
    file = tmp_path / "w.safetensors"
    first, second = model(1), model(2)
    put(file, first.state_dict())
    desk.do(desk.examine(file.name).edit)
    desk.run()
    assert not desk.session.check(), "its hash is known from choosing it"
    save_file(second.state_dict(), tmp_path / "new.safetensors")
    (tmp_path / "new.safetensors").replace(file)
    desk.run()
    assert torch.equal(desk.module("Linear").weight, second.Linear.weight)
    while desk.session.check():
        pass
    assert desk.reports[0].changed
    desk.do(desk.examine(file.name).edit)
    assert not desk.reports[0].changed
    file.unlink()
    desk.session.take(Run(99))
    assert "there is no file" in desk.heard[-1].fault.message
    save_file(first.state_dict(), file)
    desk.run()
    assert torch.equal(desk.module("Linear").weight, first.Linear.weight)


def test_opening_tells_that_the_content_is_another(desk, tmp_path):
    put(tmp_path / "w.safetensors", model().state_dict())
    desk.do(SetWeights("root", Weights("w.safetensors", "0" * 64)))
    fresh = Desk(tmp_path)
    fresh.session.take(Load(files.dump(desk.document.graph), str(tmp_path)))
    assert not fresh.reports[0].changed, "shapes do not wait for it"
    while fresh.session.check():
        pass
    assert fresh.reports[0].changed
    assert fresh.run() is not None


def test_taking_a_file_away_gives_a_frame_those_of_the_frame_around_it(desk, tmp_path):
    put(tmp_path / "w.safetensors", model(1).state_dict())
    put(tmp_path / "b.safetensors", {f"x.{k}": v for k, v in model(2).Body.state_dict().items()})
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(desk.examine("b.safetensors", "body").edit)
    desk.do(attached(desk.document.graph, "body", None))
    desk.run()
    assert torch.equal(desk.module("Body.Head").weight, load_file(tmp_path / "w.safetensors")["Body.Head.weight"])
    for _ in range(3):
        desk.document.undo()
    assert desk.document.graph.nodes["root"].weights is None
