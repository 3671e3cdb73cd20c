"""A graph as Python for Refiners: a class for each named frame, whose weights have the names they have here."""

import ast
import keyword

from engine.document.graph import Graph, Tree, paths
from engine.document.kinds import SEQUENCES, Catalogue, NodeKind
from engine.document.scopes import links
from engine.document.sources import ListSource, NumberSource, Source, TextSource
from engine.document.templates import made
from engine.export import ExportError
from engine.export.classes import Class, Classes, Layer, Value
from engine.export.inlined import Definitions
from engine.export.layers import Made, arguments, in_fluxion, in_torch
from engine.export.layout import WIDTH, Bracket, Named, call, lines
from engine.export.module import join, source_of
from engine.export.text import Imports, docstring, function, literal

TAKEN = {"Any", "Contexts", "F", "Tensor", "build", "fl", "load", "math", "named", "nn", "torch", *keyword.kwlist}
FORWARD = "def forward(self, *args: Any) -> Any:"
RESETS = (
    FORWARD,
    "    self._reset_context()  # every run starts from what is declared here",
    "    return super().forward(*args)",
)
PASSES_ON = "args[0] if len(args) == 1 else args or None"
NAMED = '''
def named(name: str) -> Any:
    """A decorator that renames a class: Fluxion calls layers, and thereby weights, by the names of their classes."""

    def rename(cls: type) -> type:
        cls.__name__ = name
        return cls

    return rename
'''.strip()


def refiners_code(graph: Graph, catalogue: Catalogue, weights: str = "") -> str:
    """The source of a Python module that makes a graph's model with Refiners 0.4.

    `build` makes the model; with `weights`, `load` gives it the tensors of that .safetensors file unless told of
    another. Raises ExportError for what can't be written.
    """
    writing = _Writing(graph, catalogue)
    root = writing.layer(graph.tree(graph.root))
    ours = [source.replace("(nn.Module):", "(fl.Module):") for source in writing.definitions.sources.values()]
    classes = Classes(root, TAKEN | set(writing.definitions.sources) | set(writing.wrappers))
    own = [_class(each, classes) for each in classes]
    renames = [NAMED] if any(each.name != each.title for each in classes) else []
    name = classes.of(root).name
    making = [_build(name), *([_load(name, weights)] if weights else [])]
    statements = (
        writing.imports
        | writing.definitions.imports
        | {
            "from refiners.fluxion import layers as fl",
            "from refiners.fluxion.context import Contexts",
            "from torch import nn",
            "from typing import Any",
            "import torch",
        }
    )
    return source_of(
        _title(graph, catalogue), statements, [join(ours), *writing.wrappers.values(), *renames, *own, *making]
    )


