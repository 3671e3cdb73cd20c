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
        name="Unflatten",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Unflatten",
        doc="Splits one dimension into several: a tensor, and as second argument their sizes, of which one may be -1.",
        params=(Param(name="dim", type="int", default=1, doc="Dimension to split."),),
        source="fluxion.layers.Unflatten",
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
    NodeKind(
        name="Transpose",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Transpose",
        doc="Swaps two dimensions: (N, C, L) to (N, L, C), say.",
        params=(
            Param(name="dim0", type="int", default=1, doc="One dimension."),
            Param(name="dim1", type="int", default=2, doc="The other."),
        ),
        source="fluxion.layers.Transpose",
    ),
    NodeKind(
        name="Permute",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Permute",
        doc="Puts the dimensions into another order: (N, C, H, W) to (N, H, W, C) by 0, 2, 3, 1.",
        params=(
            Param(
                name="dims",
                type="ints",
                default=[0, 2, 3, 1],
                doc="Where each dimension of the output comes from; each one once.",
            ),
        ),
        source="fluxion.layers.Permute",
    ),
    NodeKind(
        name="Squeeze",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Squeeze",
        doc="Drops a dimension of size 1; one of another size stays. (N, 1, L) to (N, L), say.",
        params=(Param(name="dim", type="int", default=1, doc="Dimension to drop."),),
        source="fluxion.layers.Squeeze",
    ),
    NodeKind(
        name="Unsqueeze",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Unsqueeze",
        doc="Inserts a dimension of size 1: (N, L) to (N, 1, L), say.",
        params=(Param(name="dim", type="int", default=1, doc="Where it stands in the output."),),
        source="fluxion.layers.Unsqueeze",
    ),
    NodeKind(
        name="Slicing",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.shape:Slicing",
        doc="Takes a part of one dimension, x[start:end:step], and all of the others.",
        params=(
            Param(name="dim", type="int", default=0, doc="Dimension to take a part of."),
            Param(name="start", type="int", default=0, doc="First place, from 0; from the end when negative."),
            Param(
                name="end",
                type="int",
                default=None,
                doc="First place no more taken; from the end when negative; empty or 0 for all the rest.",
                optional=True,
            ),
            Param(name="step", type="int", default=1, low=1, doc="Every so many places."),
        ),
        source="fluxion.layers.Slicing",
    ),
]
