"""What values look like from outside the worker: numbers of theirs, pictures, words."""

from msgspec import Struct


class Figures(Struct, frozen=True):
    """A tensor in numbers. Statistics leave out what is not finite and say how many that were."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    low: float
    high: float
    mean: float
    std: float
    not_finite: int = 0
    histogram: tuple[int, ...] = ()


class Picture(Struct, frozen=True):
    """Pixels for the screen, row by row, 3 bytes RGB each. `caption` says what they show (a slice, a reduction).

    Where they are not too many, `values` are the `depth` numbers behind each pixel, as float32. Pictures side by side
    have the width and height of `tile`, with a line of one pixel, which has no values, between them.
    """

    width: int
    height: int
    rgb: bytes
    caption: str = ""
    values: bytes = b""
    depth: int = 0
    tile: tuple[int, int] = (0, 0)


class Preview(Struct, frozen=True, tag=True):
    """What a node produced in a run. `text` describes it in words; tensors add figures, and mostly a picture."""

    run: int
    node: str
    text: str
    figures: Figures | None = None
    picture: Picture | None = None


class Spread(Struct, frozen=True):
    """The numbers of a tensor: moments of those that are finite, and which part is zero or not finite, from 0 to 1."""

    mean: float
    std: float
    zeros: float
    not_finite: float


class Measure(Struct, frozen=True):
    """What a node came to: time in all its `calls`, and bytes that what it made takes, all that is in it included.

    `spread` is of the value that it returned last, where that is a tensor.
    """

    seconds: float = 0.0
    bytes: int = 0
    calls: int = 0
    spread: Spread | None = None


class Held(Struct, frozen=True):
    """What a context holds, in words; `label` is "context.key"."""

    provider: str
    label: str
    text: str
