import pytest
import refiners.fluxion.layers as fl
import torch

from nodes.ops.shape import Reshape, Slicing


@pytest.mark.parametrize(("shape", "expected"), [([5, 2], (2, 5, 2)), ([-1], (2, 10)), (10, (2, 10)), ([], None)])
def test_the_batch_stays(shape, expected):
    x = torch.arange(20.0).reshape(2, 10, 1)
    if expected is None:
        with pytest.raises(RuntimeError, match="invalid"):
            Reshape(shape)(x)
        return
    result = Reshape(shape)(x)
    assert result.shape == expected
    assert torch.equal(result.flatten(), x.flatten())


def test_an_empty_slice_keeps_its_dtype_unlike_that_of_refiners():
    x = torch.arange(6).reshape(2, 3)
    assert fl.Slicing(1, 2, 1)(x).dtype == torch.float32
    result = Slicing(1, 2, 1)(x)
    assert (result.shape, result.dtype) == ((2, 0), torch.int64)


@pytest.mark.parametrize("step", [1, 2, 5])
@pytest.mark.parametrize("end", [None, 0, 1, 4, 9, -1, -9])
@pytest.mark.parametrize("start", [0, 2, 9, -1, -9])
def test_slices_are_pythons(start, end, step):
    x = torch.arange(10).reshape(2, 5)
    assert Slicing(1, start, end, step)(x).tolist() == [row[start : end or None : step] for row in x.tolist()]
