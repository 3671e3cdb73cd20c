"""Normalisation. Running figures are read, never updated: every layer is in evaluation mode."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Normalisation"


def _eps(default: float) -> Param:
    return Param(name="eps", type="float", default=default, low=0, doc="Added to the variance, against 0.", live=True)


_SHAPE = Param(
    name="normalized_shape",
    type="ints",
    default=64,
    low=1,
    doc="Sizes of the last dimensions, which are normalised together.",
)
_AFFINE = Param(name="affine", type="bool", default=True, doc="Whether to scale and shift each channel, learned.")
_ELEMENTWISE = Param(
    name="elementwise_affine", type="bool", default=True, doc="Whether to scale each element, learned, and shift it."
)


def _running(channels: str, affine: bool, tracked: bool) -> tuple[Param, ...]:
    """What the batch and instance norms take."""
    return (
        Param(name="num_features", type="int", default=64, low=1, doc=channels),
        _eps(1e-5),
        Param(
            name="momentum",
            type="float",
            default=0.1,
            low=0,
            high=1,
            doc="Share of a new batch in the running figures; matters in training alone.",
            live=True,
        ),
        Param(name="affine", type="bool", default=affine, doc=_AFFINE.doc),
        Param(
            name="track_running_stats",
            type="bool",
            default=tracked,
            doc="Whether to normalise by running figures, which belong to the weights, or by those of the input.",
        ),
    )


KINDS = [
    NodeKind(
        name="LayerNorm",
        category=CATEGORY,
        role="module",
        impl="torch.nn:LayerNorm",
        weights=True,
        takes="(..., *normalized_shape)",
        doc="Normalises the last dimensions to mean 0 and variance 1: (..., *normalized_shape), kept.",
        params=(
            _SHAPE,
            _eps(1e-5),
            _ELEMENTWISE,
            Param(name="bias", type="bool", default=True, doc="Whether to shift, where elements are scaled."),
        ),
        source="fluxion.layers.LayerNorm; arXiv:1607.06450",
    ),
    NodeKind(
        name="LayerNorm2d",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.norm:LayerNorm2d",
        weights=True,
        takes="(N, channels, H, W)",
        doc="Normalises the channels of each pixel by themselves: (N, channels, H, W), kept.",
        params=(Param(name="channels", type="int", default=64, low=1, doc="Channels of the picture."), _eps(1e-6)),
        source="fluxion.layers.LayerNorm2d",
    ),
    NodeKind(
        name="GroupNorm",
        category=CATEGORY,
        role="module",
        impl="torch.nn:GroupNorm",
        weights=True,
        takes="(N, channels, ...)",
        doc="Normalises groups of channels of each element of the batch: (N, channels, ...), kept.",
        params=(
            Param(
                name="channels",
                argument="num_channels",
                type="int",
                default=64,
                low=1,
                doc="Channels of the input, which num_groups divides.",
            ),
            Param(name="num_groups", type="int", default=32, low=1, doc="Groups of neighbouring channels."),
            _eps(1e-5),
            _AFFINE,
        ),
        source="fluxion.layers.GroupNorm; arXiv:1803.08494",
    ),
    NodeKind(
        name="InstanceNorm2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:InstanceNorm2d",
        weights=True,
        takes="(N, num_features, H, W)",
        doc="Normalises each channel of each picture by itself: (N, num_features, H, W), kept.",
        params=_running("Channels of the picture.", affine=False, tracked=False),
        source="fluxion.layers.InstanceNorm2d; arXiv:1607.08022",
    ),
    NodeKind(
        name="BatchNorm1d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:BatchNorm1d",
        weights=True,
        takes="(N, num_features, ...)",
        doc="Normalises each feature by its running figures: (N, num_features) or (N, num_features, L), kept.",
        params=_running("Features of the input.", affine=True, tracked=True),
        source="torch.nn.BatchNorm1d; arXiv:1502.03167",
    ),
    NodeKind(
        name="BatchNorm2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:BatchNorm2d",
        weights=True,
        takes="(N, num_features, H, W)",
        doc="Normalises each channel by its running figures: (N, num_features, H, W), kept.",
        params=_running("Channels of the picture.", affine=True, tracked=True),
        source="torch.nn.BatchNorm2d; arXiv:1502.03167",
    ),
    NodeKind(
        name="RMSNorm",
        category=CATEGORY,
        role="module",
        impl="torch.nn:RMSNorm",
        weights=True,
        takes="(..., *normalized_shape)",
        doc="Divides by the root of the mean square over the last dimensions: (..., *normalized_shape), kept.",
        params=(
            _SHAPE,
            Param(
                name="eps",
                type="float",
                default=None,
                low=0,
                doc="Added to the mean square, against 0; empty for the smallest step of the dtype.",
                live=True,
                optional=True,
            ),
            Param(name="elementwise_affine", type="bool", default=True, doc="Whether to scale each element, learned."),
        ),
        source="torch.nn.RMSNorm; arXiv:1910.07467",
    ),
]
