"""Sources: where a root input or a provider entry gets its value from.

Data only: the runtime opens the files and makes the tensors. Paths are relative to the folder of the graph's file.
"""

from typing import Any

from msgspec import Struct

Item = None | bool | int | float | str | list[Any]
"""What a list holds: the same again, nested as deep as one likes."""


class UnsetSource(Struct, frozen=True, forbid_unknown_fields=True, tag="unset"):
    """No value yet: a SetContext (or the user) has to give one. Fluxion treats `None` the same way."""


class NumberSource(Struct, frozen=True, forbid_unknown_fields=True, tag="number"):
    """A Python number, which travels as it is."""

    value: bool | int | float


class TextSource(Struct, frozen=True, forbid_unknown_fields=True, tag="text"):
    """A Python string, which travels as it is."""

    value: str


class ListSource(Struct, frozen=True, forbid_unknown_fields=True, tag="list"):
    """A Python list, made afresh for every run: callbacks may append to it and pop from it."""

    value: list[Item]


class ImageSource(Struct, frozen=True, forbid_unknown_fields=True, tag="image"):
    """A picture file as a float tensor of shape (1, 3, height, width) in [0, 1], RGB."""

    path: str


class TensorSource(Struct, frozen=True, forbid_unknown_fields=True, tag="tensor"):
    """A tensor from a .npy file, or the one called `key` in a .safetensors file (its only one when empty)."""

    path: str
    key: str = ""


class NoiseSource(Struct, frozen=True, forbid_unknown_fields=True, tag="noise"):
    """Gaussian noise of this shape, the same on every device for the same seed."""

    shape: list[int]
    seed: int = 0


Source = UnsetSource | NumberSource | TextSource | ListSource | ImageSource | TensorSource | NoiseSource


def lacks_value(source: Source) -> bool:
    """Whether the source still has to be chosen: unset, or a file with no path."""
    return isinstance(source, UnsetSource) or (isinstance(source, ImageSource | TensorSource) and not source.path)


def describe(source: Source) -> str:
    """The source in a few words, for chips and lists."""
    match source:
        case UnsetSource():
            return "unset"
        case NumberSource(value):
            return f"{value}"
        case TextSource(value):
            return repr(value)
        case ListSource(value):
            return repr(value)
        case ImageSource(path):
            return f"image {path or '(none)'}"
        case TensorSource(path, key):
            return f"tensor {path or '(none)'}" + (f" [{key}]" if key else "")
        case NoiseSource(shape, seed):
            return f"noise {'x'.join(map(str, shape))}, seed {seed}"
