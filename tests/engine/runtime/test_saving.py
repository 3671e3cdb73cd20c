"""Weights written to a file, and taken from there afterwards."""

import hashlib
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.document import edits, files
from engine.document.edits import Insert, Move, Remove, SetKey, SetName, SetParam, SetShared, SetWeights
from engine.document.graph import Node, Place, Tree, Weights
from engine.messages import Configure, Run, SaveWeights, Trust
from tests.engine.runtime.test_weights import Desk, frame, linear, model, put


@pytest.fixture
def desk(tmp_path):
    """Body(Linear, Linear, Head), Linear"""
    return Desk(tmp_path, frame("body", "Body", linear("a"), linear("b"), linear("c", name="Head")), linear("d"))


def save(desk, name="out.safetensors", node="root", dtype: Any = "float32"):
    desk.session.take(SaveWeights(node, str(desk.folder / name), dtype))
    return desk.heard[-1]


def state(desk):
    desk.run()
    modules = desk.session.lowered.program.modules
    return {f"{path}.{name}": value.clone() for path, m in modules.items() for name, value in m.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_initial_weights_are_saved_and_read_back(desk, tmp_path):
    before = state(desk)
    saved = save(desk)
    assert (saved.path, saved.count, saved.error) == ("out.safetensors", 8, "")
    assert equal(load_file(tmp_path / "out.safetensors"), before)
    digest = hashlib.sha256((tmp_path / "out.safetensors").read_bytes()).hexdigest()
    assert saved.edit == edits.Batch((SetWeights("root", Weights("out.safetensors", digest)),))
    desk.do(saved.edit)
    assert equal(state(desk), before)
    assert desk.reports[0].exact
    while desk.session.check():
        pass
    assert not desk.reports[0].changed


def test_keys_that_were_kept_become_present_paths_and_one_undo_brings_them_back(desk, tmp_path):
    put(tmp_path / "w.safetensors", model().state_dict())
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(Insert(Place("body", 0), (linear("new"),)))
    desk.do(SetName("body", "Trunk"))
    graph, before = files.dump(desk.document.graph), state(desk)
    assert b'"key"' in graph
    desk.do(save(desk).edit)
    assert equal(load_file(tmp_path / "out.safetensors"), before)
    assert b'"key"' not in files.dump(desk.document.graph)
    assert equal(state(desk), before)
    assert desk.reports[0].exact
    desk.document.undo()
    assert files.dump(desk.document.graph) == graph
    assert equal(state(desk), before)


def test_a_frame_is_saved_by_paths_from_there_with_what_it_holds_from_several_files(desk, tmp_path):
    put(tmp_path / "w.safetensors", model(1).state_dict())
    put(tmp_path / "b.safetensors", {f"x.{k}": v for k, v in model(2).Body.Head.state_dict().items()})
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(desk.examine("b.safetensors", "c").edit)
    before = state(desk)
    saved = save(desk, node="body")
    expected = {k.removeprefix("Body."): v for k, v in before.items() if k.startswith("Body.")}
    assert equal(load_file(tmp_path / "out.safetensors"), expected)
    desk.do(saved.edit)
    assert equal(state(desk), before)
    assert [(r.frame, r.count) for r in desk.reports] == [("root", 2), ("body", 6)]


def test_shared_leaves_are_saved_once(tmp_path):
    desk = Desk(tmp_path, linear("a"), linear("b"))
    desk.do(edits.Batch((SetShared("a", "a"), SetShared("b", "a"))))
    before = state(desk)
    desk.do(save(desk).edit)
    assert set(load_file(tmp_path / "out.safetensors")) == {"Linear_1.weight", "Linear_1.bias"}
    assert equal(state(desk), before)


def test_what_is_parked_keeps_its_weights(desk, tmp_path):
    theirs = model()
    put(tmp_path / "w.safetensors", theirs.state_dict())
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(Move(("b",), Place("body", 0, 0, new=True)))
    desk.do(save(desk).edit)
    desk.do(Move(("b",), Place("body", 1)))
    desk.run()
    assert torch.equal(desk.module("Body.Linear_2").weight, theirs.Body.Linear_2.weight)
    assert torch.equal(desk.module("Body.Linear_1").weight, theirs.Body.Linear_1.weight)
    assert desk.reports[0].exact


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_floats_are_saved_in_the_precision_asked_for(desk, tmp_path, dtype):
    before = state(desk)
    save(desk, dtype=dtype)
    expected = {key: value.to(getattr(torch, dtype)) for key, value in before.items()}
    assert equal(load_file(tmp_path / "out.safetensors"), expected)


def test_nothing_is_lost_by_running_in_a_lower_precision(desk, tmp_path):
    theirs = model()
    put(tmp_path / "w.safetensors", theirs.state_dict())
    desk.do(desk.examine("w.safetensors").edit)
    desk.session.take(Configure("cpu", "bfloat16"))
    desk.run()
    save(desk)
    assert equal(load_file(tmp_path / "out.safetensors"), load_file(tmp_path / "w.safetensors"))


def test_a_file_may_be_saved_over_itself(desk, tmp_path):
    theirs = model()
    put(tmp_path / "w.safetensors", theirs.state_dict())
    desk.do(desk.examine("w.safetensors").edit)
    before = state(desk)
    desk.do(SetName("d", "Tail"))
    desk.do(save(desk, "w.safetensors").edit)
    assert {k.replace("Tail", "Linear") for k in load_file(tmp_path / "w.safetensors")} == before.keys()
    assert equal({k.replace("Tail", "Linear"): v for k, v in state(desk).items()}, before)


@pytest.mark.parametrize("why", ["range", "ending", "folder", "source", "empty", "taken"])
def test_what_can_not_be_saved_leaves_the_old_file(desk, tmp_path, why):
    old = tmp_path / "out.safetensors"
    save_file({"Linear.weight": torch.full((3, 3), 1e6), "Linear.bias": torch.ones(3)}, old)
    desk.do(SetWeights("root", Weights("out.safetensors")))
    desk.run()
    before = old.read_bytes()
    match why:
        case "range":
            saved, said = save(desk, dtype="float16"), "Linear.weight holds 1e+06, more than F16 can hold (65504)"
        case "ending":
            saved, said = save(desk, "out.pt"), "its name must end in that"
        case "folder":
            saved, said = save(desk, "none/out.safetensors"), "can't be saved"
        case "taken":
            (tmp_path / "dir.safetensors").mkdir()
            saved, said = save(desk, "dir.safetensors"), "is a folder, not a file"
        case "source":
            desk.do(SetWeights("body", Weights("gone.safetensors")))
            saved, said = save(desk), "there is no file"
        case _:
            desk.do(Remove(("body", "d")))
            saved, said = save(desk), "there are no weights to save"
    assert said in saved.error
    assert saved.edit is None
    assert old.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_buffers_and_scalars_are_saved_as_they_are(tmp_path):
    desk = Desk(tmp_path, Tree(Node("n", "BatchNorm1d", params={"num_features": 3})))
    desk.session.take(Run(1))
    before = state(desk)
    desk.do(save(desk, dtype="float16").edit)
    after = load_file(tmp_path / "out.safetensors")
    assert after["BatchNorm1d.num_batches_tracked"].dtype == torch.int64
    assert after.keys() == before.keys()
    assert desk.reports[0].exact
    desk.do(SetKey("n", "other"))
    assert desk.reports[0].missing


def test_what_can_t_be_made_at_present_keeps_its_tensors(desk, tmp_path):
    put(tmp_path / "w.safetensors", model().state_dict())
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(SetName("body", "Trunk"))
    before = state(desk)
    desk.do(SetParam("b", "in_features", -1))
    desk.do(save(desk).edit)
    assert equal(load_file(tmp_path / "out.safetensors"), before)
    desk.do(SetParam("b", "in_features", 3))
    assert equal(state(desk), before)


def test_what_is_not_trusted_keeps_its_tensors(desk, tmp_path):
    others = {f"Foreign.{key}": value for key, value in torch.nn.Linear(3, 3).state_dict().items()}
    put(tmp_path / "w.safetensors", model().state_dict() | others)
    params: dict[str, Any] = {"constructor": "torch.nn:Linear", "arguments": '{"in_features": 3, "out_features": 3}'}
    desk.do(Insert(Place("root", 2), (Tree(Node("others", "Foreign", params=params)),)))
    desk.do(desk.examine("w.safetensors").edit)
    desk.do(save(desk).edit)
    saved = load_file(tmp_path / "out.safetensors")
    assert equal({key: value for key, value in saved.items() if key.startswith("Foreign")}, others)
    desk.session.take(Trust(("torch.nn:Linear",)))
    assert equal(state(desk), saved)


def test_what_is_parked_says_so(desk):
    desk.do(Move(("body",), Place("", 0, 0, new=True)))
    assert save(desk, node="body").error == "Body is parked and has no weights now: wire it in first"
    assert desk.examine("w.safetensors", "body").report.error.startswith("Body is parked")
