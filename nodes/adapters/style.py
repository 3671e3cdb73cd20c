"""StyleAligned: all pictures of a batch attend to the first as well, and so share its style (arXiv:2312.02133).

As `refiners.foundationals.latent_diffusion.style_aligned.StyleAlignedAdapter`. It is not trained: it has no weights.
"""

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.graph import Tree
from nodes.adapters.writing import SCALE, Written, adapter, before
from nodes.tree import function, node

FIRST = "lambda x: torch.stack((x.chunk(2)[0][0], x.chunk(2)[1][0])).repeat_interleave(x.shape[0] // 2, dim=0)"
"""The features of the first picture, in both halves of the batch, once for each picture."""
ALIGN = (
    "lambda x, first: ((x - torch.mean(x, dim=-2, keepdim=True)) / (torch.std(x, dim=-2, keepdim=True) + 1e-8)"
    " * torch.std(first, dim=-2, keepdim=True) + torch.mean(first, dim=-2, keepdim=True), first)"
)
"""Mean and deviation of features become those of the first picture's (arXiv:1703.06868)."""
HALVES = "lambda x: x.reshape(2, x.shape[0] // 2, x.shape[1], x.shape[2])"


def style_aligned() -> Adapter:
    """For U-Nets with SelfAttention. Half of the batch is with the text, half without, in the same order."""
    query = node("Chain", _with_first(), function(ALIGN, name="AdaIN"), node("GetArg", index=0))
    key = node("Chain", _with_first(), function(ALIGN, name="AdaIN"), *_shared())
    value = node("Chain", _with_first(), *_shared())
    return adapter(
        "style-aligned",
        "StyleAligned",
        Written(
            "kind=ScaledDotProductAttention & in kind=SelfAttention & in *UNet",
            before(node("Distribute", query, key, value, name="StyleAligned")),
        ),
        params=(replace(SCALE, doc="Strength with which the others attend to the first picture; 1 as to themselves."),),
        doc="Has the pictures of a batch share the style of the first. The batch is as for guidance: all with the "
        "text, then all without.",
        source="foundationals.latent_diffusion.style_aligned.StyleAlignedAdapter; arXiv:2312.02133",
    )


def _with_first() -> Tree:
    return node("Parallel", node("Identity"), function(FIRST, name="FirstOfBatch"))


def _shared() -> tuple[Tree, ...]:
    """Features beside those of the first picture, which count `scale` times for all but itself."""
    scaled = node(
        "Chain",
        function(HALVES),
        node(
            "Concatenate",
            function("lambda x: x[:, :1]"),
            node("Chain", function("lambda x: x[:, 1:]"), node("Multiply", scale="=scale")),
            dim=1,
        ),
        node("Flatten", start_dim=0, end_dim=1),
        name="ScaleReferenceFeatures",
    )
    return (
        node("Distribute", node("Identity"), scaled),
        node("Concatenate", node("GetArg", index=0), node("GetArg", index=1), dim=-2),
    )
