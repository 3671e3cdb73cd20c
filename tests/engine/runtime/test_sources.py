import json
import re
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import data

from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralSource,
    NoiseSource,
    NumberSource,
    TensorSource,
    TextSource,
    UnsetSource,
)
from engine.runtime.sources import Loader

CPU = torch.device("cpu")


@pytest.fixture
def load(tmp_path):
    """Loads one source from the test's folder; gives its value, or its error as text."""
    loader = Loader()

    def one(source, dtype=torch.float32):
        values, errors = loader.load({"x": source}, tmp_path, CPU, dtype)
        assert (values["x"] is None) or not errors
        return errors["x"] if errors else values["x"]

    return one


@pytest.mark.parametrize("value", [3, 2.5, True])
def test_numbers_travel_as_they_are(load, value):
    assert load(NumberSource(value)) is value


def test_text_and_nothing(load):
    assert load(TextSource("a photograph of a cat")) == "a photograph of a cat"
    assert load(UnsetSource()) is None


def test_lists_are_made_afresh(load):
    source = ListSource([1, [2]])
    first = load(source)
    first.append(3)
    first[1].append(4)
    assert load(source) == [1, [2]]


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([[1, 2], [3, 4]], "float32", (2, 2)),
        ([49406, 320, 49407], "int64", (3,)),
        ([[[True], [False]]], "bool", (1, 2, 1)),
        (7, "int64", ()),
        ([], "float32", (0,)),
        ([[], []], "int64", (2, 0)),
    ],
)
def test_a_tensor_written_out(load, value, dtype, shape):
    found = load(LiteralSource(value, dtype))
    assert (found.dtype, tuple(found.shape)) == (getattr(torch, dtype), shape)
    assert found.tolist() == value


def test_a_float_tensor_written_out_comes_in_the_dtype_of_the_run(load):
    assert load(LiteralSource([0.1]), torch.float64).dtype == torch.float64
    assert load(LiteralSource([1], "int64"), torch.float16).dtype == torch.int64


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        ([[1, 2], [3]], "float32", "lists that stand side by side must be of one length"),
        ([1, [2]], "float32", "lists that stand side by side must be of one length"),
        ([1.5], "int64", "holds 1.5: a tensor of int64 is made of whole numbers"),
        ([1], "bool", "holds 1: a tensor of bool is made of True and False"),
        (["a"], "float32", "holds 'a': a tensor of float32 is made of numbers"),
        ([None], "float32", "holds None: a tensor of float32 is made of numbers"),
    ],
)
def test_what_is_written_but_is_no_tensor(load, value, dtype, message):
    assert message in load(LiteralSource(value, dtype))


def test_a_photograph_is_rgb_in_zero_to_one(load, tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "photo.png")
    value = load(ImageSource("photo.png"))
    assert value.dtype == torch.float32
    assert value.shape == (1, 3, 512, 512)
    np.testing.assert_array_equal((value[0].permute(1, 2, 0) * 255).round().numpy(), data.astronaut())
    assert load(ImageSource("photo.png"), torch.float16).dtype == torch.float16


