import pytest
import torch

from nodes.ops.values import Converter, GetArg, Parameter


def test_an_argument_that_is_not_there_is_refused_in_words():
    with pytest.raises(IndexError, match="no argument 2: 2 arrived"):
        GetArg(2)(1, 2)


@pytest.mark.parametrize(("device", "dtype"), [("cpu", torch.float16), ("meta", torch.float64)])
def test_converter_follows_the_device_and_dtype_it_was_moved_to(device, dtype):
    x, ids = torch.ones(2), torch.ones(3, dtype=torch.int64)
    for x_made, ids_made in (
        Converter().to(device, dtype)(x, ids),
        Converter(set_dtype=False).to(device, dtype)(x, ids),
    ):
        assert (x_made.device.type, ids_made.device.type) == (device, device)
    assert [y.dtype for y in Converter().to(device, dtype)(x, ids)] == [dtype, dtype]
    assert [y.dtype for y in Converter(set_dtype=False).to(device, dtype)(x, ids)] == [x.dtype, ids.dtype]
    assert Converter(set_device=False).to(device, dtype)(x)[0].device == x.device
    assert Converter()(981, 0.5) == (981, 0.5)
    assert Converter().state_dict() == {}


def test_a_parameter_stands_once_for_each_element_of_the_batch():
    module = Parameter([2, 3])
    result = module(torch.empty(4, 9))
    assert result.shape == (4, 2, 3)
    assert all(torch.equal(part, module.weight) for part in result)
