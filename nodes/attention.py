"""Attention between sequences: three arguments, the queries, keys and values."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Attention"


def _size(name: str, what: str) -> Param:
    doc = f"Features of the {what}; empty for embed_dim."
    return Param(name=name, type="int", default=None, low=1, doc=doc, optional=True)


KINDS = [
    NodeKind(
        name="ScaledDotProductAttention",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.attention:ScaledDotProductAttention",
        doc="Averages of values, weighted by how well their keys fit each query; no weights. Queries (N, L, D), keys "
        "(N, S, D) and values (N, S, E) to (N, L, E).",
        params=(
            Param(name="num_heads", type="int", default=1, low=1, doc="Parts of the features that attend apart."),
            Param(
                name="is_causal",
                type="bool",
                default=False,
                doc="Whether a query sees no key at a later position than its own.",
            ),
            Param(
                name="is_optimized",
                type="bool",
                default=True,
                doc="Whether torch chooses a fast algorithm; else all scores are held in memory.",
            ),
            Param(
                name="slice_size",
                type="int",
                default=None,
                low=0,
                doc="Queries worked on at a time, to save memory; empty or 0 for all.",
                optional=True,
            ),
        ),
        source="fluxion.layers.ScaledDotProductAttention; arXiv:1706.03762",
    ),
    NodeKind(
        name="MultiheadAttention",
        category=CATEGORY,
        role="module",
        impl="torch.nn:MultiheadAttention",
        weights=True,
        doc="Attention with learned projections: queries (N, L, embed_dim), keys (N, S, kdim) and values (N, S, vdim) "
        "to two values, the outputs (N, L, embed_dim) and how much each query weighed each key, (N, L, S), a mean "
        "over heads. GetArg 0 takes the outputs. Further arguments are torch's: key_padding_mask, need_weights, "
        "attn_mask.",
        params=(
            Param(name="embed_dim", type="int", default=64, low=1, doc="Features of queries and outputs."),
            Param(name="num_heads", type="int", default=4, low=1, doc="Heads, a divisor of embed_dim."),
            Param(
                name="dropout",
                type="float",
                default=0.0,
                low=0,
                high=1,
                doc="Share of the scores that training sets to 0.",
                live=True,
            ),
            Param(name="bias", type="bool", default=True, doc="Whether the projections add learned offsets."),
            Param(name="add_bias_kv", type="bool", default=False, doc="Whether to append a learned key and value."),
            Param(name="add_zero_attn", type="bool", default=False, doc="Whether to append a key and value of zeros."),
            _size("kdim", "keys"),
            _size("vdim", "values"),
            Param(
                name="batch_first",
                type="bool",
                default=True,
                doc="Whether sequences are (N, L, features), not (L, N, features), which is torch's own default.",
            ),
        ),
        source="torch.nn.MultiheadAttention; arXiv:1706.03762",
    ),
]
