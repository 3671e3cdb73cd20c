"""Weights files of all sorts, good and bad, opened by themselves and through the worker process."""

import hashlib
import json
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.sources import NoiseSource
from engine.messages import Examine, Examined, Finished, Load, Loaded, Run
from engine.runtime.checkpoints import Checkpoint, CheckpointError
from tests.engine.runtime.line import Line

CPU = torch.device("cpu")
WITNESS = Path(tempfile.gettempdir()) / "catenary-ran-what-it-should-not"
TENSORS = {"Linear.weight": torch.full((3, 4), 2.0), "Linear.bias": torch.arange(3.0)}


class Evil:
    def __reduce__(self):
        return os.system, (f"touch {WITNESS}",)


def lying(path, header, content=b"\0" * 12):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


def spoil(path, how):
    """A file that can't be used, and what is said of it."""
    save_file(TENSORS, path.with_suffix(".safetensors"))
    good = path.with_suffix(".safetensors").read_bytes()
    path.with_suffix(".safetensors").unlink()
    match how:
        case "missing":
            return path.with_suffix(".safetensors"), "there is no file"
        case "folder":
            path.with_suffix(".safetensors").mkdir()
            return path.with_suffix(".safetensors"), "is a folder, not a file"
        case "pipe":
            os.mkfifo(path.with_suffix(".safetensors"))
            return path.with_suffix(".safetensors"), "is a device or pipe, not a file"
        case "name":
            path.with_suffix(".txt").write_bytes(good)
            return path.with_suffix(".txt"), "is no weights file by its name: those end in .safetensors, .pt"
        case "nothing" | "truncated" | "head" | "longer" | "text":
            data = {
                "nothing": b"",
                "truncated": good[:-4],
                "head": good[:20],
                "longer": good + b"x",
                "text": b"weights",
            }
            path.with_suffix(".safetensors").write_bytes(data[how])
            said = "is empty (0 bytes)" if how == "nothing" else "is damaged, or no .safetensors file"
            return path.with_suffix(".safetensors"), said
        case "shape":
            lying(path.with_suffix(".safetensors"), {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 12]}})
            return path.with_suffix(".safetensors"), "is damaged, or no .safetensors file"
        case "offset":
            lying(path.with_suffix(".safetensors"), {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 2**40]}})
            return path.with_suffix(".safetensors"), "is damaged, or no .safetensors file"
        case "without":
            lying(path.with_suffix(".safetensors"), {}, b"")
            return path.with_suffix(".safetensors"), "holds no tensors"
        case "pickle":
            torch.save({"state_dict": TENSORS, "callback": Evil()}, path.with_suffix(".ckpt"))
            return path.with_suffix(".ckpt"), "is refused: it holds a Python object"
        case "module":
            torch.save(torch.nn.Linear(2, 2), path.with_suffix(".pth"))
            return path.with_suffix(".pth"), "is refused: it holds a Python object (torch.nn.modules.linear.Linear)"
        case "zip":
            torch.save(TENSORS, path.with_suffix(".pt"))
            path.with_suffix(".pt").write_bytes(path.with_suffix(".pt").read_bytes()[:600])
            return path.with_suffix(".pt"), "is damaged, or was not written by torch.save"
        case "words":
            path.with_suffix(".bin").write_text("weights, honestly\n")
            return path.with_suffix(".bin"), "is damaged, or was not written by torch.save"
        case "number":
            torch.save(3, path.with_suffix(".pt"))
            return path.with_suffix(".pt"), "holds no tensors"
    raise AssertionError(how)


BAD = [
    *("missing", "folder", "pipe", "name", "nothing", "truncated", "head", "longer", "text", "shape", "offset"),
    *("without", "pickle", "module", "zip", "words", "number"),
]


@pytest.fixture(scope="module")
def line():
    found = Line()
    yield found
    found.close()


def graph(weights=None):
    found = new_graph()
    edits.apply(found, SetInputs((Input("x", NoiseSource([2, 4])),)))
    linear = Node("lin", "Linear", params={"in_features": 4, "out_features": 3})
    edits.apply(found, Insert(Place("root", 0), (Tree(linear),)))
    edits.apply(found, edits.SetWeights("root", weights))
    return found


