"""Expressions put together from others and from known values, simplified as the values allow."""

import ast
import math
from dataclasses import dataclass
from typing import Any

import torch

from engine.document import expressions
from engine.document.direct import Direct
from engine.document.subset import quoted
from engine.runtime.functions import NotRecovered

LARGEST = 2000
"""Most parts of an expression; a value used often is written out as often."""
CHANGING = frozenset({"append", "clear", "extend", "insert", "pop", "reverse"})
"""Methods that change a list."""


@dataclass(frozen=True)
class Live:
    """An object that a function takes from around it, as it is now."""

    value: Any


def made(node: ast.expr) -> ast.expr:
    """A new expression; simplified where a value put in makes it a plain one. Raises NotRecovered when it is too large.

    `size` counts the parts of an expression; `known` says that a value from around the function went into it.
    """
    inner = [part for part in _parts(node) if hasattr(part, "size")]
    size = 1 + sum(part.size for part in inner)  # pyright: ignore[reportAttributeAccessIssue]
    known = any(getattr(part, "known", False) for part in inner)
    if size > LARGEST:
        raise NotRecovered("written out, it is too long")
    node = _folded(node) if known else node
    node.size, node.known = size, known  # pyright: ignore[reportAttributeAccessIssue]
    return node


def _parts(node: ast.AST) -> list[ast.AST]:
    """The operands of an expression, those behind keywords included."""
    return [each.value if isinstance(each, ast.keyword) else each for each in ast.iter_child_nodes(node)]


def _folded(node: ast.expr) -> ast.expr:
    """What follows from values put in: numbers computed, bounds that bound nothing left out."""
    match node:
        case ast.BinOp(left=ast.BinOp(left=ast.Attribute(attr="ndim") as ndim, op=ast.Add(), right=one), op=ast.Add()):
            if is_literal(one) and is_literal(node.right):
                added = ast.literal_eval(one) + ast.literal_eval(node.right)
                return ast.BinOp(ndim, ast.Add(), literal(added)) if added else ndim
        case ast.Subscript(value=ast.Attribute(value=x, attr="shape"), slice=ast.Slice(upper=ast.Attribute() as upper)):
            if ast.dump(upper) == ast.dump(ast.Attribute(x, "ndim", ast.Load())):
                lower, step = node.slice.lower, node.slice.step  # pyright: ignore[reportAttributeAccessIssue]
                return ast.Subscript(node.value, ast.Slice(lower, None, step), ast.Load())
        case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.BoolOp() | ast.Subscript() | ast.Call():
            operands = [part for part in _parts(node) if isinstance(part, ast.expr)]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                operands = operands[1:]
            if all(map(is_literal, operands)):
                with_names = expressions.parse(f"lambda: {ast.unparse(ast.fix_missing_locations(node))}")
                try:
                    return literal(expressions.evaluate(with_names, (), Direct(lambda _: None)))
                except Exception:  # it will fail in the same way when it runs
                    return node
        case ast.IfExp(test=test) if is_literal(test):
            return node.body if ast.literal_eval(test) else node.orelse
        case _:
            pass
    return node


def literal(value: Any) -> ast.expr:
    """A plain value as it is written. Raises NotRecovered for one that can't be."""
    made: ast.expr
    match value:
        case None | bool() | str() if type(value) in (type(None), bool, str):
            made = ast.Constant(value)
        case float() if type(value) is float and math.isinf(value):
            made = ast.Attribute(ast.Name("math", ast.Load()), "inf", ast.Load())
            made = made if value > 0 else ast.UnaryOp(ast.USub(), made)
        case int() | float() if type(value) in (int, float) and math.isfinite(value):
            made = ast.Constant(value) if math.copysign(1, value) > 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))
        case tuple():
            made = ast.Tuple([literal(each) for each in value], ast.Load())
        case list():
            made = ast.List([literal(each) for each in value], ast.Load())
        case torch.dtype():
            made = ast.parse(str(value), mode="eval").body
        case _:
            raise NotRecovered(f"it uses {shown(value)}, which is no number, text or tuple of these")
    made.size, made.known = 1, True  # pyright: ignore[reportAttributeAccessIssue]
    return made


def is_literal(node: ast.AST) -> bool:
    """Whether an expression is a plain value, written down."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return True
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return all(map(is_literal, items))
    return False


def shown(value: object) -> str:
    """A piece of source, or an object from around it, for a message."""
    if isinstance(value, ast.AST):
        return quoted(ast.unparse(ast.fix_missing_locations(value)))
    return f"a {type(value).__name__}" if not isinstance(value, type) else value.__name__


def is_none(node: ast.expr) -> bool:
    """Whether an expression is None, written down."""
    return isinstance(node, ast.Constant) and node.value is None


def root_of(node: ast.expr) -> ast.expr:
    """What an attribute or item is taken of, in the end."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def changed_by(node: ast.AST) -> str | None:
    """The name of the list that a call changes."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in CHANGING:
            root = root_of(owner)
            return root.id if isinstance(root, ast.Name) else None
    return None


def item_of(owner: Any, index: Any) -> Live:
    """An item of an object from around."""
    try:
        return Live(owner[index])
    except Exception as error:  # such objects are foreign code
        raise NotRecovered(f"item {index!r} of {shown(owner)} can't be read: {error}") from None
