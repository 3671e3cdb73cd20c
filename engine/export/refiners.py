"""A graph as Python for Refiners: a class for each named frame, whose weights have the names they have here."""

import ast
import builtins
import keyword
import re

from engine.document.graph import Graph
from engine.document.kinds import Catalogue
from engine.document.scopes import links
from engine.export import ExportError
from engine.export.classes import Class, Classes
from engine.export.fluxion import Fluxion, first_of
from engine.export.layout import WIDTH, call, lines
from engine.export.module import join, source_of
from engine.export.snippets import SNIPPETS
from engine.export.text import docstring, literal

TAKEN = {
    "Any",
    "Contexts",
    "F",
    "Tensor",
    "build",
    "deepcopy",
    "fl",
    "load",
    "nn",
    "self",
    *dir(builtins),
    *keyword.kwlist,
}
"""Names that mean something else in a module for Refiners."""
STATEMENTS = {
    "from copy import deepcopy",
    "from refiners.fluxion import layers as fl",
    "from refiners.fluxion.context import Contexts",
    "from torch import nn",
    "from typing import Any",
    "import torch",
}


def refiners_code(graph: Graph, catalogue: Catalogue, weights: str = "") -> str:
    """The source of a Python module that makes a graph's model with Refiners 0.4.

    `build` makes the model; with `weights`, `load` gives it the tensors of that .safetensors file unless told of
    another. Raises ExportError for what can't be written.
    """
    writing = Fluxion(graph, catalogue)
    root = writing.layer(graph.tree(graph.root))
    ours = [source.replace("(nn.Module):", "(fl.Module):") for source in writing.definitions.sources.values()]
    taken = {*TAKEN, *writing.definitions.sources, *writing.wrappers, *SNIPPETS}
    modules = {each.split()[1].partition(".")[0] for each in writing.imports if each.startswith("import ")}
    if clashing := sorted(modules & taken):
        raise ExportError(f"the Python module {clashing[0]} is called what something else is in this code: rename it")
    classes = Classes(root, taken | modules | {"math", "torch"})
    own = [_class(each, classes) for each in classes]
    name = classes.of(root).name
    making = [_build(name, writing.shared), *([_load(name, weights)] if weights else [])]
    text = "\n".join([*own, *making])
    snippets = [snippet for word, snippet in SNIPPETS.items() if re.search(rf"\b{word}\(", text)]
    if "except Returned" in text:
        snippets.insert(0, SNIPPETS["Returned"])
    statements = writing.imports | writing.definitions.imports | STATEMENTS
    definitions = [join(ours), *writing.wrappers.values(), *snippets, *own, *making]
    return source_of(_title(graph, catalogue), statements, definitions)


def _class(found: Class, classes: Classes) -> str:
    layer = found.layer
    rows = [f"class {found.name}({layer.constructor}):"]
    if found.name != found.title:
        rows.insert(0, f"@named({literal(found.title)})")
    if layer.doc:
        rows += [*docstring(layer.doc, 4), ""]
    texts = iter(found.texts)
    inside = classes.inside(layer, texts)
    if inside or found.arguments:
        parameters = [f"{name}: {_type(found, column)}" for name, column in found.arguments.items()]
        signature = call("def __init__", ["self", *parameters])
        rows += lines(signature, 4, after=" -> None:")
        rows += lines(call("super().__init__", inside, tall=bool(layer.children)), 8)
    if layer.compose is not None:
        rows += lines(call("self.compose", [next(texts)]), 8)
    if layer.contexts is not None:
        rows += ["", "    def init_context(self) -> Contexts:", *lines(layer.contexts, 8, before="return ")]
    if layer.forward:
        rows += ["", *(f"    {line}" for line in layer.forward)]
    if rows[-1].endswith(":"):
        rows.append("    pass")
    if max(map(len, rows)) > WIDTH:
        rows = ["# fmt: off", *rows, "# fmt: on"]
    return "\n".join(rows)


def _type(found: Class, column: int) -> str:
    """What an argument of a class is, where all of its values are numbers or texts of one type."""
    types = {type(_literal(row[column].text)).__name__ for row in found.rows}
    return types.pop() if len(types) == 1 and types <= {"bool", "int", "float", "str"} else "Any"


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except ValueError:
        return None


def _title(graph: Graph, catalogue: Catalogue) -> str:
    """The docstring of the module: what the model is called with, and what it has to be told before."""
    inputs = ", ".join(entry.name for entry in graph.inputs)
    rows = [f"{graph.nodes[graph.root].title}, for Refiners: `build()({inputs})`."]
    written = {key.label for key, ends in links(graph, catalogue).items() if ends.writers}
    unset: list[str] = []
    for context, sources in graph.nodes[graph.root].contexts.items():
        if any(first_of(source) == "None" and f"{context}.{key}" not in written for key, source in sources.items()):
            entries = ", ".join(f"{literal(key)}: {first_of(source)}" for key, source in sources.items())
            unset.append(f"    model.set_context({literal(context)}, {{{entries.replace(': None', ': ...')}}})")
    if unset:
        rows += ["", "Before each run, tell it what its contexts hold:", "", *unset, ""]
    return "\n".join(rows)


def _build(name: str, shared: list[tuple[str, str]]) -> str:
    rows = [
        f"def build() -> {name}:",
        '    """The model, with initial weights, in evaluation mode."""',
        f"    model = {name}()",
    ]
    for place, original in shared:
        rows += lines(call("share", ["model", literal(place), literal(original)]), 4)
    return "\n".join([*rows, "    model.eval()", "    return model"])


def _load(name: str, weights: str) -> str:
    return (
        f"def load(path: str = {literal(weights)}) -> {name}:\n"
        f'    """The model, with the weights of a .safetensors file."""\n    model = build()\n'
        f"    model.load_from_safetensors(path)\n    return model"
    )
