import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from skimage import data

from engine.runtime.value_files import ExportError, export


def test_a_picture_as_png(tmp_path):
    picture = torch.from_numpy(data.astronaut()).permute(2, 0, 1)
    export(picture[None].float() / 255, tmp_path / "x.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), data.astronaut())
    export(torch.full((1, 1, 4, 4), 7.0), tmp_path / "x.png")
    assert (np.asarray(Image.open(tmp_path / "x.png")) == 255).all()


def test_tensors_and_numbers_as_npy(tmp_path):
    export(torch.arange(6).view(2, 3), tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    export(torch.ones(2, dtype=torch.bfloat16), tmp_path / "x.NPY")
    assert np.load(tmp_path / "x.NPY").dtype == np.float32
    export(2.5, tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy") == 2.5


def test_tensors_as_safetensors(tmp_path):
    x = torch.rand(2, 3)
    export(x.T, tmp_path / "x.safetensors")
    assert torch.equal(load_file(tmp_path / "x.safetensors")["value"], x.T)
    export((x, x), tmp_path / "x.safetensors")
    assert load_file(tmp_path / "x.safetensors").keys() == {"0", "1"}


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        (torch.rand(2, 3, 4, 4), "x.png", r"one picture.*this is float32 \(2, 3, 4, 4\)"),
        (2.5, "x.png", "this is 2.5"),
        ("text", "x.npy", "one tensor or number: this is text"),
        ((torch.ones(1), 3), "x.safetensors", "tensors only"),
        ((), "x.safetensors", "tensors only"),
        (torch.rand(2), "x.jpg", "can't write .jpg: use .png, .npy, .safetensors"),
        (torch.rand(2), "x", "a file without an ending"),
        (torch.rand(2), "gone/x.npy", "gone/x.npy can't be saved: No such file or directory"),
        (torch.rand(2), "gone/x.safetensors", "gone/x.safetensors can't be saved"),
        (2**70, "x.npy", "x.npy can't hold 1180591620717411303424: ValueError"),
        (
            torch.ones(1, dtype=torch.complex128),
            "x.safetensors",
            r"can't hold complex128 \(1,\): KeyError",
        ),
    ],
)
def test_what_cannot_be_written_says_why(tmp_path, value, name, message):
    with pytest.raises(ExportError, match=message):
        export(value, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_lazily_conjugated_and_negated_tensors(tmp_path):
    conjugate = torch.conj(torch.tensor([1 + 2j]))
    for value, numbers in ((conjugate, [1 - 2j]), (conjugate.imag, [-2.0])):
        export(value, tmp_path / "x.npy")
        assert np.load(tmp_path / "x.npy").tolist() == numbers
        export(value, tmp_path / "x.safetensors")
        assert load_file(tmp_path / "x.safetensors")["value"].tolist() == numbers


def test_a_value_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    export(2.5, tmp_path / "x.npy")
    (tmp_path / "link.npy").symlink_to("x.npy")
    with pytest.raises(ExportError):
        export(2**70, tmp_path / "link.npy")
    assert np.load(tmp_path / "x.npy") == 2.5
    export(3.5, tmp_path / "link.npy")
    assert np.load(tmp_path / "x.npy") == 3.5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.npy", "x.npy"]
