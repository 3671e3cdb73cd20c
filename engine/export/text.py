"""Values and checked expressions as Python text, laid out as `ruff format` does."""

import ast
import math
from textwrap import wrap
from typing import Any

from engine.document import allowed
from engine.document.expressions import Expression, parse
from engine.document.subset import listed
from engine.export.layout import WIDTH

Imports = set[str]
"""Import statements that a text needs, as they are written."""

MODULES = {"math": "import math", "torch": "import torch", "F": "from torch.nn import functional as F"}

_OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Or: ("or", 2),
    ast.And: ("and", 3),
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 9),
    ast.RShift: (">>", 9),
    ast.Add: ("+", 10),
    ast.Sub: ("-", 10),
    ast.Mult: ("*", 11),
    ast.Div: ("/", 11),
    ast.FloorDiv: ("//", 11),
    ast.Mod: ("%", 11),
    ast.MatMult: ("@", 11),
    ast.USub: ("-", 12),
    ast.UAdd: ("+", 12),
    ast.Invert: ("~", 12),
    ast.Pow: ("**", 13),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_CHOICE, _NOT, _COMPARISON, _UNARY, _ATOM = 1, 4, 5, 12, 15
"""How tightly these bind; the operators above say so themselves."""


def literal(value: Any) -> str:
    """A number, text, None, or a list, tuple or dictionary of those. Raises ValueError for anything else."""
    match value:
        case None | bool() | int():
            return repr(value)
        case float():
            return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'
        case complex():
            return f"complex({literal(value.real)}, {literal(value.imag)})"
        case str():
            return quoted(value)
        case tuple():
            return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
        case _:
            raise ValueError(f"{value!r} can't be written as Python")


def quoted(text: str) -> str:
    """A text in the quotes that need fewer escapes, double ones when in doubt."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written else written


def function(source: str, imports: Imports) -> str:
    """The function that a Lambda, compose or callback names: a lambda, or the name of an existing one.

    Adds what must be imported for it.
    """
    expression = parse(source)
    if expression.reference:
        return imported(expression.reference, imports)
    body = expression.body
    if expression.parameters == ("*arguments",) and isinstance(body, ast.Call) and "arguments" not in source:
        return written(body.func, (), imports)
    parameters, body = parts(expression, imports)
    return f"lambda{' ' * bool(parameters)}{parameters}: {body}"


def imported(reference: str, imports: Imports) -> str:
    """The whole name of what "module:name" names, which is no other's; adds the import of its module."""
    module, _, name = reference.strip().partition(":")
    imports.add(f"import {module}")
    return f"{module}.{name}"


def parts(expression: Expression, imports: Imports) -> tuple[str, str]:
    """The parameters and the body of an expression. Adds the modules it names to `imports`."""
    plain = len(expression.named) - len(expression.defaults)
    parameters = [
        f"{name}={literal(expression.defaults[place - plain])}" if plain <= place < len(expression.named) else name
        for place, name in enumerate(expression.parameters)
    ]
    local = [name.lstrip("*") for name in expression.parameters]
    return ", ".join(parameters), written(expression.body, local, imports)


def docstring(text: str, indent: int) -> list[str]:
    """A text as the lines of a docstring."""
    plain = "".join(c if c.isprintable() or c.isspace() else ascii(c)[1:-1] for c in text.strip().replace("\\", "\\\\"))
    safe = plain.replace('"""', "'''")
    margin = " " * indent
    rows = [part for line in safe.split("\n") for part in wrap(line, WIDTH - indent - 8) or [""]]
    rows[-1] += " " * rows[-1].endswith('"') * (len(rows) == 1)
    closing = [f'{margin}"""'] if len(rows) > 1 else []
    rows = [f'{margin}"""{rows[0]}', *(f"{margin}{row}" if row else "" for row in rows[1:]), *closing]
    return rows if closing else [f'{rows[0]}"""']


def written(node: ast.expr, local: list[str] | tuple[str, ...], imports: Imports) -> str:
    """An expression of the checked subset, whose arguments are `local`. Adds the modules it names to `imports`."""
    return _Writing(frozenset(local), imports).text(node)


