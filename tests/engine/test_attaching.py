"""`python -m engine weights`, as it is called from a shell."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import NoiseSource


def linear(node: str, name: str) -> Tree:
    return Tree(Node(node, "Linear", name, {"in_features": 3, "out_features": 3}))


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    found = new_graph()
    body = Tree(Node("body", "Chain", "Body"), children=(linear("a", "First"), linear("b", "Second")))
    edits.apply(found, SetInputs((Input("x", NoiseSource([2, 3])),)))
    edits.apply(found, Insert(Place("root", 0), (body,)))
    files.save(found, tmp_path / "x.catenary", None)
    return tmp_path / "x.catenary"


def put(file: Path, *prefixes: str) -> None:
    save_file({f"{p}.{n}": torch.ones(s) for p in prefixes for n, s in (("weight", (3, 3)), ("bias", 3))}, file)


def engine(folder: Path, *arguments: str) -> tuple[int, str, str]:
    call = [sys.executable, "-m", "engine", "weights", "x.catenary", *arguments]
    done = subprocess.run(call, cwd=folder, env={"PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_a_file_that_fits_is_named_by_the_graph(graph: Path, tmp_path: Path) -> None:
    put(tmp_path / "w.safetensors", "net.First", "net.Second", "vae.x")
    assert engine(tmp_path, "w.safetensors", "--frame", "Body", "--dry-run") == (
        0,
        "4 tensors from w.safetensors, below net\nnote: 2 tensors of the file lie outside net\n",
        "",
    )
    before = graph.read_bytes()
    code, _, err = engine(tmp_path, "w.safetensors", "--frame", "Body", "--strict")
    assert (code, err) == (0, "wrote x.catenary\n")
    node = files.load(graph)[0].nodes["body"]
    assert node.weights
    assert (node.weights.path, node.key, len(node.weights.sha256)) == ("w.safetensors", "net", 64)
    assert graph.read_bytes() != before


def test_near_misses_are_taken_when_asked_for(graph: Path, tmp_path: Path) -> None:
    put(tmp_path / "w.safetensors", "Body.first", "Body.Second")
    before = graph.read_bytes()
    code, out, err = engine(tmp_path, "w.safetensors", "--strict")
    assert (code, err) == (1, "x.catenary is left as it is: the weights do not fit\n")
    assert "near miss: Body.First (Linear) may be Body.first in the file: 2 tensors fit\n" in out
    assert "not used: Body.first.weight\n" in out
    assert graph.read_bytes() == before
    assert engine(tmp_path, "w.safetensors", "--near")[0] == 0
    assert files.load(graph)[0].nodes["a"].key == "Body.first"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.safetensors",), "error: there is no file"),
        (("w.safetensors", "--frame", "Nowhere"), "error: there is no node Nowhere in the graph"),
    ],
)
def test_what_can_not_be_done_is_said(graph: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    put(tmp_path / "w.safetensors", "Body.First")
    code, _, err = engine(tmp_path, *arguments)
    assert code == 2
    assert err.startswith(said)
    assert graph.exists()


def test_a_lora_file_adds_the_adapter_and_says_what_it_has(graph: Path, tmp_path: Path) -> None:
    kept = {f"Body.First.lora_{side}.weight": torch.ones(*shape) for side, shape in (("down", (2, 3)), ("up", (3, 2)))}
    save_file(kept | {"Body.First.alpha": torch.tensor(1.0)}, tmp_path / "lora.safetensors")
    code, out, err = engine(tmp_path, "lora.safetensors", "--adapter", "lora")
    assert (code, err) == (0, "wrote x.catenary\n")
    assert out == (
        "2 tensors from lora.safetensors\nnote: a LoRA of 1 layers, rank 2\n"
        "note: alpha over rank is 0.5: at scale 1, it counts so much\n"
    )
    [adapter] = files.load(graph)[0].adapters
    assert adapter.weights
    assert (adapter.values["rank"], adapter.where, len(adapter.weights.sha256)) == (2, "#a", 64)
    code, _, err = engine(tmp_path, "lora.safetensors", "--adapter", "Gone")
    assert code == 2
    assert "there is no adapter Gone: give one of LoRA, lora, " in err
