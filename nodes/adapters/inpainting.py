"""Inpainting: mask and masked picture come beside the latent, into a first convolution of nine channels.

As `refiners.foundationals.latent_diffusion.StableDiffusion_1_Inpainting` (arXiv:2112.10752).
"""

from engine.document.adapters import Adapter
from engine.document.graph import Contexts
from engine.document.sources import ImageSource, TensorSource
from nodes.adapters.writing import Written, adapter, before
from nodes.tree import function, node, use

MASK = ("inpainting", "mask")
LATENT = ("inpainting", "masked_latent")
MASKED = "lambda x, mask: F.interpolate((mask[:, :1] > 0.5).to(x.dtype), x.shape[2:]).expand(x.shape[0], -1, -1, -1)"
BESIDE = "lambda x, latent: latent.expand(x.shape[0], -1, -1, -1)"


def inpainting_sd15() -> Adapter:
    """For the U-Net of Stable Diffusion 1.5, whose weights are then those of the inpainting model.

    The mask is a picture, white where something new is to come; the picture comes as the latent (1, 4, H, W) that the
    encoder gives for it where its masked pixels are grey (0 in [-1, 1]).
    """
    contexts: Contexts = {"inpainting": {"mask": ImageSource(""), "masked_latent": TensorSource("")}}
    known = node(
        "Concatenate",
        node("Identity"),
        node("Chain", node("Parallel", node("Identity"), use(*MASK)), function(MASKED), name="Mask"),
        node("Chain", node("Parallel", node("Identity"), use(*LATENT)), function(BESIDE), name="MaskedLatent"),
        dim=1,
    )
    inside = before(known)
    first = node(
        "Conv2d",
        in_channels="=target.in_channels + 5",
        out_channels="=target.out_channels",
        kernel_size="=target.kernel_size",
        stride="=target.stride",
        padding="=target.padding",
    )
    return adapter(
        "inpainting",
        "Inpainting, SD1.5",
        Written("SD1UNet", node("Chain", *inside.children or (), contexts=contexts), "inside"),
        Written("DownBlocks.Chain_1.Conv2d in SD1UNet", first, "instead"),
        doc="Fills in the white part of a mask so that it goes with the rest of a picture. Its weights file is that of "
        "the inpainting model, of which it takes the first convolution; the U-Net takes all others from it.",
        source="foundationals.latent_diffusion.StableDiffusion_1_Inpainting; arXiv:2112.10752",
    )