class _Writing:
    """One graph on its way to layers; what these need besides is gathered."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.paths = paths(graph)
        self.imports: Imports = set()
        self.definitions = Definitions()
        self.wrappers: dict[str, str] = {}
        """Classes by name that make a layer of Fluxion of torch's."""
        self.written: dict[str, dict[str, None]] = {}
        """By provider and context, the keys that somebody reads or writes."""
        for key in links(graph, catalogue):
            self.written.setdefault(f"{key.provider} {key.context}", {})[key.key] = None

    def layer(self, tree: Tree) -> Layer:
        """A node with all below it."""
        node = tree.node
        kind = self.catalogue.get(node.kind)
        if kind is None:
            raise ExportError(f"{self.place(node.id)} is a {node.kind}, which nobody knows how to make")
        if kind.is_frame != (tree.children is not None):
            raise ExportError(f"{self.place(node.id)}: a {kind.name} {'needs' if kind.is_frame else 'has no'} children")
        return self._frame(tree, kind) if tree.children is not None else self._leaf(tree, kind)

    def place(self, node: str) -> str:
        """A node as a message calls it."""
        return self.paths.get(node) or self.graph.nodes[node].title

    # Frames.

    def _frame(self, tree: Tree, kind: NodeKind) -> Layer:
        node, children = tree.node, tree.children or ()
        whole = self._composite(tree, kind)
        own = bool(node.name or node.contexts or node.id == self.graph.root)
        declares = {} if whole is not None else node.contexts
        return Layer(
            title=node.title,
            constructor=f"fl.{kind.name}" if whole is not None or not kind.template else "fl.Chain",
            arguments=_values(whole if whole is not None else _dim(kind, tree)),
            children=() if whole is not None else self._children(kind, children),
            own=own or (bool(kind.template) and whole is None),
            contexts=self._contexts(node.id) if declares else None,
            forward=RESETS if declares and self._starts_elsewhere(node.id, kind) else (),
            doc=self.graph.view(node.id).note,
        )

    def _composite(self, tree: Tree, kind: NodeKind) -> Made | None:
        """A frame as the constructor of its Fluxion class makes it, when that makes this very frame."""
        template = made(kind, self.catalogue, tree.node.params)
        params = tree.node.params
        refused = params.get("is_causal") and params.get("is_optimized") is False
        if template is None or refused or tree.node.contexts != template.node.contexts or not _alike(tree, template):
            return None
        return Made(f"fl.{kind.name}", arguments(kind, params, lambda param: param.name))

    def _children(self, kind: NodeKind, children: tuple[Tree, ...]) -> tuple[Layer, ...]:
        if not children and kind.role in ("chain", "residual"):
            empty = Value("func", f"lambda *args: {PASSES_ON}")  # Fluxion's would return None
            return (Layer("Lambda", "fl.Lambda", (("", empty),)),)
        return tuple(self.layer(child) for child in children)

    def _contexts(self, node: str) -> Bracket:
        """What `init_context` returns: every key there is, since an empty context counts as none to Fluxion."""
        found: list[Named] = []
        for context, sources in self.graph.nodes[node].contexts.items():
            entries = {key: _first(source) for key, source in sources.items()}
            for key in self.written.get(f"{node} {context}", ()):
                entries.setdefault(key, "None")
            items = tuple(Named(f"{literal(key)}: ", value) for key, value in entries.items())
            found.append(Named(f"{literal(context)}: ", Bracket("{", items, "}")))
        return Bracket("{", tuple(found), "}")

    def _starts_elsewhere(self, node: str, kind: NodeKind) -> bool:
        """Whether Fluxion would not start a run of this provider from what it declares: only sequences are reset, and
        a provider around it that declares the same context overwrites it."""
        around = {context for frame in self.graph.ancestors(node) for context in self.graph.nodes[frame].contexts}
        return kind.role not in SEQUENCES or not around.isdisjoint(self.graph.nodes[node].contexts)

    # Leaves.

    def _leaf(self, tree: Tree, kind: NodeKind) -> Layer:
        node = tree.node
        params = {name: str(value or "") for name, value in node.params.items()}
        layer = Layer(node.title, f"fl.{kind.name}", own=bool(node.name), doc=self.graph.view(node.id).note)
        match kind.role:
            case "lambda":
                return _with(layer, Made(layer.constructor, (("func", "", self._function(node.id, params["func"])),)))
            case "use" | "set":
                name = "compose" if kind.role == "use" else "callback"
                source = params.get(name, "")
                given = [("context", "", literal(params["context"])), ("key", "", literal(params["key"]))]
                if source and kind.role == "set":
                    given.append(("callback", "", self._function(node.id, source)))
                compose = self._function(node.id, source) if source and kind.role == "use" else ""
                return _with(layer, Made(layer.constructor, tuple(given)), compose)
            case "module":
                return _with(layer, in_fluxion(node, kind) or in_torch(node, kind, self._wrapper(kind)))
            case _:
                raise ExportError(f"{self.place(node.id)}: a {kind.name} can't be written for Refiners")

    def _function(self, node: str, source: str) -> str:
        try:
            return function(source, self.imports)
        except ValueError as error:
            raise ExportError(f"{self.place(node)}: {error}") from error

    def _wrapper(self, kind: NodeKind) -> str:
        """The name of a class that is a layer of Fluxion and computes what a module of torch, or ours, does."""
        module, _, name = kind.impl.partition(":")
        if module != "torch.nn":
            return self.definitions.add(kind.impl)
        doc = f'    """torch.nn.{name} as a layer of Fluxion."""'
        self.wrappers[kind.name] = f"class {kind.name}(nn.{name}, fl.Module):\n{doc}"
        return kind.name


def _with(layer: Layer, made: Made, compose: str = "") -> Layer:
    values = _values(made)
    composed = Value("compose", compose) if compose else None
    return Layer(layer.title, made.constructor, values, (), layer.own, compose=composed, doc=layer.doc)


def _values(made: Made | None) -> tuple[tuple[str, Value], ...]:
    return tuple((keyword, Value(name, text)) for name, keyword, text in made.arguments) if made else ()


def _dim(kind: NodeKind, tree: Tree) -> Made | None:
    """The one param that a frame may have."""
    dim = tree.node.params.get("dim", 0)
    return Made("", (("dim", "dim", literal(dim)),)) if kind.role == "concatenate" and dim else None


def _first(source: Source) -> str:
    """The value that an entry starts with, in writing. What comes from a file or from chance is left to the caller."""
    match source:
        case NumberSource(value) | TextSource(value) | ListSource(value):
            return literal(value)
        case _:
            return "None"


def _alike(tree: Tree, template: Tree) -> bool:
    """Whether two frames have the same children, whatever their ids."""
    children, wanted = tree.children, template.children
    if children is None or wanted is None:
        return children is wanted
    return len(children) == len(wanted) and all(
        (one.node.kind, one.node.name, one.node.params, one.node.contexts)
        == (two.node.kind, two.node.name, two.node.params, two.node.contexts)
        and _alike(one, two)
        for one, two in zip(children, wanted, strict=True)
    )


# Text.


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
        if any(_first(source) == "None" and f"{context}.{key}" not in written for key, source in sources.items()):
            entries = ", ".join(f"{literal(key)}: {_first(source)}" for key, source in sources.items())
            unset.append(f"    model.set_context({literal(context)}, {{{entries.replace(': None', ': ...')}}})")
    if unset:
        rows += ["", "Before each run, tell it what its contexts hold:", "", *unset, ""]
    return "\n".join(rows)


def _build(name: str) -> str:
    return f'def build() -> {name}:\n    """The model, with initial weights."""\n    return {name}()'


def _load(name: str, weights: str) -> str:
    path = f"path: str = {literal(weights)}"
    return (
        f'def load({path}) -> {name}:\n    """The model, with the weights of a .safetensors file."""\n'
        f"    model = build()\n    model.load_from_safetensors(path)\n    return model"
    )
