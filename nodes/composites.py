"""Frames that Fluxion makes of others; `nodes.templates` says of which."""

from engine.document.kinds import NodeKind, Param, ParamValue

LARGEST = 1 << 20
"""Channels or features that a template is asked for at most: beyond it is a slip of the hand."""


def _size(name: str, default: int, doc: str) -> Param:
    return Param(name=name, type="int", default=default, low=1, high=LARGEST, doc=doc)


def _size_like(name: str, doc: str) -> Param:
    return Param(name=name, type="int", low=1, high=LARGEST, optional=True, doc=f"{doc}; none for embedding_dim.")


def _flag(name: str, default: ParamValue, doc: str) -> Param:
    return Param(name=name, type="bool", default=default, doc=doc)


EMBEDDING_DIM = _size("embedding_dim", 64, "Size of the last dimension of input and output.")
INNER_DIM = _size_like("inner_dim", "Size that queries, keys and values are projected to")
NUM_HEADS = Param(name="num_heads", type="int", default=1, low=1, doc="Heads side by side; divides what they share.")
ATTENTION_FLAGS = (
    _flag("use_bias", True, "Whether the projections of query, key and value add a learned offset."),
    _flag("is_causal", False, "Whether a position attends only to itself and earlier ones."),
    _flag("is_optimized", True, "Whether torch may choose the algorithm."),
)

KINDS = [
    NodeKind(
        name="MultiLinear",
        category="Linear",
        role="chain",
        template="nodes.templates:multi_linear",
        doc="Linear layers with a ReLU between each two: (..., input_dim) to (..., output_dim).",
        params=(
            _size("input_dim", 64, "Size of the last dimension of the input."),
            _size("output_dim", 64, "Size of the last dimension of the output."),
            _size("inner_dim", 64, "Size between two layers; a single layer starts from it."),
            Param(name="num_layers", type="int", default=2, low=1, high=200, doc="Linear layers."),
        ),
        source="fluxion.layers.MultiLinear",
    ),
    NodeKind(
        name="Attention",
        category="Attention",
        role="chain",
        template="nodes.templates:attention",
        doc="Multi-head attention with learned projections: query (N, L, embedding_dim), key and value (N, S, their "
        "sizes) to (N, L, embedding_dim).",
        params=(
            EMBEDDING_DIM,
            NUM_HEADS,
            _size_like("key_embedding_dim", "Size of the last dimension of the key"),
            _size_like("value_embedding_dim", "Size of the last dimension of the value"),
            INNER_DIM,
            *ATTENTION_FLAGS,
        ),
        source="fluxion.layers.Attention; arXiv:1706.03762",
    ),
    NodeKind(
        name="SelfAttention",
        category="Attention",
        role="chain",
        template="nodes.templates:self_attention",
        doc="Multi-head attention of a sequence to itself: (N, L, embedding_dim), shape kept.",
        params=(EMBEDDING_DIM, INNER_DIM, NUM_HEADS, *ATTENTION_FLAGS),
        source="fluxion.layers.SelfAttention; arXiv:1706.03762",
    ),
    NodeKind(
        name="SelfAttention2d",
        category="Attention",
        role="chain",
        template="nodes.templates:self_attention_2d",
        doc="Multi-head attention of every pixel to every other: (N, channels, H, W), shape kept.",
        params=(_size("channels", 64, "Channels of input and output."), NUM_HEADS, *ATTENTION_FLAGS),
        source="fluxion.layers.SelfAttention2d",
    ),
    NodeKind(
        name="Downsample",
        category="Image",
        role="chain",
        template="nodes.templates:downsample",
        doc="A 3x3 convolution that makes a picture smaller: (N, channels, H, W) to (N, channels, H / scale_factor, "
        "W / scale_factor).",
        params=(
            _size("channels", 64, "Channels of input and output."),
            Param(name="scale_factor", type="int", default=2, low=1, high=1024, doc="Step of the window, in pixels."),
            Param(
                name="padding",
                type="int",
                default=0,
                low=0,
                high=1024,
                doc="Border of zeros on each side, in pixels; 0 adds one to the right and the bottom alone.",
            ),
            _flag(
                "register_shape",
                True,
                "Whether the size is kept in the context sampling, whose list shapes an Upsample pops.",
            ),
        ),
        source="fluxion.layers.Downsample",
    ),
    NodeKind(
        name="Upsample",
        category="Image",
        role="chain",
        template="nodes.templates:upsample",
        doc="Repeats pixels, then a 3x3 convolution: (N, channels, H, W) to (N, channels, H', W').",
        params=(
            _size("channels", 64, "Channels of input and output."),
            Param(
                name="upsample_factor",
                type="int",
                low=1,
                high=1024,
                optional=True,
                doc="How often each pixel stands in each direction; none pops the size from the list shapes of the "
                "context sampling, where a Downsample kept it.",
            ),
        ),
        source="fluxion.layers.Upsample",
    ),
]
