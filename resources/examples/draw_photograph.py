"""Draws photograph.png, the picture that the default example sharpens: a lake at dusk, slightly out of focus.

Run it with `python resources/examples/draw_photograph.py`; the same picture comes out every time.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIZE = 512
HORIZON = 300
Field = NDArray[np.float64]


def noise(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Field:
    """Smooth noise in [0, 1]: random values on a coarse grid, resampled to `shape` (height, width)."""
    coarse = rng.random((max(2, int(shape[0] / scale) + 2), max(2, int(shape[1] / scale) + 2)))
    picture = Image.fromarray((coarse * 255).astype(np.uint8)).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(picture, dtype=np.float64) / 255


def clouds(rng: np.random.Generator, shape: tuple[int, int], stretch: float = 1.0) -> Field:
    """Noise of several scales, wider than high by `stretch`."""
    narrow = (shape[0], max(2, int(shape[1] / stretch)))
    total = sum(noise(rng, narrow, 128 / 2**octave) / 1.7**octave for octave in range(6))
    total = np.asarray(Image.fromarray(np.asarray(total, dtype=np.float32)).resize((shape[1], shape[0])))
    return (total - total.min()) / (total.max() - total.min())


def blend(under: Field, over: Field | tuple[float, float, float], mask: Field) -> Field:
    """`over` on `under` where `mask` is 1; colours are in [0, 1]."""
    return under + (np.asarray(over) - under) * mask[..., None]


def sky(rng: np.random.Generator) -> Field:
    """Dusk, the sun behind the mountains, thin clouds: (HORIZON, SIZE, 3)."""
    y, x = np.mgrid[0:HORIZON, 0:SIZE] / SIZE
    ramp = (y / y.max())[..., None]
    colours = (1 - ramp) * np.array([0.10, 0.16, 0.36]) + ramp * np.array([0.98, 0.62, 0.38])
    distance = np.hypot(x - 0.66, (y - 0.44) * 1.0)
    colours = blend(colours, (1.0, 0.86, 0.62), np.exp(-((distance / 0.16) ** 2)) * 0.8)
    colours = blend(colours, (1.0, 0.97, 0.88), 1 / (1 + np.exp((distance - 0.045) * 300)))
    wisps = np.clip(clouds(rng, (HORIZON, SIZE), 3.0) * 2.4 - 1.15, 0, 1) * (0.35 + 0.65 * ramp[..., 0])
    return blend(colours, (1.0, 0.78, 0.66), wisps * 0.75)


def ridge(rng: np.random.Generator, base: float, height: float, roughness: float) -> Field:
    """A mask of mountains whose crest is around `base` pixels from the top."""
    crest = sum(noise(rng, (2, SIZE), 160 / 2**octave)[0] * height / roughness**octave for octave in range(7)) - height
    y = np.arange(HORIZON)[:, None]
    return np.clip(y - (base - crest[None, :]), 0, 1)


def draw() -> Image.Image:
    """The whole picture, 512 x 512, RGB."""
    rng = np.random.default_rng(2024)
    land = sky(rng)
    for depth, (base, height, roughness) in enumerate([(225, 60, 1.9), (255, 52, 1.7), (288, 34, 1.5)]):
        shade = np.array([[0.42, 0.36, 0.48], [0.25, 0.24, 0.36], [0.10, 0.12, 0.17]])[depth]
        mask = ridge(rng, base, height, roughness)
        rock = shade * (0.75 + 0.5 * clouds(rng, (HORIZON, SIZE)))[..., None]
        land = blend(land, rock, mask)
    depth = SIZE - HORIZON
    mirror = land[::-1][:depth] * np.array([0.62, 0.66, 0.74])
    waves = clouds(rng, (depth, SIZE), 8.0) - 0.5
    shift = (waves * np.linspace(1, 26, depth)[:, None]).astype(int)
    rows = np.clip(np.arange(depth)[:, None] + shift, 0, depth - 1)
    water = mirror[rows, np.arange(SIZE)[None, :]] * (0.92 + 0.25 * waves[..., None])
    picture = np.concatenate([land, water])
    reeds = rng.integers(0, SIZE, 150)
    for x in np.concatenate([reeds[reeds < 190], reeds[reeds > 380]]):
        top, bend = rng.integers(360, 470), rng.normal(0, 0.18)
        for y in range(top, SIZE):
            column = int(x + bend * (SIZE - y))
            if 0 <= column < SIZE - 1:
                picture[y, column : column + 2] *= np.array([0.22, 0.24, 0.2])
    picture += rng.normal(0, 0.012, picture.shape)
    pixels = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.1))


if __name__ == "__main__":
    draw().save(Path(__file__).with_name("photograph.png"), optimize=True)
