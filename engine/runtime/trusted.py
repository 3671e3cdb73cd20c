"""The Python code of others that a graph may import: the names that its user trusts, and nothing else.

A module is looked for where Python looks, then in the graph's folder, which is on the path only while something is
imported. What came from that folder is forgotten with the `Trusted`, so that a changed file is read again.
"""

import contextlib
import copy
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import unset_fake_temporarily

from engine.document.kinds import ParamValue
from engine.document.references import is_beside
from engine.runtime.foreign import ForeignError, Write, attribute, guarded, made


class Untrusted(ForeignError):
    """A name that the user has not agreed to."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is Python code of others: nothing of it is imported before you trust it")


class Trusted:
    """The names that may be imported for one graph, and what was imported under them."""

    def __init__(self, names: frozenset[str] = frozenset(), folder: Path | None = None, write: Write = print) -> None:
        """`folder` is the graph's; `write` takes what is printed while something is imported or made."""
        self.names = names
        self._folder = folder
        self._write = write
        self._found: dict[str, Any] = {}
        self._local: set[str] = set()

    def find(self, name: str) -> Any:
        """What a name stands for, imported at the first time. Raises Untrusted and ForeignError."""
        if name not in self.names:
            raise Untrusted(name)
        if name not in self._found:
            try:
                with self._path(name), unset_fake_temporarily():  # what it makes meanwhile is there to stay
                    self._found[name] = attribute(name, self._write)
            except ForeignError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, ForeignError):
            raise found
        return found

    def function(self, name: str) -> Callable[..., Any]:
        """The function that a Lambda, compose or callback names. Raises Untrusted and ForeignError."""
        found = self.find(name)
        if not callable(found):
            raise ForeignError(f"{name} is of type {type(found).__name__}, but must be a function")
        return found

    def module(self, params: dict[str, ParamValue]) -> nn.Module:
        """The module that a Foreign leaf stands for. Raises Untrusted and ForeignError."""
        name, path = str(params["constructor"]).strip(), str(params["path"])
        named = self.find(name)
        found = made(name, named, str(params["arguments"]), write=self._write)
        if found is named:  # a leaf has weights of its own
            with unset_fake_temporarily(), self.contained(f"{name} can't be copied"):
                found = copy.deepcopy(found)
        try:
            return nn.Module.get_submodule(found, path)
        except AttributeError:
            parts = ", ".join(part for part, _ in nn.Module.named_children(found)) or "none"
            raise ForeignError(f"what {name} makes has no part {path}; it has {parts}") from None

    def contained(self, failure: str) -> contextlib.AbstractContextManager[None]:
        """`guarded`, with what is printed going where it should."""
        return guarded(failure, self._write)

    def forget(self) -> None:
        """Drop what was imported from the graph's folder: another graph's may have modules of the same names."""
        for name in self._local:
            sys.modules.pop(name, None)
        self._local, self._found = set(), {}

    @contextlib.contextmanager
    def _path(self, name: str) -> Iterator[None]:
        """Where modules are looked for while one is imported."""
        if self._folder is None or not is_beside(name, self._folder):
            yield
            return
        folder, before = str(self._folder), set(sys.modules)
        importlib.invalidate_caches()
        sys.path.append(folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
            self._local |= {new for new in set(sys.modules) - before if _lies_in(new, self._folder)}


Called = tuple[Any, list[list[Any]]]
"""What code of others returned, and what the lists among its arguments hold since."""


def called(what: str, function: Callable[..., Any], arguments: tuple[Any, ...], write: Write) -> Called:
    """Call code of others on values of a run. Raises ForeignError for whatever ends it.

    What came from outside the run is given as a copy, since it is there for the next run as well.
    """
    own = tuple(map(_own, arguments))
    with guarded(what, write):
        return function(*own), [value for value in own if isinstance(value, list)]


def imitated(function: Callable[..., Any], examples: tuple[Any, ...]) -> Called | None:
    """The same for examples of values, in silence; None where it does not work on them."""
    own = tuple(map(_own, examples))
    try:
        with guarded("", lambda _: None):
            return function(*own), [value for value in own if isinstance(value, list)]
    except ForeignError:
        return None


def _own(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and not value.is_inference():
        return value.clone()
    if isinstance(value, list):
        return [_own(item) for item in value]
    if isinstance(value, tuple):
        return tuple(map(_own, value))
    return value


def _lies_in(module: str, folder: Path) -> bool:
    """Whether an imported module belongs to a file or a package of this very folder."""
    top = sys.modules.get(module.partition(".")[0])
    file = getattr(top, "__file__", None)
    return file is not None and folder.absolute() in (Path(file).parent, Path(file).parent.parent)