@pytest.mark.parametrize("how", BAD)
def test_a_bad_file_is_told_and_costs_nothing(line, tmp_path, how):
    file, said = spoil(tmp_path / "w", how)
    line.send(Load(files.dump(graph()), str(tmp_path)), Examine("root", file.name))
    answer = line.until(Examined)[-1]
    assert said in answer.report.error
    assert str(file) in answer.report.error
    assert answer.edit is None
    line.send(Run(1))
    assert line.until(Finished)[-1].status == "done", "the worker lives, and has the weights it had"
    line.send(Load(files.dump(graph(Weights(file.name))), str(tmp_path)))
    assert said in line.until(Loaded)[-1].reports[0].error
    line.send(Run(2))
    finished = line.until(Finished)[-1]
    assert (finished.status, finished.fault.code, finished.fault.node) == ("failed", "weights", "root")
    assert said in finished.fault.message
    assert not WITNESS.exists()


def test_a_file_without_permission_is_told(tmp_path):
    file = tmp_path / "w.safetensors"
    save_file(TENSORS, file)
    file.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody: root may read everything
    try:
        told = Checkpoint(file).error
    finally:
        os.seteuid(user)
    assert "may not be read: ask for access" in told
    file.chmod(0o600)
    assert Checkpoint(file).error == ""


@pytest.mark.parametrize(
    ("saved", "notes"),
    [
        (TENSORS, ()),
        (OrderedDict(TENSORS), ()),
        ({"state_dict": TENSORS}, ("the weights are those of its entry 'state_dict'",)),
        (
            {"model": TENSORS, "epoch": 3, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
            ("the weights are those of its entry 'model'", "ignored, since they are no weights: epoch, optimizer"),
        ),
        ({**TENSORS, "step": 7}, ("ignored, since they are no weights: step",)),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saves_is_read_as_tensors(tmp_path, saved, notes, zipped):
    file = tmp_path / "w.pt"
    torch.save(saved, file, _use_new_zipfile_serialization=zipped)
    found = Checkpoint(file)
    assert (found.error, found.notes) == ("", notes)
    assert found.tensors.keys() == TENSORS.keys()
    for key, tensor in TENSORS.items():
        assert torch.equal(found.read(key, CPU, torch.float32), tensor)


def test_several_state_dicts_are_told_apart_by_their_prefix(tmp_path):
    torch.save({"generator": TENSORS, "ema": TENSORS}, tmp_path / "w.pt")
    assert set(Checkpoint(tmp_path / "w.pt").tensors) == {f"{n}.{key}" for n in ("generator", "ema") for key in TENSORS}


def test_tensors_are_views_of_the_file_unless_something_has_to_change(tmp_path):
    file = tmp_path / "w.safetensors"
    save_file({"a": torch.rand(64, 64), "b": torch.rand(64, 64).half()}, file)
    found = Checkpoint(file)
    first, second = (found.read("a", CPU, torch.float32) for _ in range(2))
    whole = first.data_ptr() % 16 == 0 and first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()
    assert torch.equal(first, second)
    assert first.data_ptr() % 16 == 0
    assert whole or first.data_ptr() == second.data_ptr()
    cast = found.read("b", CPU, torch.float32)
    assert cast.dtype == torch.float32
    assert torch.equal(cast, found.read("b", CPU, torch.float16).float())


def test_a_nan_is_noticed_in_every_float_type(tmp_path):
    tensors = {
        str(dtype): torch.tensor([1.0, float("nan"), 2.0]).to(dtype)
        for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn)
    }
    save_file(tensors | {"good": torch.ones(3), "whole": torch.ones(3, dtype=torch.int64)}, tmp_path / "w.safetensors")
    found = Checkpoint(tmp_path / "w.safetensors")
    found.look(found.tensors)
    assert found.nan == set(tensors)


def test_the_hash_is_that_of_the_file_and_a_change_is_noticed(tmp_path):
    file = tmp_path / "w.safetensors"
    save_file(TENSORS, file)
    found = Checkpoint(file)
    while not found.hash(0):
        pass
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert not found.changed
    found.close()
    save_file({"a": torch.ones(1)}, file)
    assert found.changed
    with pytest.raises(CheckpointError, match="has changed while it was being read"):
        found.read("Linear.bias", CPU, torch.float32)
