"""What the subset refuses, naming the part and the reason."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.direct import Direct
from engine.document.expressions import ExpressionError, evaluate, parse

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
