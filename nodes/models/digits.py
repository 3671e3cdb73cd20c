"""A small diffusion model of handwritten digits at 16 x 16 pixels, in the structure of `nodes.models.sd15`.

As there, the skips travel in the list `unet.residuals` and the embedding of the time step in
`range_adapter.timestep_embedding`. The class takes the place of the text: a number from 0 to 9, or `NO_CLASS`, which
becomes an embedding inside. The model predicts v = alpha * noise - sigma * image (arXiv:2202.00512) for a picture in
[-1, 1]. `nodes.training` trains it.
"""

from engine.document.graph import Tree
from engine.document.sources import ListSource, NumberSource, UnsetSource
from nodes.models import diffusion
from nodes.models.diffusion import downsample, upsample
from nodes.tree import conv, function, linear, node, put, use

SIZE = 16
CLASSES = 10
NO_CLASS = 10
"""The class of the unconditional half of guidance."""
STEPS = 1000
"""Time steps of the training, from 0 (almost the picture) to 999 (noise)."""

TIMESTEP = ("diffusion", "timestep")
CLASS = ("diffusion", "class")

_FREQUENCIES = 32
_TIME_DIM = 128
_HEADS = 4
_GROUPS = 8
_SKIPS = 6
_PER_PICTURE = "n + torch.zeros_like(x[:, 0, 0, 0]).float()"


def unet() -> Tree:
    """A noisy picture (N, 1, 16, 16), time step and class (each a number or (N)) to the prediction (N, 1, 16, 16)."""
    return node(
        "Chain",
        node(
            "Passthrough",
            node("Sum", _timestep_encoder(), _class_encoder()),
            put(*diffusion.TIME),
            name="ConditionEncoder",
        ),
        _down(),
        node("Sum", use(*diffusion.RESIDUALS, "lambda x: x[-1]"), _middle()),
        _up(),
        node("Chain", node("GroupNorm", channels=32, num_groups=_GROUPS), node("SiLU"), conv(32, 1), name="Output"),
        name="DigitsUNet",
        contexts={
            "unet": {"residuals": ListSource([0.0] * (_SKIPS + 1))},  # the last one is for a control network
            "diffusion": {"timestep": NumberSource(STEPS - 1), "class": NumberSource(3)},
            "range_adapter": {"timestep_embedding": UnsetSource()},
            "sampling": {"shapes": ListSource([])},
        },
    )


def residual_block(in_channels: int, out_channels: int) -> Tree:
    """Two convolutions around the embedding of time step and class, and a shortcut."""
    return diffusion.residual_block(in_channels, out_channels, _TIME_DIM, _GROUPS)


def _timestep_encoder() -> Tree:
    """The time step, for each picture of the batch, as sines and cosines and then as an embedding: to (N, 128)."""
    # Size, device and dtype are the picture's, not the number's, so that the program holds for every number.
    exponents = f"torch.arange({_FREQUENCIES}, device=x.device) / {_FREQUENCIES}"
    angles = f"({_PER_PICTURE}).unsqueeze(1) * torch.exp(-math.log(10000) * {exponents})"
    return node(
        "Chain",
        node("Parallel", use(*TIMESTEP), node("Identity")),
        function(f"lambda n, x: ({angles}, x)"),
        function("lambda angles, x: torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1).type_as(x)"),
        linear(2 * _FREQUENCIES, _TIME_DIM),
        node("SiLU"),
        linear(_TIME_DIM, _TIME_DIM),
        name="TimestepEncoder",
    )


def _class_encoder() -> Tree:
    """The class, for each picture of the batch, as an embedding: to (N, 128)."""
    return node(
        "Chain",
        node("Parallel", use(*CLASS), node("Identity")),
        function(f"lambda n, x: ({_PER_PICTURE}).long()"),
        node("Embedding", num_embeddings=CLASSES + 1, embedding_dim=_TIME_DIM),
        name="ClassEncoder",
    )


def _attention(channels: int) -> Tree:
    return node(
        "Residual",
        node("GroupNorm", channels=channels, num_groups=_GROUPS),
        node("SelfAttention2d", channels=channels, num_heads=_HEADS),
    )


def _down() -> Tree:
    return diffusion.down_blocks(
        [conv(1, 32)],
        [residual_block(32, 32)],
        [downsample(32)],
        [residual_block(32, 64)],
        [downsample(64)],
        [residual_block(64, 64)],
    )


def _middle() -> Tree:
    return node("Chain", residual_block(64, 64), _attention(64), residual_block(64, 64), name="MiddleBlock")


def _up() -> Tree:
    """Inputs are the block before and its skip, side by side."""
    return diffusion.up_blocks(
        [residual_block(128, 64)],
        [residual_block(128, 64), upsample(64)],
        [residual_block(128, 64)],
        [residual_block(96, 64), upsample(64)],
        [residual_block(96, 32)],
        [residual_block(64, 32)],
    )
