"""Convolutions."""

from engine.document.kinds import NodeKind, Param

KINDS = [
    NodeKind(
        name="Conv2d",
        category="Convolution",
        role="module",
        impl="torch.nn:Conv2d",
        doc="2-D convolution: (N, in_channels, H, W) to (N, out_channels, H', W').",
        params=(
            Param(name="in_channels", type="int", default=3, low=1, doc="Channels of the input."),
            Param(name="out_channels", type="int", default=3, low=1, doc="Channels of the output."),
            Param(name="kernel_size", type="ints", default=3, low=1, doc="Size of the window, in pixels."),
            Param(name="stride", type="ints", default=1, low=1, doc="Step of the window, in pixels."),
            Param(name="padding", type="ints", default=0, low=0, doc="Border added on each side, in pixels."),
            Param(name="groups", type="int", default=1, low=1, doc="Groups of channels that do not mix; divides both."),
            Param(name="use_bias", argument="bias", type="bool", default=True, doc="Whether to add a learned offset."),
            Param(name="dilation", type="ints", default=1, low=1, doc="Spacing of the window's taps, in pixels."),
            Param(
                name="padding_mode",
                type="choice",
                default="zeros",
                choices=("zeros", "reflect", "replicate", "circular"),
                doc="What the border holds.",
            ),
        ),
        source="fluxion.layers.Conv2d",
    ),
]
