"""The U-Net of Stable Diffusion 1.5, as `refiners.foundationals.latent_diffusion.SD1UNet` (arXiv:2112.10752)."""

from engine.document.graph import Tree
from nodes.models import diffusion
from nodes.models.diffusion import downsample, residual_block, upsample
from nodes.tree import conv, node, put, use


def unet() -> Tree:
    """Latent with noise (N, 4, H, W), time step (N) and text (N, 77, 768) to the noise found (N, 4, H, W)."""
    return node(
        "Chain",
        node(
            "Passthrough",
            use("diffusion", "timestep"),
            diffusion.range_encoder(),
            put(*diffusion.TIME),
            name="TimestepEncoder",
        ),
        _down(),
        node("Sum", use(*diffusion.RESIDUALS, "lambda x: x[-1]"), _middle()),
        _up(),
        diffusion.output_block(),
        name="SD1UNet",
        contexts=diffusion.contexts(skips=12, text_dim=768, timestep=[1]),
    )


def _attention(channels: int) -> Tree:
    return diffusion.cross_attention(
        "CLIPLCrossAttention", channels, text_dim=768, heads=8, layers=1, linear_projection=False
    )


def _down() -> Tree:
    return diffusion.down_blocks(
        [conv(4, 320)],
        [residual_block(320, 320), _attention(320)],
        [residual_block(320, 320), _attention(320)],
        [downsample(320)],
        [residual_block(320, 640), _attention(640)],
        [residual_block(640, 640), _attention(640)],
        [downsample(640)],
        [residual_block(640, 1280), _attention(1280)],
        [residual_block(1280, 1280), _attention(1280)],
        [downsample(1280)],
        [residual_block(1280, 1280)],
        [residual_block(1280, 1280)],
    )


def _middle() -> Tree:
    return node("Chain", residual_block(1280, 1280), _attention(1280), residual_block(1280, 1280), name="MiddleBlock")


def _up() -> Tree:
    """Inputs are the block before and its skip, side by side."""
    return diffusion.up_blocks(
        [residual_block(2560, 1280)],
        [residual_block(2560, 1280)],
        [residual_block(2560, 1280), upsample(1280)],
        [residual_block(2560, 1280), _attention(1280)],
        [residual_block(2560, 1280), _attention(1280)],
        [residual_block(1920, 1280), _attention(1280), upsample(1280)],
        [residual_block(1920, 640), _attention(640)],
        [residual_block(1280, 640), _attention(640)],
        [residual_block(960, 640), _attention(640), upsample(640)],
        [residual_block(960, 320), _attention(320)],
        [residual_block(640, 320), _attention(320)],
        [residual_block(640, 320), _attention(320)],
    )
