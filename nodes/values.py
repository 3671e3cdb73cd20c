"""Leaves that pass on, choose, make or convert what travels the wire."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Values"

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
        name="GetArg",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.values:GetArg",
        doc="Returns one of its arguments: of what a Parallel or an LSTM sends on, say.",
        params=(Param(name="index", type="int", default=0, doc="Which one, from 0; -1 is the last."),),
        source="fluxion.layers.GetArg",
    ),
    NodeKind(
        name="Parameter",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.values:Parameter",
        weights=True,
        doc="A learned tensor, whatever the input holds; only its batch size counts: (N, ...) to (N, *dims).",
        params=(Param(name="dims", type="ints", default=[1, 64], low=0, doc="Sizes after the batch."),),
        source="fluxion.layers.Parameter",
    ),
    NodeKind(
        name="Converter",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.values:Converter",
        doc="Brings each of its arguments to the device and the dtype that the run computes on and in; whole numbers "
        "(token ids, labels) become floating-point ones too. Shapes kept.",
        params=(
            Param(name="set_device", type="bool", default=True, doc="Whether to convert the device."),
            Param(name="set_dtype", type="bool", default=True, doc="Whether to convert the dtype."),
        ),
        source="fluxion.layers.Converter",
    ),
]
