import pytest
import torch
from torch import nn

from nodes.ops.activation import GLU, GeLU


def test_approximations_are_close():
    x = torch.linspace(-6, 6, 101)
    exact = GeLU()(x)
    assert torch.equal(exact, nn.GELU()(x))
    assert (GeLU("tanh")(x) - exact).abs().max() < 1e-3
    assert (GeLU("sigmoid")(x) - exact).abs().max() < 0.03


def test_glu_with_a_sigmoid_is_the_glu_of_torch():
    x = torch.randn(3, 8)
    assert torch.equal(GLU("Sigmoid")(x), nn.GLU()(x))


@pytest.mark.parametrize("shape", [(2, 7), ()])
def test_what_has_no_halves_is_refused_in_words(shape):
    with pytest.raises(ValueError, match="even size"):
        GLU()(torch.ones(shape))
