"""LCM: the strength of the guidance, distilled into the model, enters beside the time step (arXiv:2310.04378).

As `refiners.foundationals.latent_diffusion.SDXLLcmAdapter`.
"""

from engine.document.adapters import Adapter
from engine.document.graph import Tree
from engine.document.kinds import Param
from nodes.adapters.writing import Written, adapter, before
from nodes.tree import function, node

GUIDANCE = Param(
    name="condition_scale",
    type="float",
    default=7.5,
    low=1,
    high=15,
    live=True,
    doc="Strength of the guidance; sampling takes none of its own beside it.",
)


def lcm_sdxl() -> Adapter:
    """For the U-Net of Stable Diffusion XL, whose weights are then those of the distilled model."""
    return lcm("lcm", "LCM", "TimestepEncoder.**.RangeEncoder.Linear_1", dim=256)


def lcm(id: str, name: str, first: str, dim: int) -> Adapter:
    """`first` selects the first layer that sees the time step; `dim` are the features of the strength's embedding."""
    return adapter(
        id,
        name,
        Written(first, before(_condition_scale_block(dim))),
        params=(GUIDANCE,),
        doc="Tells a distilled model the strength of the guidance, so that few steps and no guidance of the sampler's "
        "own are enough.",
        source="foundationals.latent_diffusion.SDXLLcmAdapter; arXiv:2310.04378",
    )


def _condition_scale_block(dim: int) -> Tree:
    half = dim // 2
    # In float32 and in this order, as LCM was trained.
    steps = f"torch.arange(start=0, end={half}, dtype=torch.float32, device=x.device)"
    angles = f"x.unsqueeze(1).float() * torch.exp(-math.log(10000) * {steps} / {half - 1}).unsqueeze(0)"
    return node(
        "Residual",
        function("lambda x: torch.ones(1, device=x.device)", name="One"),
        node("Multiply", scale="=(condition_scale - 1) * 1000"),
        function(f"lambda x: torch.cat([torch.sin({angles}), torch.cos({angles})], dim=-1)"),
        node("Converter"),
        node("Linear", in_features=dim, out_features="=target.in_features", bias=False),
        name="ConditionScaleBlock",
    )
