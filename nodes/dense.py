"""Linear layers."""

from engine.document.kinds import NodeKind, Param

KINDS = [
    NodeKind(
        name="Linear",
        category="Linear",
        role="module",
        impl="torch.nn:Linear",
        doc="Affine map of the last dimension: (..., in_features) to (..., out_features).",
        params=(
            Param(name="in_features", type="int", default=64, low=1, doc="Size of the last dimension of the input."),
            Param(name="out_features", type="int", default=64, low=1, doc="Size of the last dimension of the output."),
            Param(name="bias", type="bool", default=True, doc="Whether to add a learned offset."),
        ),
        source="fluxion.layers.Linear",
    ),
]
