"""T2I-Adapter: features of a condition, worked out beside the U-Net, are added to four skips (arXiv:2302.08453).

As `refiners.foundationals.latent_diffusion.SD1T2IAdapter`, with the encoder of the condition inside.
"""

from collections.abc import Sequence

from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Tree
from engine.document.sources import ImageSource, ListSource
from nodes.adapters.writing import SCALE, Written, adapter, before, hole
from nodes.tree import conv, node, put, use

CONDITION = ("t2iadapter", "condition")
FEATURES = ("t2iadapter", "features")


def t2i_sd15() -> Adapter:
    """For the U-Net of Stable Diffusion 1.5; the condition is a picture eight times the size of the latent."""
    return t2i("t2i", "T2I-Adapter", "SD1UNet", (320, 640, 1280, 1280), blocks=(3, 6, 9, 12), factor=8)


def t2i(
    id: str, name: str, unet: str, channels: Sequence[int], blocks: Sequence[int], factor: int, in_channels: int = 3
) -> Adapter:
    """Features of these channels, one for each of these blocks of a U-Net with DownBlocks (counted from 1).

    The condition is a picture `factor` times the size of the latent.
    """
    layers = [
        _residual_blocks(narrow, wide, smaller=index > 0)
        for index, (narrow, wide) in enumerate(zip((channels[0], *channels), channels, strict=False))
    ]
    keep = put(*FEATURES, "lambda features, x: features.append(x)")
    encoder = node(
        "Chain",
        node("PixelUnshuffle", downscale_factor=factor),
        conv(in_channels * factor**2, channels[0]),
        *[node("Chain", layer, keep, name="StatefulResidualBlocks") for layer in layers],
        name="ConditionEncoder",
    )
    contexts: Contexts = {"t2iadapter": {"condition": ImageSource(""), "features": ListSource([])}}
    inside = node("Chain", node("Passthrough", use(*CONDITION), encoder), hole(), contexts=contexts)
    additions = [
        Written(
            f"DownBlocks.Chain_{block}.ResidualAccumulator in {unet}",
            before(
                node(
                    "Residual",
                    use(*FEATURES, f"lambda features: features[{index}]"),
                    node("Multiply", scale="=scale"),
                    name="T2IFeatures",
                )
            ),
        )
        for index, block in enumerate(blocks)
    ]
    return adapter(
        id,
        name,
        Written(unet, inside, "inside"),
        *additions,
        params=(SCALE,),
        doc="Features of a picture (edges, depth, a pose) are added to the skips of the U-Net: lighter than a "
        "ControlNet, and the same at every time step.",
        source="foundationals.latent_diffusion.SD1T2IAdapter; arXiv:2302.08453",
    )


def _residual_blocks(in_channels: int, out_channels: int, smaller: bool) -> Tree:
    return node(
        "Chain",
        node("AvgPool2d", name="Downsample2d", kernel_size=2, stride=2) if smaller else node("Identity"),
        conv(in_channels, out_channels, 1) if in_channels != out_channels else node("Identity"),
        node("Chain", *[_residual_block(out_channels) for _ in range(2)]),
        name="ResidualBlocks",
    )


def _residual_block(channels: int) -> Tree:
    return node("Residual", conv(channels, channels), node("ReLU"), conv(channels, channels, 1), name="ResidualBlock")
