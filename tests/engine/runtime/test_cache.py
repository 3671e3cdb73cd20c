"""What is kept between runs: how much, which of it goes first, and that memory in common counts once."""

import pytest
import torch

from engine.runtime.cache import ENTRY, MISSING, Cache
from engine.runtime.identity import content

SIZE = 4 * 100
ROOM = 3 * (SIZE + ENTRY)


def tensor(value: float = 0.0) -> torch.Tensor:
    return torch.full((100,), value)


def test_what_has_not_been_used_for_longest_goes_first():
    cache = Cache(ROOM)
    for name in (b"a", b"b", b"c"):
        cache.put(name, tensor())
    assert cache.get(b"a") is not MISSING
    cache.put(b"d", tensor())
    assert (b"a" in cache, b"b" in cache, b"c" in cache, b"d" in cache) == (True, False, True, True)
    assert cache.get(b"b") is MISSING
    assert cache.bytes == ROOM


def test_memory_in_common_counts_once_and_as_long_as_anything_lies_in_it():
    cache = Cache(ROOM)
    whole = tensor()
    for name, value in ((b"whole", whole), (b"part", whole[:10]), (b"both", (whole, [whole.view(10, 10)]))):
        cache.put(name, value)
    assert SIZE + 3 * ENTRY <= cache.bytes <= SIZE + 4 * ENTRY
    before = cache.bytes
    cache.resize(before - 1)
    assert b"whole" not in cache
    assert b"both" in cache
    assert cache.bytes == before - ENTRY
    cache.resize(0)
    assert (cache.bytes, len(cache)) == (0, 0)


def test_what_is_too_large_throws_nothing_out():
    cache = Cache(ROOM)
    cache.put(b"small", tensor())
    cache.put(b"large", torch.zeros(10_000))
    assert b"large" not in cache
    assert b"small" in cache


def test_a_value_put_again_takes_the_place_of_the_one_before():
    cache = Cache(ROOM)
    for value in (1.0, 2.0):
        cache.put(b"a", tensor(value))
    assert cache.get(b"a")[0] == 2
    assert cache.bytes == SIZE + ENTRY


def test_any_value_can_be_kept():
    cache = Cache(1 << 20)
    values = [None, 7, "text", [torch.zeros(2), (3, [torch.zeros(0)])], {"a": torch.zeros(3)}, torch.eye(3).to_sparse()]
    for index, value in enumerate(values):
        cache.put(b"%d" % index, value)
    assert [cache.get(b"%d" % index) for index in range(len(values))] == values
    cache.resize(0)
    assert cache.bytes == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        (torch.zeros(2), -torch.zeros(2)),
        (torch.zeros(2, 3), torch.zeros(3, 2)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.int32)),
        (torch.arange(4.0).reshape(2, 2), torch.arange(4.0).reshape(2, 2).t().contiguous().t()),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.float16)),
        (torch.tensor(1j), torch.tensor(1j).conj()),
        (float("nan"), 0.0),
    ],
)
def test_what_a_run_can_tell_apart_has_another_hash(one, other):
    assert content(one) != content(other)
    again = one.clone() if isinstance(one, torch.Tensor) else one
    assert content(one) == content(again)


def test_a_tensor_that_was_changed_is_hashed_again():
    changed = torch.zeros(3)
    before = content(changed)
    changed.add_(1)
    assert content(changed) == content(torch.ones(3)) != before
