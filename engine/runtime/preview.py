"""Previews: what a node produced, as pixels and figures for the screen."""

import numpy as np
import torch
from torch.nn import functional as F

from engine.messages import Figures, Picture, Preview
from engine.runtime.describe import describe

LONGEST = 1024
"""Pictures are scaled down to this many pixels on their longer side."""

BINS = 64
TEXT = 2000
"""Texts are cut after this many characters."""

LISTED = 20
"""Of a list with tensors in it, this many elements are described."""


def of(run: int, node: str, value: object) -> Preview:
    """The preview of a value: tensors as figures and a picture, everything else as text.

    Of a tuple or list, the first tensor is pictured, and the text describes each element.
    """
    tensor = first_tensor(value)
    if tensor is None:
        return Preview(run, node, text_of(value))
    tensor = tensor.detach()
    return Preview(run, node, text_of(value), figures(tensor), picture(tensor))


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


def picture(tensor: torch.Tensor) -> Picture | None:
    """Pixels of an image as they are, or a coloured slice of any other tensor; None for one without a slice."""
    if tensor.numel() == 0 or tensor.dim() == 0:
        return None
    channels = channels_of(tensor)
    if channels is None or not _is_image(channels, tensor.dim() == 2):
        return _slice(tensor)
    height, width = channels.shape[1:]
    if max(height, width) > LONGEST:
        scale = LONGEST / max(height, width)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        channels = F.interpolate(channels.unsqueeze(0), size, mode="area").squeeze(0)
    return _picture(to_bytes(channels), "")


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


def _picture(pixels: np.ndarray, caption: str) -> Picture:
    return Picture(pixels.shape[1], pixels.shape[0], pixels.tobytes(), caption)


def _slice(tensor: torch.Tensor) -> Picture:
    """The last two dimensions at index 0 of the others, in grey, or in blue and red about zero; large ones thinned."""
    flat = tensor.reshape(1, -1) if tensor.dim() == 1 else tensor[(0,) * (tensor.dim() - 2)]
    caption = "[" + ", ".join(["0"] * (tensor.dim() - 2) + [":"] * min(tensor.dim(), 2)) + "]"
    if tensor.is_complex():
        caption = f"magnitude of {caption}"
    height, width = (min(size, LONGEST) for size in flat.shape)
    rows = torch.linspace(0, flat.shape[0] - 1, height).round().long().to(flat.device)
    columns = torch.linspace(0, flat.shape[1] - 1, width).round().long().to(flat.device)
    if (height, width) != flat.shape:
        caption += f", {height} of {flat.shape[0]} rows, {width} of {flat.shape[1]} columns"
    data = _real(flat[rows][:, columns]).to(torch.float64).cpu().numpy()
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
    return _picture(pixels, f"{caption}, {colours}")


NOT_FINITE = (255, 0, 255)


def _grey(level: np.ndarray) -> np.ndarray:
    """Black at 0 to white at 1."""
    return np.repeat((level * 255).round().astype(np.uint8)[:, :, None], 3, axis=2)


def _diverging(level: np.ndarray) -> np.ndarray:
    """Blue at -1 over white at 0 to red at 1."""
    fade = (1 - np.abs(level))[:, :, None]
    end = np.where(level[:, :, None] < 0, np.array((33, 102, 172)), np.array((178, 24, 43)))
    return (255 * fade + end * (1 - fade)).round().astype(np.uint8)
