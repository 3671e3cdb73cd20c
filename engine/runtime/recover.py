"""Live Python functions as sources in the checked subset, for Lambda, compose and callback.

A function is translated from how it was written: what it takes from around it (constants, attributes of its `self`) is
put in by value, what it assigns is put in where it is used, and functions that it calls are written out. Assertions are
left out. What remains must pass `expressions.parse`.
"""

import ast
import builtins
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, cast

import torch

from engine.document import allowed, expressions
from engine.document.expressions import ExpressionError
from engine.runtime.functions import NotRecovered, listed, name_of, unwrapped, written
from engine.runtime.operands import (
    CHANGING,
    Live,
    changed_by,
    is_literal,
    is_none,
    item_of,
    literal,
    made,
    root_of,
    shown,
)

DEEPEST = 8
"""Functions that call functions are written out so many levels deep."""


Part = ast.expr | Live


def source_of(function: Callable[..., Any], effect: bool = False) -> str:
    """`function` in the checked subset. With `effect` its result does not matter, as that of a callback.

    Raises NotRecovered, saying why it can't be written so.
    """
    if name := listed(function):
        return name
    core, given, keywords = unwrapped(function)
    parameters = ast.arguments([], [], None, [], [], None, [])
    values: dict[str, Part] = {}
    for index, parameter in enumerate(inspect.signature(core, follow_wrapped=False).parameters.values()):
        reserved = parameter.name in allowed.NAMESPACES or parameter.name in allowed.BUILTINS
        argument = ast.arg(parameter.name + "_" * reserved)
        values[parameter.name] = made(ast.Name(argument.arg, ast.Load()))
        has_default = parameter.default is not parameter.empty
        if index < len(given):
            values[parameter.name] = Live(given[index])
        elif parameter.name in keywords:
            values[parameter.name] = Live(keywords[parameter.name])
        elif parameter.kind is parameter.VAR_POSITIONAL:
            parameters.vararg = argument
        elif parameter.kind is parameter.VAR_KEYWORD or (parameter.kind is parameter.KEYWORD_ONLY and not has_default):
            raise NotRecovered(f"values travel by position, but it takes {parameter}")
        elif parameter.kind is parameter.KEYWORD_ONLY:
            values[parameter.name] = Live(parameter.default)
        else:
            parameters.args.append(argument)
            parameters.defaults += [literal(parameter.default)] if has_default else []
    here = ast.Name(parameters.args[0].arg, ast.Load()) if parameters.args else None
    try:
        whole = ast.Lambda(parameters, _Scope(core, values, here).whole(effect))
        text = ast.unparse(ast.fix_missing_locations(whole))
        expressions.parse(text)
    except ExpressionError as error:
        raise NotRecovered(str(error)) from None
    except RecursionError:
        raise NotRecovered("written out, it is nested too deeply") from None
    return text


