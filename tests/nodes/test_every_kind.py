"""Every kind of the catalogue is declared in full: words, names, defaults, and something that implements it."""

import functools
import inspect

import pytest
import torch

from engine.document import expressions
from engine.document.kinds import NodeKind, Param, catalogue_of, complaint, defaults, resolve
from nodes import CATALOGUE
from nodes.structure import KINDS as STRUCTURE
from tests.nodes.examples import EXAMPLES

LIVE = ("int", "float", "bool")
EVERY_KIND = pytest.mark.parametrize("kind", list(CATALOGUE.values()), ids=list(CATALOGUE))
EVERY_PARAM = pytest.mark.parametrize(
    ("kind", "param"), [pytest.param(k, p, id=f"{k.name}.{p.name}") for k in CATALOGUE.values() for p in k.params]
)
EVERY_MODULE = pytest.mark.parametrize(
    "kind", [pytest.param(k, id=k.name) for k in CATALOGUE.values() if k.role == "module"]
)


@EVERY_KIND
def test_its_words(kind: NodeKind):
    assert kind.name.isidentifier()
    assert kind.category
    assert kind.doc.endswith("."), "docs are sentences"
    assert kind.doc == " ".join(kind.doc.split())
    assert kind.source, "it comes from somewhere"


@EVERY_KIND
def test_its_shape(kind: NodeKind):
    least, most = kind.children
    assert kind.is_frame or (least, most) == (0, None), "only frames bound their children"
    assert 0 <= least <= (least if most is None else most)
    assert (kind.role in ("module", "sample")) == bool(kind.impl), "modules are implemented, the rest is the runtime's"
    names = [param.name for param in kind.params]
    assert len(set(names)) == len(names)
    layout = [part.removeprefix("*") for part in kind.takes.strip("()").split(", ")] if kind.takes else []
    assert all(part == "..." or part.isupper() or part in names for part in layout), "sizes are letters or params"
    assert not layout or sum(part in names for part in layout) == 1


@EVERY_PARAM
def test_its_params(kind: NodeKind, param: Param):
    assert param.name.isidentifier()
    assert param.doc.endswith("."), "docs are sentences"
    assert bool(param.choices) == (param.type == "choice")
    assert param.low is None or param.high is None or param.low < param.high
    read = kind.role in ("module", "breakpoint", "sample")
    live = (*LIVE, "choice") if kind.role == "sample" else LIVE
    assert not param.live or (param.type in live and read), "live values are numbers read at every run"


@EVERY_PARAM
def test_its_defaults(kind: NodeKind, param: Param):
    del kind
    if param.required and param.default == "":
        assert complaint(param, param.default) == "needs a value"
        return
    assert complaint(param, param.default) is None
    if param.type == "expression" and param.default:
        expressions.parse(str(param.default))


@EVERY_MODULE
def test_its_module_can_be_built_from_its_defaults(kind: NodeKind):
    constructor = resolve(kind.impl)
    assert callable(constructor)
    values = {p.argument or p.name: p.default for p in kind.params}
    module = constructor(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
    assert isinstance(module, torch.nn.Module)
    for param in kind.params:
        if param.live:
            assert hasattr(module, param.argument or param.name), f"nothing to set {param.name} on"


@EVERY_MODULE
def test_whether_its_module_has_weights(kind: NodeKind):
    constructor = resolve(kind.impl)
    assert callable(constructor)
    sizes = 0
    for example in EXAMPLES[kind.name]:
        values = {p.argument or p.name: example.params.get(p.name, p.default) for p in kind.params}
        module = constructor(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
        assert isinstance(module, torch.nn.Module)
        sizes += len(module.state_dict())
    assert kind.weights == bool(sizes)


@EVERY_MODULE
def test_its_module_knows_every_param(kind: NodeKind):
    constructor = resolve(kind.impl)
    assert callable(constructor)
    if isinstance(constructor, type) and issubclass(constructor, torch.nn.RNNBase):
        constructor = functools.partial(torch.nn.RNNBase, "LSTM")  # its subclasses only say *args, **kwargs
    taken = inspect.signature(constructor).parameters
    assert {param.argument or param.name for param in kind.params} <= set(taken)


@pytest.mark.parametrize(
    ("kind", "param", "value", "fits"),
    [
        ("Linear", "in_features", 3, True),
        ("Linear", "in_features", 0, False),
        ("Linear", "in_features", 3.0, False),
        ("Linear", "in_features", True, False),
        ("Linear", "in_features", None, False),
        ("Linear", "bias", False, True),
        ("Linear", "bias", 0, False),
        ("Conv2d", "kernel_size", 3, True),
        ("Conv2d", "kernel_size", [3, 5], True),
        ("Conv2d", "kernel_size", [3, 0], False),
        ("Conv2d", "kernel_size", [3, True], False),
        ("Conv2d", "kernel_size", "3", False),
        ("Conv2d", "kernel_size", [], False),
        ("Conv2d", "kernel_size", [3, 3, 3], False),
        ("Conv3d", "kernel_size", [3, 3, 3], True),
        ("ConvTranspose2d", "output_padding", [1], False),
        ("Fold", "output_size", [8], False),
        ("MaxPool2d", "stride", [2, 2, 2], False),
        ("MaxPool2d", "dilation", [2, 2, 2], False),
        ("AdaptiveAvgPool2d", "output_size", [], False),
        ("ZeroPad2d", "padding", [1, 1, 1, 1], True),
        ("ZeroPad2d", "padding", [1, 1], False),
        ("LayerNorm", "normalized_shape", [1, 2, 3], True),
        ("Conv2d", "padding_mode", "reflect", True),
        ("Conv2d", "padding_mode", "Reflect", False),
        ("Multiply", "scale", 2, True),
        ("Multiply", "scale", "2", False),
        ("Blur", "radius", 65, False),
        ("UseContext", "key", "k", True),
        ("UseContext", "key", "", False),
        ("UseContext", "compose", "", True),
        ("UseContext", "compose", 3, False),
    ],
)
def test_complaints(kind, param, value, fits):
    found = CATALOGUE[kind].param(param)
    assert found
    assert (complaint(found, value) is None) == fits


def test_a_list_of_another_length_says_how_many_numbers_there_must_be():
    param = CATALOGUE["Conv2d"].param("stride")
    assert param
    assert complaint(param, [1]) == "is [1], but must be a whole number or a list of 2 whole numbers"


def test_an_optional_param_may_be_empty():
    assert complaint(Param(name="p", type="int", optional=True), None) is None


def test_a_catalogue_has_one_kind_of_a_name():
    with pytest.raises(ValueError, match="two kinds are called 'Chain'"):
        catalogue_of([*STRUCTURE, STRUCTURE[0]])


def test_defaults_are_by_name():
    assert defaults(CATALOGUE["Linear"]) == {"in_features": 64, "out_features": 64, "bias": True}
    assert CATALOGUE["Linear"].param("nothing") is None
