"""A graph as layers of Fluxion: which of its constructors, or which class of one's own, makes each node."""

import json

from engine.document.graph import Graph, Node, Tree, paths
from engine.document.kinds import SEQUENCES, Catalogue, NodeKind, Role
from engine.document.scopes import links
from engine.document.sources import ListSource, NumberSource, Source, TextSource
from engine.document.subset import is_reference
from engine.document.templates import made
from engine.export import ExportError, loop_told
from engine.export.classes import Layer, Value
from engine.export.inlined import Definitions
from engine.export.layers import Made, arguments, in_fluxion, in_torch
from engine.export.layout import Bracket, Named
from engine.export.text import Imports, function, imported, literal

FORWARD = "def forward(self, *args: Any) -> Any:"
RESET = "    self._reset_context()  # every run starts from what is declared here"
PASSES_ON = "args[0] if len(args) == 1 else args or None"
WEIGHTED = frozenset(
    {"Conv2d", "ConvTranspose2d", "Embedding", "GroupNorm", "LayerNorm", "LayerNorm2d", "Linear", "Parameter"}
)
"""The layers of Fluxion by whose weights its Converter goes."""
RETURNED = {
    "chain": "returned.value",
    "residual": "returned.value + args[0]",
    "passthrough": "args",
}
"""What a sequence gives, by its role, when a Return ends it."""


class Fluxion:
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
        self.returning = self._returning()
        for key in links(graph, catalogue):
            self.written.setdefault(f"{key.provider} {key.context}", {})[key.key] = None

    def layer(self, tree: Tree) -> Layer:
        """A node with all below it."""
        node = tree.node
        kind = self.catalogue.get(node.kind)
        if node.mode:
            state = "bypassed" if node.mode == "bypass" else "muted"
            raise ExportError(f"{self.place(node.id)} is {state}, which code can't say: have it run, or delete it")
        if self.place(node.id).rpartition(".")[2] == "training":
            raise ExportError(
                f"{self.place(node.id)}: no layer of Fluxion can be called training: give it another name"
            )
        if kind is None:
            raise ExportError(f"{self.place(node.id)} is a {node.kind}, which nobody knows how to make")
        if kind.role == "sample":
            raise ExportError(loop_told(self.graph, node.id))
        if kind.is_frame != (tree.children is not None):
            raise ExportError(f"{self.place(node.id)}: a {kind.name} {'needs' if kind.is_frame else 'has no'} children")
        return self._frame(tree, kind) if tree.children is not None else self._leaf(tree, kind)

    @property
    def shared(self) -> list[tuple[str, str]]:
        """Paths of leaves that have their weights in common with an earlier one, and the paths of those."""
        first: dict[str, str] = {}
        leaves = [(node, self.graph.nodes[node].shared) for node in self.graph.walk()]
        pairs = [(self.paths[node], first.setdefault(group, self.paths[node])) for node, group in leaves if group]
        return [(place, original) for place, original in pairs if place != original]

    def _returning(self) -> set[str]:
        """The sequences that a Return may end."""
        found: set[str] = set()
        for node in self.graph.walk():
            if self._role(node) == "return":
                around = (frame for frame in self.graph.ancestors(node) if self._role(frame) in SEQUENCES)
                found |= {next(around, self.graph.root)}
        return found

    def _role(self, node: str) -> Role | None:
        kind = self.catalogue.get(self.graph.nodes[node].kind)
        return kind.role if kind else None

    def place(self, node: str) -> str:
        """A node as a message calls it."""
        return self.paths.get(node) or self.graph.nodes[node].title

    # Frames.

    def _frame(self, tree: Tree, kind: NodeKind) -> Layer:
        node, children = tree.node, tree.children or ()
        whole = self._composite(tree, kind)
        own = bool(node.name or node.contexts or node.id == self.graph.root or node.id in self.returning)
        declares = {} if whole is not None else node.contexts
        return Layer(
            title=node.title,
            constructor=f"fl.{kind.name}" if whole is not None or not kind.template else "fl.Chain",
            arguments=_values(whole if whole is not None else _dim(kind, tree)),
            children=() if whole is not None else self._children(kind, children),
            own=own or (bool(kind.template) and whole is None),
            contexts=self._contexts(node.id) if declares else None,
            forward=self._forward(node.id, kind, bool(declares)),
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
            entries = {key: first_of(source) for key, source in sources.items()}
            for key in self.written.get(f"{node} {context}", ()):
                entries.setdefault(key, "None")
            items = tuple(Named(f"{literal(key)}: ", value) for key, value in entries.items())
            found.append(Named(f"{literal(context)}: ", Bracket("{", items, "}")))
        return Bracket("{", tuple(found), "}")

    def _forward(self, node: str, kind: NodeKind, declares: bool) -> tuple[str, ...]:
        """The forward of a frame where that of its Fluxion class does not do, line by line."""
        resets = declares and self._starts_elsewhere(node, kind)
        if node in self.returning:
            rows = ["try:", "    return super().forward(*args)", "except Returned as returned:"]
            rows += ["    self._reset_context()", f"    return {RETURNED[kind.role]}"]
        else:
            rows = ["return super().forward(*args)"] if resets else []
        return (FORWARD, *([RESET] if resets else []), *(f"    {row}" for row in rows)) if rows else ()

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
                known = None if self._lost(node.id, kind) else in_fluxion(node, kind)
                return _with(layer, known or in_torch(node, kind, self._wrapper(kind)))
            case "return" | "breakpoint":
                return _with(layer, Made(kind.name, ()))
            case "foreign":
                return self._foreign(layer, node)
            case _:
                raise ExportError(f"{self.place(node.id)}: a {kind.name} can't be written for Refiners")

    def _lost(self, node: str, kind: NodeKind) -> bool:
        """Whether Fluxion's Converter would find no weights in the frame around it, to convert to their dtype."""
        around = self.graph.walk(self.graph.parents.get(node, self.graph.root))
        return kind.name == "Converter" and all(self.graph.nodes[each].kind not in WEIGHTED for each in around)

    def _foreign(self, layer: Layer, node: Node) -> Layer:
        """A module of others, which `adopted` names."""
        constructor = str(node.params.get("constructor") or "")
        if not is_reference(constructor):
            raise ExportError(
                f"{self.place(node.id)}: {constructor!r} names no Python code, as my_package.model:Model does"
            )
        try:
            keywords = json.loads(str(node.params.get("arguments") or "{}"))
        except ValueError as error:
            raise ExportError(f"{self.place(node.id)}: its arguments are no JSON: {error}") from error
        if not isinstance(keywords, dict):
            raise ExportError(f'{self.place(node.id)}: its arguments must be a JSON object, as {{"in_channels": 4}} is')
        given = [("name", "", literal(node.title)), ("made", "", imported(constructor, self.imports))]
        given.append(("arguments", "", literal(keywords)))
        given += [("path", "path", literal(path))] if (path := node.params.get("path")) else []
        made = Made("adopted", tuple(given))
        return Layer(layer.title, "adopted", _values(made))

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


def first_of(source: Source) -> str:
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
