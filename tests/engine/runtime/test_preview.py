import math
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data

from engine.runtime import preview
from nodes.ops.image import Blur


def of(value) -> Any:
    return preview.of(7, "node", value)


def pixels(picture):
    assert len(picture.rgb) == picture.width * picture.height * 3
    return np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width, 3)


def photograph():
    return torch.from_numpy(data.astronaut()).permute(2, 0, 1)


@pytest.mark.parametrize(
    "shaped", [lambda x: x, lambda x: x[None], lambda x: x.float() / 255, lambda x: (x.double() / 255)[None]]
)
def test_a_photograph_shows_as_it_is(shaped):
    shown = of(shaped(photograph()))
    np.testing.assert_array_equal(pixels(shown.picture), data.astronaut())
    assert shown.picture.caption == ""
    assert (shown.run, shown.node) == (7, "node")


def test_grey_and_transparent_pictures():
    grey = pixels(of(torch.full((1, 1, 2, 3), 0.2)).picture)
    assert grey.shape == (2, 3, 3)
    assert (grey == 51).all()
    assert (pixels(of(torch.full((2, 3), 0.2)).picture) == 51).all()
    layer = torch.tensor([1.0, 0, 0, 0.2]).view(4, 1, 1).expand(4, 5, 5)
    assert pixels(of(layer).picture)[0, 0].tolist() == [255, 204, 204]


def test_large_pictures_are_scaled_down_in_proportion():
    picture = of(torch.rand(1, 3, 512, 4096)).picture
    assert (picture.width, picture.height) == (1024, 128)
    assert pixels(picture).std() < 40, "averaged, not thinned"
    assert (of(torch.rand(3, 3000, 2)).picture.width, of(torch.rand(3, 3000, 2)).picture.height) == (1, 1024)


def test_a_sharpened_picture_is_still_a_picture_and_noise_is_not():
    x = photograph()[None].float() / 255
    details = x - Blur(3, 1.5)(x)
    sharpened = of(x + 4 * details).picture
    np.testing.assert_array_equal(pixels(sharpened), pixels(of((x + 4 * details).clamp(0, 1)).picture))
    assert of(details).picture.caption.startswith("[0, 0, :, :], blue -")
    noise = of(torch.randn(1, 3, 64, 64)).picture
    assert noise.caption.startswith("[0, 0, :, :], blue -")
    assert (noise.width, noise.height) == (64, 64)


def test_figures_of_a_tensor():
    found = of(torch.tensor([[1.0, 2.0], [3.0, 6.0]])).figures
    assert (found.shape, found.dtype, found.device) == ((2, 2), "float32", "cpu")
    assert (found.low, found.high, found.mean) == (1, 6, 3)
    assert found.std == pytest.approx(np.std([1, 2, 3, 6]))
    assert len(found.histogram) == 64
    assert sum(found.histogram) == 4
    assert (found.histogram[0], found.histogram[-1]) == (1, 1)


def test_what_is_not_finite_is_counted_and_left_out():
    shown = of(torch.tensor([1.0, math.nan, math.inf, -math.inf, 3.0]))
    assert shown.figures.not_finite == 3
    assert (shown.figures.low, shown.figures.high, shown.figures.mean) == (1, 3, 2)
    assert pixels(shown.picture)[0, 1].tolist() == [255, 0, 255]
    assert shown.picture.caption == "[:], black 1 to white 3, magenta not finite"
    nothing = of(torch.full((2, 2), math.nan))
    assert nothing.figures.not_finite == 4
    assert nothing.figures.histogram == ()


def test_a_slice_in_two_colours_about_zero():
    shown = of(torch.tensor([[-2.0, 0.0, 1.0]]))
    left, middle, right = pixels(shown.picture)[0].tolist()
    assert left == [33, 102, 172]
    assert middle == [255, 255, 255]
    assert right[0] > right[2]
    assert shown.picture.caption == "[:, :], blue -2 to red 2"


def test_a_large_slice_is_thinned_and_says_so():
    picture = of(torch.randn(5, 3000, 10)).picture
    assert (picture.width, picture.height) == (10, 1024)
    assert picture.caption.startswith("[0, :, :], 1024 of 3000 rows, 10 of 10 columns")


@pytest.mark.parametrize(
    ("tensor", "text", "low", "high"),
    [
        (torch.arange(10), "int64 (10,)", 0, 9),
        (torch.tensor([2**62, -(2**62)]), "int64 (2,)", -(2.0**62), 2.0**62),
        (torch.eye(3, dtype=torch.bool), "bool (3, 3)", 0, 1),
        (torch.full((2, 2), 3 + 4j), "complex64 (2, 2)", 5, 5),
        (torch.ones(2, 2, dtype=torch.bfloat16), "bfloat16 (2, 2)", 1, 1),
        (torch.ones(2, 2).to(torch.float8_e4m3fn), "float8_e4m3fn (2, 2)", 1, 1),
        (torch.tensor([1e308, -1e308], dtype=torch.float64), "float64 (2,)", -1e308, 1e308),
    ],
)
def test_every_dtype_has_figures_and_a_picture(tensor, text, low, high):
    shown = of(tensor)
    assert shown.text == text
    assert (shown.figures.low, shown.figures.high) == (low, high)
    assert pixels(shown.picture).size


def test_tensors_without_a_slice_have_no_picture():
    scalar = of(torch.tensor(2.5))
    assert scalar.text == "float32 () = 2.5"
    assert scalar.picture is None
    assert scalar.figures.mean == 2.5
    empty = of(torch.zeros(0, 3))
    assert empty.picture is None
    assert empty.figures.histogram == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5547711633552384, "2.5547711633552384"),
        (None, "None"),
        ("a cat", "a cat"),
        ([1, "a", [2.0]], "[1, 'a', [2.0]]"),
        ((), "()"),
    ],
)
def test_other_values_are_text(value, text):
    shown = of(value)
    assert shown.text == text
    assert shown.figures is None
    assert shown.picture is None


def test_tuples_of_tensors_list_each_and_picture_the_first():
    shown = of((3, torch.rand(3, 4, 5), torch.randn(2)))
    assert shown.text == "(3, float32 (3, 4, 5), float32 (2,))"
    assert shown.figures.shape == (3, 4, 5)
    assert (shown.picture.width, shown.picture.height) == (5, 4)


def test_long_and_endless_values_are_cut():
    assert len(of("x" * 10_000).text) < 2100
    assert of([torch.zeros(1)] * 100).text.endswith("…]")
    endless: list[object] = [torch.zeros(1)]
    endless.append(endless)
    assert "float32 (1,)" in of(endless).text
    alone: list[object] = []
    alone.append(alone)
    assert of(alone).text == "[[...]]"


def test_a_text_is_whole_where_no_length_is_given():
    assert preview.text_of(list(range(1000)), longest=None) == str(list(range(1000)))
    assert preview.text_of([torch.zeros(()), "x" * 9000], longest=None).endswith("x]")


def test_half_characters_are_escaped():
    assert of("a\ud800").text == "a\\ud800"
    assert of([torch.zeros(1), "\udc00"]).text == "[float32 (1,), \\udc00]"
