"""Bad input at the shell and in the worker: graphs that are none, tensors that are none or hold no numbers."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.document.sources import TensorSource
from engine.messages import Finished, Load, Preview, Run
from tests.engine.runtime.test_worker import LONG, Line
from tests.engine.test_main import engine, leaf, write

MB = 2**20


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """A worker that lives through all of it."""
    found = Line()
    yield found
    found.pipe.close()
    found.process.join(LONG)
    assert found.process.exitcode == 0


def truncated(path: Path) -> None:
    save_file({"x": torch.ones(1000)}, path)
    os.truncate(path, path.stat().st_size - 8)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 100 * MB)


@pytest.mark.parametrize("command", ["check", "run", "format"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (huge, "has 100 MB, but a graph file has at most 16"),
        (lambda path: path.write_bytes(b'{"catenary": 2, "x": ' + b"[" * MB + b"]" * MB + b"}"), "nest too deep"),
        (Path.mkdir, "is a folder, not a file"),
        (os.mkfifo, "is a device or pipe, not a file"),
    ],
    ids=["100 MB", "deep", "folder", "pipe"],
)
def test_a_graph_that_is_none(tmp_path: Path, command: str, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "bad.catenary")
    code, out, err = engine(command, "bad.catenary", folder=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("error: bad.catenary")
    assert words in err


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("x.safetensors", truncated, "x.safetensors can't be read as a .safetensors file"),
        (
            "x.safetensors",
            lambda path: path.write_bytes(bytes(8)),
            "x.safetensors can't be read as a .safetensors file",
        ),
        (
            "x.safetensors",
            lambda path: path.write_bytes(b"\xff" * 100),
            "x.safetensors can't be read as a .safetensors",
        ),
        ("x.npy", lambda path: path.write_bytes(b"\x93NUMPY"), "x.npy can't be read as a .npy file"),
        ("x.npy", lambda path: np.save(path, np.array(["a"])), "only numbers can become a tensor"),
        ("x.npy", lambda path: np.save(path, np.array([{}]), allow_pickle=True), "x.npy can't be read as a .npy file"),
        ("x.npy", Path.mkdir, "x.npy is no file"),
        ("x.npy", os.mkfifo, "x.npy is no file"),
        ("x.npy", lambda path: path.symlink_to(path), "there is no file"),
    ],
)
def test_a_tensor_file_that_is_none(
    line: Line, tmp_path: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / name)
    graph = write(tmp_path / "g.catenary", leaf("neg", "Lambda", func="lambda x: -x"), x=TensorSource(name))
    line.send(Load(graph.read_bytes(), str(tmp_path)), Run(1))
    end = line.until(Finished)[-1]
    assert end.status == "failed"
    assert "the input x has no value" in end.fault.message
    assert words in end.fault.message


def test_a_tensor_full_of_nan_runs_and_is_shown_as_such(line: Line, tmp_path: Path) -> None:
    save_file({"x": torch.full((1, 3, 4, 4), torch.nan)}, tmp_path / "x.safetensors")
    path = write(
        tmp_path / "g.catenary",
        leaf("conv", "Conv2d", in_channels=3, out_channels=2, kernel_size=3),
        x=TensorSource("x.safetensors"),
    )
    assert "8 not finite" in engine("run", path)[1]
    line.send(Load(path.read_bytes(), str(tmp_path)), Run(1, ("conv",)))
    heard = line.until(Finished)
    assert heard[-1].status == "done"
    (preview,) = [m for m in heard if isinstance(m, Preview)]
    assert preview.figures is not None
    assert preview.figures.not_finite == 8
    assert preview.picture is not None


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.ones(1, 3, 4, 4, dtype=torch.int64), "int64"),
        (torch.ones(1, 3, 4, 4, dtype=torch.bool), "bool"),
        (torch.ones(1, 3, 4, 4, dtype=torch.complex64), "complex64"),
    ],
)
def test_a_tensor_of_another_dtype_than_a_layer_takes(tmp_path: Path, tensor: torch.Tensor, words: str) -> None:
    save_file({"x": tensor}, tmp_path / "x.safetensors")
    path = write(
        tmp_path / "g.catenary",
        leaf("conv", "Conv2d", in_channels=3, out_channels=2, kernel_size=3),
        x=TensorSource("x.safetensors"),
    )
    code, _, err = engine("run", path)
    assert code == 1
    assert err.startswith("error: Conv2d: ")
    assert words in err


def test_float64_and_float16_files_come_in_the_dtype_of_the_run(tmp_path: Path) -> None:
    for dtype in (torch.float64, torch.float16):
        save_file({"x": torch.ones(2, dtype=dtype)}, tmp_path / "x.safetensors")
        path = write(tmp_path / "g.catenary", leaf("same", "Identity"), x=TensorSource("x.safetensors"))
        assert engine("run", path)[1].startswith("float32 (2,)")
