"""The checked subset of Python: what it computes, the forms of a source, and the operations it asks for."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from engine.document.direct import Direct
from engine.document.expressions import ExpressionError, evaluate, parse


def result(source: str, *arguments: object) -> object:
    return evaluate(parse(source), arguments, Direct(log=print))


# -- what it computes: the same as Python --

ALLOWED = [
    "2",
    "-2 + 3 * 4 - 5 / 8 // 1 % 3",
    "2 ** 10 ** 2",
    "~5 ^ 3 & 6 | 8 << 2 >> 1",
    "+True",
    "1e-3 * 2j",
    "not 0",
    "not not 'a'",
    "None",
    "...",
    "'a' 'b'",
    "1 < 2 < 3",
    "1 < 3 < 2 < 1 // 0",
    "3 > 2 == 2 != 1 <= 1 >= 0",
    "2 in (1, 2)",
    "2 not in [1, 2]",
    "'b' in 'abc' in ('abc',)",
    "None is None",
    "None is not None",
    "0 or [] or 'last'",
    "1 and 'two' and ()",
    "0 and 1 // 0",
    "1 or 1 // 0",
    "'yes' if [] else 'no'",
    "1 if 2 else 1 // 0",
    "(1, 2)",
    "1, 2",
    "()",
    "[1, [2, (3,)]]",
    "[*(1, 2), 3, *[4]]",
    "(*'ab', *range(3))",
    "[1, 2, 3][-1]",
    "'abcdef'[1:-1]",
    "'abcdef'[::-2]",
    "[1, 2, 3][:2][0]",
    "((1, 2), 3)[0][1]",
    "abs(-3)",
    "min(3, 1, 2) + max([1, 5])",
    "max([], default=7)",
    "sum([1, 2, 3]) + sum((1, 2), 10) + sum([1], start=2)",
    "len('abc') * len([1])",
    "round(2.567, 2)",
    "round(1234, -2)",
    "round(2.5)",
    "int('12') + float('1.5') + bool(3)",
    "int('ff', base=16)",
    "str(12) + str([1, 'a'])",
    "tuple([1, 2]) + tuple(range(2))",
    "list(range(10, 0, -3))",
    "range(5)",
    "math.sqrt(2) * math.pi",
    "math.hypot(3, 4)",
    "math.floor(-2.5), math.ceil(2.5)",
    "math.isnan(math.nan), -math.inf",
    "f'{1 + 1:>4} of {2.5:.2f} {{x}} {[1]}'",
    "f''",
    "f'plain'",
    "'Ab'.upper() + 'Ab'.lower()",
    "', '.join(['a', 'b'])",
    "[3, 4, 3].count(3), (3, 4).index(4)",
    "(1).real + (2).imag",
    "'a' * 3 + 'b'",
    "2 * [0, 1]",
    "(1, 2) + (3,)",
    "[1, 2] == [1, 2] != (1, 2)",
]


@pytest.mark.parametrize("source", ALLOWED)
def test_constants_and_operators_give_what_python_gives(source: str):
    ours, pythons = result(source), eval(source, {"math": math})
    assert type(ours) is type(pythons)
    assert repr(ours) == repr(pythons)


LAMBDAS = [
    ("lambda x: x * 2", (3,)),
    ("lambda: 2", ()),
    ("lambda x, y=1: x + y", (3,)),
    ("lambda x, y=1: x + y", (3, 4)),
    ("lambda x, y=-1.5, z='a', *w: (x, y, z, w)", (0,)),
    ("lambda x, y=-1.5, z='a', *w: (x, y, z, w)", (0, 1, 2, 3, 4)),
    ("lambda *xs: sum(xs)", (1, 2, 3)),
    ("lambda *xs: [*xs, len(xs)]", ()),
    ("lambda x, /, y: x - y", (5, 3)),
    ("lambda _, x: x", (1, 2)),
    ("lambda len: len + 1", (1,)),
    ("lambda torch: torch.real", (1.5,)),
    ("lambda math, F: math * F", (2, 3)),
    ("lambda x: x[0] if x else None", ([],)),
    ("lambda x: x is None", (None,)),
    ("lambda x: (x.append(4), x.pop(0), x.insert(0, 9), x.extend([7, 8]), x.reverse(), x)", ([1, 2, 3],)),
    ("lambda x: (x.copy(), x.clear(), x)", ([1, 2, 3],)),
    ("lambda x, y: x.append(y)", ([], 1)),
    ("lambda x: f'{x:>5}|{x}'", ("ab",)),
    ("lambda x: x[1:, ...] if False else x[::-1]", ([1, 2],)),
    ("(lambda\n  x: # twice\n  x * 2)", (4,)),
    ("lambda héé: 'é' + héé", ("x",)),
]


@pytest.mark.parametrize(("source", "arguments"), LAMBDAS)
def test_lambdas_give_what_python_gives(source: str, arguments: tuple[object, ...]):
    def fresh() -> list[object]:
        return [list(value) if isinstance(value, list) else value for value in arguments]

    assert result(source, *fresh()) == eval(source)(*fresh())


numbers = st.integers(-20, 20) | st.sampled_from(["1.5", "0.25", "x", "y"])
operators = st.sampled_from("+ - * / // % ** < <= == != > >= and or".split())
arithmetic = st.recursive(
    numbers.map(lambda number: f"({number})"),
    lambda inner: st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(["-", "+", "not "]), inner).map(lambda parts: f"({''.join(parts)})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} < {parts[1]} <= {parts[2]})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"max([{', '.join(parts)}])"),
    ),
    max_leaves=8,
)


@given(arithmetic, st.integers(-9, 9), st.integers(-9, 9))
def test_generated_arithmetic_gives_what_python_gives(source: str, x: int, y: int):
    source = f"lambda x, y: {source}"
    ours = outcome(lambda: result(source, x, y))
    assert ours == outcome(lambda: eval(source)(x, y))


def outcome(compute: Callable[[], object]) -> str:
    try:
        return repr(compute())
    except ExpressionError:
        reject()  # a tower of powers: Python's own answer would take too long
    except (ArithmeticError, TypeError) as error:
        return type(error).__name__


# -- forms of a source --


@pytest.mark.parametrize(
    ("source", "parameters", "arity"),
    [
        ("2", (), (0, 0)),
        ("x * 2", ("x",), (1, 1)),
        ("b - a if b else c.shape[a]", ("b", "a", "c"), (3, 3)),
        ("y if x else z", ("y", "x", "z"), (3, 3)),
        ("torch.cat([h, skip], dim=1)", ("h", "skip"), (2, 2)),
        ("f'{x} {y}'", ("x", "y"), (2, 2)),
        ("print", ("*arguments",), (0, None)),
        ("torch.relu", ("*arguments",), (0, None)),
        ("F.gelu", ("*arguments",), (0, None)),
        ("math.pi", (), (0, 0)),
        ("lambda x, y=1: x", ("x", "y"), (1, 2)),
        ("lambda x, y=1, *z: x", ("x", "y", "*z"), (1, None)),
        ("  x\n", ("x",), (1, 1)),
    ],
)
def test_arguments_are_a_lambdas_or_the_free_names_in_order(source: str, parameters: tuple[str, ...], arity: object):
    assert parse(source).parameters == parameters
    assert parse(source).arity == arity


def test_the_functions_called_are_known_by_their_full_names():
    source = "lambda x, torch_: print(F.gelu(torch.nn.functional.silu(x)), len(x.mean()), math.pi)"
    assert parse(source).names == {"print", "len", "torch.nn.functional.gelu", "torch.nn.functional.silu"}


@pytest.mark.parametrize(
    ("source", "arguments", "message"),
    [
        ("lambda x: x", (1, 2), "`lambda x: x`: takes 1 argument (x), was given 2"),
        ("2", (1,), "`2`: takes no arguments, was given 1"),
        ("lambda x, y=1: x", (), "`lambda x, y=1: x`: takes 1 to 2 arguments (x, y), was given 0"),
        ("lambda x, *y: x", (), "`lambda x, *y: x`: takes at least 1 argument (x, *y), was given 0"),
    ],
)
def test_a_wrong_number_of_arguments_is_told(source: str, arguments: tuple[object, ...], message: str):
    with pytest.raises(ExpressionError) as caught:
        result(source, *arguments)
    assert str(caught.value) == message


def test_a_default_never_remembers():
    expression = parse("lambda x, y=1: (x.append(y), x)[1]")
    assert [evaluate(expression, [[]], Direct(log=print)) for _ in range(2)] == [[1], [1]]


# -- operations: every primitive can be taken over --


class Recorded:
    """Operations on symbols: a value is the text of how it was made, and everything is true."""

    def call(self, function: str, arguments: list[object], keywords: dict[str, object]) -> object:
        if function == "tuple":
            return ("first", "second")
        return f"{function}({', '.join([*map(str, arguments), *(f'{k}={v}' for k, v in keywords.items())])})"

    def method(self, value: object, name: str, arguments: list[object], keywords: dict[str, object]) -> object:
        return f"{value}.{name}({', '.join(map(str, arguments))})"

    def attribute(self, value: object, name: str) -> object:
        return f"{value}.{name}"

    def constant(self, name: str) -> object:
        return f"<{name}>"

    def truth(self, value: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x + 1", "operator.add(x, 1)"),
        ("-x @ x", "operator.matmul(operator.neg(x), x)"),
        ("x[0]", "operator.getitem(x, 0)"),
        ("x[1:x, ...]", "operator.getitem(x, (slice(1, 'x', None), Ellipsis))"),
        ("x < 1 < 2", "operator.lt(1, 2)"),
        ("1 in x", True),
        ("1 not in x", False),
        ("not x", False),
        ("x or 1", "x"),
        ("x and 1", 1),
        ("1 if x else 2", 1),
        ("x is None", False),
        ("x.shape", "x.shape"),
        ("x.T.mean(0)", "x.T.mean(0)"),
        ("torch.relu(x)", "torch.relu(x)"),
        ("F.relu(x)", "torch.nn.functional.relu(x)"),
        ("lambda *x: F.relu(*x)", "torch.nn.functional.relu(first, second)"),
        ("F.relu", "torch.nn.functional.relu(first, second)"),
        ("torch.sum(*x, dim=1)", "torch.sum(first, second, dim=1)"),
        ("x.to(torch.float16)", "x.to(<torch.float16>)"),
        ("[*x]", ["first", "second"]),
        ("f'a{x:.2f}{{'", "str.format(a{:.2f}{{, x)"),
    ],
)
def test_every_primitive_goes_through_operations(source: str, expected: object):
    expression = parse(source)
    assert evaluate(expression, ["x"], Recorded()) == expected
