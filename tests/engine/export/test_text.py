"""Expressions written out again are the same functions, in the format of ruff."""

import math
from pathlib import Path

import pytest
import torch

from engine.document.direct import Direct
from engine.document.expressions import evaluate, parse
from engine.export.text import docstring, function, literal
from engine.runtime.symbols import member
from tests.engine.export.written import complaints, imported

SOURCES = [
    "lambda x: x+1",
    "x ** 2",
    "lambda x:(x ** 2) ** -x",
    "-x ** 2",
    "(-x) ** 2",
    "2 ** x.ndim ** 2",
    "x - (1 - (x - 2))",
    "(x + 1) * (x - 1) / (2 * x)",
    "not (x > 1).all()",
    "-(x + 1) if (x.sum() > 0) == (1 < 2) else x",
    "(x if x.sum() > 0 else -x) + 1",
    "lambda x: x[0] if x.ndim and (x.ndim or 2) else None",
    "lambda x, y=-0.5, *rest: (x, y, rest)",
    "lambda x: (x,)",
    "lambda x: [x, (x, 1), []]",
    "x[0, :, None, 1:]",
    "x[x.ndim - 1 :, ::2, 1:-1, -2:]",
    "x[...]",
    "x[[0]]",
    "x[(0, 0)]",
    "lambda x: 'it\\'s' + \"a 'b'\" + 'say \"hi\"'",
    "lambda x: f'{x.ndim:>4} of {x.shape[0]}'",
    "lambda *xs: sum(xs)",
    "lambda x: max(*x.shape, 2)",
    "torch.relu",
    "F.relu(x)",
    "math.pi * x",
    "lambda x: torch.cat([x, x], dim=-1)",
    "lambda x: x.float().mean((0, -1), keepdim=True)",
    "lambda x: 1 < x.ndim < 9 and x.ndim in (4,) and x is not None",
    "lambda x: ~(x > 0) & (x < 1) | (x == 0)",
    "lambda x: x.shape[0] << 2 // 1 % 3",
    "lambda x: 1e300 * 1e10 + 1e16 + 5e-324",
    "lambda: 2",
    "lambda x: x @ x.mT",
    "lambda x: print(x.ndim, sep='', end='') or x",
    "lambda x: (x +\n   1)",
]


@pytest.mark.parametrize("source", SOURCES)
def test_a_written_function_does_what_its_source_does(source: str) -> None:
    x = torch.linspace(-1, 2, 48).reshape(2, 2, 4, 3)
    imports: set[str] = set()
    text = function(source, imports)
    theirs = imported("\n".join([*sorted(imports), f"function = {text}"])).function
    arguments = () if source == "lambda: 2" else (x,)
    expected = evaluate(parse(source), arguments, Direct(lambda _: None, member))
    assert repr(theirs(*arguments)) == repr(expected)


def test_written_functions_are_formatted(tmp_path: Path) -> None:
    imports: set[str] = set()
    names = [f"f{number} = {function(source, imports)}" for number, source in enumerate(SOURCES)]
    code = "\n".join(["import math", "", "import torch", "from torch.nn import functional as F", "", *names, ""])
    assert imports == {"import math", "import torch", "from torch.nn import functional as F"}
    (tmp_path / "functions.py").write_text(code)
    assert complaints(tmp_path) == ""


@pytest.mark.parametrize(
    "value", [None, True, -3, 0.1, 1e16, -0.0, "a", 'it"s', "it's", "\\\n\t", (), (1,), [1, (2, [3.5])], {"a": [1]}]
)
def test_literals_are_read_back_as_they_were(value: object) -> None:
    assert repr(imported(f"value = {literal(value)}").value) == repr(value)


def test_numbers_that_have_no_literal_are_written_too() -> None:
    assert math.isnan(imported(f"value = {literal(math.nan)}").value)
    assert imported(f"value = {literal(-math.inf)}").value == -math.inf


@pytest.mark.parametrize("note", ["Plain", 'Ends in "', "Two\nlines", '"""', "back\\slash", "long " * 60])
def test_notes_become_docstrings(note: str, tmp_path: Path) -> None:
    code = "\n".join(["class A:", *docstring(note, 4), "", "    x = 1", ""])
    (tmp_path / "note.py").write_text(code)
    assert complaints(tmp_path) == ""
    doc = imported(code).A.__doc__
    assert " ".join(doc.split()) == " ".join(note.replace('"""', "'''").split())


def test_a_note_with_characters_that_no_source_may_hold_is_written() -> None:
    code = "\n".join(["class A:", *docstring("a\x00b \x07", 4), "", "    x = 1", ""])
    assert imported(code).A.__doc__ == "a\x00b \x07"