class _Writing:
    def __init__(self, local: frozenset[str], imports: Imports) -> None:
        self.local = local
        self.imports = imports

    def text(self, node: ast.expr, tightness: int = 0) -> str:
        """The text of a node, in brackets where it binds less tightly than its place asks for."""
        found, own = self._text(node)
        return found if own >= tightness else f"({found})"

    def _text(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
                return literal(value), _ATOM
            case ast.Constant():
                return literal(node.value) if node.value is not ... else "...", _ATOM
            case ast.Name():
                self._import(node)
                return node.id, _ATOM
            case ast.Attribute():
                value = self.text(node.value, _ATOM)
                number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
                return f"({value}).{node.attr}" if number else f"{value}.{node.attr}", _ATOM
            case ast.Tuple():
                return f"({self._items(node.elts)}{',' * (len(node.elts) == 1)})", _ATOM
            case ast.List():
                return f"[{self._items(node.elts)}]", _ATOM
            case ast.Starred():
                return f"*{self.text(node.value, _COMPARISON + 1)}", _ATOM
            case ast.BinOp(op=ast.Pow()):
                base, exponent = node.left, node.right
                while isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Pow):
                    exponent = exponent.left
                simple = not isinstance(base, ast.UnaryOp) and _is_simple(base) and _is_simple(exponent)
                sign = "**" if simple else " ** "
                return f"{self.text(node.left, _ATOM)}{sign}{self.text(node.right, _UNARY)}", 13
            case ast.BinOp():
                sign, own = _OPERATORS[type(node.op)]
                return f"{self.text(node.left, own)} {sign} {self.text(node.right, own + 1)}", own
            case ast.UnaryOp(op=ast.Not()):
                return f"not {self.text(node.operand, _NOT)}", _NOT
            case ast.UnaryOp():
                power = isinstance(node.operand, ast.BinOp)  # brackets that ruff adds, for the reader
                return f"{_OPERATORS[type(node.op)][0]}{self.text(node.operand, _ATOM if power else _UNARY)}", _UNARY
            case ast.BoolOp():
                sign, own = _OPERATORS[type(node.op)]
                return f" {sign} ".join(self.text(value, own + 1) for value in node.values), own
            case ast.IfExp():
                test, otherwise = self.text(node.test, _CHOICE + 1), self.text(node.orelse, _CHOICE)
                return f"{self.text(node.body, _CHOICE + 1)} if {test} else {otherwise}", _CHOICE
            case ast.Compare():
                parts = [self.text(node.left, _COMPARISON + 1)]
                for sign, value in zip(node.ops, node.comparators, strict=True):
                    parts += [_COMPARISONS[type(sign)], self.text(value, _COMPARISON + 1)]
                return " ".join(parts), _COMPARISON
            case ast.Subscript():
                return f"{self.text(node.value, _ATOM)}[{self._index(node.slice)}]", _ATOM
            case ast.Call():
                keywords = [f"{keyword.arg}={self.text(keyword.value)}" for keyword in node.keywords]
                return f"{self.text(node.func, _ATOM)}({', '.join([*map(self.text, node.args), *keywords])})", _ATOM
            case ast.JoinedStr():
                for part in ast.walk(node):
                    if isinstance(part, ast.Name):
                        self._import(part)
                written = ast.unparse(node)
                simple = written[:2] == "f'" and '"' not in written and "\\" not in written
                inner = written[2:-1]
                return f'f"{inner}"' if simple and "'" not in inner else written, _ATOM
        raise AssertionError(f"parse let {type(node).__name__} through")

    def _items(self, nodes: list[ast.expr]) -> str:
        return ", ".join(map(self.text, nodes))

    def _index(self, node: ast.expr) -> str:
        """What stands between the brackets of a subscript."""
        match node:
            case ast.Tuple() if node.elts and not any(isinstance(part, ast.Starred) for part in node.elts):
                return ", ".join(map(self._index, node.elts)) + "," * (len(node.elts) == 1)
            case ast.Slice():
                bounds = [bound for bound in (node.lower, node.upper, node.step) if bound is not None]
                space = "" if all(map(_is_plain_bound, bounds)) else " "
                lower = f"{self.text(node.lower)}{space}" if node.lower else ""
                upper = f"{space}{self.text(node.upper)}" if node.upper else ""
                step = f"{space if upper else ''}:{space}{self.text(node.step)}" if node.step else ""
                return f"{lower}:{upper}{step}"
            case _:
                return self.text(node)

    def _import(self, name: ast.Name) -> None:
        if name.id in allowed.NAMESPACES and listed(name, self.local):
            self.imports.add(MODULES[name.id])


def _is_simple(node: ast.expr) -> bool:
    """Whether a power of such operands is written without spaces."""
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
            return _is_simple(node.operand)
        case ast.Attribute():
            return _is_chain(node.value)
        case ast.Constant():
            return isinstance(node.value, int | float | complex) and not isinstance(node.value, bool)
        case _:
            return isinstance(node, ast.Name)


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_chain(node.value))


def _is_plain_bound(node: ast.expr) -> bool:
    """Whether a slice with such bounds is written without spaces."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Name | ast.Constant)
    return isinstance(node, ast.Name | ast.Constant)
