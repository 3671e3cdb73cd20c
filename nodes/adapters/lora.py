"""LoRA: a correction of low rank beside a layer (arXiv:2106.09685), as `refiners.fluxion.adapters.LoraAdapter`."""

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import Tree
from engine.document.kinds import Param
from nodes.adapters.writing import SCALE, Written, adapter, hole
from nodes.tree import node

RANK = Param(name="rank", type="int", default=4, low=1, high=1024, doc="Features that the correction passes through.")

STRENGTH = replace(SCALE, low=-2, doc="Strength; 0 leaves the model as it is, less than 0 does the opposite.")


def lora() -> Adapter:
    """Beside every Linear and Conv2d that it is given to, two small layers whose product is scaled and added."""
    return adapter(
        "lora",
        "LoRA",
        Written("kind=Linear", _beside(_linear("target.in_features", "rank"), _linear("rank", "target.out_features"))),
        Written("kind=Conv2d", _beside(_down(), _up())),
        params=(RANK, STRENGTH),
        doc="Adds a correction of low rank to Linear and Conv2d layers. Untrained, it changes nothing.",
        source="fluxion.adapters.LoraAdapter; arXiv:2106.09685",
    )


def _beside(down: Tree, up: Tree) -> Tree:
    return node("Sum", hole(), node("Chain", down, up, node("Multiply", scale="=scale"), name="Lora"))


def _linear(in_features: str, out_features: str) -> Tree:
    last = in_features == "rank"
    return node(
        "ZeroLinear" if last else "Linear",
        name="Linear" if last else "",
        in_features=f"={in_features}",
        out_features=f"={out_features}",
        bias=False,
    )


def _down() -> Tree:
    """Takes the window of the target, whatever that is."""
    return node(
        "Conv2d",
        in_channels="=target.in_channels",
        out_channels="=rank",
        kernel_size="=target.kernel_size",
        stride="=target.stride",
        padding="=target.padding",
        dilation="=target.dilation",
        padding_mode="=target.padding_mode",
        use_bias=False,
    )


def _up() -> Tree:
    return node(
        "ZeroConv2d",
        name="Conv2d",
        in_channels="=rank",
        out_channels="=target.out_channels",
        kernel_size=1,
        use_bias=False,
    )
