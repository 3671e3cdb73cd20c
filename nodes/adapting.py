"""What only adapters are drawn with: the hole, and layers that change nothing until they are trained."""

from engine.document.adapters import TARGET
from engine.document.kinds import NodeKind
from nodes import conv, dense

CATEGORY = "Parts of adapters"


def _zero(kind: NodeKind) -> NodeKind:
    return NodeKind(
        name=f"Zero{kind.name}",
        category=CATEGORY,
        role="module",
        impl=f"nodes.ops.zero:Zero{kind.name}",
        weights=True,
        takes=kind.takes,
        doc=f"A {kind.name} whose weights are zeros until they are trained or read from a file: what an adapter adds "
        "through it starts from nothing.",
        params=kind.params,
        source="arXiv:2302.05543 (zero convolution); arXiv:2106.09685 (the second layer of a LoRA)",
    )


KINDS = [
    NodeKind(
        name=TARGET,
        category=CATEGORY,
        role="module",
        impl="torch.nn:Identity",
        doc="The hole of an adapter: where the node runs that the adapter is put around. On its own it returns its "
        "argument unchanged.",
        source="fluxion.adapters.Adapter.target",
    ),
    *[_zero(kind) for kind in (*dense.KINDS, *conv.KINDS) if kind.name in ("Linear", "Conv2d")],
]
