"""What the values of a program are functions of: a key for each of its calls, equal only where the values are.

A key is a hash of what is called, of the module's stamp, of the arguments that the code has, and of the keys of those
that are computed; what comes from outside counts by its content. A call of code of others may give anything, and may
change what it is given: neither its result nor anything in the memory of either is used in another run.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, cast

import torch
from torch import fx
from torch.utils.weak import WeakIdKeyDictionary

from engine.document.expressions import Expression
from engine.runtime.loop import Loop, within
from engine.runtime.symbols import UNKNOWN

SIZE = 16
"""Bytes of a key: so many that no two are alike by chance."""

_CHANGING = frozenset({"append", "clear", "extend", "insert", "pop", "reverse"})
"""Methods that change what they are called on."""

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), torch.dtype, torch.device, torch.Size)
"""Types of arguments that are told apart by their names and what `repr` writes."""

_contents: WeakIdKeyDictionary = WeakIdKeyDictionary()


class _Unnamed(Exception):
    """Something that two programs can't be known to have alike."""


class _Row(NamedTuple):
    node: fx.Node
    said: bytes
    """What the code itself says of the call."""
    modules: tuple[str, ...]
    inputs: tuple[fx.Node, ...]
    inside: tuple[fx.Node, ...] = ()
    """Of a loop, its own calls: they have keys made of the loop's."""


class Identity:
    """What is known of a program's calls before any is made.

    `effects` are to be made in every run: they print, fail, or change something. `passing` are those whose values hold
    for one run only.
    """

    def __init__(self, code: fx.Graph) -> None:
        self._rows: list[_Row] = []
        changing: set[fx.Node] = set()
        printing: set[fx.Node] = set()
        for node in code.nodes:
            if node.op == "output":
                continue
            said = _said(node)
            inside = within(node.target) if isinstance(node.target, Loop) else []
            if said is None or any(map(_changes, (node, *inside))):
                changing.add(node)
            elif any(map(_prints, (node, *inside))):
                printing.add(node)
            modules = () if node in changing else tuple(name for each in (node, *inside) for name in _modules(each))
            self._rows.append(_Row(node, said or b"", modules, tuple(node.all_input_nodes), tuple(inside)))
        self.effects = frozenset(changing | printing)
        self.passing = frozenset(_downstream(changing | _beside(code, changing)) if changing else ())
        self.moved: set[fx.Node] = set()
        """The calls that have become others since this was emptied: by their module, or by what comes from outside."""
        self._own: dict[fx.Node, bytes] = {}
        self._keys: dict[fx.Node, bytes] = {}

    def keys(self, outside: Callable[[fx.Node], Any], stamps: Mapping[str, bytes]) -> Mapping[fx.Node, bytes]:
        """The key of every call, for what the placeholders hold and the modules (by path) are now.

        Only what has changed since the last time is worked out again. What is `passing` has one as well, which says
        what it was made from.
        """
        others: set[fx.Node] = set()
        own_before, self._own = self._own, {}  # all are worked out again, should this be cut short
        for node, said, modules, inputs, inside in self._rows:
            if node.op == "placeholder":
                own = content(outside(node))
            else:
                own = said + b"".join([stamps[module] for module in modules])
            self._own[node] = own
            if own != own_before.get(node):
                self.moved.add(node)
            if own != own_before.get(node) or not others.isdisjoint(inputs):
                text = own + b"".join([self._keys[used] for used in inputs])
                key = blake2b(text, digest_size=SIZE).digest()
                if key != self._keys.get(node):
                    self._keys[node] = key
                    others.add(node)
                    for index, call in enumerate(inside):
                        self._keys[call] = blake2b(b"%d of " % index + key, digest_size=SIZE).digest()
        return self._keys


def content(value: Any) -> bytes:
    """A hash of a value from outside; that of a tensor is worked out once."""
    if not isinstance(value, torch.Tensor):
        return blake2b(f"{type(value).__name__} {value!r}".encode(), digest_size=SIZE).digest()
    version = 0 if value.is_inference() else value._version
    known = _contents.get(value)
    if known is None or known[0] != version:
        flat = value.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
        flat = torch.view_as_real(flat) if flat.is_complex() else flat
        about = f"{value.dtype} {value.device} {tuple(value.shape)} {value.stride()} ".encode()
        digest = blake2b(about, digest_size=SIZE)
        digest.update(flat.reshape(-1).view(torch.uint8).numpy().data)
        known = _contents[value] = (version, digest.digest())
    return known[1]


def _modules(node: fx.Node) -> tuple[str, ...]:
    """The paths of the modules that a call needs."""
    if isinstance(node.target, Loop):
        return (node.target.path,)
    return (str(node.target),) if node.op == "call_module" else ()


