"""Lowering of leaves: calls of modules and functions, and what is read from contexts and written to them."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from engine.document import expressions
from engine.document.direct import Direct
from engine.document.expressions import Expression
from engine.document.kinds import NodeKind
from engine.runtime.foreign import ForeignError
from engine.runtime.lower_frames import passed_on
from engine.runtime.symbols import UNKNOWN, LoweringError, example_of, has_list, member, nodes_in

if TYPE_CHECKING:
    from engine.runtime.lower import Lowering

_CHOICES = (ast.IfExp, ast.BoolOp, ast.Not, ast.In, ast.NotIn)


@dataclass(frozen=True)
class Decision:
    """An expression that chooses by values, to be evaluated when those are known."""

    expression: Expression
    __name__ = "decide"

    def __call__(self, log: Callable[[str], object], *values: Any) -> Any:
        return expressions.evaluate(self.expression, values, Direct(log, member))


def leaf(lowering: "Lowering", node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
    """What a leaf returns; withheld where code of others can't be had. Raises LoweringError, ExpressionError."""
    try:
        return _returned(lowering, node, kind, arguments)
    except ForeignError as error:
        return lowering.withhold(error)


def _returned(lowering: "Lowering", node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
    params = lowering.graph.nodes[node].params
    match kind.role:
        case "module":
            return _module(lowering, node, arguments)
        case "foreign":
            return _foreign(lowering, node, arguments)
        case "lambda":
            return _evaluate(lowering, str(params.get("func") or ""), arguments)
        case "use":
            store, context, key = store_of(lowering, node)
            value = store.get(key)
            if value is None:
                raise LoweringError("context-unset", f"{context}.{key} is unset when this node reads it")
            compose = params.get("compose")
            return _evaluate(lowering, str(compose), (value,)) if compose else value
        case "set":
            return _write(lowering, node, arguments)
        case "return":
            if len(arguments) != 1:
                raise LoweringError("argument-count", f"a Return takes one argument, was given {len(arguments)}")
            return arguments[0]
        case "breakpoint":
            return passed_on(arguments)
        case _:
            raise AssertionError(kind.role)


def _module(lowering: "Lowering", node: str, arguments: tuple[Any, ...]) -> Any:
    module = lowering.modules.get(node)
    if module is None:
        raise LoweringError("not-built", "its layer could not be built from these params")
    try:
        inspect.signature(module.forward).bind(*arguments)
    except TypeError:
        wanted = len(inspect.signature(module.forward).parameters)
        raise LoweringError(
            "argument-count", f"takes {wanted} argument{'s' * (wanted != 1)}, was given {len(arguments)}"
        ) from None
    path = lowering.paths[node]
    lowering.used[path] = module
    return lowering.symbols.module(path, module, arguments)


def _foreign(lowering: "Lowering", node: str, arguments: tuple[Any, ...]) -> Any:
    name = str(lowering.graph.nodes[node].params.get("constructor") or "")
    module = lowering.modules.get(node)
    if module is None:
        lowering.symbols.trusted.find(name)  # says why not
        raise ForeignError(f"{name} could not be made from these arguments")
    path = lowering.paths[node]
    lowering.used[path] = module
    return lowering.symbols.foreign("call_module", path, name, module, arguments)


def _write(lowering: "Lowering", node: str, arguments: tuple[Any, ...]) -> Any:
    if len(arguments) != 1:
        raise LoweringError("argument-count", f"a SetContext takes one argument, was given {len(arguments)}")
    store, context, key = store_of(lowering, node)
    callback = lowering.graph.nodes[node].params.get("callback")
    if not callback:
        store[key] = arguments[0]
    elif key not in store:
        raise LoweringError("context-unset", f"{context}.{key} holds nothing that the callback could change")
    elif expressions.parse(str(callback)).reference:
        store[key] = _changed_by(lowering, str(callback), store[key], arguments[0])
    else:
        _evaluate(lowering, str(callback), (store[key], arguments[0]))
    return arguments[0]


def _changed_by(lowering: "Lowering", callback: str, held: Any, given: Any) -> Any:
    """What a context holds once code of others has changed it. A tensor is copied first: it may be from outside."""
    try:
        if isinstance(held, fx.Node) and isinstance(held.meta["example"], torch.Tensor):
            held = lowering.symbols.call("torch.clone", [held], {})
        _evaluate(lowering, callback, (held, given))
    except ForeignError as error:
        return lowering.withhold(error)
    return held


def store_of(lowering: "Lowering", node: str) -> tuple[dict[str, Any], str, str]:
    """What the nearest provider holds in the node's context, and the names of context and key."""
    params = lowering.graph.nodes[node].params
    context, key = str(params.get("context") or ""), str(params.get("key") or "")
    providers = lowering.providers.get(context)
    if not providers:
        raise LoweringError("context-undeclared", f"no frame around it declares the context {context!r}")
    return lowering.stores[providers[-1]][context], context, key


def _evaluate(lowering: "Lowering", source: str, arguments: tuple[Any, ...]) -> Any:
    expression = expressions.parse(source)
    if nodes_in(arguments) and not has_list(arguments) and _chooses(expression, arguments):
        return _decide(lowering, expression, arguments)
    return expressions.evaluate(expression, arguments, lowering.symbols)


def _chooses(expression: Expression, arguments: tuple[Any, ...]) -> bool:
    """Whether what an expression does may depend on values that only the run knows."""
    for part in ast.walk(expression.body):
        if isinstance(part, _CHOICES) or (isinstance(part, ast.Compare) and len(part.ops) > 1):
            return True
        if isinstance(part, ast.Is | ast.IsNot) and example_of(arguments) is UNKNOWN:
            return True
    return False


def _decide(lowering: "Lowering", expression: Expression, arguments: tuple[Any, ...]) -> Any:
    """An expression that chooses by values: one call that evaluates it when those are known."""
    direct = Direct(lambda _: None, member)

    def imitate(*values: Any) -> Any:
        return expressions.evaluate(expression, values, direct)

    return lowering.symbols.opaque(Decision(expression), arguments, imitate)
