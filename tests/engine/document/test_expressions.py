"""The checked subset of Python: what it computes, what it refuses and how it says so."""

import builtins
import contextlib
import functools
import math
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from engine.document import allowed
from engine.document.direct import Direct, python_member
from engine.document.expressions import ExpressionError, evaluate, parse


def result(source: str, *arguments: object) -> object:
    return evaluate(parse(source), arguments, Direct(log=print))


def printed(source: str, *arguments: object) -> str:
    lines: list[str] = []
    evaluate(parse(source), arguments, Direct(log=lines.append))
    return "".join(lines)


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
    ours, pythons = result(source), eval(source)
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


# -- print --


def test_print_writes_to_the_log_what_python_would_print():
    assert printed("print", 6) == "6\n"
    assert printed("print", 1, "a", [2.5, "b"]) == "1 a [2.5, 'b']\n"
    assert printed("lambda x: print(x, x + 1, sep='-', end='!')", 1) == "1-2!"
    assert printed("lambda x: print(x, sep=None, end=None)", 1) == "1\n"
    assert printed("print()") == "\n"
    assert result("print", 6) is None


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


def test_torch_is_asked_for_by_name_and_never_imported():
    code = "import sys; from engine.document import direct; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert parse("torch.relu(x) + torch.pi").names == {"torch.relu"}
    with pytest.raises(ExpressionError, match=r"torch\.relu needs torch"):
        result("torch.relu(x)", 1)


# -- what it refuses, naming the part --

