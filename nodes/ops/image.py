"""Fixed operations on pictures of shape (N, C, H, W); nothing is learned.

Nothing is cached between calls: shapes are also inferred by running these modules on fake tensors, which must not
linger, and the kernels are far cheaper than what they are applied to.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in ITU-R BT.601."""


class Blur(nn.Module):
    """Gaussian blur of each channel by itself with a normalised kernel of 2 * radius + 1 taps; borders are mirrored.

    `sigma` is read at every call. Mirrors repeat, so the radius may be larger than the picture.
    """

    def __init__(self, radius: int, sigma: float = 1.5) -> None:
        super().__init__()
        self.radius = radius
        self.sigma = sigma

    def forward(self, x: Tensor) -> Tensor:
        _check_picture(x)
        taps = gaussian(self.radius, self.sigma, x.device).to(x.dtype)
        channels = x.shape[1]
        # One group a channel and channels last: several times faster on the CPU than a plane at a time.
        blurred = _mirrored(x.contiguous(memory_format=torch.channels_last), 2, self.radius)
        blurred = F.conv2d(blurred, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
        blurred = F.conv2d(
            _mirrored(blurred, 3, self.radius), taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels
        )
        return blurred.contiguous()


class Grayscale(nn.Module):
    """Luma of an RGB picture: (N, 3, H, W) to (N, channels, H, W), the channel repeated when `channels` is "3"."""

    def __init__(self, channels: str = "3") -> None:
        super().__init__()
        self.channels = int(channels)

    def forward(self, x: Tensor) -> Tensor:
        _check_picture(x)
        if x.shape[1] != 3:
            raise ValueError(f"expected 3 channels (red, green, blue), but got {x.shape[1]} in {tuple(x.shape)}")
        red, green, blue = (weight * channel for weight, channel in zip(LUMA, x.split(1, dim=1), strict=True))
        return (red + green + blue).repeat(1, self.channels, 1, 1)


class Resize(nn.Module):
    """Resamples to (N, C, height, width), without aliasing when it gets smaller ("nearest" apart).

    "bicubic" overshoots at edges by nature; the result is held within the range of its own picture.
    """

    def __init__(self, height: int, width: int, mode: str = "bilinear") -> None:
        super().__init__()
        self.height = height
        self.width = width
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        _check_picture(x)
        smooth = self.mode in ("bilinear", "bicubic")
        # Half precision has no antialiased kernels on the CPU, and would lose accuracy in the sums.
        exact = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        resized = F.interpolate(exact, (self.height, self.width), mode=self.mode, antialias=smooth)
        if self.mode == "bicubic":
            resized = resized.clamp(exact.amin((1, 2, 3), keepdim=True), exact.amax((1, 2, 3), keepdim=True))
        return resized.to(x.dtype)


class Interpolate(nn.Module):
    """Repeats or drops pixels: (N, C, ...) to (N, C, *shape), or to `shape` times the size when it is one number."""

    def forward(self, x: Tensor, shape: Sequence[int] | float) -> Tensor:
        if isinstance(shape, int | float):
            return F.interpolate(x, scale_factor=shape, mode="nearest")
        return F.interpolate(x, size=tuple(shape), mode="nearest")


class FourierFilter(nn.Module):
    """Multiplies the slow waves of each channel by `scale`: those up to `threshold` periods in height and in width.

    Half precision is worked on in float32: no kernel takes all its sizes.
    """

    def __init__(self, scale: float = 1.0, threshold: int = 1) -> None:
        super().__init__()
        self.scale = scale
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        _check_picture(x)
        exact = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        waves = torch.fft.fftshift(torch.fft.fftn(exact, dim=(-2, -1)), dim=(-2, -1))
        rows, columns = (slice(max(size // 2 - self.threshold, 0), size // 2 + self.threshold) for size in x.shape[-2:])
        factors = torch.ones(x.shape[-2:], device=x.device)
        factors[rows, columns] = self.scale
        shifted = torch.fft.ifftshift(waves * factors, dim=(-2, -1))
        return torch.fft.ifftn(shifted, dim=(-2, -1)).real.to(x.dtype)


class Grid(nn.Module):
    """The pictures of a batch in rows: (N, C, H, W) to (1, C, rows * (H + gap) - gap, columns * (W + gap) - gap).

    There are as few columns as make a square when `columns` is 0. What is left over, and the gaps, are `fill`.
    """

    def __init__(self, columns: int = 0, gap: int = 1, fill: float = 0.0) -> None:
        super().__init__()
        self.columns = columns
        self.gap = gap
        self.fill = fill

    def forward(self, x: Tensor) -> Tensor:
        _check_picture(x)
        count, channels, height, width = x.shape
        columns = self.columns or math.ceil(math.sqrt(count))
        rows = max(1, math.ceil(count / columns))
        cells = x.new_full((rows * columns, channels, height + self.gap, width + self.gap), self.fill)
        cells[:count, :, :height, :width] = x
        cells = cells.view(rows, columns, *cells.shape[1:]).permute(2, 0, 3, 1, 4)
        sheet = cells.reshape(1, channels, rows * (height + self.gap), columns * (width + self.gap))
        return sheet[..., : sheet.shape[2] - self.gap, : sheet.shape[3] - self.gap].contiguous()


def gaussian(radius: int, sigma: float, device: torch.device | str = "cpu") -> Tensor:
    """The 2 * radius + 1 taps of a Gaussian of `sigma` pixels, in float32; they add up to 1."""
    distance = torch.arange(-radius, radius + 1, dtype=torch.float32, device=device) / max(sigma, 1e-3)
    taps = torch.exp(-0.5 * distance.square())
    return taps / taps.sum()


def _mirrored(x: Tensor, dim: int, border: int) -> Tensor:
    """`x` with `border` more pixels at both ends of `dim` (2 or 3): mirrored about the end pixels, again and again."""
    last = x.shape[dim] - 1
    if border <= last:
        return F.pad(x, (0, 0, border, border) if dim == 2 else (border, border, 0, 0), mode="reflect")
    position = torch.arange(-border, last + border + 1, device=x.device)
    if last == 0:
        return x.index_select(dim, torch.zeros_like(position))
    return x.index_select(dim, last - (position.remainder(2 * last) - last).abs())


def _check_picture(x: Tensor) -> None:
    if x.dim() != 4:
        raise ValueError(f"expected a picture of shape (N, C, H, W), but got {tuple(x.shape)}")
    if not x.is_floating_point():
        raise ValueError(f"expected floating-point pixels, but got {x.dtype}".replace("torch.", ""))
    if 0 in x.shape[1:]:
        raise ValueError(f"expected a picture with pixels in it, but got {tuple(x.shape)}")
