"""Arithmetic on whatever travels the wire."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Arithmetic"

KINDS = [
    NodeKind(
        name="Identity",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Identity",
        doc="Returns its single argument unchanged.",
        source="fluxion.layers.Identity",
    ),
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
]
