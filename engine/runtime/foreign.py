"""Python code of others, which the user names and has agreed to: found, called, contained. It has all their rights."""

import contextlib
import inspect
import io
import json
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn


class ForeignError(ValueError):
    """Code of others that can't be used; the message says where it failed and what to do."""


Write = Callable[[str], object]
"""Takes what code of others prints, in whole lines where it ends them."""


def to_terminal(text: str) -> None:
    """Write to standard error."""
    sys.stderr.write(text)


def make(name: str, arguments: str = "", meta: bool = True, write: Write = to_terminal) -> nn.Module:
    """The module that `name`, "module:attribute", is or makes when it is called with `arguments`, a JSON object.

    With `meta`, what takes a `device` is made without memory for its weights. Raises ForeignError.
    """
    return made(name, attribute(name, write), arguments, meta, write)


def made(name: str, found: Any, arguments: str, meta: bool = False, write: Write = to_terminal) -> nn.Module:
    """The module that `found`, which was imported under `name`, is or makes; see `make`."""
    keywords = _keywords(arguments)
    if isinstance(found, nn.Module):
        if keywords:
            raise ForeignError(f"{name} is a {type(found).__name__} already: leave out the arguments")
        return found
    if not callable(found):
        raise ForeignError(
            f"{name} is of type {type(found).__name__}, but must be a torch module, its class or a function"
        )
    with guarded(f"{name} can't be made", write):
        bare = meta and "device" in _parameters(found) and "device" not in keywords
        with torch.device("meta") if bare else contextlib.nullcontext():
            made = found(**keywords, **({"device": "meta"} if bare else {}))
    if not isinstance(made, nn.Module):
        raise ForeignError(f"{name} made something of type {type(made).__name__}, but must make a torch module")
    return made


class _Lines(io.TextIOBase):
    """A stream that passes on what is written, line by line; whoever gets it may print as before."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._streams = sys.stdout, sys.stderr
        self._rest = ""

    def write(self, text: str, /) -> int:
        whole, newline, rest = (self._rest + text).rpartition("\n")
        self._rest = rest
        if newline:
            self._tell(whole + newline)
        return len(text)

    def finish(self) -> None:
        """Pass on a line that has no end."""
        if self._rest:
            self._tell(self._rest)
            self._rest = ""

    def _tell(self, text: str) -> None:
        out, err = self._streams
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self._write(text)


@contextlib.contextmanager
def guarded(failure: str, write: Write = to_terminal) -> Iterator[None]:
    """Run code of others: what it prints goes to `write`, and whatever ends it is a ForeignError.

    `failure` is what to say first. Only an interrupt from the terminal comes through.
    """
    lines = _Lines(write)
    try:
        with contextlib.redirect_stdout(lines), contextlib.redirect_stderr(lines):
            yield
    except ForeignError:
        raise
    except SystemExit as error:
        raise ForeignError(f"{failure}: it calls sys.exit({error.code!r})") from error
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            raise
        reason = str(error).strip() or "no reason given"
        raise ForeignError(f"{failure}: {type(error).__name__}: {reason}{_place(error)}") from error
    finally:
        lines.finish()


def _keywords(arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments or "{}")
    except ValueError as error:
        raise ForeignError(f'the arguments {arguments!r} are no JSON ({error}): write {{"name": value}}') from None
    if not isinstance(found, dict):
        raise ForeignError(f'the arguments {arguments!r} must be an object, such as {{"in_channels": 4}}')
    return found


def attribute(name: str, write: Write = to_terminal) -> Any:
    """What "module:attribute" names, imported. Raises ForeignError."""
    module, colon, steps = name.partition(":")
    if not (module and colon and steps):
        raise ForeignError(f"{name!r} must name a module and what is in it, such as my_package.model:Model")
    with guarded(f"{module} can't be imported", write):
        try:
            found: Any = import_module(module)
        except ModuleNotFoundError as error:
            if error.name and (module == error.name or module.startswith(error.name + ".")):
                raise ForeignError(
                    f"there is no Python module {error.name}: check the name, and that it can be imported from here"
                ) from error
            raise
        for step in steps.split("."):
            if not hasattr(found, step):
                raise ForeignError(f"{module} has no {steps}: check the name after the colon")
            found = getattr(found, step)
    return found


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some that are written in C have no signature
        return ()


def _place(error: BaseException) -> str:
    """Where in the code of others an error arose."""
    here = Path(__file__).resolve()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() != here]
    frames = [f for f in frames if not f.filename.startswith("<frozen")]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
