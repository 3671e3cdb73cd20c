"""Values given on a command line: text to sources, and sources into a graph."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from msgspec import convert

from engine.document import edits, scopes
from engine.document.graph import Graph, Input
from engine.document.kinds import unfit
from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralDType,
    LiteralSource,
    NoiseSource,
    NumberSource,
    Source,
    TensorSource,
    TextSource,
    UnsetSource,
    misshapen,
)

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
TENSORS = frozenset({".npy", ".safetensors"})

SYNTAX = """\
VALUE is one of
  2.0, -3, true         a number
  [1, 2, [3]]           a list, as in JSON
  null                  no value
  int64:[[1, 2]]        a tensor, written out: float32, int64 or bool
  noise:1x3x64x64:7     Gaussian noise of a shape, with a seed (0 if left out)
  photo.jpg, x.npy      a picture or tensor file, by its ending
  x.safetensors:KEY     the tensor of that name in a file (the only one if KEY is left out)
  hello, "2.0"          text; in double quotes, anything is"""


class ValueSyntaxError(ValueError):
    """A value or its name that can't be understood; the message says what would be."""


def source_of(text: str, folder: Path) -> Source:
    """The source that a text such as "2.0", "[1, 2]", "photo.jpg" or "noise:1x3x64x64:7" stands for.

    Relative paths start at `folder`. Raises ValueSyntaxError.
    """
    if text.startswith("noise:"):
        return _noise(text)
    if (dtype := text.partition(":")[0]) in get_args(LiteralDType):
        return _literal(text, dtype)
    path, key = text, ""
    if ".safetensors:" in text:
        path, _, key = text.rpartition(".safetensors:")
        path += ".safetensors"
    ending = Path(path).suffix.lower()
    if ending in PICTURES:
        return ImageSource(str(folder / path))
    if ending in TENSORS:
        return TensorSource(str(folder / path), key)
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, dict):
        raise ValueSyntaxError(f"{text} is a JSON object, but a value is a number, a list, text or a file")
    if wrong := unfit(value):
        raise ValueSyntaxError(f"{text} {wrong}")
    match value:
        case None:
            return UnsetSource()
        case bool() | int() | float():
            return NumberSource(value)
        case list():
            return ListSource(value)
        case _:
            return TextSource(value)


def _literal(text: str, dtype: str) -> LiteralSource:
    try:
        value = json.loads(text.partition(":")[2])
        source = convert({"type": "literal", "value": value, "dtype": dtype}, LiteralSource)
    except ValueError:
        raise ValueSyntaxError(f"{text} is no tensor: write numbers in lists, as in {dtype}:[[1, 2]]") from None
    if wrong := unfit(value) or misshapen(source):
        raise ValueSyntaxError(f"{text}: {wrong}")
    return source


def _noise(text: str) -> NoiseSource:
    _, shape, *seeds = text.split(":")
    try:
        (seed,) = [int(s) for s in seeds] or [0]
        return NoiseSource([int(size) for size in shape.split("x")], seed)
    except ValueError:
        raise ValueSyntaxError(f"{text} is no noise: write its shape and its seed, as in noise:1x3x64x64:7") from None


def provide(graph: Graph, inputs: list[str], contexts: list[str], folder: Path) -> None:
    """Put values into a graph: "NAME=VALUE" for its inputs, "CONTEXT.KEY=VALUE" for what its providers declare.

    Raises ValueSyntaxError.
    """
    own = {i.name: i.source for i in graph.inputs}
    given = dict(_assigned(text, own, "input", folder) for text in inputs)
    _provide_inputs(graph, given)
    own = {key.label: graph.nodes[key.provider].contexts[key.context][key.key] for key in scopes.keys(graph)}
    declared = dict(_assigned(text, own, "context", folder) for text in contexts)
    _provide_contexts(graph, declared)
    for name, source in (given | declared).items():
        if isinstance(source, ImageSource | TensorSource) and not Path(source.path).is_file():
            raise ValueSyntaxError(f"{name}: there is no file {source.path}")


def _assigned(text: str, own: Mapping[str, Source], what: str, folder: Path) -> tuple[str, Source]:
    """The name and the source that a text gives, for one of those that the graph has, by name."""
    names = list(own)
    # The longest name wins: a context may be called anything, even "a=b".
    name = max((n for n in names if text.startswith(f"{n}=")), key=len, default=None)
    if name is not None:
        source = source_of(text[len(name) + 1 :], folder)
        if isinstance(source, TextSource) and isinstance(own[name], NumberSource):
            raise ValueSyntaxError(f"--{what} {text}: {name} must be a number, such as {name}=2.0")
        return name, source
    there = f"the graph has {', '.join(dict.fromkeys(names)) or 'none'}"
    if "=" not in text:
        raise ValueSyntaxError(f"--{what} {text} gives no value: write NAME=VALUE; {there}")
    raise ValueSyntaxError(f"there is no {what} {text.partition('=')[0]!r}; {there}")


def _provide_inputs(graph: Graph, sources: Mapping[str, Source]) -> None:
    inputs = tuple(Input(i.name, sources.get(i.name, i.source)) for i in graph.inputs)
    edits.apply(graph, edits.SetInputs(inputs))


def _provide_contexts(graph: Graph, sources: Mapping[str, Source]) -> None:
    for provider in dict.fromkeys(key.provider for key in scopes.keys(graph)):
        declared = {
            context: {key: sources.get(f"{context}.{key}", source) for key, source in entries.items()}
            for context, entries in graph.nodes[provider].contexts.items()
        }
        edits.apply(graph, edits.SetContexts(provider, declared))
