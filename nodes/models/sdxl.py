"""The U-Net of Stable Diffusion XL, as `refiners.foundationals.latent_diffusion.SDXLUNet` (arXiv:2307.01952)."""

from engine.document.graph import Tree
from nodes.models import diffusion
from nodes.models.diffusion import downsample, residual_block, upsample
from nodes.tree import conv, node, put, use

LAYERS = {640: 2, 1280: 10}
"""Transformer layers of an attention, by its channels."""


def unet() -> Tree:
    """Latent with noise (N, 4, H, W), time step (N), text (N, 77, 2048), its summary (N, 1280) and the sizes of the
    picture (N, 6) to the noise found (N, 4, H, W)."""
    return node(
        "Chain",
        _timestep_encoder(),
        _down(),
        node("Chain", residual_block(1280, 1280), _attention(1280), residual_block(1280, 1280), name="MiddleBlock"),
        node("Residual", use(*diffusion.RESIDUALS, "lambda x: x[-1]")),
        _up(),
        diffusion.output_block("OutputBlock"),
        name="SDXLUNet",
        contexts=diffusion.contexts(
            skips=9, text_dim=2048, timestep=[1], time_ids=[1, 6], pooled_text_embedding=[1, 1280]
        ),
    )


def _timestep_encoder() -> Tree:
    """The embeddings of time step, text and sizes, added up."""
    sizes = node(
        "Chain",
        use("diffusion", "time_ids"),
        node("Unsqueeze", dim=-1),
        diffusion.sinusoids(256),
        node("Reshape", shape=[-1]),
    )
    text_time = node(
        "Chain",
        node("Concatenate", use("diffusion", "pooled_text_embedding"), sizes, dim=1),
        *diffusion.embedding(1280 + 6 * 256),
        name="TextTimeEmbedding",
    )
    time = node("Chain", use("diffusion", "timestep"), diffusion.range_encoder())
    return node("Passthrough", node("Sum", time, text_time), put(*diffusion.TIME), name="TimestepEncoder")


def _attention(channels: int) -> Tree:
    return diffusion.cross_attention(
        "SDXLCrossAttention",
        channels,
        text_dim=2048,
        heads=channels // 64,
        layers=LAYERS[channels],
        linear_projection=True,
    )


def _down() -> Tree:
    return diffusion.down_blocks(
        [conv(4, 320)],
        [residual_block(320, 320)],
        [residual_block(320, 320)],
        [downsample(320)],
        [residual_block(320, 640), _attention(640)],
        [residual_block(640, 640), _attention(640)],
        [downsample(640)],
        [residual_block(640, 1280), _attention(1280)],
        [residual_block(1280, 1280), _attention(1280)],
    )


def _up() -> Tree:
    """Inputs are the block before and its skip, side by side."""
    return diffusion.up_blocks(
        [residual_block(2560, 1280), _attention(1280)],
        [residual_block(2560, 1280), _attention(1280)],
        [residual_block(1920, 1280), _attention(1280), upsample(1280)],
        [residual_block(1920, 640), _attention(640)],
        [residual_block(1280, 640), _attention(640)],
        [residual_block(960, 640), _attention(640), upsample(640)],
        [residual_block(960, 320)],
        [residual_block(640, 320)],
        [residual_block(640, 320)],
    )
