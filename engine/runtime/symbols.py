"""Values while lowering: torch.fx nodes for what only a run knows, and plain Python for all that is known before.

Lists and tuples are always Python's own, with fx nodes inside, so `held.append(x)` and `held.pop()` in a callback work
on them at lowering time and leave nothing to do at run time. Every fx node carries an *example* in `meta["example"]`:
a fake tensor of the right shape and dtype, or the number that the graph would get now.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    UnsupportedOperatorException,
)
from torch.fx.node import map_aggregate

from engine.document.allowed import BINARY, COMPARISON, METHODS, UNARY
from engine.document.direct import Direct, python_member
from engine.document.expressions import ExpressionError
from engine.document.subset import is_reference
from engine.runtime.loop import Loop
from engine.runtime.trusted import Trusted, imitated

LARGEST_SPLIT = 10_000
"""Most pieces that one call may make of a tensor; each is a node of the program."""

UNKNOWN: Any = type("Unknown", (), {"__repr__": lambda _: "?"})()
"""The example of a value that can't be told without running."""

_KNOWN_ATTRIBUTES = ("shape", "dtype", "device", "ndim")
_KNOWN_METHODS = ("size", "dim", "ndimension", "numel")
_ARITHMETIC = frozenset({*BINARY.values(), *UNARY.values(), *COMPARISON.values()})
_EFFECTS = ("print", "foreign", "decide")
"""Calls that may do something besides giving a result; in a loop they are made at every step."""
_CONTAINER_CALLS = ("len", "list", "tuple", "operator.getitem", "operator.add", "operator.mul")


class Undecided(Exception):
    """What an operation gives can't be told without running it."""


_UNDECIDED = (Undecided, DataDependentOutputException, DynamicOutputShapeException, UnsupportedOperatorException)


class LoweringError(Exception):
    """Something that can't run, whatever the values; the message is for people. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def member(name: str) -> Any:
    """The function or constant an expression names: torch's, math's or Python's."""
    if name.partition(".")[0] != "torch":
        return python_member(name)
    found: Any = torch
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def map_nodes(value: Any, change: Callable[[fx.Node], Any]) -> Any:
    """`value` with every fx node in it replaced; lists, tuples and slices are made afresh as plain ones."""
    if isinstance(value, fx.Node):
        return change(value)
    if isinstance(value, tuple):
        return tuple(map_nodes(v, change) for v in value)
    if isinstance(value, list):
        return [map_nodes(v, change) for v in value]
    if isinstance(value, slice):
        return slice(*(map_nodes(v, change) for v in (value.start, value.stop, value.step)))
    return value


def nodes_in(value: Any) -> list[fx.Node]:
    """Every fx node in a value, in order."""
    found: list[fx.Node] = []
    map_nodes(value, found.append)
    return found


def snapshot(value: Any) -> Any:
    """A copy that later changes to lists don't reach."""
    return map_nodes(value, lambda node: node)


def has_list(value: Any) -> bool:
    """Whether a value is a list or a tuple that holds one."""
    return isinstance(value, list) or (isinstance(value, tuple) and any(map(has_list, value)))


def example_of(value: Any) -> Any:
    """`value` with examples for its nodes; UNKNOWN when one is."""
    unknown = any(node.meta["example"] is UNKNOWN for node in nodes_in(value))
    return UNKNOWN if unknown else map_nodes(value, lambda node: node.meta["example"])