def _said(node: fx.Node, names: Mapping[fx.Node, str] = {}) -> bytes | None:
    """What is called, and with what; None for what can't be told from other code. `names` are those of values."""
    function = node.meta["function"]
    if node.op == "placeholder":
        return b""
    try:
        match node.op, function:
            case "call_module", "":
                what = "module"
            case "call_method", "":
                what = f"method {node.target}"
            case "call_function", "" if node.target is getattr:
                what = "getattr"
            case "call_function", "decide":
                what = f"decide {_expression(node).source}"
            case "call_function", "loop":
                what = _said_of_loop(node, names)
            case "call_function", str() if function not in ("", "foreign", "withheld"):
                what = f"function {function}"
            case _:
                return None
        return f"{what} {_named(node.args, names)} {_named(node.kwargs, names)} ".encode(errors="surrogatepass")
    except _Unnamed:
        return None


def _said_of_loop(node: fx.Node, names: Mapping[fx.Node, str]) -> str:
    """The code of a loop, in which values go by where they stand. Raises _Unnamed."""
    loop = node.target
    assert isinstance(loop, Loop)
    own = [loop.x, loop.time, *([loop.condition] if loop.condition else []), *node.all_input_nodes, *loop.calls]
    inner = dict(names) | {each: f"%{len(names) + index}" for index, each in enumerate(own)}
    said = [_said(each, inner) for each in loop.calls]
    if any(line is None for line in said):
        raise _Unnamed
    return f"loop {b';'.join(filter(None, said))!r} {_named(loop.prediction, inner)}"


def _named(value: Any, names: Mapping[fx.Node, str] = {}) -> str:
    """Arguments in words that are the same for the same ones; computed ones are %, or what they are called."""
    if isinstance(value, fx.Node):
        return names.get(value, "%")
    if isinstance(value, torch.Size) or not isinstance(value, tuple | list | dict | slice):
        if type(value) not in _PLAIN:
            raise _Unnamed
        return f"{type(value).__name__}:{value!r}"
    if isinstance(value, slice):
        return f"slice{_named((value.start, value.stop, value.step), names)}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_named(item, names)}" for name, item in value.items()) + "}"
    inside = ",".join(_named(item, names) for item in value)
    return f"[{inside}]" if isinstance(value, list) else f"({inside})"


def _expression(node: fx.Node) -> Expression:
    """What a call that chooses by values evaluates."""
    return cast(Any, node.target).expression


def _prints(node: fx.Node) -> bool:
    function = node.meta["function"]
    return function == "print" or (function == "decide" and "print" in _expression(node).names)


def _changes(node: fx.Node) -> bool:
    """Whether a call may change a value that it is given."""
    if node.meta["function"] == "decide":
        parts = ast.walk(_expression(node).body)
        return any(isinstance(part, ast.Attribute) and part.attr in _CHANGING for part in parts)
    return node.meta["function"] == "foreign" or (node.op == "call_method" and node.target in _CHANGING)


def _beside(code: fx.Graph, changing: Iterable[fx.Node]) -> set[fx.Node]:
    """What may lie in the memory of what these calls are given, and so change with it.

    Examples lie in common memory where values do. A value that only a run knows may hold whatever it is made from.
    What comes from outside is never changed: code of others gets it as a copy.
    """
    sharing: dict[int, list[fx.Node]] = {}
    for node in code.nodes:
        for memory in _memories(node.meta.get("example")):
            sharing.setdefault(memory, []).append(node)
    found: set[fx.Node] = set()
    waiting = [used for node in changing for used in node.all_input_nodes]
    while waiting:
        node = waiting.pop()
        if node in found or node.op in ("placeholder", "output"):
            continue
        found.add(node)
        for memory in _memories(node.meta["example"]):
            waiting.extend(sharing.get(memory, ()))
        waiting.extend(user for user in node.users if _unknown(user) or _unknown(node))
        waiting.extend(used for used in node.all_input_nodes if _unknown(used) or _unknown(node))
    return found


def _memories(example: Any) -> set[int]:
    if isinstance(example, torch.Tensor):
        return {example.untyped_storage()._cdata}
    if isinstance(example, list | tuple):
        return set[int]().union(*map(_memories, example))
    return set()


def _unknown(node: fx.Node) -> bool:
    return node.meta.get("example") is UNKNOWN


def _downstream(nodes: set[fx.Node]) -> set[fx.Node]:
    """These, and all that is made from them."""
    found: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found and node.op != "output":
            found.add(node)
            waiting.extend(node.users)
    return found
