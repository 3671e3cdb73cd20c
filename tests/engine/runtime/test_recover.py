"""Live functions as checked sources: what is taken over, what is put in, what is refused and why."""

import functools
import importlib
import linecache
import math
from typing import Any, cast

import pytest
import refiners.fluxion.layers as fl
import torch
from refiners.foundationals.latent_diffusion.cross_attention import StatefulFlatten
from refiners.foundationals.latent_diffusion.range_adapter import RangeEncoder
from torch import Tensor, cat, float32
from torch.nn.functional import pad

from engine.document import expressions
from engine.document.direct import Direct
from engine.runtime.functions import NotRecovered, name_of
from engine.runtime.recover import source_of
from engine.runtime.symbols import member


def value_of(source: str, *arguments: Any) -> Any:
    return expressions.evaluate(expressions.parse(source), arguments, Direct(lambda _: None, member))


HALF = 0.5
SIZES = [3, 4]
MORE = {"y": 1}


def three(n):
    return [lambda x: x + n, lambda x: x - n, lambda x: x * (n + 1)]  # fmt: skip


def pairs(n, m=-2): return (lambda x, y=2.5: x * n + y), (lambda x: x[m]), (lambda x, y=2.5: x * n - y)  # fmt: skip


def halved(x):
    """The half."""
    result = x * HALF
    result += 1
    return result


def turned(x: Tensor, times: int = 1) -> Tensor:
    height, width = x.shape[-2:]
    if times % 2:
        return x.reshape(x.shape[0], width, height)
    return x


def chosen(x):
    if x > 0:
        y = x
    else:
        y = -x
    return y + 1


def moved(xs, x):
    xs.append(x)
    return xs.pop(0)


def swapped(x, y):
    x, y = y, x
    return x - y


def counted(x, n=2):
    total = x * n
    total -= 1
    size = 3
    size += 1
    return total * size


class Holder(fl.Chain):
    """Takes values from itself."""

    sizes = (2, 3)

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__()
        self.kept = [torch.ones(1)]

    @property
    def twofold(self) -> int:
        return self.n * 2

    def scaled(self, x):
        return self.raised(x, by=self.n) * self.twofold

    def raised(self, x, by, *, more=1):
        return x + by + more

    def sized(self, x):
        return x[: self.sizes[1]]

    def put(self, xs, x):
        xs[self.n] = x

    def push(self, xs, x):
        self.put(xs, x)
        xs.append(self.n)

    def arranged(self, x):
        return torch.arange(end=self.n, device=self.device, dtype=float32) + x

    def cached(self, x):
        self.kept[0] = x
        return x

    def weighted(self, x):
        return x + self.kept[0]


class Called:
    def __call__(self, x):
        return x + 1


@pytest.mark.parametrize(
    ("function", "source"),
    [
        *zip(three(3), ["lambda x: x + 3", "lambda x: x - 3", "lambda x: x * 4"], strict=False),
        *zip(pairs(7), ["lambda x, y=2.5: x * 7 + y", "lambda x: x[-2]", "lambda x, y=2.5: x * 7 - y"], strict=True),
        (halved, "lambda x: x * 0.5 + 1"),
        (turned, "lambda x, times=1: x.reshape(x.shape[0], x.shape[-2:][1], x.shape[-2:][0]) if times % 2 else x"),
        (functools.partial(turned, times=2), "lambda x: x"),
        (chosen, "lambda x: x + 1 if x > 0 else -x + 1"),
        (moved, "lambda xs, x: (xs.append(x), xs.pop(0))[-1]"),
        (Holder(3).scaled, "lambda x: (x + 3 + 1) * 6"),
        (Holder(3).sized, "lambda x: x[:3]"),
        (Holder(3).arranged, "lambda x: torch.arange(end=3, device=x.device, dtype=torch.float32) + x"),
        (lambda x: cast(Tensor, x) * SIZES[0], "lambda x: x * 3"),
        (lambda *xs: cat(xs, dim=-1), "lambda *xs: torch.cat(xs, dim=-1)"),
        (lambda x: pad(x, (0, 1)) + math.pi, "lambda x: F.pad(x, (0, 1)) + 3.141592653589793"),
        (lambda sum, max: sum + max, "lambda sum_, max_: sum_ + max_"),
        (lambda x: torch.Size([*x.shape, 1]), "lambda x: tuple([*x.shape, 1])"),
        (swapped, "lambda x, y: y - x"),
        (counted, "lambda x, n=2: (x * n - 1) * (3 + 1)"),
        (lambda x: cast(list[int], x)[0], "lambda x: x[0]"),
        (lambda x: torch.clamp(x, -math.inf, math.inf), "lambda x: torch.clamp(x, -math.inf, math.inf)"),
        (Called(), "lambda x: x + 1"),
        (torch.relu, "torch.relu"),
        (torch.nn.functional.silu, "F.silu"),
        (len, "len"),
    ],
)  # fmt: skip
def test_a_function_in_the_checked_subset(function, source):
    assert source_of(function) == source
    expressions.parse(source)


