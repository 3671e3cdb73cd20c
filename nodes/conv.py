"""Convolutions, and the windows they slide."""

from typing import Literal

from engine.document.kinds import NodeKind, Param, ParamType

CATEGORY = "Convolution"

_GROUPS = Param(name="groups", type="int", default=1, low=1, doc="Groups of channels that do not mix; divides both.")
_BIAS = Param(name="bias", type="bool", default=True, doc="Whether to add a learned offset.")
_USE_BIAS = Param(name="use_bias", argument="bias", type="bool", default=True, doc=_BIAS.doc)
_MODE = Param(
    name="padding_mode",
    type="choice",
    default="zeros",
    choices=("zeros", "reflect", "replicate", "circular"),
    doc="What the border holds.",
)


def _window(dims: Literal[1, 2, 3], transposed: bool, bias: Param) -> tuple[Param, ...]:
    """Channels and window of a convolution, in Fluxion's order."""
    unit = ("positions", "pixels", "voxels")[dims - 1]
    sizes: ParamType = "int" if dims == 1 else "ints"
    length = None if dims == 1 else dims
    padding = "Border taken off each side of the output" if transposed else "Border added on each side"
    params = [
        Param(name="in_channels", type="int", default=3, low=1, doc="Channels of the input."),
        Param(name="out_channels", type="int", default=3, low=1, doc="Channels of the output."),
        Param(name="kernel_size", type=sizes, length=length, default=3, low=1, doc=f"Size of the window, in {unit}."),
        Param(name="stride", type=sizes, length=length, default=1, low=1, doc=f"Step of the window, in {unit}."),
        Param(name="padding", type=sizes, length=length, default=0, low=0, doc=f"{padding}, in {unit}."),
    ]
    if transposed:
        doc = f"Added to the far side of the output, in {unit}; less than stride or dilation."
        params.append(Param(name="output_padding", type=sizes, length=length, default=0, low=0, doc=doc))
    params += [_GROUPS, bias]
    params.append(
        Param(
            name="dilation",
            type=sizes,
            length=length,
            default=1,
            low=1,
            doc=f"Spacing of the window's taps, in {unit}.",
        )
    )
    return tuple(params) if transposed else (*params, _MODE)


_BLOCKS = (
    Param(name="kernel_size", type="ints", length=2, default=3, low=1, doc="Size of the window, in pixels."),
    Param(name="dilation", type="ints", length=2, default=1, low=1, doc="Spacing of the window's taps, in pixels."),
    Param(
        name="padding",
        type="ints",
        length=2,
        default=0,
        low=0,
        doc="Border of zeros on each side of the picture, in pixels.",
    ),
    Param(name="stride", type="ints", length=2, default=1, low=1, doc="Step of the window, in pixels."),
)

KINDS = [
    NodeKind(
        name="Conv2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Conv2d",
        weights=True,
        takes="(N, in_channels, H, W)",
        doc="2-D convolution: (N, in_channels, H, W) to (N, out_channels, H', W').",
        params=_window(2, False, _USE_BIAS),
        source="fluxion.layers.Conv2d",
    ),
    NodeKind(
        name="ConvTranspose2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:ConvTranspose2d",
        weights=True,
        takes="(N, in_channels, H, W)",
        doc="Transposed 2-D convolution, which enlarges by its stride: (N, in_channels, H, W) to "
        "(N, out_channels, H', W').",
        params=_window(2, True, _USE_BIAS),
        source="fluxion.layers.ConvTranspose2d",
    ),
    NodeKind(
        name="Conv1d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Conv1d",
        weights=True,
        takes="(N, in_channels, L)",
        doc="1-D convolution, of sound or sequences: (N, in_channels, L) to (N, out_channels, L').",
        params=_window(1, False, _BIAS),
        source="torch.nn.Conv1d",
    ),
    NodeKind(
        name="ConvTranspose1d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:ConvTranspose1d",
        weights=True,
        takes="(N, in_channels, L)",
        doc="Transposed 1-D convolution, which lengthens by its stride: (N, in_channels, L) to (N, out_channels, L').",
        params=_window(1, True, _BIAS),
        source="torch.nn.ConvTranspose1d",
    ),
    NodeKind(
        name="Conv3d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Conv3d",
        weights=True,
        takes="(N, in_channels, D, H, W)",
        doc="3-D convolution, of volumes or video: (N, in_channels, D, H, W) to (N, out_channels, D', H', W').",
        params=_window(3, False, _BIAS),
        source="torch.nn.Conv3d",
    ),
    NodeKind(
        name="Unfold",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Unfold",
        doc="Cuts a picture into the windows a convolution sees: (N, C, H, W) to (N, C * window pixels, windows).",
        params=_BLOCKS,
        source="torch.nn.Unfold",
    ),
    NodeKind(
        name="Fold",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Fold",
        doc="Adds windows up into a picture, where they overlap: (N, C * window pixels, windows) to (N, C, H, W).",
        params=(
            Param(name="output_size", type="ints", length=2, default=[8, 8], low=1, doc="Height and width, in pixels."),
            *_BLOCKS,
        ),
        source="torch.nn.Fold",
    ),
]
