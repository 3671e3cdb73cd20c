"""Expressions on ordinary values: print, limits, and torch when it is told where torch is."""

import functools
import subprocess
import sys

import pytest

from engine.document.direct import Direct, python_member
from engine.document.expressions import ExpressionError, evaluate, parse


def result(source: str, *arguments: object) -> object:
    return evaluate(parse(source), arguments, Direct(log=print))


def printed(source: str, *arguments: object) -> str:
    lines: list[str] = []
    evaluate(parse(source), arguments, Direct(log=lines.append))
    return "".join(lines)


def test_print_writes_to_the_log_what_python_would_print():
    assert printed("print", 6) == "6\n"
    assert printed("print", 1, "a", [2.5, "b"]) == "1 a [2.5, 'b']\n"
    assert printed("lambda x: print(x, x + 1, sep='-', end='!')", 1) == "1-2!"
    assert printed("lambda x: print(x, sep=None, end=None)", 1) == "1\n"
    assert printed("print()") == "\n"
    assert result("print", 6) is None


@pytest.mark.parametrize(
    "source",
    [
        "9 ** 9 ** 9",
        "(-9) ** 9 ** 9",
        "1 << 10 ** 9",
        "(1 << 9000) * (1 << 9000)",
        "2 ** 50000",
        "int('f' * 50000, 16)",
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


def test_torch_is_asked_for_by_name_and_never_imported():
    code = "import sys; from engine.document import direct; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert parse("torch.relu(x) + torch.pi").names == {"torch.relu"}
    with pytest.raises(ExpressionError, match=r"torch\.relu needs torch"):
        result("torch.relu(x)", 1)


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


def test_the_largest_whole_numbers_can_be_written():
    assert len(printed("print(2 ** 13999)")) == 4216
