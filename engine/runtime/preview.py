"""Previews: what a node produced, as pixels and figures for the screen."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from engine.messages import ALL, Figures, Picture, Preview
from engine.runtime.describe import describe

LONGEST = 1024
"""Pictures are scaled down to this many pixels on their longer side."""

MOST_VALUES = 1 << 20
"""Pictures of at most so many numbers carry these beside their pixels."""

BINS = 64
TEXT = 2000
"""Texts are cut after this many characters."""

LISTED = 20
"""Of a list with tensors in it, this many elements are described."""


def of(run: int, node: str, value: object, index: Sequence[int] = ()) -> Preview:
    """The preview of a value: tensors as figures and a picture (see `picture`), everything else as text.

    Of a tuple or list, the first tensor is pictured, and the text describes each element.
    """
    tensor = first_tensor(value)
    if tensor is None:
        return Preview(run, node, text_of(value))
    tensor = tensor.detach()
    return Preview(run, node, text_of(value), figures(tensor), picture(tensor, index))


def first_tensor(value: object) -> torch.Tensor | None:
    """The tensor itself, or the first one in a tuple or list, however deep."""
    stack, seen = [value], set[int]()
    while stack:
        item = stack.pop()
        if isinstance(item, torch.Tensor):
            return item
        if isinstance(item, tuple | list) and id(item) not in seen:
            seen.add(id(item))  # a list may hold itself
            stack.extend(reversed(item))
    return None


def text_of(value: object, longest: int | None = TEXT, depth: int = 3) -> str:
    """A value in words: a tensor as "float32 (1, 3, 64, 64)", one without dimensions with its value, the rest as
    Python prints it. Texts of more than `longest` characters and deep lists of tensors are cut."""
    match value:
        case torch.Tensor():
            return f"{describe(value)} = {value.item()!r}" if value.dim() == 0 else describe(value)
        case tuple() | list() if first_tensor(value) is not None:
            shown = [text_of(item, longest, depth - 1) for item in value[:LISTED]] if depth else []
            inner = ", ".join(shown if len(shown) == len(value) else [*shown, "…"])
            text = f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
        case _:
            text = printable(str(value))
    return text if longest is None or len(text) <= longest else text[:longest] + " …"


def printable(text: str) -> str:
    """The text with half characters (lone surrogates) written as escapes, since no pipe or terminal takes those."""
    return text.encode(errors="backslashreplace").decode()


def figures(tensor: torch.Tensor) -> Figures:
    """Shape, dtype, device, range, moments and a 64-bin histogram; complex numbers count by their magnitude."""
    real = _real(tensor).flatten()
    finite = real[real.isfinite()]
    missing = real.numel() - finite.numel()
    names = (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."), str(tensor.device))
    if finite.numel() == 0:
        return Figures(*names, 0.0, 0.0, 0.0, 0.0, missing)
    low, high = finite.min().item(), finite.max().item()
    mean, std = finite.mean().item(), finite.std(correction=0).item()
    return Figures(*names, low, high, mean, std, missing, _histogram(finite, low, high))


def _real(tensor: torch.Tensor) -> torch.Tensor:
    """Real floating-point numbers, wide enough for sums."""
    if tensor.is_complex():
        tensor = tensor.abs()
    return tensor if tensor.dtype == torch.float64 else tensor.to(torch.float32 if _narrow(tensor) else torch.float64)


def _narrow(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.dtype in (torch.bool, torch.uint8, torch.int8, torch.int16)


def _histogram(finite: torch.Tensor, low: float, high: float) -> tuple[int, ...]:
    span = high - low
    if span == 0 or not np.isfinite(span):
        return (finite.numel(),)
    bins = ((finite - low) * (BINS / span)).long().clamp(0, BINS - 1)
    return tuple(torch.bincount(bins, minlength=BINS).tolist())


def picture(tensor: torch.Tensor, index: Sequence[int] = ()) -> Picture | None:
    """Pixels of images as they are, or a coloured slice of any other tensor; None for one without a slice.

    `index` chooses along the first dimensions, the last two excepted: a number, or `ALL` for every one side by side.
    Along the others, images keep their channels and stand side by side, and of all else the first slice is shown.
    """
    if tensor.numel() == 0 or tensor.dim() == 0:
        return None
    chosen = [min(max(i, ALL), size - 1) for i, size in zip(index, tensor.shape[:-2], strict=False)]
    if not chosen and tensor.dim() == 4 and _are_images(tensor):
        chosen = [ALL if tensor.shape[0] > 1 else 0]
    taken = tensor[tuple(slice(None) if i == ALL else i for i in chosen)]
    tiles = taken.flatten(0, chosen.count(ALL) - 1) if ALL in chosen else taken.unsqueeze(0)
    if _are_images(tiles):
        return _images(tiles, chosen if index else [])
    return _slices(tiles, chosen)


def _are_images(tiles: torch.Tensor) -> bool:
    """Whether these are pictures, along their first dimension: (C, H, W), or (H, W)."""
    if tiles.dim() not in (3, 4) or channels_of(tiles[0]) is None:
        return False
    # Channels become rows, so that those of all tiles count.
    channels = channels_of(tiles.movedim(0, -2).flatten(-3, -2) if tiles.dim() == 4 else tiles.flatten(0, 1))
    return channels is not None and _is_image(channels, tiles.dim() == 3)


def _images(tiles: torch.Tensor, chosen: Sequence[int]) -> Picture:
    """The pictures of (N, C, H, W) or (N, H, W) side by side, scaled down where they are too large."""
    caption = _indices(chosen, 0) if chosen else ""
    tiles, caption = _few(tiles, caption)
    channels = torch.stack([found for tile in tiles if (found := channels_of(tile)) is not None])
    height, width = channels.shape[2:]
    if max(height, width) > LONGEST:
        scale = LONGEST / max(height, width)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        channels = F.interpolate(channels, size, mode="area")
        values = None
    else:
        values = channels.movedim(1, -1).contiguous().cpu().numpy()
        if tiles.dtype == torch.uint8:
            values = values * 255
    return _sheet(np.stack([to_bytes(each) for each in channels]), values, caption)


def _few(tiles: torch.Tensor, caption: str) -> tuple[torch.Tensor, str]:
    """As many tiles as find room side by side, and the caption with how many these are."""
    across, down = (max(1, (LONGEST + 1) // (min(size, LONGEST) + 1)) for size in tiles.shape[-2:])
    if len(tiles) > 1:
        some = f"{across * down} of {len(tiles)}" if len(tiles) > across * down else f"{len(tiles)}"
        caption = f"{caption}, {some} side by side".removeprefix(", ")
    return tiles[: across * down], caption


def _sheet(pixels: np.ndarray, values: np.ndarray | None, caption: str) -> Picture:
    """Tiles (N, H, W, 3), and their values (N, H, W, C), side by side with a line between them."""
    count, height, width = pixels.shape[:3]
    most = max(1, (LONGEST + 1) // (width + 1))
    columns = min(count, most, max(1, math.ceil(math.sqrt(count * (height + 1) / (width + 1)))))
    while math.ceil(count / columns) * (height + 1) > LONGEST + 1 and columns < most:
        columns += 1

    def laid(tiles: np.ndarray, empty: float) -> np.ndarray:
        rows = math.ceil(count / columns)
        room = np.full((rows * columns, height + 1, width + 1, tiles.shape[3]), empty, tiles.dtype)
        room[:count, :height, :width] = tiles
        room = room.reshape(rows, columns, height + 1, width + 1, -1).swapaxes(1, 2)
        return room.reshape(rows * (height + 1), columns * (width + 1), -1)[:-1, :-1]

    shown = laid(pixels, 128)
    held, depth = b"", 0
    if values is not None and values.size <= MOST_VALUES:
        with np.errstate(over="ignore"):
            held, depth = laid(values.astype(np.float32), np.nan).tobytes(), values.shape[3]
    tile = (width, height) if count > 1 else (0, 0)
    return Picture(shown.shape[1], shown.shape[0], shown.tobytes(), caption, held, depth, tile)


def _indices(chosen: Sequence[int], more: int) -> str:
    """Which slices are shown, as in Python: "[0, 3, :, :]"."""
    shown = [":" if i == ALL else str(i) for i in chosen]
    return "[" + ", ".join([*shown, *[":"] * more]) + "]"


def channels_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """The tensor as float32 (C, H, W), with 1 for white, if it is shaped like a picture.

    Pictures are (1, C, H, W) or (C, H, W) with 1, 3 or 4 channels, or (H, W), of floats or of bytes.
    """
    channels = tensor[0] if tensor.dim() == 4 and tensor.shape[0] == 1 else tensor
    if channels.dim() == 2:
        channels = channels.unsqueeze(0)
    if channels.dim() != 3 or channels.shape[0] not in (1, 3, 4) or channels.numel() == 0:
        return None
    if tensor.dtype == torch.uint8:
        return channels.to(torch.float32) / 255
    return channels.to(torch.float32) if tensor.is_floating_point() else None


def _is_image(channels: torch.Tensor, plain: bool) -> bool:
    """Whether the numbers look like levels of light: in [0, 1], but with 1 or 3 channels, four in ten may lie outside.

    Sharpening makes such. Of a `plain` matrix or 4 channels, which are often other data, all must be levels.
    """
    inside = ((channels >= 0) & (channels <= 1)).float().mean().item()
    return inside >= (1 if plain or channels.shape[0] == 4 else 0.6)


def to_bytes(channels: torch.Tensor) -> np.ndarray:
    """(C, H, W) as bytes (H, W, 3). Cut to [0, 1]; transparent parts show white, and what is not finite black."""
    levels = channels.nan_to_num(0, 0, 0).clamp(0, 1)
    if levels.shape[0] == 4:
        levels = levels[:3] * levels[3:] + (1 - levels[3:])
    pixels = (levels * 255).round().to(torch.uint8).expand(3, -1, -1)
    return pixels.permute(1, 2, 0).contiguous().cpu().numpy()


def _slices(tiles: torch.Tensor, chosen: Sequence[int]) -> Picture:
    """Of each tile the last two dimensions at index 0 of the others, in grey, or in blue and red about zero; large ones
    thinned. All are coloured alike."""
    if tiles.dim() == 2:
        tiles = tiles.unsqueeze(1)
        caption = "[:]"
    else:
        rest = tiles.dim() - 3
        tiles = tiles[(slice(None), *[0] * rest)]
        caption = _indices([*chosen, *[0] * rest], 2)
    if tiles.is_complex():
        caption = f"magnitude of {caption}"
    tiles, caption = _few(tiles, caption)
    height, width = (min(size, LONGEST) for size in tiles.shape[1:])
    rows = torch.linspace(0, tiles.shape[1] - 1, height).round().long().to(tiles.device)
    columns = torch.linspace(0, tiles.shape[2] - 1, width).round().long().to(tiles.device)
    if (height, width) != tiles.shape[1:]:
        caption += f", {height} of {tiles.shape[1]} rows, {width} of {tiles.shape[2]} columns"
    data = _real(tiles[:, rows][:, :, columns]).to(torch.float64).cpu().numpy()
    finite = np.isfinite(data)
    low, high = (float(data[finite].min()), float(data[finite].max())) if finite.any() else (0.0, 0.0)
    if low < 0 < high:
        reach = max(-low, high)
        pixels, colours = _diverging(np.where(finite, data, 0) / reach), f"blue {-reach:.3g} to red {reach:.3g}"
    else:
        pixels = _grey((np.where(finite, data, low) - low) / ((high - low) or 1.0))
        colours = f"black {low:.3g} to white {high:.3g}"
    if not finite.all():
        pixels[~finite] = NOT_FINITE
        colours += ", magenta not finite"
    return _sheet(pixels, data[..., None], f"{caption}, {colours}")


NOT_FINITE = (255, 0, 255)


def _grey(level: np.ndarray) -> np.ndarray:
    """Black at 0 to white at 1."""
    return np.repeat((level * 255).round().astype(np.uint8)[..., None], 3, axis=-1)


def _diverging(level: np.ndarray) -> np.ndarray:
    """Blue at -1 over white at 0 to red at 1."""
    fade = (1 - np.abs(level))[..., None]
    end = np.where(level[..., None] < 0, np.array((33, 102, 172)), np.array((178, 24, 43)))
    return (255 * fade + end * (1 - fade)).round().astype(np.uint8)