def test_a_photograph_is_turned_upright(load, tmp_path):
    picture = Image.fromarray(data.astronaut()).crop((0, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    picture.save(tmp_path / "turned.png", exif=exif)
    value = load(ImageSource("turned.png"))
    assert value.shape == (1, 3, 40, 20)
    upright = np.asarray(picture.rotate(-90, expand=True), np.float32) / 255
    np.testing.assert_allclose(value[0].permute(1, 2, 0).numpy(), upright, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (1, 1, 1)),
        ("L", 51, (0.2, 0.2, 0.2)),
        ("P", 0, (0, 0, 0)),
        ("LA", (51, 255), (0.2, 0.2, 0.2)),
        ("LA", (0, 0), (1, 1, 1)),
        ("RGBA", (255, 0, 0, 255), (1, 0, 0)),
        ("RGBA", (255, 0, 0, 51), (1, 0.8, 0.8)),
        ("CMYK", (0, 255, 255, 0), (1, 0, 0)),
        ("I;16", 13107, (0.2, 0.2, 0.2)),
        ("I", 13107, (0.2, 0.2, 0.2)),
        ("F", 0.2, (0.2, 0.2, 0.2)),
        ("F", 7.0, (1, 1, 1)),
    ],
)
def test_every_mode_becomes_rgb_with_transparency_on_white(load, tmp_path, mode, colour, expected):
    Image.new(mode, (4, 3), colour).save(tmp_path / "x.tiff")
    value = load(ImageSource("x.tiff"))
    assert value.shape == (1, 3, 3, 4)
    assert value[0, :, 0, 0].tolist() == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    "array", [np.arange(6, dtype=">f4"), np.array(2.0), np.arange(4, dtype="uint16"), np.eye(2) > 0]
)
def test_npy_files(load, tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    value = load(TensorSource("x.npy"))
    assert value.dtype == (
        torch.float32 if array.dtype.kind == "f" else torch.int64 if array.dtype.kind == "u" else torch.bool
    )
    assert value.tolist() == array.tolist()


def test_one_tensor_of_a_safetensors_file(load, tmp_path):
    save_file({"a": torch.ones(2), "b": torch.zeros(3, dtype=torch.bfloat16)}, tmp_path / "two.safetensors")
    save_file({"only": torch.arange(3)}, tmp_path / "one.safetensors")
    assert load(TensorSource("two.safetensors", "b")).dtype == torch.float32
    assert load(TensorSource("one.safetensors")).tolist() == [0, 1, 2]
    assert "2 tensors: choose one; there are a, b" in load(TensorSource("two.safetensors"))
    assert "no tensor 'c'; there are a, b" in load(TensorSource("two.safetensors", "c"))


def test_noise_is_the_same_at_every_run_and_in_every_dtype(load):
    one = load(NoiseSource([2, 3], 7))
    torch.testing.assert_close(one, torch.randn(2, 3, generator=torch.Generator().manual_seed(7)), rtol=0, atol=0)
    assert torch.equal(load(NoiseSource([2, 3], 7), torch.float16), one.half())
    assert not torch.equal(load(NoiseSource([2, 3], 8)), one)
    assert load(NoiseSource([2], -1)).shape == (2,)


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(load, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(2))
    first = load(TensorSource("x.npy"))
    assert load(TensorSource("x.npy")) is first
    np.save(path, np.ones(3))
    assert load(TensorSource("x.npy")).tolist() == [1, 1, 1]


def bomb(path):
    """A PNG whose header promises far more pixels than anybody has."""
    Image.new("RGB", (8, 8)).save(path)
    content = path.read_bytes()
    header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + content[24:29]
    path.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (ImageSource(""), "no file is chosen"),
        (ImageSource("gone.png"), "there is no file .*gone.png"),
        (ImageSource("folder"), "folder is no file"),
        (ImageSource("notes.png"), "notes.png is no picture that can be read: use PNG, JPEG, WEBP, BMP, GIF, TIFF"),
        (ImageSource("script.png"), "script.png is no picture that can be read"),
        (ImageSource("a" * 300 + ".png"), "aaa.png can't be loaded: File name too long"),
        (TensorSource("huge.npy"), "huge.npy can't be loaded: Unable to allocate"),
        (NoiseSource([0, 2**62, 2**62]), "noise of shape 0x4611686018427387904x4611686018427387904 can't be loaded"),
        (ImageSource("half.png"), "can't be read as a picture: .*truncated"),
        (ImageSource("bomb.png"), "too large: pictures may have up to 89 million pixels"),
        (TensorSource("notes.png"), "is a .png: use .npy or .safetensors"),
        (TensorSource("notes.npy"), "can't be read as a .npy file"),
        (TensorSource("empty.npy"), "can't be read as a .npy file"),
        (TensorSource("pickled.npy"), "can't be read as a .npy file"),
        (TensorSource("text.npy"), "only numbers"),
        (TensorSource("notes.safetensors"), "can't be read as a .safetensors file"),
        (TensorSource("half.safetensors"), "can't be read as a .safetensors file"),
        (NoiseSource([1, -3]), "noise of shape 1x-3"),
        (NoiseSource([2**20, 2**20]), "may not be negative, nor the whole beyond"),
    ],
)
def test_what_gives_no_value_says_why(load, tmp_path, source, message):
    (tmp_path / "folder").mkdir()
    for name in ("notes.png", "notes.npy", "notes.safetensors"):
        (tmp_path / name).write_text("this is no such file\n" * 20)
    (tmp_path / "empty.npy").touch()
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "text.npy", np.array(["a"]))
    bomb(tmp_path / "bomb.png")
    (tmp_path / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n%%EOF\n")
    with (tmp_path / "huge.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    Image.fromarray(data.astronaut()).save(tmp_path / "half.png")
    save_file({"a": torch.ones(1000)}, tmp_path / "half.safetensors")
    for name in ("half.png", "half.safetensors"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    error = load(source)
    assert isinstance(error, str)
    assert re.search(message, error), error


def test_a_pickle_is_never_opened(load, tmp_path):
    class Trap:
        def __reduce__(self):
            return (json.loads, ("[]",))

    np.save(tmp_path / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    assert "can't be read" in load(TensorSource("trap.npy"))


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "gif", "tiff"])
def test_the_formats_that_are_read(load, tmp_path, ending):
    Image.new("RGB", (4, 3), "white").save(tmp_path / f"x.{ending}")
    assert load(ImageSource(f"x.{ending}")).min() == 1
