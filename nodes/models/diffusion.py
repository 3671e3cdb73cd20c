"""What the U-Nets of latent diffusion share, as in `refiners.foundationals.latent_diffusion`.

Three things travel through contexts: the skips in the list `unet.residuals`, the embedding of the time step in
`range_adapter.timestep_embedding`, and the embedding of the text in `cross_attention_block.clip_text_embedding`.
"""

from collections.abc import Sequence

from engine.document.graph import Contexts, Tree
from engine.document.sources import ListSource, NoiseSource, UnsetSource
from nodes.tree import conv, function, linear, node, put, use

TIME_DIM = 1280
TEXT = ("cross_attention_block", "clip_text_embedding")
TIME = ("range_adapter", "timestep_embedding")
RESIDUALS = ("unet", "residuals")


def contexts(skips: int, text_dim: int, **diffusion: list[int]) -> Contexts:
    """What a U-Net provides: room for its skips, and noise in the given shapes in place of what conditions it."""
    return {
        "unet": {"residuals": ListSource([0.0] * (skips + 1))},  # the last one is for a control network
        "diffusion": {key: NoiseSource(shape) for key, shape in diffusion.items()},
        "range_adapter": {"timestep_embedding": UnsetSource()},
        "sampling": {"shapes": ListSource([])},
        "cross_attention_block": {"clip_text_embedding": NoiseSource([1, 77, text_dim])},
    }


def sinusoids(dim: int) -> Tree:
    """Numbers to sines and cosines of `dim / 2` frequencies: (N, ...) to (N, 1, ..., dim)."""
    half = dim // 2
    steps = f"torch.arange(start=0, end={half}, dtype=torch.float32, device=x.device)"
    angles = f"x.unsqueeze(1).float() * torch.exp(-math.log(10000) * {steps} / {half}).unsqueeze(0)"
    return function(f"lambda x: torch.cat([torch.cos({angles}), torch.sin({angles})], dim=-1)")


def embedding(in_features: int) -> Sequence[Tree]:
    """The two layers that turn features into an embedding of the time step."""
    return (
        node("Converter", set_device=False, set_dtype=True),
        linear(in_features, TIME_DIM),
        node("SiLU"),
        linear(TIME_DIM, TIME_DIM),
    )


def range_encoder() -> Tree:
    """A time step to its embedding: (N) to (N, 1280)."""
    return node("Chain", sinusoids(320), *embedding(320), name="RangeEncoder")


def residual_block(in_channels: int, out_channels: int, time_dim: int = TIME_DIM, groups: int = 32) -> Tree:
    """Two convolutions around the embedding of the time step, and a shortcut."""
    adapter = node(
        "Sum",
        conv(in_channels, out_channels),
        node(
            "Chain",
            use(*TIME),
            node("SiLU"),
            linear(time_dim, out_channels),
            node("Reshape", shape=[out_channels, 1, 1]),
        ),
        name="RangeAdapter2d",
    )
    return node(
        "Sum",
        node(
            "Chain",
            node("GroupNorm", channels=in_channels, num_groups=groups),
            node("SiLU"),
            adapter,
            node("GroupNorm", channels=out_channels, num_groups=groups),
            node("SiLU"),
            conv(out_channels, out_channels),
        ),
        node("Identity") if in_channels == out_channels else conv(in_channels, out_channels, 1),
        name="ResidualBlock",
    )


def cross_attention(name: str, channels: int, text_dim: int, heads: int, layers: int, linear_projection: bool) -> Tree:
    """Transformer layers over the pixels, which also attend to the text."""
    norm = node("GroupNorm", channels=channels, eps=1e-6)
    project = linear(channels, channels) if linear_projection else conv(channels, channels, 1)
    turned = node("Transpose", dim0=1, dim1=2)
    flatten = node(
        "Chain",
        put("flatten", "sizes", "lambda sizes, x: sizes.append(x.shape[2:])"),
        node("Flatten", start_dim=2),
        name="StatefulFlatten",
    )
    unflatten = (
        turned,
        node("Parallel", node("Identity"), use("flatten", "sizes", "lambda x: x.pop()")),
        node("Unflatten", dim=2),
    )
    blocks = [cross_attention_block(channels, text_dim, heads) for _ in range(layers)]
    return node(
        "Residual",
        node("Chain", norm, *((flatten, turned, project) if linear_projection else (project, flatten, turned))),
        node("Chain", *blocks),
        node("Chain", *((project, *unflatten) if linear_projection else (*unflatten, project))),
        name=name,
        contexts={"flatten": {"sizes": ListSource([])}},
    )


def cross_attention_block(channels: int, text_dim: int, heads: int) -> Tree:
    """Attention of the pixels to each other, attention to the text, and a feed-forward layer."""
    norm = node("LayerNorm", normalized_shape=channels)
    return node(
        "Chain",
        node("Residual", norm, node("SelfAttention", embedding_dim=channels, num_heads=heads, use_bias=False)),
        node(
            "Residual",
            norm,
            node("Parallel", node("Identity"), use(*TEXT), use(*TEXT)),
            node(
                "Attention",
                embedding_dim=channels,
                num_heads=heads,
                key_embedding_dim=text_dim,
                value_embedding_dim=text_dim,
                use_bias=False,
            ),
        ),
        node(
            "Residual",
            norm,
            linear(channels, 8 * channels),
            node("GLU", activation="GeLU"),
            linear(4 * channels, channels),
        ),
        name="CrossAttentionBlock",
    )


def downsample(channels: int) -> Tree:
    """Half the size, with a border all around."""
    return node("Downsample", channels=channels, scale_factor=2, padding=1)


def upsample(channels: int) -> Tree:
    """Back to the size before the last Downsample."""
    return node("Upsample", channels=channels)


def down_blocks(*blocks: Sequence[Tree]) -> Tree:
    """Each block adds its output to a skip of its own."""
    return node("Chain", *[node("Chain", *block, _accumulator(n)) for n, block in enumerate(blocks)], name="DownBlocks")


def up_blocks(*blocks: Sequence[Tree]) -> Tree:
    """Each block takes the last skip that is left beside its input."""
    return node(
        "Chain", *[node("Chain", _concatenator(-n - 2), *block) for n, block in enumerate(blocks)], name="UpBlocks"
    )


def _accumulator(n: int) -> Tree:
    return node(
        "Passthrough",
        node("Residual", use(*RESIDUALS, f"lambda residuals: residuals[{n}]")),
        put(*RESIDUALS, f"lambda residuals, x: (residuals.pop({n}), residuals.insert({n}, x))"),
        name="ResidualAccumulator",
    )


def _concatenator(n: int) -> Tree:
    skip = use(*RESIDUALS, f"lambda residuals: residuals[{n}]")
    return node("Chain", node("Concatenate", node("Identity"), skip, dim=1), name="ResidualConcatenator")


def output_block(name: str = "") -> Tree:
    """The last layers: 320 channels to those of the latent."""
    return node("Chain", node("GroupNorm", channels=320), node("SiLU"), conv(320, 4), name=name)
