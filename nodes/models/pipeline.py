"""From words to a picture: the models of Stable Diffusion 1.5 in one graph (arXiv:2112.10752), with guidance inside.

As `refiners.foundationals.latent_diffusion.StableDiffusion_1`: both texts go through in one batch.
"""

from msgspec.structs import replace

from engine.document.graph import Contexts, Tree
from engine.document.sources import ListSource, UnsetSource
from nodes.models import diffusion, sd15, text, vae
from nodes.tree import function, node, put, use

IDS = ("prompt", "ids")
START, END, LENGTH = 49406, 49407, 77
LATENT_SCALE = 0.18215


def tokens(*words: int) -> list[int]:
    """The ids of a text as CLIP's large encoder wants them: between marks, filled up to 77."""
    return [START, *words, *[END] * (LENGTH - 1 - len(words))]


A_CAT = (320, 1125, 539, 320, 2368)
"""What CLIP's tokenizer makes of "a photo of a cat"."""


def text_to_picture() -> Tree:
    """Noise (1, 4, H, W) to a picture (1, 3, 8 * H, 8 * W) in [0, 1].

    `prompt.ids` has the ids of two texts, what is not wanted and what is, 77 each; the Multiply in Guidance has the
    strength.
    """
    unet = sd15.unet()
    told = ("diffusion", diffusion.TEXT[0])
    own = {name: entries for name, entries in unet.node.contexts.items() if name not in told}
    contexts: Contexts = {
        "prompt": {"ids": ListSource([tokens(), tokens(*A_CAT)])},
        diffusion.TEXT[0]: {diffusion.TEXT[1]: UnsetSource()},
    }
    guidance = node(
        "Sum",
        function("lambda x: x.chunk(2)[0]", name="Unwanted"),
        node(
            "Chain",
            function("lambda x: x.chunk(2)[1] - x.chunk(2)[0]", name="Difference"),
            node("Multiply", scale=7.5),
        ),
        name="Guidance",
    )
    return node(
        "Chain",
        node("Passthrough", use(*IDS), text.clip_l(), put(*diffusion.TEXT), name="Prompt"),
        node(
            "Sample",
            node("Concatenate", node("Identity"), node("Identity"), dim=0, name="ForBothTexts"),
            replace(unet, node=replace(unet.node, contexts=own)),
            guidance,
        ),
        node("Multiply", scale=1 / LATENT_SCALE),
        vae.decoder(),
        node("Multiply", scale=0.5, bias=0.5),
        function("lambda x: x.clamp(0, 1)", name="Clamp"),
        name="StableDiffusion",
        contexts=contexts,
    )
