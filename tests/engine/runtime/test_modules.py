import pytest
import torch

from engine.document import edits
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, Move, Remove, SetParam
from engine.document.graph import Node, Place, Tree
from engine.runtime.modules import Modules
from nodes import CATALOGUE

CPU = torch.device("cpu")


def leaf(node, kind, **params):
    return Tree(Node(node, kind, params=params))


@pytest.fixture
def document():
    found = Document(new_graph(), CATALOGUE)
    trees = (
        leaf("lin", "Linear", in_features=4, out_features=3),
        leaf("mul", "Multiply", scale=2.0),
        leaf("conv", "Conv2d", in_channels=2, out_channels=4, kernel_size=[3, 1], use_bias=False),
        leaf("say", "Lambda", func="print"),
    )
    found.apply(Insert(Place("root", 0), trees), "")
    return found


def modules(seed=0, device=CPU, dtype=torch.float32):
    return Modules(CATALOGUE, device, dtype, seed)


def test_params_reach_the_constructor_by_name_or_argument(document):
    built = modules()
    fresh, errors = built.update(document.graph)
    assert (fresh, errors) == ({"lin", "mul", "conv"}, {})
    linear, conv = built.by_node["lin"], built.by_node["conv"]
    assert isinstance(linear, torch.nn.Linear)
    assert linear.weight.shape == (3, 4)
    assert isinstance(conv, torch.nn.Conv2d)
    assert conv.kernel_size == (3, 1)
    assert conv.bias is None
    assert built.by_node["mul"].scale == 2.0
    assert not any(p.requires_grad for m in built.by_node.values() for p in m.parameters())


def test_modules_stay_until_their_structure_changes(document):
    built = modules()
    built.update(document.graph)
    before = built.by_node
    document.apply(SetParam("mul", "scale", 5.0), "")
    document.apply(Move(("lin",), Place("root", 2)), "")
    document.apply(SetParam("conv", "out_channels", 8), "")
    fresh, _ = built.update(document.graph)
    assert fresh == {"conv"}
    assert built.by_node["lin"] is before["lin"]
    assert built.by_node["mul"] is before["mul"]
    assert built.by_node["mul"].scale == 5.0
    document.apply(Remove(("lin",)), "")
    built.update(document.graph)
    assert "lin" not in built.by_node


def test_weights_depend_on_id_and_seed_alone(document):
    one, other, reseeded = modules(), modules(), modules(seed=1)
    torch.manual_seed(123)
    one.update(document.graph)
    document.apply(Insert(Place("root", 0), (leaf("new", "Linear", in_features=4, out_features=3),)), "")
    torch.manual_seed(7)
    other.update(document.graph)
    reseeded.update(document.graph)
    weights = [m.by_node["lin"].get_parameter("weight") for m in (one, other, reseeded)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not torch.equal(other.by_node["lin"].get_parameter("weight"), other.by_node["new"].get_parameter("weight"))
    half = modules(dtype=torch.float16)
    half.update(document.graph)
    assert torch.equal(half.by_node["lin"].get_parameter("weight"), weights[0].half())


def test_building_draws_no_random_numbers_from_others(document):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    modules().update(document.graph)
    assert torch.equal(torch.rand(1), expected)


def test_live_params_are_set_in_place_and_structural_ones_are_not(document):
    built = modules()
    built.update(document.graph)
    assert built.set_live("mul", "scale", 0.5)
    assert built.by_node["mul"](torch.tensor(4.0)) == 2
    assert not built.set_live("conv", "stride", 2)
    assert not built.set_live("mul", "scale", "much")
    assert not built.set_live("nobody", "scale", 1.0)


@pytest.mark.parametrize(
    ("node", "param", "value", "message"),
    [
        ("conv", "groups", 3, "Conv2d can't be built: .*divisible by groups"),
        ("conv", "stride", 0, "stride is 0, but must be at least 1"),
        ("mul", "scale", "much", "scale is 'much', but must be a number"),
    ],
)
def test_what_cannot_be_built_says_why(document, node, param, value, message):
    built = modules()
    edits.apply(document.graph, SetParam(node, param, value))
    _, errors = built.update(document.graph)
    assert list(errors) == [node]
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(errors[node])
    assert node not in built.by_node
    edits.apply(document.graph, SetParam(node, param, absent=True))
    assert built.update(document.graph)[1] == {}


def test_loose_nodes_are_not_built(document):
    document.apply(Insert(Place("root", 0, 0, new=True), (leaf("loose", "Linear"),)), "")
    built = modules()
    built.update(document.graph)
    assert "loose" not in built.by_node


def test_a_sketch_takes_no_memory_and_the_real_module_comes_when_asked_for():
    document = Document(new_graph(), CATALOGUE)
    huge = leaf("huge", "Linear", in_features=10_000_000, out_features=10_000_000)
    document.apply(Insert(Place("root", 0), (huge, leaf("small", "Linear"))), "")
    built = modules()
    assert built.update(document.graph) == ({"huge", "small"}, {})
    assert built.sketches["huge"].get_parameter("weight").shape == (10_000_000, 10_000_000)
    document.apply(Remove(("huge",)), "")
    built.update(document.graph)
    small = built.by_node["small"]
    assert small.get_parameter("weight").isfinite().all()
    assert built.by_node == {"small": small}
