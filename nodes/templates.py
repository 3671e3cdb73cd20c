"""What the kinds of `nodes.composites` are made of, each as the constructor of its Fluxion class puts it together."""

from engine.document.graph import Tree
from engine.document.sources import ListSource
from nodes.tree import conv, function, linear, node, put, use


def multi_linear(input_dim: int, output_dim: int, inner_dim: int, num_layers: int) -> Tree:
    """Linear layers with a ReLU between each two."""
    sizes = [input_dim, *[inner_dim] * (num_layers - 1)]
    hidden = [part for size in sizes[:-1] for part in (linear(size, inner_dim), node("ReLU"))]
    # Fluxion's single layer starts from inner_dim, whatever input_dim says.
    return node("MultiLinear", *hidden, linear(inner_dim, output_dim))


def attention(
    embedding_dim: int,
    num_heads: int = 1,
    key_embedding_dim: int | None = None,
    value_embedding_dim: int | None = None,
    inner_dim: int | None = None,
    use_bias: bool = True,
    is_causal: bool = False,
    is_optimized: bool = True,
) -> Tree:
    """Projections of query, key and value, attention, and the projection of the result."""
    inner = inner_dim or embedding_dim
    return node(
        "Attention",
        node(
            "Distribute",
            linear(embedding_dim, inner, use_bias),
            linear(key_embedding_dim or embedding_dim, inner, use_bias),
            linear(value_embedding_dim or embedding_dim, inner, use_bias),
        ),
        node("ScaledDotProductAttention", num_heads=num_heads, is_causal=is_causal, is_optimized=is_optimized),
        linear(inner, embedding_dim),
    )


def self_attention(
    embedding_dim: int,
    inner_dim: int | None = None,
    num_heads: int = 1,
    use_bias: bool = True,
    is_causal: bool = False,
    is_optimized: bool = True,
) -> Tree:
    """An Attention whose input is query, key and value at once."""
    projected = attention(embedding_dim, num_heads, None, None, inner_dim, use_bias, is_causal, is_optimized)
    return node("SelfAttention", node("Parallel", *[node("Identity")] * 3), *projected.children or ())


def self_attention_2d(
    channels: int, num_heads: int = 1, use_bias: bool = True, is_causal: bool = False, is_optimized: bool = True
) -> Tree:
    """A SelfAttention over the pixels.

    Fluxion hides the height and width in a context that only its own functions reach; here a SetContext writes them and
    a UseContext reads them.
    """
    pixels = self_attention(channels, None, num_heads, use_bias, is_causal, is_optimized)
    return node(
        "SelfAttention2d",
        put("reshape", "sizes", "lambda sizes, x: sizes.append(x.shape[2:])"),
        node("Flatten", start_dim=2),
        node("Transpose", dim0=1, dim1=2),
        *pixels.children or (),
        node("Transpose", dim0=1, dim1=2),
        node("Parallel", node("Identity"), use("reshape", "sizes", "lambda sizes: sizes.pop()")),
        node("Unflatten", dim=2),
        contexts={"reshape": {"sizes": ListSource([])}},
    )


def downsample(channels: int, scale_factor: int = 2, padding: int = 0, register_shape: bool = True) -> Tree:
    """A convolution with a stride; the size it finds is kept for the Upsample that will undo it."""
    register = put("sampling", "shapes", "lambda shapes, x: shapes.append(x.shape[2:])")
    parts = [register] if register_shape else []
    if padding == 0:
        parts.append(function("lambda x: F.pad(x, (0, 1, 0, 1))"))
    return node("Downsample", *parts, conv(channels, channels, stride=scale_factor, padding=padding))


def upsample(channels: int, upsample_factor: int | None = None) -> Tree:
    """Pixels repeated, to a multiple of the size or to the size kept last, and a convolution."""
    if upsample_factor is None:
        shape = use("sampling", "shapes", "lambda shapes: shapes.pop()")
    else:
        shape = function(f"lambda x: (x.shape[2] * {upsample_factor}, x.shape[3] * {upsample_factor})")
    return node("Upsample", node("Parallel", node("Identity"), shape), node("Interpolate"), conv(channels, channels))
