"""ControlNet: a copy of the encoder sees a condition and adds to the skips (arXiv:2302.05543).

As `refiners.foundationals.latent_diffusion.SD1ControlnetAdapter`, but the copy has contexts of its own, so that several
may stand one around the other without names to keep apart.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Tree
from engine.document.kinds import Param
from engine.document.sources import ImageSource, ListSource, UnsetSource
from nodes.adapters.writing import SCALE, Written, adapter, before
from nodes.models import diffusion, sd15
from nodes.tree import conv, node, put, use

CONDITION = ("controlnet", "condition")
DECAY = Param(
    name="decay",
    type="float",
    default=1.0,
    low=0,
    high=1,
    live=True,
    doc="Strength of a skip as a share of the next deeper one's; 1 treats all alike.",
)


def controlnet_sd15() -> Adapter:
    """For the U-Net of Stable Diffusion 1.5; the condition is a picture eight times the size of the latent."""
    channels = (320, 320, 320, 320, 640, 640, 640, 1280, 1280, 1280, 1280, 1280, 1280)
    return controlnet("controlnet", "ControlNet", sd15.unet(), channels, condition_encoder(), latent_channels=4)


def controlnet(
    id: str, name: str, unet: Tree, channels: Sequence[int], stem: Tree, latent_channels: int | None = None
) -> Adapter:
    """For a U-Net such as those of `nodes.models`, whose skips and middle have these channels.

    `stem` turns the condition into what is added after the first convolution. `latent_channels` are those of the input
    that the copy sees; None for all.
    """
    encoder, down, middle = _parts(unet)
    blocks = list(down.children or ())
    blocks[0] = _with(blocks[0], node("Residual", use(*CONDITION), stem), *_last(blocks[0]))
    depth = len(blocks)
    zeros = [zero_convolution(n, each, f"scale * decay ** {depth - n}") for n, each in enumerate(channels)]
    blocks = [_with(block, zero) for block, zero in zip(blocks, zeros, strict=False)]
    seen = [] if latent_channels is None else [node("Slicing", dim=1, end=latent_channels)]
    copy = [encoder, *seen, replace(down, children=tuple(blocks)), _with(middle, *_last(middle), zeros[-1])]
    net = side_network("Controlnet", CONDITION, copy)
    return adapter(
        id,
        name,
        Written(unet.node.name, before(net), "inside"),
        params=(SCALE, DECAY),
        doc="A copy of the encoder that sees a picture as well (edges, depth, a pose) and adds to the skips of the "
        "U-Net.",
        source="foundationals.latent_diffusion.SD1ControlnetAdapter; arXiv:2302.05543",
    )


def side_network(name: str, condition: tuple[str, str], copy: Sequence[Tree]) -> Tree:
    """What runs in front of a U-Net and lets its input through: a copy of its encoder, with contexts of its own."""
    contexts: Contexts = {
        condition[0]: {condition[1]: ImageSource("")},
        diffusion.TIME[0]: {diffusion.TIME[1]: UnsetSource()},
        "sampling": {"shapes": ListSource([])},
    }
    return node("Passthrough", *copy, name=name, contexts=contexts)


def _parts(unet: Tree) -> tuple[Tree, Tree, Tree]:
    """The encoder of the time step, the blocks down, and the middle block."""
    assert unet.children
    encoder, down, middle, *_ = unet.children
    assert middle.children
    return encoder, down, middle.children[-1]


def _with(block: Tree, *last: Tree) -> Tree:
    """A block with these in the place of its last child, which keeps a skip."""
    return replace(block, children=(*(block.children or ())[:-1], *last))


def _last(block: Tree) -> tuple[Tree, ...]:
    return (block.children or ())[-1:]


def zero_convolution(n: int, channels: int, scale: str) -> Tree:
    """Adds to the nth skip what comes by, through a convolution that starts from zeros; `scale` is a formula."""
    zero = node("ZeroConv2d", name="Conv2d", in_channels=channels, out_channels=channels, kernel_size=1)
    return node(
        "Passthrough",
        zero,
        node("Multiply", scale=f"={scale}"),
        put(*diffusion.RESIDUALS, f"lambda residuals, x: residuals.insert({n}, residuals.pop({n}) + x)"),
    )


def condition_encoder() -> Tree:
    """A picture (N, 3, 8 * H, 8 * W) to (N, 320, H, W)."""
    sizes = (16, 32, 96, 256)
    steps = [
        node("Chain", conv(small, small), node("SiLU"), conv(small, large, stride=2), node("SiLU"))
        for small, large in pairwise(sizes)
    ]
    first = node("Chain", conv(3, sizes[0]), node("SiLU"))
    return node("Chain", first, *steps, conv(sizes[-1], 320), name="ConditionEncoder")
