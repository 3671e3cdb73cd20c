"""Leaves that only rearrange elements."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Shape"

KINDS = [
    NodeKind(
        name="Flatten",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Flatten",
        doc="Joins the dimensions from start_dim to end_dim into one.",
        params=(
            Param(name="start_dim", type="int", default=0, doc="First dimension to join; 1 keeps the batch."),
            Param(name="end_dim", type="int", default=-1, doc="Last dimension to join."),
        ),
        source="fluxion.layers.Flatten",
    ),
    NodeKind(
        name="Reshape",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Reshape",
        doc="Gives all dimensions but the first (the batch) new sizes: (N, ...) to (N, *shape).",
        params=(
            Param(name="shape", type="ints", default=[-1], low=-1, doc="New sizes after the batch; one may be -1."),
        ),
        source="fluxion.layers.Reshape",
    ),
]
