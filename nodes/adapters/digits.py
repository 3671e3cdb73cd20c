"""Adapters of the digits model (`nodes.models.digits`), made as for the large models and trained by `nodes.training`.

A picture that guides, and one to paint into, is as the worker reads a file: (N, 3, 16, 16) in [0, 1].
"""

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import Weights
from engine.document.kinds import ParamValue
from engine.document.sources import ImageSource
from nodes.adapters.control import controlnet
from nodes.adapters.lcm import lcm
from nodes.adapters.lora import RANK, lora
from nodes.adapters.t2i import t2i
from nodes.adapters.writing import SCALE, Written, adapter, hole
from nodes.models import digits
from nodes.tree import conv, function, node, use

MASK = ("inpainting", "mask")
IMAGE = ("inpainting", "image")

_STYLE: dict[str, ParamValue] = {"rank": 4}
_TASK: dict[str, ParamValue] = {"rank": 8}
_LORA = tuple(Written(patch.selector, patch.tree) for patch in lora().patches)
_CHANNELS = (32, 32, 32, 64, 64, 64, 64)
"""Of the skips and of the middle."""


def shipped(folder: str) -> tuple[Adapter, ...]:
    """All of them, trained: with the weights that `nodes.training` wrote into a folder."""
    untrained = (bold(), slant(), edges_controlnet(), edges_t2i(), inpainting(), four_steps())
    return tuple(replace(each, weights=Weights(f"{folder}/{file_of(each)}")) for each in untrained)


def file_of(adapter: Adapter) -> str:
    """What the file of an adapter's weights is called."""
    return f"{adapter.id.removeprefix('digits-')}.safetensors"


def bold() -> Adapter:
    """A LoRA that learned digits with thick strokes."""
    doc = "Thick strokes: a LoRA on every layer, which learned digits after a grey dilation."
    return replace(lora(), id="digits-bold", name="Bold", values=_STYLE, doc=doc)


def slant() -> Adapter:
    """A LoRA that learned digits leaning to the right."""
    doc = "Digits that lean to the right: a LoRA on every layer, which learned sheared ones."
    return replace(lora(), id="digits-slant", name="Slant", values=_STYLE, doc=doc)


def edges_controlnet() -> Adapter:
    """A ControlNet that is guided by edges, white on black."""
    stem = node("Chain", conv(3, 16), node("SiLU"), conv(16, 32), node("SiLU"), conv(32, 32), name="ConditionEncoder")
    return controlnet("digits-controlnet", "ControlNet, edges", digits.unet(), _CHANNELS, stem)


def edges_t2i() -> Adapter:
    """A T2I-Adapter that is guided by edges, white on black."""
    return t2i("digits-t2i", "T2I-Adapter, edges", "DigitsUNet", (32, 64, 64), blocks=(2, 4, 6), factor=1)


def inpainting() -> Adapter:
    """Mask and picture are added after the first convolution; a LoRA on every layer helps to make use of them."""
    known = "torch.cat([mask[:, :1], (2 * image[:, :1] - 1) * (1 - mask[:, :1])], dim=1)"
    seen = node(
        "Chain",
        node("Parallel", use(*MASK), use(*IMAGE)),
        function(f"lambda mask, image: {known}", name="KnownPixels"),
        node("ZeroConv2d", name="Conv2d", in_channels=2, out_channels=32, kernel_size=3, padding=1),
        node("Multiply", scale="=scale"),
        name="InpaintingEncoder",
        contexts={"inpainting": {"mask": ImageSource(""), "image": ImageSource("")}},
    )
    return replace(
        adapter(
            "digits-inpainting",
            "Inpainting",
            Written("DownBlocks.Chain_1.Conv2d", node("Sum", hole(), seen)),
            *_LORA,
            params=(RANK, SCALE),
            doc="Fills in the white part of a mask so that it goes with the rest of a picture.",
            source="foundationals.latent_diffusion.StableDiffusion_1_Inpainting, with a LoRA (arXiv:2106.09685)",
        ),
        values=_TASK,
    )


def four_steps() -> Adapter:
    """The strength of the guidance enters beside the time step; a LoRA on every layer makes it a consistency model."""
    told = lcm("digits-lcm", "LCM, four steps", "TimestepEncoder.Linear_1", dim=64)
    patches = (*[Written(patch.selector, patch.tree) for patch in told.patches], *_LORA)
    params = (*[replace(param, default=2.0, high=4) for param in told.params], RANK, SCALE)
    source = f"{told.source}; arXiv:2311.05556 (as a LoRA)"
    return replace(adapter(told.id, told.name, *patches, params=params, doc=told.doc, source=source), values=_TASK)
