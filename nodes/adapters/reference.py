"""Reference-only control: the U-Net looks at a reference first, and its attention then sees both.

As `refiners.foundationals.latent_diffusion.reference_only_control.ReferenceOnlyControlAdapter`. The method has no
paper: it comes from the ControlNet extension of the Stable Diffusion web UI. It is not trained, and has no weights.
"""

from msgspec.structs import replace

from engine.document.adapters import BORROWED, Adapter
from engine.document.graph import Contexts, Tree
from engine.document.kinds import Param
from engine.document.sources import ListSource, NoiseSource, TensorSource
from engine.document.templates import complete
from nodes import CATALOGUE
from nodes.adapters.borrowing import borrowing
from nodes.adapters.writing import Written, adapter, before, hole
from nodes.models import sd15
from nodes.tree import function, node, put, use

CONTEXT = "reference_only_control"
SEEN = (CONTEXT, "seen")
"""What each self-attention was given while the U-Net looked at the reference, in the order of running."""
BETAS = "torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64, device=x.device) ** 2"
KEPT = f"(1 - {BETAS}).cumprod(0)[time.long()].to(x)"
NOISY = f"{KEPT}.sqrt() * latent + (1 - {KEPT}).sqrt() * noise"
NOISED = f"lambda x, latent, noise, time: ({NOISY}).expand(x.shape[0], -1, -1, -1)"
"""The reference with as much noise as the time step has, once for each of the batch."""
STYLE = Param(
    name="style_cfg",
    type="float",
    default=0.5,
    low=0,
    high=1,
    live=True,
    doc="How much of the reference the first of the batch sees, which is the one without text.",
)


def reference_only_sd15() -> Adapter:
    """For the U-Net of Stable Diffusion 1.5; the reference is a latent (1, 4, H, W) of the size of the picture."""
    unet = complete(sd15.unet(), CATALOGUE)
    *blocks, _ = (_keeping(borrowing(child, child.node.title)) for child in unet.children or ())
    own = {name: unet.node.contexts[name] for name in ("unet", "range_adapter", "sampling")}
    guide = node("Chain", *blocks, name="ReferenceUNet", contexts=own)
    contexts: Contexts = {
        CONTEXT: {"latent": TensorSource(""), "noise": NoiseSource([1, 4, 64, 64]), "seen": ListSource([])}
    }
    told = [use(CONTEXT, "latent"), use(CONTEXT, "noise"), use("diffusion", "timestep")]
    look = node("Passthrough", node("Parallel", node("Identity"), *told), function(NOISED, name="Noised"), guide)
    return adapter(
        "reference-only",
        "Reference only",
        Written("kind=SelfAttention & in SD1UNet", _attending()),
        Written("SD1UNet", node("Chain", *before(look).children or (), contexts=contexts), "inside"),
        params=(STYLE,),
        doc="Has the picture look like a reference: every self-attention sees what it saw of the reference as well. "
        "The first of the batch is the one without text, as for guidance.",
        source="foundationals.latent_diffusion.reference_only_control.ReferenceOnlyControlAdapter",
    )


def _keeping(tree: Tree) -> Tree:
    """A tree whose self-attentions tell what they are given."""
    if tree.children is None or tree.node.kind == "SelfAttention":
        return tree
    children: list[Tree] = []
    for child in tree.children:
        if child.node.kind == "SelfAttention":
            children.append(put(*SEEN, "lambda seen, x: seen.append(x)"))
        children.append(_keeping(child))
    return replace(tree, children=tuple(children))


def _attending() -> Tree:
    """Self-attention that sees the reference as well; of the first of the batch, in part."""
    both = node("Concatenate", node("Identity"), use(*SEEN, "lambda seen: seen[0]"), dim=1)
    guided = node(
        "Chain",
        node("Parallel", node("Identity"), both, both),
        node("Distribute", *[_projection(f"Distribute.Linear_{n}") for n in (1, 2, 3)]),
        node("ScaledDotProductAttention", num_heads="=target.num_heads", is_causal="=target.is_causal"),
        _projection("Linear"),
        name="SelfAttention",
    )
    first = node("Chain", function("lambda x: x[:1]"), hole())
    return node(
        "Chain",
        node("Parallel", guided, first),
        function("lambda x, plain: (x[:1], plain, x[1:])", name="FirstOfBatch"),
        node(
            "Distribute",
            node("Multiply", scale="=style_cfg"),
            node("Multiply", scale="=1.0 - style_cfg"),
            node("Identity"),
        ),
        function("lambda guided, plain, rest: torch.cat((guided + plain, rest))", name="Averaged"),
        put(*SEEN, "lambda seen, x: seen.pop(0)"),
        name="ReferenceAttention",
    )


def _projection(path: str) -> Tree:
    """The layer of the target at a path: before the attention, or after it."""
    inner, outer = "=target.inner_dim or target.embedding_dim", "=target.embedding_dim"
    if path == "Linear":
        tree = node("Linear", in_features=inner, out_features=outer)
    else:
        tree = node("Linear", in_features=outer, out_features=inner, bias="=target.use_bias")
    return replace(tree, node=replace(tree.node, shared=f"{BORROWED}{path}"))
