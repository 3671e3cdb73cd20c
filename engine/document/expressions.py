"""The checked subset of Python that Lambda, compose and callback are written in, or the name of a function of others.

`parse` checks a source and evaluates nothing; `evaluate` walks the checked tree and hands every operation to an
`Operations`, so the same source runs on numbers (`engine.document.direct`) and on symbols. Python's own compile, eval
and exec are never used.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from engine.document import allowed
from engine.document.subset import Checker, ExpressionError, format_spec, is_reference, listed, quoted, tree_of

__all__ = ["LARGEST", "Expression", "ExpressionError", "Operations", "evaluate", "parse"]

LONGEST_SOURCE = 10_000
LARGEST = 100_000
"""Most elements of a list or text that evaluation may make."""


@dataclass(frozen=True)
class Expression:
    """A checked source.

    `parameters` are in order, a last one such as `*rest` takes what is left over; `defaults` belong to the last named
    ones; `names` are the listed functions that it calls, by full name.
    """

    source: str
    parameters: tuple[str, ...]
    defaults: tuple[object, ...]
    body: ast.expr
    names: frozenset[str]

    @property
    def reference(self) -> str | None:
        """The Python code of others that it names, if it does."""
        return next((name for name in self.names if ":" in name), None)

    @property
    def named(self) -> tuple[str, ...]:
        """The parameters without the one that takes what is left over."""
        return tuple(name for name in self.parameters if not name.startswith("*"))

    @property
    def arity(self) -> tuple[int, int | None]:
        """The fewest and the most arguments it takes; None where there is no most."""
        most = len(self.named)
        return most - len(self.defaults), most if most == len(self.parameters) else None


class Operations(Protocol):
    """What evaluation asks for, one primitive at a time, with names that `parse` has checked.

    Operators come as `operator.add`, an f-string as `str.format` with its template first, and `*x` as `tuple`, whose
    result is iterated. `is None` asks for nothing: it compares what the operand evaluated to.
    """

    def call(self, function: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """The result of a listed function, or of one of others, named as "module:function"."""
        ...

    def method(self, value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """The result of `value.name(...)`."""
        ...

    def attribute(self, value: Any, name: str) -> Any:
        """`value.name`."""
        ...

    def constant(self, name: str) -> Any:
        """A listed constant, such as `math.pi` or `torch.float32`."""
        ...

    def truth(self, value: Any) -> bool:
        """Whether `value` counts as true, for `if`, `and`, `or`, `not`, `in` and chained comparisons."""
        ...


@lru_cache(maxsize=4096)
def parse(source: str) -> Expression:
    """Check `source` without evaluating any of it.

    It is a lambda; the name of a listed function, which then gets every argument; or an expression, whose free names in
    order of appearance are its arguments. It may also name Python code of others, as "package.module:function": it is
    then called with every argument, under that name, by operations that know it. Raises ExpressionError.
    """
    text = source.strip().replace("\r\n", "\n").replace("\r", "\n")  # as Python itself reads lines
    if len(text) > LONGEST_SOURCE:
        raise ExpressionError(f"the source has {len(text)} characters, at most {LONGEST_SOURCE} are allowed")
    if is_reference(text):
        return Expression(source, ("*arguments",), (), _with_all(ast.Name(text, ast.Load())), frozenset({text}))
    tree = tree_of(text)
    checker = Checker(text)
    if isinstance(tree, ast.Lambda):
        parameters, defaults, body = checker.signature(tree.args), checker.defaults(tree.args), tree.body
    elif listed(tree, ()) in allowed.FUNCTIONS:
        parameters, defaults, body = ("*arguments",), (), _with_all(tree)
    else:
        parameters, defaults, body = checker.free_names(tree), (), tree
    checker.local = frozenset(name.lstrip("*") for name in parameters)
    checker.check(body)
    return Expression(source, parameters, defaults, body, frozenset(checker.called))


def _with_all(function: ast.expr) -> ast.Call:
    """A call of `function` with every argument there is."""
    return ast.Call(function, [ast.Starred(ast.Name("arguments", ast.Load()), ast.Load())], [])


def evaluate(expression: Expression, arguments: Sequence[Any], operations: Operations) -> Any:
    """The value of `expression` for these arguments.

    Raises ExpressionError for a wrong number of arguments and for what `operations` refuses; what an operation itself
    raises comes through.
    """
    try:
        return _Evaluation(_bind(expression, arguments), operations).value(expression.body)
    except ExpressionError as error:
        raise ExpressionError(f"{quoted(expression.source)}: {error}") from None


def _bind(expression: Expression, arguments: Sequence[Any]) -> dict[str, Any]:
    least, most = expression.arity
    given = len(arguments)
    if given < least or (most is not None and given > most):
        exact = str(most or "no") if least == most else f"{least} to {most}"
        number = f"at least {least}" if most is None else exact
        plural = "" if (least if most is None else most) == 1 else "s"
        names = f" ({', '.join(expression.parameters)})" if expression.parameters else ""
        raise ExpressionError(f"takes {number} argument{plural}{names}, was given {given}")
    named = expression.named
    bound = dict(zip(reversed(named), reversed(expression.defaults), strict=False))
    bound.update(zip(named, arguments, strict=False))
    if most is None:
        bound[expression.parameters[-1][1:]] = tuple(arguments[len(named) :])
    return bound


@dataclass(frozen=True)
class _Evaluation:
    """One walk over a checked tree, with the arguments by name."""

    names: dict[str, Any]
    operations: Operations

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() if node.id in self.names:
                return self.names[node.id]
            case ast.Name() | ast.Attribute() if name := listed(node, self.names):
                return self.operations.constant(name)
            case ast.Attribute():
                return self.operations.attribute(self.value(node.value), node.attr)
            case ast.Tuple():
                return tuple(self.values(node.elts))
            case ast.List():
                return self.values(node.elts)
            case ast.BinOp():
                operands = [self.value(node.left), self.value(node.right)]
                return self.operations.call(allowed.BINARY[type(node.op)], operands, {})
            case ast.UnaryOp(op=ast.Not()):
                return not self.operations.truth(self.value(node.operand))
            case ast.UnaryOp():
                return self.operations.call(allowed.UNARY[type(node.op)], [self.value(node.operand)], {})
            case ast.IfExp():
                return self.value(node.body if self.operations.truth(self.value(node.test)) else node.orelse)
            case ast.BoolOp():
                return self.first_deciding(node.values, decisive=isinstance(node.op, ast.Or))
            case ast.Compare():
                return self.comparison(node)
            case ast.Subscript():
                return self.operations.call("operator.getitem", [self.value(node.value), self.value(node.slice)], {})
            case ast.Slice():
                bounds = (node.lower, node.upper, node.step)
                return slice(*(None if bound is None else self.value(bound) for bound in bounds))
            case ast.Call() if name := listed(node.func, self.names):
                return self.operations.call(name, self.values(node.args), self.keywords(node))
            case ast.Call(func=ast.Attribute() as method):
                receiver = self.value(method.value)
                return self.operations.method(receiver, method.attr, self.values(node.args), self.keywords(node))
            case ast.JoinedStr():
                return self.text(node)
        raise AssertionError(f"parse let {type(node).__name__} through")

    def values(self, nodes: Sequence[ast.expr]) -> list[Any]:
        result: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                result.extend(self.operations.call("tuple", [self.value(node.value)], {}))
            else:
                result.append(self.value(node))
            if len(result) > LARGEST:
                raise ExpressionError(f"too large: more than {LARGEST} elements")
        return result

    def keywords(self, node: ast.Call) -> dict[str, Any]:
        return {keyword.arg: self.value(keyword.value) for keyword in node.keywords if keyword.arg}

    def first_deciding(self, nodes: Sequence[ast.expr], decisive: bool) -> Any:
        """`and` and `or`: the first value whose truth is `decisive`, else the last value."""
        for node in nodes[:-1]:
            value = self.value(node)
            if self.operations.truth(value) == decisive:
                return value
        return self.value(nodes[-1])

    def comparison(self, node: ast.Compare) -> Any:
        result, left = True, self.value(node.left)
        for kind, comparator in zip(node.ops, node.comparators, strict=True):
            if comparator is not node.comparators[0] and not self.operations.truth(result):
                break
            right = self.value(comparator)
            match kind:
                case ast.Is():
                    result = left is right
                case ast.IsNot():
                    result = left is not right
                case ast.In():
                    result = self.operations.truth(self.operations.call("operator.contains", [right, left], {}))
                case ast.NotIn():
                    result = not self.operations.truth(self.operations.call("operator.contains", [right, left], {}))
                case _:
                    result = self.operations.call(allowed.COMPARISON[type(kind)], [left, right], {})
            left = right
        return result

    def text(self, node: ast.JoinedStr) -> Any:
        template = ""
        fields: list[Any] = []
        for part in node.values:
            match part:
                case ast.FormattedValue():
                    template += "{:" + (format_spec(part) or "") + "}"
                    fields.append(self.value(part.value))
                case ast.Constant(value=str(text)):
                    template += text.replace("{", "{{").replace("}", "}}")
        return self.operations.call("str.format", [template, *fields], {})
