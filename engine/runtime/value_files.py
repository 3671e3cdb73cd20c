"""Values as files: pictures as .png, tensors as .npy or .safetensors."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from engine.document import disk
from engine.messages import ENDINGS
from engine.runtime.preview import channels_of, text_of, to_bytes


class ExportError(ValueError):
    """A value that can't be written to this file; the message says why."""


def export(value: object, path: Path) -> None:
    """Write a value to a file, whose ending says how, all or nothing. Raises ExportError.

    A tuple of tensors fits in .safetensors alone, as "0", "1" and so on; one tensor is called "value" there.
    """
    try:
        disk.write(path, _content(value, path.suffix.lower()), None, backup=False)
    except (ExportError, disk.FileError) as error:
        raise ExportError(str(error)) from error
    except Exception as error:  # whatever the writers of these formats make of a value
        raise ExportError(f"{path} can't hold {text_of(value)}: {type(error).__name__}: {error}") from error


def _content(value: object, ending: str) -> bytes:
    file = io.BytesIO()
    match ending:
        case ".png":
            Image.fromarray(_pixels(value)).save(file, format="PNG")
        case ".npy":
            np.save(file, _array(value), allow_pickle=False)
        case ".safetensors":
            file.write(save(_tensors(value)))
        case _:
            raise ExportError(f"can't write {ending or 'a file without an ending'}: use {', '.join(ENDINGS)}")
    return file.getvalue()


def _pixels(value: object) -> np.ndarray:
    channels = channels_of(value) if isinstance(value, torch.Tensor) else None
    if channels is None:
        raise ExportError(
            f"a .png holds one picture, (1, C, H, W) or (C, H, W) with 1, 3 or 4 channels, or (H, W): "
            f"this is {text_of(value)}"
        )
    return to_bytes(channels)


def _array(value: object) -> np.ndarray:
    if isinstance(value, bool | int | float | complex):
        return np.asarray(value)
    if not isinstance(value, torch.Tensor):
        raise ExportError(f"a .npy holds one tensor or number: this is {text_of(value)}")
    known = value.detach().cpu().resolve_conj().resolve_neg()
    return (known.float() if known.dtype == torch.bfloat16 else known).numpy()


def _tensors(value: object) -> dict[str, torch.Tensor]:
    named = {"value": value} if not isinstance(value, tuple | list) else {str(i): v for i, v in enumerate(value)}
    tensors = {
        name: v.detach().cpu().resolve_conj().resolve_neg().clone().contiguous()
        for name, v in named.items()
        if isinstance(v, torch.Tensor)
    }
    if not named or len(tensors) < len(named):
        raise ExportError(f"a .safetensors holds tensors only: this is {text_of(value)}")
    return tensors
