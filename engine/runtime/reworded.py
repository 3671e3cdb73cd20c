"""A weights file under other names: tensors of a file as an adapter calls them, in the shape that it takes them in."""

from collections.abc import Iterable, Mapping

import torch
from msgspec import Struct
from torch import Tensor

from engine.runtime.checkpoints import Checkpoint, Stored


class Piece(Struct, frozen=True):
    """A tensor of the file as a layer takes it: its key, its factor, the shape that it is brought to."""

    key: str
    factor: float
    shape: tuple[int, ...]


class Reworded(Checkpoint):
    """A weights file of which some tensors have other keys; the keys `used` for them are not there any more."""

    def __init__(self, file: Checkpoint, pieces: Mapping[str, Piece], used: set[str], notes: Iterable[str]) -> None:
        self.file = file
        self.pieces = pieces
        self.path, self.state, self.error, self.sha256 = file.path, file.state, file.error, file.sha256
        self.nan = {key for key, piece in pieces.items() if piece.key in file.nan}
        self.notes = (*file.notes, *notes)
        taken = {key: Stored(piece.shape, file.tensors[piece.key].dtype) for key, piece in pieces.items()}
        self.tensors = {key: stored for key, stored in file.tensors.items() if key not in used} | taken

    def __eq__(self, other: object) -> bool:
        """Keys say all else, so what was taken from the same file is the same."""
        return isinstance(other, Reworded) and self.file is other.file

    def __hash__(self) -> int:
        return hash(id(self.file))

    def read(self, key: str, device: torch.device, dtype: torch.dtype) -> Tensor:
        piece = self.pieces.get(key)
        if piece is None:
            return self.file.read(key, device, dtype)
        found = self.file.read(piece.key, device, dtype)
        if piece.key in self.file.nan:
            self.nan.add(key)
        if found.numel() == torch.Size(piece.shape).numel():
            found = found.reshape(piece.shape)
        else:
            filled = found.new_zeros(piece.shape)
            core = found.reshape(*found.shape[:2], *piece.shape[2:])
            filled[: core.shape[0], : core.shape[1]] = core
            found = filled
        return found if piece.factor == 1 else found * piece.factor


def brought(shape: tuple[int, ...], wanted: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The shape wanted, if a matrix of a LoRA that has another fits in it: at dimension `rank` there may be fewer.

    1 x 1 windows count for none.
    """
    core, room = (each + (1,) * (4 - len(each)) for each in (shape, wanted))
    alike = all(own == other for n, (own, other) in enumerate(zip(core, room, strict=True)) if n != rank)
    return wanted if alike and core[rank] <= room[rank] else shape
