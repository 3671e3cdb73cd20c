"""Arithmetic without weights."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Arithmetic"

KINDS = [
    NodeKind(
        name="Multiply",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.arithmetic:Multiply",
        doc="scale * x + bias. A tensor of any shape, or a number.",
        params=(
            Param(name="scale", type="float", default=1.0, doc="Factor.", live=True),
            Param(name="bias", type="float", default=0.0, doc="Offset.", live=True),
        ),
        source="fluxion.layers.Multiply",
    ),
    NodeKind(
        name="Sin",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.arithmetic:Sin",
        doc="Sine of each element, in radians. Any shape, kept.",
        source="fluxion.layers.Sin",
    ),
    NodeKind(
        name="Cos",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.arithmetic:Cos",
        doc="Cosine of each element, in radians. Any shape, kept.",
        source="fluxion.layers.Cos",
    ),
    NodeKind(
        name="CosineSimilarity",
        category=CATEGORY,
        role="module",
        impl="torch.nn:CosineSimilarity",
        doc="Cosine of the angle between two tensors along one dimension, from -1 to 1: two arguments of one shape to "
        "that shape without the dimension.",
        params=(
            Param(name="dim", type="int", default=1, doc="Dimension that holds the vectors."),
            Param(
                name="eps", type="float", default=1e-8, low=0, doc="Smallest length that divides, against 0.", live=True
            ),
        ),
        source="torch.nn.CosineSimilarity",
    ),
]
