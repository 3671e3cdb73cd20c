"""Borders around pictures: (N, C, H, W) to (N, C, top + H + bottom, left + W + right)."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Padding"
_SHAPES = "(N, C, H, W) to (N, C, top + H + bottom, left + W + right)."
_SIDES = "One number for all sides, or left, right, top, bottom, in pixels"

_BORDER = Param(name="padding", type="ints", length=4, default=1, low=0, doc=f"{_SIDES}.")
_BORDER_OR_CROP = Param(name="padding", type="ints", length=4, default=1, doc=f"{_SIDES}; negative ones crop.")


def _pad(name: str, holds: str, source: str, *params: Param) -> NodeKind:
    """A padding layer that torch.nn has under this name."""
    return NodeKind(
        name=name,
        category=CATEGORY,
        role="module",
        impl=f"torch.nn:{name}",
        doc=f"Adds a border {holds}: {_SHAPES}",
        params=params,
        source=source,
    )


KINDS = [
    _pad(
        "ReflectionPad2d",
        "that mirrors the picture about its edge pixels and is narrower than the picture",
        "fluxion.layers.ReflectionPad2d",
        _BORDER,
    ),
    _pad("ReplicationPad2d", "that repeats the edge pixels", "torch.nn.ReplicationPad2d", _BORDER),
    _pad("CircularPad2d", "that goes on from the opposite edge", "torch.nn.CircularPad2d", _BORDER),
    _pad("ZeroPad2d", "of zeros", "torch.nn.ZeroPad2d", _BORDER_OR_CROP),
    _pad(
        "ConstantPad2d",
        "of one value",
        "torch.nn.ConstantPad2d",
        _BORDER_OR_CROP,
        Param(name="value", type="float", default=0.0, doc="What the border holds.", live=True),
    ),
]
