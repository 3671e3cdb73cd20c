"""Weights files, opened without being read: .safetensors, and what torch.save wrote, as far as it is tensors alone."""

import hashlib
import math
import re
import stat
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple, cast

import torch
from msgspec import Struct
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.messages import CHECKPOINTS

RENEWED = 256 << 20
"""Bytes that are copied out of a mapping before it is made anew, so that what has been read gives its memory back."""
ALIGNED = 16
"""Bytes that a tensor's address must be a multiple of to be used where it lies: some kernels round differently else."""
PIECE = 4 << 20
"""Bytes that are hashed at a time."""

State = tuple[int, int, int]
"""What changes when a file does: time, size, and which file it is."""


class CheckpointError(ValueError):
    """A weights file that can't be used. The message names it, what is wrong, and what to do."""


class Stored(Struct, frozen=True):
    """What a file says of one tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


class _Contents(NamedTuple):
    """What is in a file, and how to get at one tensor without reading the others."""

    tensors: dict[str, Stored]
    get: Callable[[str], Tensor]
    notes: tuple[str, ...]


class Checkpoint:
    """One weights file as it was when it was opened. Its tensors are mapped, and read as they are asked for.

    `error` says why it can't be used; it then seems to hold nothing. `nan` has the keys of tensors that held a NaN when
    they were read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = _state(path)
        self.error = ""
        self.nan: set[str] = set()
        self.sha256 = ""
        """The hash of the whole file, once `hash` has come to its end."""
        self._get: Callable[[str], Tensor] | None = None
        self._mapped = 0
        self._hashing = hashlib.sha256()
        self._hashed = 0
        try:
            self.tensors, self._get, self.notes = _open(path)
        except CheckpointError as error:
            self.tensors, self.notes, self.error = {}, (), str(error)

    @property
    def changed(self) -> bool:
        """Whether opening it again may find something else."""
        return bool(self.error) or _state(self.path) != self.state

    def read(self, key: str, device: torch.device, dtype: torch.dtype) -> Tensor:
        """One tensor on a device, in a dtype. On the CPU it stays a view of the file where nothing has to change.

        Raises CheckpointError when the file has changed since it was opened.
        """
        found = self._tensor(key)
        placed = found.to(device).to(dtype).contiguous()
        if placed.data_ptr() == found.data_ptr() and placed.data_ptr() % ALIGNED:
            placed = placed.clone()
        if placed.data_ptr() != found.data_ptr():
            self._mapped += found.nbytes
        self._look(key, placed)
        return placed

    def look(self, keys: Iterable[str]) -> None:
        """Read these tensors only to see whether one holds a NaN. Raises CheckpointError as `read` does."""
        for key in keys:
            found = self._tensor(key)
            self._mapped += found.nbytes
            self._look(key, found)

    def close(self) -> None:
        """Let go of the file; tensors that were read stay, and reading opens it again."""
        self._get = None

    def hash(self, seconds: float = math.inf) -> bool:
        """Go on hashing for a while; True when `sha256` is known. Raises CheckpointError when the file has changed."""
        until = time.monotonic() + seconds
        try:
            with self.path.open("rb") as file:
                file.seek(self._hashed)
                while not self.sha256:
                    piece = file.read(PIECE)
                    self._hashing.update(piece)
                    self._hashed += len(piece)
                    if not piece:
                        self._require_same()
                        self.sha256 = self._hashing.hexdigest()
                    if time.monotonic() >= until:
                        break
        except OSError as error:
            raise CheckpointError(f"{self.path} can't be read: {error.strerror or error}") from error
        return bool(self.sha256)

    def _tensor(self, key: str) -> Tensor:
        """A tensor as it lies in the file."""
        if self._get is None or self._mapped > RENEWED:
            self._get, self._mapped = None, 0
            self._require_same()
            self._get = _open(self.path).get
        try:
            return self._get(key)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(f"{self.path}: {key} can't be read: {brief(error)}") from error

    def _look(self, key: str, tensor: Tensor) -> None:
        if tensor.is_floating_point() and tensor.numel():
            seen = tensor.float() if tensor.itemsize == 1 else tensor  # torch has no minimum of float8
            if torch.stack(torch.aminmax(seen)).isnan().any():
                self.nan.add(key)

    def _require_same(self) -> None:
        if _state(self.path) != self.state:
            raise CheckpointError(f"{self.path} has changed while it was being read: run again")


