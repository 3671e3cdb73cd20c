"""Encoders of text, from the ids of its tokens: those of CLIP, as in `refiners.foundationals.clip`, and BERT's.

A tokenizer is no layer; where Refiners has one, a Lambda makes a tensor of the list of ids that is the input.
"""

from engine.document.graph import Tree
from nodes.tree import function, linear, node


def clip_l() -> Tree:
    """CLIP's large text encoder, which Stable Diffusion 1.5 reads with: ids (N, 77) to (N, 77, 768)."""
    return _clip("CLIPTextEncoderL", 768, layers=12, heads=12, approximation="sigmoid")


def clip_g() -> Tree:
    """CLIP's giant text encoder, the second one of Stable Diffusion XL: ids (N, 77) to (N, 77, 1280)."""
    return _clip("CLIPTextEncoderG", 1280, layers=32, heads=20, approximation="none")


def bert() -> Tree:
    """BERT's encoder, base size (arXiv:1810.04805): ids (N, L), with L at most 512, to (N, L, 768).

    Every token is attended to: leave out padding. All tokens are of the first of the two types.
    """
    dim = 768
    types = node("Chain", function("lambda x: torch.zeros_like(x)"), _embedding(2, dim), name="TypeEncoder")
    return node(
        "Chain",
        *_ids(),
        node("Sum", _embedding(30522, dim, "TokenEncoder"), _positions(512, dim), types),
        _norm(dim, 1e-12),
        *[_bert_layer(dim, heads=12) for _ in range(12)],
        name="BERTTextEncoder",
    )


def _clip(name: str, dim: int, layers: int, heads: int, approximation: str) -> Tree:
    return node(
        "Chain",
        *_ids(),
        node("Sum", _embedding(49408, dim, "TokenEncoder"), _positions(77, dim)),
        *[_clip_layer(dim, heads, approximation) for _ in range(layers)],
        _norm(dim),
        name=name,
    )


def _clip_layer(dim: int, heads: int, approximation: str) -> Tree:
    """Normalised before each part; no token sees a later one."""
    attention = node("SelfAttention", embedding_dim=dim, num_heads=heads, is_causal=True)
    return node(
        "Chain",
        node("Residual", _norm(dim), attention),
        node("Residual", _norm(dim), _feed_forward(dim, approximation)),
        name="TransformerLayer",
    )


def _bert_layer(dim: int, heads: int) -> Tree:
    """Normalised after each part; every token sees every other."""
    return node(
        "Chain",
        node("Residual", node("SelfAttention", embedding_dim=dim, num_heads=heads)),
        _norm(dim, 1e-12),
        node("Residual", _feed_forward(dim, "none")),
        _norm(dim, 1e-12),
        name="TransformerLayer",
    )


def _feed_forward(dim: int, approximation: str) -> Tree:
    activation = node("GeLU", approximation=approximation)
    return node("Chain", linear(dim, 4 * dim), activation, linear(4 * dim, dim), name="FeedForward")


def _ids() -> tuple[Tree, Tree]:
    return function("lambda ids: torch.tensor(ids)", name="Tokens"), node("Converter", set_dtype=False)


def _positions(length: int, dim: int) -> Tree:
    places = function(f"lambda x: torch.arange({length}, device=x.device).reshape(1, -1)[:, : x.shape[1]]")
    return node("Chain", places, _embedding(length, dim), name="PositionalEncoder")


def _embedding(count: int, dim: int, name: str = "") -> Tree:
    return node("Embedding", name=name, num_embeddings=count, embedding_dim=dim)


def _norm(dim: int, eps: float = 1e-5) -> Tree:
    return node("LayerNorm", normalized_shape=dim, eps=eps)
