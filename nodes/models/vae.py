"""The autoencoder of latent diffusion, as `refiners.foundationals.latent_diffusion.LatentDiffusionAutoencoder`.

The scale of the latents (0.18125 in Refiners) is no layer of it: multiply what the encoder gives by it, and divide what
the decoder gets.
"""

from engine.document.graph import Tree
from engine.document.sources import ListSource
from nodes.tree import conv, node

CHANNELS = (128, 256, 512, 512, 512)


def encoder() -> Tree:
    """Picture (N, 3, H, W) in [-1, 1] to latent (N, 4, H / 8, W / 8)."""
    layers: list[Tree] = []
    for index, channels in enumerate(CHANNELS):
        first, second = _resnet(CHANNELS[max(index - 1, 0)], channels), _resnet(channels, channels)
        if index < 3:
            layers.append(node("Chain", first, second, node("Downsample", channels=channels, scale_factor=2)))
        elif index == 3:
            layers.append(node("Chain", first, second))
        else:
            layers.append(node("Chain", first, _attention(channels), second))
    return node(
        "Chain",
        conv(3, 128),
        node("Chain", *layers),
        node("Chain", node("GroupNorm", channels=512, eps=1e-6), node("SiLU"), conv(512, 8)),
        node("Chain", conv(8, 8, 1), node("Slicing", dim=1, end=4)),  # the mean; the variance is left out
        name="Encoder",
        contexts={"sampling": {"shapes": ListSource([])}},
    )


def decoder() -> Tree:
    """Latent (N, 4, H, W) to picture (N, 3, 8 * H, 8 * W) in [-1, 1]."""
    sizes = CHANNELS[::-1]
    layers = [node("Chain", _resnet(512, 512), _attention(512), _resnet(512, 512))]
    for index in range(1, len(sizes)):
        before, channels = sizes[index - 1], sizes[index]
        parts = [_resnet(before, channels), _resnet(channels, channels), _resnet(channels, channels)]
        if index < 4:
            parts.append(node("Upsample", channels=channels, upsample_factor=2))
        layers.append(node("Chain", *parts))
    return node(
        "Chain",
        conv(4, 4, 1),
        conv(4, 512),
        node("Chain", *layers),
        node("Chain", node("GroupNorm", channels=128, eps=1e-6), node("SiLU"), conv(128, 3)),
        name="Decoder",
    )


def autoencoder() -> Tree:
    """Picture (N, 3, H, W) in [-1, 1] to latent and back; H and W are multiples of 8."""
    return node("Chain", encoder(), decoder(), name="LatentDiffusionAutoencoder")


def _resnet(in_channels: int, out_channels: int) -> Tree:
    return node(
        "Sum",
        node("Identity") if in_channels == out_channels else conv(in_channels, out_channels, 1),
        node(
            "Chain",
            node("GroupNorm", channels=in_channels),
            node("SiLU"),
            conv(in_channels, out_channels),
            node("GroupNorm", channels=out_channels),
            node("SiLU"),
            conv(out_channels, out_channels),
        ),
        name="Resnet",
    )


def _attention(channels: int) -> Tree:
    return node("Residual", node("GroupNorm", channels=channels, eps=1e-6), node("SelfAttention2d", channels=channels))
