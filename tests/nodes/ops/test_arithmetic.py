import torch

from nodes.ops.arithmetic import Multiply


def test_a_python_float_stays_the_float_python_computes():
    result = Multiply(scale=0.1, bias=0.2)(3)
    assert isinstance(result, float)
    assert result == 0.1 * 3 + 0.2


def test_scale_and_bias_are_read_at_every_call():
    module = Multiply(scale=2.0)
    module.scale, module.bias = 3.0, 1.0
    assert torch.equal(module(torch.tensor([1.0, 2.0])), torch.tensor([4.0, 7.0]))
