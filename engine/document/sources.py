"""Sources: where a root input or a provider entry gets its value from.

Data only: the runtime opens the files and makes the tensors. Paths are relative to the folder of the graph's file.
"""

from typing import Any, Literal

from msgspec import Struct

Item = None | bool | int | float | str | list[Any]
"""What a list holds: the same again, nested as deep as one likes."""


LiteralDType = Literal["float32", "int64", "bool"]
"""What a tensor that is written out may be made of."""


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


class LiteralSource(Struct, frozen=True, forbid_unknown_fields=True, tag="literal"):
    """A small tensor, written out: a number, or lists of them, nested once per dimension. For token ids or labels.

    As everywhere, floats come in the dtype of the run.
    """

    value: bool | int | float | list[Any]
    dtype: LiteralDType = "float32"


class NoiseSource(Struct, frozen=True, forbid_unknown_fields=True, tag="noise"):
    """Gaussian noise of this shape, the same on every device for the same seed."""

    shape: list[int]
    seed: int = 0


Source = UnsetSource | NumberSource | TextSource | ListSource | ImageSource | TensorSource | LiteralSource | NoiseSource


def lacks_value(source: Source) -> bool:
    """Whether the source still has to be chosen: unset, or a file with no path."""
    return isinstance(source, UnsetSource) or (isinstance(source, ImageSource | TensorSource) and not source.path)


def misshapen(source: LiteralSource) -> str | None:
    """Why a literal is no tensor, in plain words, or None when it is one."""
    level = [source.value]
    while any(isinstance(part, list) for part in level):
        lengths = {len(part) if isinstance(part, list) else None for part in level}
        if len(lengths) > 1:
            return f"{source.value!r} is no tensor: lists that stand side by side must be of one length"
        level = [inner for part in level if isinstance(part, list) for inner in part]
    kinds, wanted = {
        "float32": ((bool, int, float), "numbers"),
        "int64": ((bool, int), "whole numbers"),
        "bool": ((bool,), "True and False"),
    }[source.dtype]
    odd = [part for part in level if not isinstance(part, kinds)]
    return f"{source.value!r} holds {odd[0]!r}: a tensor of {source.dtype} is made of {wanted}" if odd else None


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
        case LiteralSource(value, dtype):
            return f"{dtype} {value!r}"
        case NoiseSource(shape, seed):
            return f"noise {'x'.join(map(str, shape))}, seed {seed}"
