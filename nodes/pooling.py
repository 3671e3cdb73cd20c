"""Pooling: one value for each window."""

from typing import Literal

from engine.document.kinds import NodeKind, Param, ParamType

CATEGORY = "Pooling"


def _window(dims: Literal[1, 2]) -> tuple[Param, ...]:
    unit = ("positions", "pixels")[dims - 1]
    sizes: ParamType = ("int", "ints")[dims - 1]
    length = (None, 2)[dims - 1]
    return (
        Param(name="kernel_size", type=sizes, length=length, default=2, low=1, doc=f"Size of the window, in {unit}."),
        Param(
            name="stride",
            type=sizes,
            length=length,
            default=None,
            low=1,
            doc=f"Step of the window, in {unit}; empty for windows side by side.",
            optional=True,
        ),
        Param(
            name="padding",
            type=sizes,
            length=length,
            default=0,
            low=0,
            doc=f"Border added on each side, in {unit}; at most half the window.",
        ),
    )


def _max(dims: Literal[1, 2]) -> tuple[Param, ...]:
    return (
        *_window(dims),
        Param(
            name="dilation",
            type=("int", "ints")[dims - 1],
            length=(None, 2)[dims - 1],
            default=1,
            low=1,
            doc=f"Spacing of the window's taps, in {('positions', 'pixels')[dims - 1]}.",
        ),
        _INDICES,
        _CEIL,
    )


_INDICES = Param(
    name="return_indices",
    type="bool",
    default=False,
    doc="Whether to send on, as a second value, where each maximum stood.",
)
_CEIL = Param(name="ceil_mode", type="bool", default=False, doc="Whether windows may reach beyond the far border.")
_COUNT = Param(name="count_include_pad", type="bool", default=True, doc="Whether the border counts in the average.")
_SIZE = Param(
    name="output_size", type="ints", length=2, default=1, low=1, doc="Height and width of the output, in pixels."
)

KINDS = [
    NodeKind(
        name="MaxPool2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:MaxPool2d",
        doc="Largest value of each window: (N, C, H, W) to (N, C, H', W').",
        params=_max(2),
        source="fluxion.layers.MaxPool2d",
    ),
    NodeKind(
        name="MaxPool1d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:MaxPool1d",
        doc="Largest value of each window: (N, C, L) to (N, C, L').",
        params=_max(1),
        source="fluxion.layers.MaxPool1d",
    ),
    NodeKind(
        name="AvgPool2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:AvgPool2d",
        doc="Average of each window: (N, C, H, W) to (N, C, H', W').",
        params=(
            *_window(2),
            _CEIL,
            _COUNT,
            Param(
                name="divisor_override",
                type="int",
                default=None,
                low=1,
                doc="What the sum of a window is divided by; empty for the number of its pixels.",
                optional=True,
            ),
        ),
        source="torch.nn.AvgPool2d",
    ),
    NodeKind(
        name="AvgPool1d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:AvgPool1d",
        doc="Average of each window: (N, C, L) to (N, C, L').",
        params=(*_window(1), _CEIL, _COUNT),
        source="torch.nn.AvgPool1d",
    ),
    NodeKind(
        name="AdaptiveAvgPool2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:AdaptiveAvgPool2d",
        doc="Averages over windows as large as needed: (N, C, H, W) to (N, C, *output_size), whatever H and W.",
        params=(_SIZE,),
        source="torch.nn.AdaptiveAvgPool2d",
    ),
    NodeKind(
        name="AdaptiveMaxPool2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:AdaptiveMaxPool2d",
        doc="Largest values of windows as large as needed: (N, C, H, W) to (N, C, *output_size), whatever H and W.",
        params=(_SIZE, _INDICES),
        source="torch.nn.AdaptiveMaxPool2d",
    ),
]
