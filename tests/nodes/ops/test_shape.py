import pytest
import torch

from nodes.ops.shape import Reshape


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
