"""Expressions on ordinary values: each operation is done at once, and refused where it would fill the memory."""

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

from engine.document import allowed
from engine.document.expressions import LARGEST, ExpressionError
from engine.document.subset import is_reference

LARGEST_BITS = 14_000
"""Python refuses to write whole numbers of more than 4300 digits; these have fewer."""

_MEMBERS: dict[str, Any] = (
    {name: getattr(builtins, name) for name in allowed.BUILTINS - {"print"}}
    | {name: getattr(math, name.removeprefix("math.")) for name in allowed.MATH}
    | {name: getattr(math, name.removeprefix("math.")) for name in allowed.CONSTANTS if name.startswith("math.")}
    | {
        name: getattr(operator, name.removeprefix("operator."))
        for name in {*allowed.BINARY.values(), *allowed.UNARY.values(), *allowed.COMPARISON.values()}
    }
    | {"operator.getitem": operator.getitem, "operator.contains": operator.contains, "str.format": str.format}
)


def python_member(name: str) -> Any:
    """The listed function or constant of Python itself with that name. Raises ExpressionError for torch's."""
    if is_reference(name):
        raise ExpressionError(f"{name} is Python code, which only a run imports, once it is trusted")
    if name not in _MEMBERS:
        raise ExpressionError(f"{name} needs torch, which is not loaded here; run the graph to evaluate it")
    return _MEMBERS[name]


class Direct:
    """Operations on concrete values. `log` gets what print writes, line ends included; `member` finds a function or
    constant by its full name, and the runtime passes one that knows torch."""

    def __init__(self, log: Callable[[str], object], member: Callable[[str], Any] = python_member) -> None:
        self.log = log
        self.member = member

    def call(self, function: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if function == "print":
            return self._print(arguments, **keywords)
        _check_call(function, arguments, keywords)
        result = self.member(function)(*arguments, **keywords)
        if isinstance(result, range):  # made lazily, so it can be judged after the call
            _limit("range", (result.stop - result.start) // result.step)
        elif isinstance(result, int):
            _limit(function, result.bit_length(), "bits", LARGEST_BITS)
        return result

    def method(self, value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        match value, name, arguments:
            case list(), "extend", [list() | tuple() | str() | range() as more]:
                _limit(name, len(value) + len(more))
            case str(), "join", [list() | tuple() as parts]:
                _limit(name, _weight(parts) + len(value) * len(parts))
        return getattr(value, name)(*arguments, **keywords)

    def attribute(self, value: Any, name: str) -> Any:
        return getattr(value, name)

    def constant(self, name: str) -> Any:
        return self.member(name)

    def truth(self, value: Any) -> bool:
        return bool(value)

    def _print(self, arguments: list[Any], sep: str | None = None, end: str | None = None) -> None:
        _limit("print", _weight(arguments))
        self.log((" " if sep is None else sep).join(map(str, arguments)) + ("\n" if end is None else end))


def _check_call(function: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    """Refuse what would work in place, or blow up beyond any memory, before doing it.

    The size of a power is guessed from below, by at most half; its result is judged again.
    """
    if len(arguments) > (most := allowed.MOST_ARGUMENTS.get(function, len(arguments))):
        raise ExpressionError(f"{function} takes {most} arguments by position; the next works in place")
    match function, arguments:
        case "operator.pow", [int() as base, int() as exponent] if abs(base) > 1 and exponent > 0:
            _limit(f"{_shown(base)} ** {_shown(exponent)}", (base.bit_length() - 1) * exponent, "bits", LARGEST_BITS)
        case "operator.mul", [int() as left, int() as right]:
            _limit("a product of integers", left.bit_length() + right.bit_length(), "bits", LARGEST_BITS)
        case "operator.lshift", [int() as value, int() as places] if value:
            _limit(f"{_shown(value)} << {_shown(places)}", value.bit_length() + places, "bits", LARGEST_BITS)
        case "operator.mul", [str() | list() | tuple() as items, int() as times]:
            _limit(f"repeating {_shown(times)} times", len(items) * times)
        case "operator.mul", [int() as times, str() | list() | tuple() as items]:
            _limit(f"repeating {_shown(times)} times", len(items) * times)
        case "operator.add", [str() | list() | tuple() as left, str() | list() | tuple() as right]:
            _limit("joining with +", len(left) + len(right))
        case "operator.mod", [str(), _]:
            raise ExpressionError("% does not format texts here; write an f-string")
        case "round", [int(), *places]:
            digits = [*places, *keywords.values()]
            if digits and isinstance(digits[0], int):
                _limit(f"round to {_shown(digits[0])} digits", -digits[0], "digits")
        case "sum", [_, *start] if any(isinstance(value, list | tuple) for value in [*start, *keywords.values()]):
            raise ExpressionError("sum starts from a number; join lists with +")
        case "str" | "str.format", _:
            _limit("writing as text", _weight(arguments))


def _limit(what: str, size: int, unit: str = "elements", largest: int = LARGEST) -> None:
    if size > largest:
        raise ExpressionError(f"too large: {what} would make more than {largest} {unit}")


def _shown(number: int) -> str:
    return str(number) if number.bit_length() < 64 else "a huge number"


def _weight(items: list[Any] | tuple[Any, ...]) -> int:
    """How many elements and characters writing out `items` visits, nested ones counted as often as they occur; stops
    counting soon after LARGEST, so a list that contains itself is merely too large."""
    total, waiting = len(items), list(items)
    while waiting and total <= LARGEST:
        item = waiting.pop()
        if isinstance(item, str | list | tuple):
            total += len(item)
        if isinstance(item, list | tuple) and total <= LARGEST:
            waiting.extend(item)
    return total