REFUSED = [
    ("().__class__", "().__class__", "underscore"),
    ("x.__class__", "x.__class__", "underscore"),
    ("x._private", "x._private", "underscore"),
    ("x.__len__()", "x.__len__", "underscore"),
    ("().__class__.__base__.__subclasses__()", "().__class__.__base__.__subclasses__", "underscore"),
    ("x.__\uff43lass__", "x.__\uff43lass__", "underscore"),
    ("getattr(x, 'y')", "getattr", "built-in"),
    ("__import__('os')", "__import__", "underscores"),
    ("__builtins__", "__builtins__", "underscores"),
    ("lambda: __import__('os')", "__import__", "underscore"),
    ("lambda __x: 1", "__x", "underscores"),
    ("open('f')", "open", "built-in"),
    ("eval('1')", "eval", "built-in"),
    ("lambda x: exec(x)", "exec", "listed functions"),
    ("input * 2", "input", "lambda input: ..."),
    ("type(x)", "type", "built-in"),
    ("(lambda: 0)()", "lambda: 0", "only listed functions"),
    ("lambda x: lambda y: y", "lambda y: y", "a lambda inside"),
    ("lambda f: f()", "f", "only listed functions"),
    ("f()", "f", "only listed functions"),
    ("x[0]()", "x[0]", "only listed functions"),
    ("[i for i in x]", "[i for i in x]", "comprehension"),
    ("{i for i in x}", "{i for i in x}", "comprehension"),
    ("sum(i for i in x)", "(i for i in x)", "comprehension"),
    ("{1: 2}", "{1: 2}", "dictionary"),
    ("{1, 2}", "{1, 2}", "a set"),
    ("(x := 1)", "x := 1", "assignment"),
    ("x := 1", ":= 1", "syntax"),
    ("x = 1", "x = 1", "statement"),
    ("import os", "import os", "statement"),
    ("del x", "del x", "statement"),
    ("(yield x)", "yield x", "yield"),
    ("await x", "await x", "await"),
    ("b'a'", "b'a'", "bytes"),
    ("f'{x.__class__}'", "x.__class__", "underscore"),
    ("f'{x!r}'", "x", "conversions"),
    ("f'{x=}'", "x", "conversions"),
    ("f'{x:>999999999}'", "x", "format"),
    ("f'{x:{x}}'", "x", "format"),
    ("f'{x:>{x}}'", "x", "format"),
    ("'{0.__class__}'.format(x)", "'{0.__class__}'.format", "f-string"),
    ("'{a}'.format_map(x)", "'{a}'.format_map", "listed methods"),
    ("print.__self__", "print.__self__", "underscore"),
    ("print.shape", "print", "is a function"),
    ("(len, 1)", "len", "is a function"),
    ("print(1, file=x)", "file=x", "keyword"),
    ("torch.add(x, x, out=x)", "out=x", "keyword"),
    ("F.relu(x, inplace=True)", "inplace=True", "keyword"),
    ("torch.relu(**x)", "x", "**"),
    ("torch.load('f')", "torch.load", "read files"),
    ("torch.save(x, 'f')", "torch.save", "listed functions"),
    ("torch.os.system('f')", "torch.os.system", "listed functions"),
    ("torch.hub.load('a', 'b')", "torch.hub.load", "listed functions"),
    ("torch.ops.aten.add(x, x)", "torch.ops.aten.add", "listed functions"),
    ("torch.classes.load_library('x')", "torch.classes.load_library", "listed functions"),
    ("torch._C._jit(x)", "torch._C._jit", "underscore"),
    ("torch.rand(3)", "torch.rand", "seeded"),
    ("torch.relu_(x)", "torch.relu_", "in place"),
    ("torch.nn.Linear(1, 2)", "torch.nn.Linear", "listed functions"),
    ("torch", "torch", "module"),
    ("F * 2", "F", "module"),
    ("math.sqrt + 1", "math.sqrt", "is a function"),
    ("math.factorial(9)", "math.factorial", "listed functions"),
    ("relu(x)", "relu", "torch.relu"),
    ("torch.rleu(x)", "torch.rleu", "torch.relu"),
    ("torch.gelu(x)", "torch.gelu", "torch.nn.functional.gelu"),
    ("x.add_(1)", "x.add_", "in place"),
    ("x.shpae", "x.shpae", "shape"),
    ("x.shape()", "x.shape", "leave out the parentheses"),
    ("x.mean", "x.mean", "call it"),
    ("x.numpy()", "x.numpy", "tolist()"),
    ("x.data", "x.data", "attributes"),
    ("x.register_hook(1)", "x.register_hook", "methods"),
    ("os.system('f')", "os.system", "methods"),
    ("lambda x: y + x", "y", "an argument or a listed name"),
    ("lambda x, x: 1", "x", "same name"),
    ("lambda *, x: x", "x", "position"),
    ("lambda **x: x", "x", "position"),
    ("lambda x=[]: x", "[]", "default"),
    ("lambda x=print: x", "print", "default"),
    ("lambda x=b'a': x", "b'a'", "default"),
    ("x is 1", "x is 1", "None only"),
    ("x is y is None", "x is y is None", "None only"),
    ("", "", "empty"),
    ("  \n ", "", "empty"),
    ("x +", "x +", "syntax"),
    ("'", "'", "unterminated"),
    ("print x", "print x", "parentheses"),
    ("x\x00", "x\x00", "null"),
    ("\ud800", "", "Python can read"),
    ("(" * 5000, "(" * 57, "nested"),
    ("-" * 5000 + "x", "-" * 57, "nested"),
    ("x" + ".T" * 4000, "x.T.T", "nested"),
    ("+".join("x" * 4000), "x+x+x", "nested"),
    ("+".join("x" * 200), "x+x+x", "nested more than"),
    ("[" * 102 + "]" * 102, "[", "nested more than"),
    ("x" * 10_001, "10001 characters", "at most 10000"),
]


@pytest.mark.parametrize(("source", "part", "reason"), REFUSED)
def test_refused_sources_name_the_part_and_the_reason(source: str, part: str, reason: str):
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    message = str(caught.value)
    assert part in message
    assert reason in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x + y.__class__", "`y.__class__` (column 5): "),
        ("lambda é, x: é + x._a", "`x._a` (column 18): "),
        ("[\n 1,\n  x._a]", "`x._a` (line 3, column 3): "),
        ("[\r\n 1,\r  x._a]", "`x._a` (line 3, column 3): "),
        ("  x._a", "`x._a` (column 1): "),
        ("f'é {x} {y._a}'", "`y._a` (column 10): "),
        ("1 + import", "`import` (column 5): "),
    ],
)
def test_the_place_is_counted_in_characters_and_lines(source: str, message: str):
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert str(caught.value).startswith(message)


pieces = st.lists(
    st.sampled_from(
        "x y torch math . , ( ) [ ] { } : = := * ** + - ~ lambda if else not in is and or for await yield f' ' \" \\ \n"
        " \r \x0c \t # 1 0x 1e9 __class__ print len relu shape append é @ << != ... None b' !r % import".split(" ")
    ),
    max_size=25,
)
python_like = pieces.map("".join) | pieces.map(" ".join)