def _state(path: Path) -> State | None:
    """None where there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _open(path: Path) -> _Contents:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # before anything waits for what a pipe may say
            sort = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or pipe"
            raise CheckpointError(f"{path} is {sort}, not a file: choose a file with weights")
        ending = path.suffix.lower()
        if ending not in CHECKPOINTS:
            raise CheckpointError(f"{path} is no weights file by its name: those end in {', '.join(CHECKPOINTS)}")
        if found.st_size == 0:
            raise CheckpointError(f"{path} is empty (0 bytes): get it again, or choose another file")
        contents = _open_safetensors(path) if ending == ".safetensors" else _open_pickle(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(f"there is no file {path}: choose it where it is now, or another one") from None
    except PermissionError as error:
        raise CheckpointError(f"{path} may not be read: ask for access to it, or use a copy") from error
    except (OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path} can't be read: {brief(error)}") from error
    if not contents.tensors:
        raise CheckpointError(f"{path} holds no tensors: choose another file")
    return contents


# safetensors.


def _open_safetensors(path: Path) -> _Contents:
    try:
        file = safe_open(path, framework="pt")
        # A slice knows its shape and type from the header alone.
        slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
        tensors = {
            key: Stored(tuple(part.get_shape()), DTYPES.get(part.get_dtype(), torch.uint8))
            for key, part in slices.items()
        }
    except SafetensorError as error:
        raise CheckpointError(
            f"{path} is damaged, or no .safetensors file: {brief(error)}. Get it again, or choose another file"
        ) from error
    return _Contents(tensors, file.get_tensor, ())


DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "C64": torch.complex64,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "BOOL": torch.bool,
}
"""By the name that the header has for it; all others count as bytes."""


# torch.save.


def _open_pickle(path: Path) -> _Contents:
    try:
        # An older format of torch.save can't be mapped.
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except UnpicklingError as error:
        refused = re.search(r"(?:Unsupported global: |unsupported )GLOBAL (\S+)", str(error))
        if refused is None:
            raise CheckpointError(f"{path} is damaged, or was not written by torch.save: get it again") from error
        raise CheckpointError(
            f"{path} is refused: it holds a Python object ({refused[1]}), and opening such a file could run any code. "
            "Only tensors are read from it. Ask for the weights as .safetensors, or save the state_dict() alone"
        ) from error
    except OSError:
        raise
    except Exception as error:  # its reader raises whatever a damaged file makes it stumble over
        raise CheckpointError(f"{path} is damaged, or was not written by torch.save: {brief(error)}") from error
    found, notes = _state_dict(loaded)
    tensors = {key: Stored(tuple(tensor.shape), tensor.dtype) for key, tensor in found.items()}
    return _Contents(tensors, found.__getitem__, tuple(notes))


def _state_dict(loaded: object) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors in what torch.save wrote, and notes on what else there is.

    A training script saves its weights as one entry among others. Of several such entries, all are taken, each under
    its name as a prefix.
    """
    if not isinstance(loaded, Mapping):
        return {}, []
    entries = cast(Mapping[Any, Any], loaded)
    inner = {str(name): tensors for name, value in entries.items() if (tensors := _tensors(value))}
    if not inner:
        found = _tensors(entries)
    elif len(inner) == 1:
        (found,) = inner.values()
    else:
        found = {f"{name}.{key}": tensor for name, part in inner.items() for key, tensor in part.items()}
    notes: list[str] = []
    if inner:
        notes.append(f"the weights are those of its entry {', '.join(map(repr, sorted(inner)))}")
    left = [str(name) for name in entries if str(name) not in inner and str(name) not in found]
    if left:
        notes.append(f"ignored, since they are no weights: {', '.join(sorted(left))}")
    return found, notes


def _tensors(value: object) -> dict[str, Tensor]:
    """The plain tensors among the values of a dict."""
    if not isinstance(value, Mapping):
        return {}
    entries = cast(Mapping[Any, Any], value)
    return {
        str(key): tensor.detach()
        for key, tensor in entries.items()
        if isinstance(tensor, Tensor) and tensor.layout == torch.strided and not tensor.is_quantized
    }


def brief(error: Exception) -> str:
    """The first line of what another library says, without what it says of itself."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("Error while deserializing header: ")[:300]
