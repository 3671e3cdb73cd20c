import pytest
import refiners.fluxion.layers as fl
import torch

from nodes.ops.attention import ScaledDotProductAttention

QUERY, KEY, VALUE = (torch.randn(2, n, 12, generator=torch.Generator().manual_seed(n)) for n in (7, 9, 9))


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("slice_size", [None, 0, 1, 3, 7, 100])
@pytest.mark.parametrize("causal", [True, False])
def test_every_way_to_compute_it_gives_the_same(optimized, slice_size, causal):
    whole = ScaledDotProductAttention(3, causal)(QUERY, KEY, VALUE)
    found = ScaledDotProductAttention(3, causal, optimized, slice_size)(QUERY, KEY, VALUE)
    torch.testing.assert_close(found, whole)


@pytest.mark.parametrize("optimized", [True, False])
def test_later_keys_are_not_seen(optimized):
    attention = ScaledDotProductAttention(2, is_causal=True, is_optimized=optimized, slice_size=2)
    first = attention(QUERY, KEY, VALUE)
    later = VALUE.clone()
    later[:, 4:] += 1
    second = attention(QUERY, KEY, later)
    assert torch.equal(first[:, :4], second[:, :4])
    assert not torch.isclose(first[:, 4:], second[:, 4:]).any()


def test_refiners_masks_every_slice_as_if_it_were_the_first():
    """There, the last query of two slices sees one key; ours sees what it would see in one piece."""
    theirs = fl.ScaledDotProductAttention(is_causal=True, slice_size=6)
    assert torch.allclose(theirs(QUERY, KEY, VALUE)[:, 6], VALUE[:, 0])
    with pytest.raises(NotImplementedError):
        fl.ScaledDotProductAttention(is_causal=True, is_optimized=False)(QUERY, KEY, VALUE)
    ours = ScaledDotProductAttention(is_causal=True, slice_size=6)
    assert not torch.allclose(ours(QUERY, KEY, VALUE)[:, 6], VALUE[:, 0])


def test_values_may_have_another_size():
    value = torch.randn(2, 9, 4)
    for slice_size in (None, 2):
        assert ScaledDotProductAttention(2, slice_size=slice_size)(QUERY, KEY, value).shape == (2, 7, 4)


@pytest.mark.parametrize(
    ("heads", "query", "message"),
    [
        (5, QUERY, "5 heads can share, but the query has 12"),
        (1, QUERY[0], r"expected a query of shape \(N, positions, features\), but got \(7, 12\)"),
    ],
)
def test_other_inputs_are_refused_in_words(heads, query, message):
    with pytest.raises(ValueError, match=message):
        ScaledDotProductAttention(heads)(query, KEY, VALUE)