@pytest.mark.parametrize(
    ("function", "source", "before", "after"),
    [
        (Holder(1).put, "lambda xs, x: (xs.pop(1), xs.insert(1, x))", [1, 2, 3], [1, 9, 3]),
        (Holder(-1).put, "lambda xs, x: (xs.pop(), xs.append(x))", [1, 2, 3], [1, 2, 9]),
        (Holder(-3).put, "lambda xs, x: (xs.pop(-3), xs.insert(-2, x))", [1, 2, 3], [9, 2, 3]),
        (Holder(0).push, None, [1, 2], [9, 2, 0]),
        (lambda xs, x: xs.append(x), "lambda xs, x: xs.append(x)", [1], [1, 9]),
    ],
)
def test_a_callback_does_to_a_list_what_python_does(function, source, before, after):
    found = source_of(function, effect=True)
    assert source is None or found == source
    ours, theirs = list(before), list(before)
    value_of(found, ours, 9)
    function(theirs, 9)
    assert ours == theirs == after


def test_refiners_own_methods():
    push = StatefulFlatten("a", "b", start_dim=2).push
    assert source_of(push, effect=True) == "lambda sizes, x: sizes.append(x.shape[2:])"
    inner = StatefulFlatten("a", "b", start_dim=1, end_dim=2).push
    assert source_of(inner, effect=True) == "lambda sizes, x: sizes.append(x.shape[1:3])"
    encoder = RangeEncoder(32, 64)
    step = torch.tensor([3.0, 981.0])
    source = source_of(encoder.compute_sinusoidal_embedding)
    assert torch.equal(value_of(source, step), encoder.compute_sinusoidal_embedding(step))


def looped(x):
    for _ in range(3):
        x = x + 1
    return x


def overwriting(x):
    x *= 2
    return x


def aliasing(x):
    y = x
    y += 1
    return x


def viewing(x):
    y = x * 2
    z = y[0]
    y += 1
    return z


def collecting(x):
    found = []
    found.append(x)
    return found


def storing(x):
    found = torch.zeros(3)
    found[0] = x
    return found


def starred(x):
    return swapped(*x)


def keyed(x):
    return swapped(x, **MORE)


def remembering(xs):
    first = xs[0]
    xs.append(1)
    return first


def endless(x):
    return endless(x)


def growing(x):
    for_now = x + x
    for_now = for_now * for_now * for_now * for_now
    for_now = for_now * for_now * for_now * for_now
    for_now = for_now * for_now * for_now * for_now
    for_now = for_now * for_now * for_now * for_now
    for_now = for_now * for_now * for_now * for_now
    return for_now * for_now * for_now * for_now


LOG: list[int] = []
WEIGHT = torch.ones(2)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (looped, "only assignments, calls, if and return"),
        (overwriting, "changes x in place"),
        (aliasing, "changes y in place"),
        (viewing, "changes y in place"),
        (collecting, "changes what it made itself"),
        (storing, "only for an argument"),
        (Holder(1).cached, "only for an argument"),
        (starred, "a number of arguments that only a run knows"),
        (keyed, "keywords must be written out"),
        (remembering, "`xs[0]` while it changes xs"),
        (endless, "too deeply"),
        (growing, "too long"),
        (lambda x: [-y for y in x], "a comprehension"),
        (lambda x: LOG.append(x), "not one of the listed functions"),
        (lambda x: x + WEIGHT, "a Tensor"),
        (lambda x: torch.rand(3) + x, "`torch.rand` is not written in Python"),
        (lambda x, **more: x, "**more"),
        (Holder(1).weighted, "a Tensor"),
        (lambda x: Holder(1)(x), "Holder is a class"),
        (torch.nn.ReLU(), "ReLU is a class or a module"),
        (eval("lambda x: x + 1"), "its source is not to be found"),
    ],
)
def test_what_can_t_be_written_is_refused_with_its_reason(function, why):
    with pytest.raises(NotRecovered) as refused:
        source_of(function)
    assert why in str(refused.value)


def test_a_file_that_changed_since_it_was_imported_is_not_believed(tmp_path, monkeypatch):
    file = tmp_path / "changing.py"
    file.write_text("triple = lambda x: x * 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("changing")
    file.write_text("triple = lambda x: x * 4444\n")
    with pytest.raises(NotRecovered):
        source_of(module.triple)
    file.write_text("triple = lambda x: x * 3  # and a comment\n")
    linecache.checkcache(str(file))
    assert source_of(module.triple) == "lambda x: x * 3"


def test_assertions_are_left_out(tmp_path, monkeypatch):
    text = 'def f(x):\n    """Says so."""\n    assert x > 0, "positive"\n    pass\n    return x\n'
    (tmp_path / "asserting.py").write_text(text)  # pytest rewrites the assertions of this file
    monkeypatch.syspath_prepend(tmp_path)
    assert source_of(importlib.import_module("asserting").f) == "lambda x: x"


def test_names_of_functions():
    assert name_of(Holder(1).scaled) == f"{__name__}:Holder.scaled"
    assert name_of(functools.partial(looped)) == f"{__name__}:looped"
    assert name_of(Called()) == f"{__name__}:Called"
