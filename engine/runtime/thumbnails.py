"""Thumbnails: small pictures of values, to be shown on nodes."""

import torch
from msgspec.structs import replace
from torch.nn import functional as F

from engine.messages import Picture
from engine.runtime import preview

SIDE = 96
"""Thumbnails are at most this many pixels wide and high."""

LEAST = 4
"""What has fewer rows or columns is no picture."""


def thumbnail(value: object) -> Picture | None:
    """A small picture of the first tensor in a value: an image as it is, of feature maps the first, else none.

    Of a batch (N, C, H, W) it is the first that counts.
    """
    tensor = preview.first_tensor(value)
    if tensor is None or tensor.dim() != 4 or min(tensor.shape[-2:]) < LEAST or tensor.numel() == 0:
        return None
    tensor = tensor.detach()[:1]
    is_map = tensor.shape[1] not in (1, 3, 4)
    tensor = tensor[:, :1] if is_map else tensor
    tensor = tensor.abs() if tensor.is_complex() else tensor
    height, width = tensor.shape[-2:]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        small = F.interpolate(tensor.to(torch.float32), size, mode="area")
        tensor = small.round().to(torch.uint8) if tensor.dtype == torch.uint8 else small
    found = preview.picture(tensor[0, 0] if is_map else tensor)
    return replace(found, caption="", values=b"", depth=0) if found else None
