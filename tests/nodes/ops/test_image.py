import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data, filters
from torch._subclasses.fake_tensor import FakeTensorMode

from nodes.ops.arithmetic import Multiply
from nodes.ops.image import Blur, Grayscale, Resize, gaussian
from nodes.ops.shape import Reshape

MODULES = {
    "blur": Blur(3),
    "blur beyond the picture": Blur(40, 9.0),
    "luma": Grayscale("1"),
    "grey": Grayscale("3"),
    "nearest": Resize(5, 7, "nearest"),
    "bilinear": Resize(5, 33, "bilinear"),
    "bicubic": Resize(33, 7, "bicubic"),
    "area": Resize(5, 7, "area"),
    "reshape": Reshape([-1]),
    "multiply": Multiply(0.5, 1),
}


def photograph() -> torch.Tensor:
    """A real photograph, (1, 3, 512, 512) in [0, 1]."""
    return torch.from_numpy(data.astronaut().astype(np.float32) / 255).permute(2, 0, 1).unsqueeze(0).contiguous()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("name", MODULES)
def test_fake_and_meta_tensors_tell_the_shape_and_dtype(name, dtype):
    module = MODULES[name]
    x = torch.rand(2, 3, 16, 12).to(dtype)
    real = module(x)
    with FakeTensorMode() as mode:
        fake = module(mode.from_tensor(x))
    meta = module(x.to("meta"))
    assert (fake.shape, fake.dtype) == (meta.shape, meta.dtype) == (real.shape, real.dtype)
    assert real.dtype == dtype
    assert torch.equal(module(x), real), "what was inferred must leave no trace"


def test_blur_is_the_gaussian_of_scikit_image():
    x = photograph()
    expected = filters.gaussian(x[0].numpy(), sigma=2.0, truncate=4.0, mode="mirror", channel_axis=0)
    result = Blur(radius=8, sigma=2.0)(x)
    np.testing.assert_allclose(result[0].numpy(), expected, atol=2e-6)


def test_the_kernel_adds_up_to_one_and_keeps_a_flat_picture():
    assert gaussian(5, 2.0).sum().item() == pytest.approx(1, abs=1e-6)
    flat = torch.full((2, 4, 6, 5), 0.25)
    torch.testing.assert_close(Blur(3, 1.5)(flat), flat)


def test_sigma_is_read_at_every_call():
    x = photograph()
    module = Blur(radius=6, sigma=0.05)
    assert torch.equal(module(x), x)
    module.sigma = 3.0
    assert module(x).std() < x.std()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 3), (5, 64)])
def test_a_radius_beyond_the_picture_mirrors_again_and_again(size):
    x = torch.rand(1, 2, *size)
    padded = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (9, 9), (9, 9)), mode="reflect"))
    taps = gaussian(9, 4.0)
    window = padded.unfold(2, 19, 1).unfold(3, 19, 1)
    expected = torch.einsum("nchwij,i,j->nchw", window, taps, taps)
    torch.testing.assert_close(Blur(9, 4.0)(x), expected)


def test_an_empty_batch_passes():
    assert Blur(3)(torch.rand(0, 3, 8, 8)).shape == (0, 3, 8, 8)


def test_grayscale_is_pillows_luma():
    picture = data.astronaut()
    expected = np.asarray(Image.fromarray(picture).convert("L"))
    result = Grayscale("1")(torch.from_numpy(picture).permute(2, 0, 1).unsqueeze(0).double())
    assert result.shape == (1, 1, 512, 512)
    assert np.abs(result[0, 0].numpy() - expected).max() <= 1
    assert Grayscale("3")(photograph()).shape == (1, 3, 512, 512)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_downscaling_is_antialiased_as_in_pillow(mode):
    x = photograph()
    filtering = Image.Resampling[mode.upper()]
    expected = [np.asarray(Image.fromarray(channel).resize((100, 60), filtering)) for channel in x[0].numpy()]
    np.testing.assert_allclose(Resize(60, 100, mode)(x)[0].numpy(), np.clip(expected, 0, 1), atol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_resizing_keeps_the_range(mode):
    edges = torch.zeros(2, 1, 8, 8)
    edges[0, :, :, 4:] = 1
    result = Resize(29, 31, mode)(edges)
    assert result.shape == (2, 1, 29, 31)
    assert result.min() >= 0
    assert result.max() <= 1
    assert result[1].abs().max() == 0, "each picture keeps to its own range"


@pytest.mark.parametrize(
    ("module", "x", "message"),
    [
        (Blur(3), torch.rand(3, 8, 8), r"shape \(N, C, H, W\), but got \(3, 8, 8\)"),
        (Blur(3), torch.ones(1, 3, 8, 8, dtype=torch.uint8), "floating-point pixels, but got uint8"),
        (Blur(3), torch.rand(1, 3, 0, 8), "with pixels in it"),
        (Grayscale("1"), torch.rand(1, 4, 8, 8), "3 channels .* but got 4"),
        (Resize(4, 4), torch.rand(8, 8), r"but got \(8, 8\)"),
    ],
)
def test_other_inputs_are_refused_in_words(module, x, message):
    with pytest.raises(ValueError, match=message):
        module(x)