class Symbolic:
    """`engine.document.expressions.Operations` on values that may hold fx nodes.

    Nodes whose value a number from outside had a part in are marked as "numeric", and those whose shape or type it may
    have had a part in as "varying" too: a tensor to which a number was added has the shape that it had. `exact` becomes
    true when the program made is right only for the very numbers given as examples: because such a node decided how
    many values something returns, a shape or a dtype that was looked at, a choice, or that something can't be done.
    """

    def __init__(
        self,
        graph: fx.Graph,
        fake: FakeTensorMode,
        report: Callable[[Exception, tuple[Any, ...]], None],
        trusted: Trusted | None = None,
    ) -> None:
        self.graphs = [graph]
        """The code, and within it that of the loops that are being lowered, outermost first."""
        self.fake = fake
        self.report = report
        self.trusted = trusted or Trusted()
        self.exact = False
        self.owner = ""
        self.direct = Direct(lambda _: None, member)

    @property
    def graph(self) -> fx.Graph:
        """Where calls go that are made for their effect."""
        return self.graphs[-1]

    @property
    def made(self) -> int:
        """How many calls there are by now, in the loop that is being lowered or, outside of one, with placeholders."""
        placeholders = 0 if len(self.graphs) == 1 else sum(node.op == "placeholder" for node in self.graph.nodes)
        return len(self.graph.nodes) - placeholders

    def call(self, function: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """Do it now when nothing in it waits for the run, or it only rearranges a container; else emit it.

        Raises ForeignError for a function of others that can't be had.
        """
        if is_reference(function):
            found = self.trusted.function(function)
            return self.foreign("call_function", found, function, found, tuple(arguments))
        if function == "print":
            self._emit("call_function", print, tuple(arguments), keywords, lambda *_, **__: None, function)
            return None
        symbolic = nodes_in([*arguments, *keywords.values()])
        if function == "sum" and symbolic and isinstance(arguments[0], list | tuple):
            total: Any = arguments[1] if len(arguments) > 1 else keywords.get("start", 0)
            for item in arguments[0]:
                total = self.call("operator.add", [total, item], {})
            return total
        contained = bool(arguments) and isinstance(arguments[0], list | tuple)
        rearranges = contained and function in _CONTAINER_CALLS and not nodes_in(arguments[1:])
        if rearranges or not (symbolic or function.startswith("torch.")):
            return self.direct.call(function, arguments, keywords)
        target = member(function)

        def imitate(*args: Any, **kwargs: Any) -> Any:
            return self.direct.call(function, list(args), kwargs)

        return self._emit("call_function", target, tuple(arguments), keywords, imitate, function)

    def method(self, value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """A method of a container happens now; that of a value of the run is emitted."""
        if not isinstance(value, fx.Node):
            if not (name in ("count", "index", "join", "sort") and nodes_in([value, arguments])):
                return self._rearranged(value, name, arguments, keywords)
            if name == "sort":
                raise LoweringError("undecided-choice", "a list of values that only the run knows can't be sorted")
        elif name in _KNOWN_METHODS and isinstance(value.meta["example"], torch.Tensor) and not nodes_in(arguments):
            self._rely_on([value], "varying")
            return self.direct.method(value.meta["example"], name, arguments, keywords)
        assert name in METHODS

        def imitate(receiver: Any, *args: Any, **kwargs: Any) -> Any:
            return self.direct.method(receiver, name, list(args), kwargs)

        return self._emit("call_method", name, (value, *arguments), keywords, imitate)

    def _rearranged(self, value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        """A method of a container that needs no more than is known now; an index from outside counts as it is."""
        if name in ("pop", "insert") and arguments and isinstance(index := arguments[0], fx.Node):
            if not isinstance(index.meta["example"], int):
                raise LoweringError("undecided-choice", "where a list is changed must be a whole number known now")
            self._rely_on([index])
            arguments = [index.meta["example"], *arguments[1:]]
        if name == "extend" and arguments and isinstance(arguments[0], fx.Node):
            arguments = [self.call("tuple", arguments, {})]
        if isinstance(value, list) and any(_holds(argument, value) for argument in arguments) and name != "extend":
            raise LoweringError("failed", "a list can't hold itself")
        return self.direct.method(value, name, arguments, keywords)

    def attribute(self, value: Any, name: str) -> Any:
        """Shapes, dtypes and devices are known now; a program holds for these only."""
        if not isinstance(value, fx.Node):
            return self.direct.attribute(value, name)
        if name in _KNOWN_ATTRIBUTES and isinstance(value.meta["example"], torch.Tensor):
            self._rely_on([value], "varying")
            return getattr(value.meta["example"], name)
        return self._emit("call_function", getattr, (value, name), {}, getattr)

    def constant(self, name: str) -> Any:
        return self.direct.constant(name)

    def truth(self, value: Any) -> bool:
        """Raises LoweringError for a value that only the run knows."""
        if isinstance(value, fx.Node):
            raise LoweringError(
                "undecided-choice",
                "a choice that depends on a value of the run can't also handle lists; "
                "make the choice in a Lambda of its own, or use torch.where",
            )
        return bool(value)

    def module(self, path: str, module: torch.nn.Module, arguments: tuple[Any, ...]) -> Any:
        """A call of a module."""
        return self._emit("call_module", path, arguments, {}, module)

    def foreign(self, op: str, target: Any, what: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """A call of code of others. Lists among the arguments hold afterwards what it has left in them.

        It is tried on the examples, in silence; where that fails, nothing is known of the result.
        """
        lists = [value for value in arguments if isinstance(value, list)]
        same: list[int] = []

        def imitate(*values: Any) -> Any:
            result = imitated(function, values)
            if result is None:
                raise Undecided
            same.extend(index for index, each in enumerate(result[1]) if each is result[0])
            return result

        self._rely_on(nodes_in(arguments))
        found = self._emit(op, target, arguments, {}, imitate, "foreign", what)
        if isinstance(found, fx.Node):
            if lists:
                raise LoweringError(
                    "undecided-choice",
                    f"{what} can't be tried without values, so what it does to a list can't be known before the run",
                )
            return self._emit("call_function", operator.getitem, (found, 0), {}, _undecided, "operator.getitem")
        result, left = found
        for held, now in zip(lists, left, strict=True):
            held[:] = now
        return lists[same[0]] if same else result

    def opaque(self, target: Callable[..., Any], arguments: tuple[Any, ...], imitate: Callable[..., Any]) -> Any:
        """A call of a function that looks at values to decide what to do."""
        self._rely_on(nodes_in(arguments))
        return self._emit("call_function", target, arguments, {}, imitate, "decide")

    def _rely_on(self, nodes: list[fx.Node], mark: str = "numeric") -> None:
        """Something that shapes the program was read off these nodes; it may change where they have this mark."""
        self.exact = self.exact or any(node.meta[mark] for node in nodes)

    def _innermost(self, given: list[fx.Node]) -> fx.Graph:
        """Where a call belongs that takes these: what nothing of a loop has a part in is made outside of it."""
        return max((node.graph for node in given), key=self.graphs.index, default=self.graphs[0])

    def loop(self, loop: Loop, noise: fx.Node, given: Any) -> Any:
        """A call of a loop whose code is done; it gives what the noise is."""
        example = noise.meta["example"]
        result = self._emit("call_function", loop, (noise, given, *loop.captured), {}, lambda *_: example, "loop")
        result.meta["varying"] = noise.meta["varying"]
        return result

    def _emit(
        self,
        op: str,
        target: Any,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        imitate: Callable[..., Any],
        function: str = "",
        what: str = "",
    ) -> Any:
        given = nodes_in([*arguments, *keywords.values()])
        graph = self.graph if function in _EFFECTS else self._innermost(given)
        node = graph.create_node(op, target, _frozen(arguments), _frozen(keywords))
        marks = {mark: any(n.meta[mark] for n in given) for mark in ("numeric", "varying")}
        node.meta.update(owner=self.owner, function=function, example=UNKNOWN, what=what, **marks)
        _check_pieces(function or str(target), example_of(arguments), example_of(list(keywords.values())))
        node.meta["example"] = self._example(node, imitate, arguments, keywords)
        if isinstance(node.meta["example"], torch.Tensor):
            if not function.startswith("operator.") and function != "loop":
                self._rely_on([n for n in given if _is_number(n)])  # it may well be a size
            if function in _ARITHMETIC:  # a number is broadcast; its type is what it is, if it comes as it is
                outside = [n for n in given if n.op == "placeholder" and _is_number(n)]
                node.meta["varying"] = any(n.meta["varying"] for n in given if n not in outside)
        return self._unpacked(node)

    def _example(
        self, node: fx.Node, imitate: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        args, kwargs = example_of(arguments), example_of(list(keywords.values()))
        if args is UNKNOWN or kwargs is UNKNOWN:
            return UNKNOWN
        try:
            with self.fake, torch.no_grad():
                return imitate(*args, **dict(zip(keywords, kwargs, strict=True)))
        except _UNDECIDED:
            return UNKNOWN
        except Exception as error:  # whatever an operation raises is about the graph, not about us
            self._rely_on([node])
            if isinstance(error, ExpressionError | LoweringError):
                raise
            self.report(error, args)
            return UNKNOWN

    def _unpacked(self, node: fx.Node) -> Any:
        """Results that hold several values become containers of nodes; those that hold none, None."""
        example = node.meta["example"]
        if isinstance(example, list | tuple | range | None):
            self._rely_on([node], "varying")
        if isinstance(example, list | tuple | range):
            items = [self._item(node, index, item) for index, item in enumerate(example)]
            return items if isinstance(example, list | range) else tuple(items)
        return None if example is None else node

    def _item(self, node: fx.Node, index: int, example: Any) -> Any:
        item = node.graph.create_node("call_function", operator.getitem, (node, index))
        marks = {mark: node.meta[mark] for mark in ("numeric", "varying")}
        item.meta.update(owner=self.owner, function="operator.getitem", example=example, **marks)
        return self._unpacked(item)


def _undecided(*_: Any) -> Any:
    raise Undecided


def _is_number(node: fx.Node) -> bool:
    return isinstance(node.meta["example"], bool | int | float | complex)


def _holds(value: Any, target: list[Any]) -> bool:
    """Whether a container is, or holds somewhere inside, the target."""
    return value is target or (isinstance(value, list | tuple) and any(_holds(item, target) for item in value))


def _check_pieces(name: str, arguments: Any, keywords: Any) -> None:
    """Refuse to take a tensor apart into more pieces than a program should have nodes."""
    if arguments is UNKNOWN or keywords is UNKNOWN or not arguments or not isinstance(arguments[0], torch.Tensor):
        return
    longest = max(arguments[0].shape, default=0)
    sizes = [value for value in (*arguments[1:2], *keywords) if isinstance(value, int) and value > 0]
    match name.rpartition(".")[2]:
        case "tuple" | "list" | "unbind":
            pieces = longest
        case "split":
            pieces = longest // min(sizes, default=longest or 1)
        case "chunk" | "tensor_split":
            pieces = max(sizes, default=0)
        case _:
            return
    if pieces > LARGEST_SPLIT:
        raise LoweringError("too-large", f"{name} would make {pieces} values; at most {LARGEST_SPLIT} are allowed")


def _frozen(value: Any) -> Any:
    """Arguments as fx wants them, apart from lists that may still change."""
    return map_aggregate(
        snapshot(value) if not isinstance(value, dict) else {k: snapshot(v) for k, v in value.items()}, lambda v: v
    )
