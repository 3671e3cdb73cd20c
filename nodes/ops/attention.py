"""Attention as Fluxion computes it."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ScaledDotProductAttention(nn.Module):
    """Queries (N, L, D), keys (N, S, D) and values (N, S, E) to (N, L, E), by `num_heads` heads side by side.

    `is_optimized` leaves the choice of algorithm to torch; otherwise all the scores of a slice are held in memory.
    `slice_size` queries are worked on at a time; None or 0 for all at once. With `is_causal` a query sees no key at a
    later position than its own, in slices and without `is_optimized` too, where Refiners 0.4.0 is wrong or refuses.
    """

    def __init__(
        self,
        num_heads: int = 1,
        is_causal: bool = False,
        is_optimized: bool = True,
        slice_size: int | None = None,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.is_causal = is_causal
        self.is_optimized = is_optimized
        self.slice_size = slice_size

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (self._split(x, name) for x, name in ((query, "query"), (key, "key"), (value, "value")))
        step = self.slice_size or q.shape[2]
        parts = [self._attend(part, k, v, i * step) for i, part in enumerate(q.split(step, dim=2))]
        joined = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
        return joined.transpose(1, 2).flatten(2)

    def _split(self, x: Tensor, name: str) -> Tensor:
        """(N, L, D) to (N, heads, L, D / heads)."""
        if x.dim() != 3:
            raise ValueError(f"expected a {name} of shape (N, positions, features), but got {tuple(x.shape)}")
        if x.shape[2] % self.num_heads:
            raise ValueError(
                f"expected features that {self.num_heads} heads can share, but the {name} has {x.shape[2]}"
            )
        return x.unflatten(2, (self.num_heads, -1)).transpose(1, 2)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, first: int) -> Tensor:
        """Attention of a slice of the queries, the first of which stands at position `first`."""
        whole = not self.slice_size
        if self.is_optimized and (whole or not self.is_causal):
            return F.scaled_dot_product_attention(query, key, value, is_causal=self.is_causal)
        seen = self._seen(query, key, first) if self.is_causal else None
        if self.is_optimized:
            return F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        if seen is not None:
            scores = scores.masked_fill(~seen, -math.inf)
        return torch.softmax(scores, dim=-1) @ value

    @staticmethod
    def _seen(query: Tensor, key: Tensor, first: int) -> Tensor:
        """Which keys each query sees: (queries, keys)."""
        square = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
        return square.tril(first)
