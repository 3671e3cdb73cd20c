"""Code of others: modules made by the Python code that the user names. It runs with all their rights."""

import contextlib
import inspect
import json
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


def make(name: str, arguments: str = "", meta: bool = True) -> nn.Module:
    """The module that `name`, "module:attribute", is or makes when it is called with `arguments`, a JSON object.

    With `meta`, what takes a `device` is made without memory for its weights. Raises ForeignError.
    """
    keywords = _keywords(arguments)
    found = _attribute(name)
    if isinstance(found, nn.Module):
        if keywords:
            raise ForeignError(f"{name} is a {type(found).__name__} already: leave out the arguments")
        return found
    if not callable(found):
        raise ForeignError(
            f"{name} is of type {type(found).__name__}, but must be a torch module, its class or a function"
        )
    with guarded(f"{name} can't be made"):
        bare = meta and "device" in _parameters(found) and "device" not in keywords
        with torch.device("meta") if bare else contextlib.nullcontext():
            made = found(**keywords, **({"device": "meta"} if bare else {}))
    if not isinstance(made, nn.Module):
        raise ForeignError(f"{name} made something of type {type(made).__name__}, but must make a torch module")
    return made


@contextlib.contextmanager
def guarded(failure: str) -> Iterator[None]:
    """Run code of others: what it prints goes to standard error, and whatever ends it is a ForeignError.

    `failure` is what to say first.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ForeignError:
        raise
    except SystemExit as error:
        raise ForeignError(f"{failure}: it calls sys.exit({error.code!r})") from error
    except Exception as error:
        reason = str(error).strip() or "no reason given"
        raise ForeignError(f"{failure}: {type(error).__name__}: {reason}{_place(error)}") from error


def _keywords(arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments or "{}")
    except ValueError as error:
        raise ForeignError(f'the arguments {arguments!r} are no JSON ({error}): write {{"name": value}}') from None
    if not isinstance(found, dict):
        raise ForeignError(f'the arguments {arguments!r} must be an object, such as {{"in_channels": 4}}')
    return found


def _attribute(name: str) -> object:
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ForeignError(f"{name!r} must name a module and what is in it, such as my_package.model:Model")
    with guarded(f"{module} can't be imported"):
        try:
            found: Any = import_module(module)
        except ModuleNotFoundError as error:
            if error.name and (module == error.name or module.startswith(error.name + ".")):
                raise ForeignError(
                    f"there is no Python module {error.name}: check the name, and that it can be imported from here"
                ) from error
            raise
        for step in attribute.split("."):
            if not hasattr(found, step):
                raise ForeignError(f"{module} has no {attribute}: check the name after the colon")
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