@dataclass
class _Scope:
    """One function being translated: what its names stand for. `here` is a tensor where the outermost one is."""

    function: Any
    values: dict[str, Part]
    here: ast.expr | None
    depth: int = 0
    bound: list[ast.expr] = field(default_factory=list)
    """What names inside have been bound to, in all functions written out."""

    def whole(self, effect: bool) -> ast.expr:
        """The function as one expression."""
        tree = written(self.function)
        body = tree.body if isinstance(tree, ast.FunctionDef) else [ast.Return(tree.body)]
        found = self.body(body, effect)
        changed = {name for part in ast.walk(found) if (name := changed_by(part))}
        for value in self.bound:
            if not isinstance(value, ast.Name) and changed & {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}:
                raise NotRecovered(f"it holds {shown(value)} while it changes {' and '.join(sorted(changed))}")
        return found

    def body(self, statements: Sequence[ast.stmt], effect: bool = False) -> ast.expr:
        """What statements do and return, in order, as one expression."""
        done: list[ast.expr] = []
        result: ast.expr | None = None
        for index, statement in enumerate(statements):
            match statement:
                case ast.Pass() | ast.Assert() | ast.Expr(value=ast.Constant()):
                    continue
                case ast.Assign(targets=[ast.Subscript() as target], value=value):
                    done += self.put(target, value)
                case ast.Assign(targets=[target]) | ast.AnnAssign(target=target, value=ast.expr()):
                    self.bind(target, self.part(cast(ast.expr, statement.value)))
                case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value) if name in self.values:
                    self.own(name)
                    self.bind(target, self.part(ast.BinOp(ast.Name(name, ast.Load()), op, value)))
                case ast.If():
                    rest = list(statements[index + 1 :])
                    result = self.choice(statement, rest, effect)
                    break
                case ast.Expr(value=value):
                    done.append(self.value(value))
                case ast.Return():
                    result = self.value(statement.value) if statement.value else None
                    break
                case _:
                    raise NotRecovered(f"{shown(statement)}: only assignments, calls, if and return are written out")
        if not done:
            return result or ast.Constant(None)
        if effect:
            parts = [*done, *([result] if result else [])]
            return parts[0] if len(parts) == 1 else made(ast.Tuple(parts, ast.Load()))
        everything = made(ast.Tuple([*done, result or ast.Constant(None)], ast.Load()))
        return made(ast.Subscript(everything, literal(-1), ast.Load()))

    def choice(self, statement: ast.If, rest: list[ast.stmt], effect: bool) -> ast.expr:
        test = self.value(statement.test)
        branches = [[*statement.body, *rest], [*statement.orelse, *rest]]
        if isinstance(test, ast.Constant):
            return self.body(branches[0 if test.value else 1], effect)
        before = dict(self.values)
        found: list[ast.expr] = []
        for branch in branches:
            self.values = dict(before)
            found.append(self.body(branch, effect))
        return made(ast.IfExp(test, *found))

    def bind(self, target: ast.expr, part: Part) -> None:
        """Let a name, or each of several, stand for a value from here on."""
        match target, part:
            case ast.Name(id=name), _:
                self.values[name] = part
                if not isinstance(part, Live):
                    self.bound.append(part)
            case ast.Tuple(elts=targets), _ if not any(isinstance(each, ast.Starred) for each in targets):
                for index, each in enumerate(targets):
                    self.bind(each, self.item(part, index))
            case _:
                raise NotRecovered(f"{shown(target)} is assigned, which can't be written in an expression")

    def own(self, name: str) -> None:
        """Refuse to change in place (`x += y`) what another name, or whoever called, may hold as well."""
        part = self.values[name]
        fresh = isinstance(part, ast.BinOp | ast.UnaryOp) and name not in inspect.signature(self.function).parameters
        held = [value for value in [*self.bound, *self.values.values()] if isinstance(value, ast.expr)]
        elsewhere = sum(inner is part for value in held for inner in ast.walk(value)) > 2  # as bound, and by its name
        plain = is_literal(part) if isinstance(part, ast.expr) else isinstance(part.value, int | float | str | tuple)
        if not plain and (elsewhere or not fresh):
            raise NotRecovered(f"it changes {name} in place, which others may hold")

    def item(self, part: Part, index: int) -> Part:
        match part:
            case Live(value):
                return item_of(value, index)
            case ast.Tuple(elts=items) | ast.List(elts=items) if not any(isinstance(i, ast.Starred) for i in items):
                return items[index]
            case _:
                return made(ast.Subscript(part, literal(index), ast.Load()))

    def put(self, target: ast.Subscript, value: ast.expr) -> list[ast.expr]:
        """`xs[n] = x` for a list and a number that is known: take out the old item, insert the new one."""
        index = self.value(target.slice)
        place = ast.literal_eval(index) if is_literal(index) else None
        xs, x = self.part(target.value), self.value(value)
        if not isinstance(place, int) or not isinstance(xs, ast.Name):
            raise NotRecovered(f"{shown(target)} is assigned, which is written only for an argument and a known number")

        def call(name: str, *arguments: ast.expr) -> ast.expr:
            return made(ast.Call(ast.Attribute(xs, name, ast.Load()), list(arguments), []))

        if place == -1:
            return [call("pop"), call("append", x)]
        return [call("pop", index), call("insert", literal(place + (place < 0)), x)]

    def value(self, node: ast.expr) -> ast.expr:
        part = self.part(node)
        return literal(part.value) if isinstance(part, Live) else part

    def part(self, node: ast.expr) -> Part:
        match node:
            case ast.Name(id=name):
                return self.values[name] if name in self.values else Live(self.around(name))
            case ast.Attribute(value=value, attr=attr):
                owner = self.part(value)
                return self.attribute(owner.value, attr) if isinstance(owner, Live) else self.rebuilt(node)
            case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
                owner, place = self.part(value), self.place(index)
                if isinstance(owner, Live) and is_literal(place):
                    return item_of(owner.value, ast.literal_eval(place))
                whole = literal(owner.value) if isinstance(owner, Live) else owner
                return made(ast.Subscript(whole, place, ast.Load()))
            case ast.Call():
                return self.call(node)
            case _ if type(node) in allowed.UNSUPPORTED:
                raise NotRecovered(f"{shown(node)}: {allowed.UNSUPPORTED[type(node)]} can't be written")
            case _:
                return self.rebuilt(node)

    def place(self, index: ast.expr) -> ast.expr:
        """What stands between brackets; `slice(a, b)` becomes `a:b`."""
        match index:
            case ast.Call(func=ast.Name(id="slice"), args=arguments, keywords=[]) if "slice" not in self.values:
                bounds = [None if is_none(bound) else bound for bound in map(self.value, arguments)]
                bounds = [None, *bounds] if len(bounds) == 1 else bounds
                return made(ast.Slice(*bounds))
            case _:
                return self.value(index)

    def rebuilt(self, node: ast.expr) -> ast.expr:
        """The same operation on translated operands."""
        fields: dict[str, Any] = {}
        for name, old in ast.iter_fields(node):
            fields[name] = [self.operand(each) for each in old] if isinstance(old, list) else self.operand(old)
        return made(type(node)(**fields))

    def operand(self, old: Any) -> Any:
        return self.value(old) if isinstance(old, ast.expr) else old

    def around(self, name: str) -> Any:
        """The object that a name from around the function stands for now."""
        code = self.function.__code__
        if name in code.co_freevars:
            try:
                return self.function.__closure__[code.co_freevars.index(name)].cell_contents
            except ValueError:
                raise NotRecovered(f"{name} has no value yet") from None
        for names in (self.function.__globals__, vars(builtins)):
            if name in names and name not in code.co_varnames:
                return names[name]
        raise NotRecovered(f"{name} has no value where it is used")

    def attribute(self, owner: Any, name: str) -> Part:
        """An attribute of an object from around. The device of a module is where its input is."""
        if isinstance(owner, torch.nn.Module) and name in ("use_context", "set_context", "provider"):
            raise NotRecovered("it reaches for contexts, which takes a UseContext or a SetContext")
        static = inspect.getattr_static(type(owner), name, None)
        if isinstance(static, property) and isinstance(owner, torch.nn.Module) and name == "device":
            if self.here is None:
                raise NotRecovered("it asks for the device of its module, and takes no tensor that is there")
            return made(ast.Attribute(self.here, "device", ast.Load()))
        if isinstance(static, property) and isinstance(static.fget, FunctionType):
            return self.inlined(static.fget, [Live(owner)], {})
        try:
            return Live(getattr(owner, name))
        except Exception as error:  # an attribute is foreign code
            raise NotRecovered(f"{type(owner).__name__}.{name} can't be read: {error}") from None

    def call(self, node: ast.Call) -> Part:
        function = self.part(node.func)
        if any(keyword.arg is None for keyword in node.keywords):
            raise NotRecovered(f"{shown(node)}: keywords must be written out")
        if isinstance(function, Live) and function.value is typing.cast:
            return self.part(node.args[-1])
        arguments = [self.part(argument) for argument in node.args]
        keywords = {str(keyword.arg): self.part(keyword.value) for keyword in node.keywords}
        if isinstance(function, Live):
            name = "tuple" if function.value is torch.Size else listed(function.value)
            if not name and inspect.isbuiltin(function.value):
                raise NotRecovered(f"{shown(node.func)} is not written in Python, and not one of the listed functions")
            if not name:
                return self.inlined(function.value, arguments, keywords)
            called: ast.expr = ast.parse(name, mode="eval").body
        elif isinstance(function, ast.Attribute):
            called = function
            root = root_of(function)
            made_here = not isinstance(root, ast.Name) and any(root is value for value in self.bound)
            if function.attr in CHANGING and made_here:
                raise NotRecovered(f"{shown(node)} changes what it made itself, which an expression can't hold")
        else:
            raise NotRecovered(f"{shown(node)} calls what only a run knows")
        values = [literal(part.value) if isinstance(part, Live) else part for part in arguments]
        named = {k: literal(part.value) if isinstance(part, Live) else part for k, part in keywords.items()}
        return made(ast.Call(called, values, [ast.keyword(name, value) for name, value in named.items()]))

    def inlined(self, function: Any, arguments: Sequence[Part], keywords: Mapping[str, Part]) -> ast.expr:
        """The result of another function, written out."""
        if self.depth >= DEEPEST:
            raise NotRecovered("functions call functions too deeply")
        core, given, named = unwrapped(function)
        taken = [*map(Live, given), *arguments]
        if any(isinstance(part, ast.Starred) for part in taken):
            raise NotRecovered(f"{name_of(function)} is called with a number of arguments that only a run knows")
        signature = inspect.signature(core, follow_wrapped=False)
        try:
            bound = signature.bind(*taken, **{k: Live(v) for k, v in named.items()}, **keywords)
        except TypeError as error:
            raise NotRecovered(f"{name_of(function)}: {error}") from None
        values: dict[str, Part] = {n: Live(p.default) for n, p in signature.parameters.items()}
        for name, part in bound.arguments.items():
            if signature.parameters[name].kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise NotRecovered(f"{name_of(function)} takes {signature.parameters[name]}")
            values[name] = part
        self.bound += [part for part in taken + list(keywords.values()) if not isinstance(part, Live)]
        return _Scope(core, values, self.here, self.depth + 1, self.bound).whole(effect=False)
