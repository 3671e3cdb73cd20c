"""Live Python functions: how they were written, what they are called, and what they have been given already.

A function's syntax tree is looked for in its source file. Several lambdas may start on one line, and a file may have
changed since it was imported, so a tree counts as a function's own only when it compiles to the function's very code.
"""

import ast
import functools
import inspect
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

from engine.document import allowed
from engine.runtime.symbols import member

Written = ast.Lambda | ast.FunctionDef


class NotRecovered(ValueError):
    """A function that can't be written in the checked subset; the message says why."""


def written(function: FunctionType) -> Written:
    """The lambda or `def` that `function` comes from. Raises NotRecovered."""
    code = function.__code__
    path = inspect.getsourcefile(function) or code.co_filename
    source = _source("".join(linecache.getlines(path, function.__globals__)))
    for tree in source.functions.get(code.co_firstlineno, ()):
        if _print(_compiled(tree, code, source.imports)) == _print(code):
            return tree
    raise NotRecovered("its source is not to be found")


@dataclass
class _Source:
    """What a source file holds: its functions by the line they start at, decorators included, and its imports."""

    functions: dict[int, list[Written]] = field(default_factory=dict)
    imports: list[ast.stmt] = field(default_factory=list)


@functools.lru_cache(maxsize=64)
def _source(text: str) -> _Source:
    found = _Source()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, Written):
            first = node.decorator_list[0] if isinstance(node, ast.FunctionDef) and node.decorator_list else node
            found.functions.setdefault(first.lineno, []).append(node)
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            found.imports.append(node)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _compiled(tree: Written, like: CodeType, imports: list[ast.stmt]) -> CodeType | None:
    """The code of a function, compiled among the same imports, which Python calls differently, and with the same
    names from around it as `like`."""
    around = ast.arguments([], [ast.arg(name) for name in like.co_freevars], None, [], [], None, [])
    if isinstance(tree, ast.Lambda):
        body: list[ast.stmt] = [ast.Expr(ast.Lambda(_bare(tree.args), tree.body))]
    else:
        body = [ast.FunctionDef("inside", _bare(tree.args), tree.body, [], None, None)]
    module = ast.Module([*imports, ast.FunctionDef("around", around, body, [], None, None)], [])
    try:
        outer = compile(ast.fix_missing_locations(module), like.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # of a function that only means something where it stands
        return None
    return next((code for frame in _codes(outer) for code in _codes(frame)), None)


def _bare(arguments: ast.arguments) -> ast.arguments:
    """Arguments without defaults and annotations, which are no part of a function's code."""

    def plain(given: list[ast.arg]) -> list[ast.arg]:
        return [ast.arg(each.arg) for each in given]

    some, all_ = (ast.arg(each.arg) if each else None for each in (arguments.vararg, arguments.kwarg))
    unset: list[ast.expr | None] = [None] * len(arguments.kwonlyargs)
    return ast.arguments(
        plain(arguments.posonlyargs), plain(arguments.args), some, plain(arguments.kwonlyargs), unset, all_, []
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (const for const in code.co_consts if isinstance(const, CodeType))


def _print(code: CodeType | None) -> object:
    """All that makes two pieces of code do the same."""
    if code is None:
        return None
    consts = [_print(const) if isinstance(const, CodeType) else repr(const) for const in code.co_consts]
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_flags & ~_LOCATION


_LOCATION = inspect.CO_NESTED | 0xFFF0_0000  # nesting, and the flags of `from __future__` imports


def name_of(function: Callable[..., Any]) -> str:
    """Where a function is to be found, as "module:name"."""
    while isinstance(function, functools.partial):
        function = function.func
    named: Any = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}:{named.__qualname__}"


def unwrapped(function: Any) -> tuple[FunctionType, list[Any], dict[str, Any]]:
    """The function proper, and the arguments that it has been given already. Raises NotRecovered."""
    given: list[Any] = []
    keywords: dict[str, Any] = {}
    while not isinstance(function, FunctionType):
        match function:
            case functools.partial():
                given, keywords, function = [*function.args, *given], function.keywords | keywords, function.func
            case MethodType():
                given, function = [function.__self__, *given], function.__func__
            case torch.nn.Module() | type():
                raise NotRecovered(f"{name_of(function)} is a class or a module, no function")
            case _ if isinstance(call := getattr(function, "__call__", None), MethodType):  # noqa: B004
                function = call
            case _:
                raise NotRecovered(f"{name_of(function)} is not written in Python, and not one of the listed functions")
    return function, given, keywords


@functools.cache
def _names() -> dict[int, str]:
    """The listed functions and modules, by their identity."""
    found = {id(member(name)): name for name in sorted(allowed.FUNCTIONS - {"print"}, reverse=True)}
    return {key: name.replace("torch.nn.functional.", "F.") for key, name in found.items()} | {id(print): "print"}


def listed(function: object) -> str | None:
    """The name of a listed function."""
    return None if isinstance(function, ModuleType) else _names().get(id(function))