@given(st.text() | python_like | python_like.map("lambda x: {}".format))
def test_any_text_is_parsed_or_refused(source: str):
    with contextlib.suppress(ExpressionError):
        least, most = parse(source).arity
        assert most is None or 0 <= least <= most


@given(python_like)
def test_what_is_parsed_can_be_evaluated_or_fails_as_python_does(source: str):
    python_errors = (ArithmeticError, TypeError, ValueError, AttributeError, IndexError)  # for 1.5 in the wrong place
    with contextlib.suppress(ExpressionError, *python_errors):
        expression = parse(source)
        evaluate(expression, [1.5] * expression.arity[0], Direct(log=print))


# -- what would fill the memory --


@pytest.mark.parametrize(
    "source",
    [
        "9 ** 9 ** 9",
        "(-9) ** 9 ** 9",
        "1 << 10 ** 9",
        "(1 << 90000) * (1 << 90000)",
        "'a' * 10 ** 9",
        "10 ** 9 * 'a'",
        "[0] * 10 ** 9",
        "(0,) * 10 ** 9",
        "'a' * 90000 + 'a' * 90000",
        "[0] * 90000 + [0] * 90000",
        "[*[0] * 90000, *[0] * 90000]",
        "range(10 ** 9)",
        "list(range(0, -(10 ** 30), -1))",
        "round(5, -(10 ** 9))",
        "round(5, ndigits=-(10 ** 9))",
        "str([[0] * 9000] * 9000)",
        "print([[0] * 9000] * 9000)",
        "print('a' * 90000, 'a' * 90000)",
        "f\"{['a' * 9000] * 9000}\"",
        "', '.join(['a' * 9000] * 9000)",
        "('a' * 9000).join([''] * 9000)",
        "lambda x=0: ([0] * 60000).extend([0] * 60000)",
    ],
)
def test_huge_results_are_refused_before_they_are_made(source: str):
    with pytest.raises(ExpressionError, match="too large") as caught:
        result(source)
    assert str(caught.value).startswith(f"`{source[:50]}")


def test_a_list_that_contains_itself_is_not_written_out():
    with pytest.raises(ExpressionError, match="too large"):
        result("lambda x: (x.append(x), print(x))", [0] * 1000)


@pytest.mark.parametrize(
    ("source", "reason"), [("'%999999999d' % 1", "f-string"), ("sum([[1], [2]], [])", "sum starts from a number")]
)
def test_other_ways_to_large_results_are_refused(source: str, reason: str):
    with pytest.raises(ExpressionError, match=reason):
        result(source)


@pytest.mark.parametrize(
    ("source", "error"), [("1 / 0", ZeroDivisionError), ("[1][2]", IndexError), ("1 + 'a'", TypeError)]
)
def test_what_python_raises_comes_through(source: str, error: type[Exception]):
    with pytest.raises(error):
        result(source)


# -- the lists --


def test_listed_names_exist_and_none_of_them_is_private_or_in_place():
    torch = pytest.importorskip("torch")
    roots = {"torch": torch, "math": math}
    for name in allowed.FUNCTIONS | allowed.CONSTANTS:
        root, *members = name.split(".")
        found = functools.reduce(getattr, members, roots[root]) if members else getattr(builtins, name)
        assert callable(found) is (name in allowed.FUNCTIONS), name
    for name in allowed.METHODS | allowed.ATTRIBUTES:
        assert any(hasattr(kind, name) for kind in (torch.Tensor, list, str)), name
    for name in allowed.FUNCTIONS | allowed.METHODS | allowed.ATTRIBUTES:
        assert not any(part.startswith("_") or part.endswith("_") for part in name.split(".")), name


def test_direct_runs_on_tensors_when_it_is_told_where_torch_is():
    torch = pytest.importorskip("torch")

    def member(name: str) -> object:
        return (
            functools.reduce(getattr, name.split(".")[1:], torch) if name.startswith("torch.") else python_member(name)
        )

    direct = Direct(log=print, member=member)
    value = evaluate(parse("F.relu(x).sum(dim=-1).to(torch.float64)"), [torch.tensor([[-1.0, 2.0, 3.0]])], direct)
    assert value.dtype == torch.float64
    assert value.tolist() == [5.0]
