"""Control-LoRA: a ControlNet whose copy of the encoder is the encoder itself with LoRAs, so that little is added.

As `refiners.foundationals.latent_diffusion.stable_diffusion_xl.control_lora.ControlLoraAdapter`; contexts are its own.
"""

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import Node, Tree
from engine.document.templates import complete
from nodes import CATALOGUE
from nodes.adapters.borrowing import borrowing
from nodes.adapters.control import condition_encoder, side_network, zero_convolution
from nodes.adapters.lora import RANK
from nodes.adapters.writing import SCALE, Written, adapter, before
from nodes.models import sdxl
from nodes.tree import node, use

CONDITION = ("control_lora", "condition")
CHANNELS = (320, 320, 320, 320, 640, 640, 640, 1280, 1280, 1280)
"""Of the skips and of the middle."""


def control_lora_sdxl() -> Adapter:
    """For the U-Net of Stable Diffusion XL; the condition is a picture eight times the size of the latent."""
    unet = complete(sdxl.unet(), CATALOGUE)
    encoder, down, middle, *_ = (borrowing(child, child.node.title, _beside) for child in unet.children or ())
    zeros = [zero_convolution(n, channels, "scale") for n, channels in enumerate(CHANNELS)]
    blocks = [
        replace(block, children=(*(block.children or ())[:-1], zero))
        for block, zero in zip(down.children or (), zeros, strict=False)
    ]
    condition = node("Residual", use(*CONDITION), condition_encoder())
    blocks[0] = replace(blocks[0], children=(*(blocks[0].children or ()), condition))
    middle = replace(middle, children=(*(middle.children or ()), zeros[-1]))
    net = side_network("ControlLora", CONDITION, [encoder, replace(down, children=tuple(blocks)), middle])
    return adapter(
        "control-lora",
        "Control-LoRA",
        Written("SDXLUNet", before(net), "inside"),
        params=(SCALE, RANK),
        doc="A ControlNet whose encoder is that of the U-Net with a LoRA on every layer: a few weights instead of a "
        "copy of half the model.",
        source="foundationals.latent_diffusion.stable_diffusion_xl.ControlLoraAdapter",
    )


def _beside(layer: Tree) -> Tree:
    """A layer with a LoRA beside it, where there is one for its kind."""
    if layer.node.kind not in ("Linear", "Conv2d"):
        return layer
    return node("Sum", layer, node("Chain", *_pair(layer.node), name="Lora"), name=layer.node.title)


def _pair(layer: Node) -> tuple[Tree, Tree]:
    """The two layers of a LoRA."""
    of = layer.params
    if layer.kind == "Linear":
        down = node("Linear", in_features=of["in_features"], out_features="=rank", bias=False)
        up = node("ZeroLinear", name="Linear", in_features="=rank", out_features=of["out_features"], bias=False)
        return down, up
    down = node(
        "Conv2d",
        in_channels=of["in_channels"],
        out_channels="=rank",
        kernel_size=of["kernel_size"],
        stride=of["stride"],
        padding=of["padding"],
        use_bias=False,
    )
    up = node(
        "ZeroConv2d", name="Conv2d", in_channels="=rank", out_channels=of["out_channels"], kernel_size=1, use_bias=False
    )
    return down, up
