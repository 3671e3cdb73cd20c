"""Values of sources: opens the files, makes the tensors, on the device and in the dtype of the run."""

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from safetensors import SafetensorError, safe_open

from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralSource,
    NoiseSource,
    NumberSource,
    Source,
    TensorSource,
    TextSource,
    UnsetSource,
    misshapen,
)

MAX_ELEMENTS = 2**28
"""More elements than this in one tensor are taken for a slip of the pen."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
"""The pictures that are read. Pillow knows more, but goes by the content and starts other programs for some."""

Name = TypeVar("Name")


class SourceError(ValueError):
    """A source that gives no value; the message names the file and what to do."""


class Loader:
    """Loads sources, and keeps the tensors of the latest load so that unchanged files are not read again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], torch.Tensor] = {}

    def load(
        self, sources: Mapping[Name, Source], folder: Path, device: torch.device, dtype: torch.dtype
    ) -> tuple[dict[Name, object], dict[Name, str]]:
        """The value of every source, None for an unset one, and why some have none.

        Floating-point tensors come in `dtype`; others keep theirs. Relative paths start at `folder`.
        """
        kept, self._kept = self._kept, {}
        values: dict[Name, object] = {}
        errors: dict[Name, str] = {}
        for name, source in sources.items():
            try:
                match source:
                    case UnsetSource():
                        values[name] = None
                    case NumberSource(value) | TextSource(value) | ListSource(value):
                        values[name] = copy.deepcopy(value)
                    case ImageSource() | TensorSource() | LiteralSource() | NoiseSource():
                        stamp = (*_stamp(source, folder), device, dtype)
                        if stamp not in kept:
                            kept[stamp] = _to(_tensor(source, folder), device, dtype)
                        values[name] = self._kept[stamp] = kept[stamp]
            except torch.OutOfMemoryError:
                raise  # of the device: no fault of the source's
            except (OSError, ValueError, RuntimeError, MemoryError) as error:
                values[name] = None
                errors[name] = _reason(source, error)
        return values, errors


def _reason(source: Source, error: Exception) -> str:
    """Why a source gives no value, naming it."""
    if isinstance(error, SourceError):
        return str(error)
    what = f"noise of shape {_sizes(source.shape)}" if isinstance(source, NoiseSource) else getattr(source, "path", "")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "there is not enough memory"
    return f"{what} can't be loaded: {reason}"


Tensorial = ImageSource | TensorSource | LiteralSource | NoiseSource


def _stamp(source: Tensorial, folder: Path) -> tuple[object, ...]:
    """What the tensor depends on, hashable."""
    if isinstance(source, LiteralSource):
        return ("literal", source.dtype, repr(source.value))
    if isinstance(source, NoiseSource):
        return ("noise", *source.shape, source.seed)
    path = _file(source.path, folder)
    state = path.stat()
    key = source.key if isinstance(source, TensorSource) else None
    return (type(source).__name__, path, state.st_mtime_ns, state.st_size, key)


def _tensor(source: Tensorial, folder: Path) -> torch.Tensor:
    match source:
        case ImageSource(path):
            return read_image(_file(path, folder))
        case TensorSource(path, key):
            return read_tensor(_file(path, folder), key)
        case LiteralSource(value, dtype):
            if wrong := misshapen(source):
                raise SourceError(wrong)
            return torch.tensor(value, dtype=getattr(torch, dtype))
        case NoiseSource(shape, seed):
            return noise(shape, seed)


def _to(tensor: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    return tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)


def _file(path: str, folder: Path) -> Path:
    if not path:
        raise SourceError("no file is chosen")
    found = folder / path
    if not found.exists():
        raise SourceError(f"there is no file {found}")
    if not found.is_file():
        raise SourceError(f"{found} is no file")
    return found


def read_image(path: Path) -> torch.Tensor:
    """A picture as float32 of shape (1, 3, H, W) in [0, 1], RGB, turned upright as its EXIF data say.

    Transparent parts show white, as on paper; of an animation, the first frame counts. Raises SourceError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as opened:
                upright = ImageOps.exif_transpose(opened)
                pixels = _rgb(upright)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise SourceError(f"{path} is too large: pictures may have up to {limit} million pixels") from None
    except UnidentifiedImageError:
        raise SourceError(f"{path} is no picture that can be read: use {', '.join(FORMATS)}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise SourceError(f"{path} can't be read as a picture: {error}") from None
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()


def _rgb(image: Image.Image) -> np.ndarray:
    """Pixels of shape (H, W, 3), float32 in [0, 1]."""
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow may hand out as 32
        grey = np.asarray(image, np.float32) / 65535
    elif image.mode == "F":
        grey = np.asarray(image, np.float32)
    else:
        if image.has_transparency_data:
            layer = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
        return np.asarray(image.convert("RGB"), np.float32) / 255
    return np.repeat(grey.clip(0, 1)[:, :, None], 3, axis=2)


def read_tensor(path: Path, key: str = "") -> torch.Tensor:
    """The tensor in a .npy file, or the one called `key` in a .safetensors file. Nothing is unpickled.

    Raises SourceError.
    """
    match path.suffix.lower():
        case ".npy":
            return _read_npy(path)
        case ".safetensors":
            return _read_safetensors(path, key)
        case suffix:
            raise SourceError(f"{path} is a {suffix or 'file without an ending'}: use .npy or .safetensors")


def _read_npy(path: Path) -> torch.Tensor:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path} can't be read as a .npy file: {error}") from None
    if not isinstance(array, np.ndarray):
        raise SourceError(f"{path} holds several arrays: save the one you want as .npy")
    if array.dtype.kind not in "fiubc":
        raise SourceError(f"{path} holds {array.dtype}: only numbers can become a tensor")
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:  # torch computes with few unsigned types
        array = array.astype(np.int64)
    try:
        return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
    except TypeError as error:
        raise SourceError(f"{path} holds {array.dtype}: {error}") from None


def _read_safetensors(path: Path, key: str) -> torch.Tensor:
    try:
        with safe_open(path, framework="pt") as file:
            keys = sorted(file.keys())
            if not key and len(keys) == 1:
                key = keys[0]
            if key not in keys:
                wanted = f"no tensor {key!r}" if key else f"{len(keys)} tensors: choose one"
                raise SourceError(f"{path} has {wanted}; there are {', '.join(keys[:20]) or 'none'}")
            return file.get_tensor(key)
    except (OSError, SafetensorError) as error:
        raise SourceError(f"{path} can't be read as a .safetensors file: {error}") from None


def noise(shape: list[int], seed: int) -> torch.Tensor:
    """Gaussian noise in float32, drawn on the CPU so that every device sees the same. Raises SourceError."""
    size = 1
    for extent in shape:
        size *= extent
    if any(extent < 0 for extent in shape) or size > MAX_ELEMENTS:
        raise SourceError(
            f"noise of shape {_sizes(shape)}: sizes may not be negative, nor the whole beyond {MAX_ELEMENTS}"
        )
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed % 2**64))


def _sizes(shape: list[int]) -> str:
    return "x".join(map(str, shape))
