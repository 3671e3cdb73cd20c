"""Activations, element by element; every shape passes unchanged."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Activation"

KINDS = [
    NodeKind(
        name="ReLU",
        category=CATEGORY,
        role="module",
        impl="torch.nn:ReLU",
        doc="max(x, 0). Any shape.",
        source="fluxion.layers.ReLU",
    ),
    NodeKind(
        name="SiLU",
        category=CATEGORY,
        role="module",
        impl="torch.nn:SiLU",
        doc="x times sigmoid(x), also called swish. Any shape.",
        source="fluxion.layers.SiLU; arXiv:1702.03118",
    ),
    NodeKind(
        name="GELU",
        category=CATEGORY,
        role="module",
        impl="torch.nn:GELU",
        doc="x times the normal distribution function of x. Any shape.",
        params=(
            Param(
                name="approximate",
                type="choice",
                default="none",
                choices=("none", "tanh"),
                doc="none is exact; tanh is the cheaper approximation.",
            ),
        ),
        source="fluxion.layers.GeLU; arXiv:1606.08415",
    ),
    NodeKind(
        name="Sigmoid",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Sigmoid",
        doc="1 / (1 + exp(-x)). Any shape.",
        source="fluxion.layers.Sigmoid",
    ),
]
