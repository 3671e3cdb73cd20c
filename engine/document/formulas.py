"""Formulas: params of an adapter's nodes that are worked out for every target."""

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeGuard, cast

from msgspec import Struct

from engine.document import expressions
from engine.document.direct import Direct
from engine.document.expressions import Expression, ExpressionError
from engine.document.kinds import ParamValue, unfit
from engine.document.subset import tree_of

OWNERS = ("target", "parent")
"""What a formula takes params of, besides the adapter: the node it goes to, and the frame around that."""

JOINT = "\u00b7"
"""Stands for the dot while a formula is parsed, since `target.rank` is one name there and no attribute of a value."""


class Formula(Struct, frozen=True):
    """A checked formula; `names` are those of the adapter's params it takes, `looked_up` the params of OWNERS."""

    source: str
    expression: Expression
    names: tuple[str, ...]
    looked_up: tuple[tuple[str, str], ...]


def is_formula(value: ParamValue) -> TypeGuard[str]:
    """Whether a param's value is to be worked out."""
    return isinstance(value, str) and value.startswith("=")


@lru_cache(maxsize=1024)
def parse(source: str) -> Formula:
    """Check "=target.in_features * 2", say, without evaluating any of it. Raises ExpressionError."""
    tree = tree_of(source.removeprefix("=").strip())
    if isinstance(tree, ast.Lambda):
        raise ExpressionError(f"{source!r}: a formula takes no arguments; write what comes after the colon")
    # A source that is one name would be a function if it were a listed one, hence the brackets.
    expression = expressions.parse(f"({ast.unparse(_Joined().visit(tree))})")
    owned = tuple((owner, name) for p in expression.parameters for owner, dot, name in [p.partition(JOINT)] if dot)
    plain = tuple(p for p in expression.parameters if JOINT not in p)
    return Formula(source, expression, plain, owned)


class _Joined(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in OWNERS:
            return ast.Name(node.value.id + JOINT + node.attr, ast.Load())
        return cast(ast.expr, self.generic_visit(node))


def evaluate(
    formula: Formula, values: Mapping[str, ParamValue], owners: Mapping[str, Mapping[str, ParamValue]]
) -> ParamValue:
    """The value, for the adapter's `values` and the params of `owners`. Raises ExpressionError."""
    arguments: list[ParamValue] = []
    for parameter in formula.expression.parameters:
        owner, dot, name = parameter.partition(JOINT)
        known = owners[owner] if dot else values
        if (name if dot else owner) not in known:
            whose = f"the {owner} has no param {name}" if dot else f"the adapter has no param {owner}"
            raise ExpressionError(f"{formula.source!r}: {whose}; there are {', '.join(sorted(known)) or 'none'}")
        arguments.append(known[name if dot else owner])
    if isinstance(formula.expression.body, ast.Name):  # most are, and a large model has thousands
        return arguments[0]
    try:
        found = expressions.evaluate(formula.expression, arguments, Direct(lambda _: None))
    except ExpressionError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise ExpressionError(f"{formula.source!r}: {error}") from None
    found = list(found) if isinstance(found, tuple) else found
    if reason := unfit(found):
        raise ExpressionError(f"{formula.source!r} {reason}")
    return found
