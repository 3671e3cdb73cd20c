"""IP-Adapter: the attention to the text attends to a picture as well (arXiv:2308.06721).

As `refiners.foundationals.latent_diffusion.SD1IPAdapter`; the projection of the picture's embedding is inside.
"""

from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Tree
from engine.document.sources import NoiseSource, UnsetSource
from nodes.adapters.writing import SCALE, Written, adapter, hole
from nodes.tree import linear, node, put, use

IMAGE = ("ip_adapter", "clip_image_embedding")
TOKENS = ("ip_adapter", "image_tokens")


def ip_adapter_sd15() -> Adapter:
    """For the U-Net of Stable Diffusion 1.5; the picture comes as its embedding by CLIP's encoder H (N, 1024)."""
    return ip_adapter("ip-adapter", "IP-Adapter", "SD1UNet", image_dim=1024, text_dim=768, tokens=4)


def ip_adapter(id: str, name: str, unet: str, image_dim: int, text_dim: int, tokens: int) -> Adapter:
    """For a U-Net whose Attention layers attend to text of `text_dim` features.

    The picture, an embedding (N, image_dim), becomes this many tokens beside the text.
    """
    projection = node(
        "Chain",
        linear(image_dim, text_dim * tokens),
        node("Reshape", shape=[tokens, text_dim]),
        node("LayerNorm", normalized_shape=text_dim),
        name="ImageProjection",
    )
    contexts: Contexts = {"ip_adapter": {IMAGE[1]: NoiseSource([1, image_dim]), TOKENS[1]: UnsetSource()}}
    prepare = node("Passthrough", use(*IMAGE), projection, put(*TOKENS))
    return adapter(
        id,
        name,
        Written(unet, node("Chain", prepare, hole(), contexts=contexts), "inside"),
        Written(f"kind=ScaledDotProductAttention & in kind=Attention & in {unet}", _decoupled()),
        params=(SCALE,),
        doc="Has a picture speak beside the text: to each attention to the text a second one is added, to the picture.",
        source="foundationals.latent_diffusion.SD1IPAdapter; arXiv:2308.06721",
    )


def _decoupled() -> Tree:
    """Attention of the same queries to the picture, added to that to the text."""
    image = node(
        "Chain",
        node("Distribute", node("Identity"), _projected("key"), _projected("value")),
        node("ScaledDotProductAttention", num_heads="=target.num_heads", is_causal="=target.is_causal"),
        node("Multiply", scale="=scale"),
        name="ImageCrossAttention",
    )
    return node("Sum", hole(), image)


def _projected(what: str) -> Tree:
    return node(
        "Chain",
        use(*TOKENS),
        node(
            "Linear",
            in_features=f"=parent.{what}_embedding_dim or parent.embedding_dim",
            out_features="=parent.inner_dim or parent.embedding_dim",
            bias="=parent.use_bias",
        ),
    )
