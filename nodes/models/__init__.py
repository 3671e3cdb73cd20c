"""Models that come as graphs: built without torch, in Fluxion's structure, so that checkpoints converted for Refiners
fit by path."""

from collections.abc import Callable
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from engine.document import edits
from engine.document.graph import Graph, Input, Place, Tree
from engine.document.sources import ListSource, NoiseSource
from engine.document.templates import complete, with_ids
from nodes import CATALOGUE
from nodes.models import digits, pipeline, sd15, sdxl, text, vae
from nodes.models.pipeline import A_CAT


class Model(Struct, frozen=True, kw_only=True):
    """A model in the making: its title, its tree, and the inputs it starts with."""

    title: str
    tree: Callable[[], Tree]
    inputs: tuple[Input, ...]

    @property
    def doc(self) -> str:
        """What it takes and gives."""
        return " ".join((self.tree.__doc__ or "").split())


def build(model: Model) -> Graph:
    """The graph of a model. Ids count the nodes in the order of running, so that it is the same every time."""
    tree = complete(model.tree(), CATALOGUE)
    ids = (f"n{number:04}" for number in count(1))
    graph = Graph(replace(tree.node, id="root"))
    edits.apply(graph, edits.SetInputs(model.inputs))
    edits.apply(graph, edits.Insert(Place("root", 0), tuple(with_ids(child, ids) for child in tree.children or ())))
    return graph


def _x(*shape: int) -> tuple[Input, ...]:
    return (Input("x", NoiseSource(list(shape))),)


def _ids(*tokens: int) -> tuple[Input, ...]:
    return (Input("ids", ListSource([list(tokens)])),)


MODELS: dict[str, Model] = {
    "digits": Model(title="Handwritten digits U-Net", tree=digits.unet, inputs=_x(1, 1, 16, 16)),
    "sd15": Model(title="Stable Diffusion 1.5", tree=pipeline.text_to_picture, inputs=_x(1, 4, 64, 64)),
    "sd15-unet": Model(title="Stable Diffusion 1.5 U-Net", tree=sd15.unet, inputs=_x(1, 4, 64, 64)),
    "sdxl-unet": Model(title="Stable Diffusion XL U-Net", tree=sdxl.unet, inputs=_x(1, 4, 128, 128)),
    "clip-l": Model(
        title="CLIP text encoder L", tree=text.clip_l, inputs=_ids(49406, *A_CAT, *[49407] * (76 - len(A_CAT)))
    ),
    "clip-g": Model(
        title="CLIP text encoder G", tree=text.clip_g, inputs=_ids(49406, *A_CAT, 49407, *[0] * (75 - len(A_CAT)))
    ),
    "vae": Model(title="Latent diffusion autoencoder", tree=vae.autoencoder, inputs=_x(1, 3, 512, 512)),
    "vae-encoder": Model(title="Latent diffusion encoder", tree=vae.encoder, inputs=_x(1, 3, 512, 512)),
    "vae-decoder": Model(title="Latent diffusion decoder", tree=vae.decoder, inputs=_x(1, 4, 64, 64)),
    "bert": Model(title="BERT text encoder", tree=text.bert, inputs=_ids(101, 1037, 6302, 1997, 1037, 4937, 102)),
}
