"""A live tree of Fluxion or torch modules as a graph, and its weights by the paths of that graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from torch import Tensor, nn

from engine.document import edits
from engine.document.edits import Insert, SetContexts, SetInputs, SetKey, SetShared, SetView
from engine.document.expressions import parse
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree, View, paths, unique_names
from engine.document.kinds import Catalogue, NodeKind, ParamValue, defaults
from engine.document.legal import EditError
from engine.document.scopes import accesses
from engine.document.sources import ListSource, NumberSource, Source, TextSource, UnsetSource
from engine.document.templates import with_ids
from engine.runtime import placeholders
from engine.runtime.attributes import Unreadable, params_of, plain
from engine.runtime.composites import as_template
from engine.runtime.foreign import ForeignError, Write, guarded, to_terminal
from engine.runtime.placeholders import Origin, is_importable
from engine.runtime.recover import NotRecovered, name_of, source_of

FUNCTIONS = {"lambda": ("func", "func"), "use": ("compose", "func"), "set": ("callback", "callback")}
"""By role, the param that holds a function and the attribute of Fluxion's class that does."""
OWN_FORWARD = "its own forward is Python code, which was not imported: here its children run in order"
NOT_MADE_AGAIN = "no name leads to such a module, so it can't run: tell what makes it, and with which arguments"
ONLY_HOLDS = "it only holds modules, whose order is told by other Python code: here they run in order"


@dataclass
class Imported:
    """What came of a tree of modules: the graph, its tensors by path, and what a reader should know.

    `placeholders` are the classes that the catalogue has no kind for, by path; Foreign leaves stand for them.
    """

    graph: Graph
    weights: dict[str, Tensor]
    placeholders: dict[str, str]
    notes: list[str]


def import_tree(
    module: nn.Module, catalogue: Catalogue, origin: Origin | None = None, write: Write = to_terminal
) -> Imported:
    """The graph that a live module amounts to. Runs its `init_context`, if it has one. Raises ForeignError.

    `origin` is what the module was imported as, from which parts of it can be made again.
    """
    importing = _Importing(catalogue, origin, {part: name for name, part in module.named_modules()})
    name = type(module).__name__
    try:
        with guarded(f"{name} can't be imported", write):
            met = importing.recognised(module)
            if met.kind and met.kind.is_frame:
                tree = importing.tree(module, "")
            else:
                tree = Tree(Node("", "Chain"), children=(importing.tree(module, met.title),))
        graph = graph_of(tree)
        importing.declare(graph)
        importing.share(graph)
        for path, reason in importing.unsaid.items():
            importing.note(path, reason)
    except (EditError, RecursionError) as error:
        raise ForeignError(f"{name} can't be a graph: {error}") from error
    return Imported(graph, importing.weights, importing.placeholders, importing.notes)


def graph_of(tree: Tree) -> Graph:
    """A graph with the nodes of `tree`, numbered in the order of running, and an input without a value yet.

    Raises EditError for what no graph may hold.
    """
    tree = with_ids(tree, chain(["root"], (f"n{number:04}" for number in count(1))))
    root, children = tree.node, tree.children or ()
    graph = Graph(Node(root.id, root.kind, root.name, root.params))
    names = [f"x_{number + 1}" for number in range(len(children))] if root.kind == "Distribute" else ["x"]
    inputs = SetInputs(tuple(Input(name, UnsetSource()) for name in names))
    view = SetView(root.id, tree.view or View())
    inside = (Insert(Place(root.id, 0), children),) if children else ()
    edits.apply(graph, edits.Batch((*inside, SetContexts(root.id, root.contexts), inputs, view)))
    return graph


@dataclass(frozen=True)
class _Recognised:
    """What a module is: its kind, the class of its that the kind stands for, and its title among its siblings."""

    kind: NodeKind | None
    origin: type[nn.Module] | None
    title: str


@dataclass
class _Importing:
    """One import: what has been met so far."""

    catalogue: Catalogue
    origin: Origin | None
    parts: dict[nn.Module, str]
    """What `named_modules` calls the parts of the whole."""
    weights: dict[str, Tensor] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    places: dict[nn.Module, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    """Paths of what stands in the tree a second time, without what is in it, and where it stood first."""
    layers: dict[nn.Module, list[str]] = field(default_factory=dict)
    """The paths of every leaf that has tensors."""
    unsaid: dict[str, str] = field(default_factory=dict)
    """Why functions stay names of Python code, by path."""

    def __post_init__(self) -> None:
        self.by_impl = {kind.impl: kind for kind in self.catalogue.values()}

    def note(self, path: str, text: str) -> None:
        self.notes.append(f"{path or 'the root'}: {text}")

    def recognised(self, module: nn.Module) -> _Recognised:
        """A module by the nearest of its classes that the catalogue knows.

        A leaf that computes in a way of its own is of no known kind; whatever else holds modules is a Chain.
        """
        name = "".join(c if c.isalnum() else "_" for c in type(module).__name__)
        for base in type(module).__mro__:
            kind = self._kind_of(base)
            if kind is None:
                continue
            own = any(getattr(type(module), call) is not getattr(base, call) for call in ("forward", "__call__"))
            if own and not kind.is_frame:
                break
            return _Recognised(kind, base, kind.name if base is type(module) else name)
        if next(_children(module), None) is not None:
            return _Recognised(self.catalogue["Chain"], None, name)
        return _Recognised(None, None, name)

    def _kind_of(self, base: type) -> NodeKind | None:
        if base.__module__.startswith("refiners.fluxion."):
            return self.catalogue.get(base.__name__)
        if base is nn.Sequential:
            return self.catalogue["Chain"]
        return self.by_impl.get(f"torch.nn:{base.__name__}") if base.__module__.startswith("torch.nn.") else None

    def tree(self, module: nn.Module, path: str) -> Tree:
        """A module and all that is in it; `path` is empty for the root."""
        if module not in self.places:
            self.places[module] = path
        elif not any(path.startswith(f"{outer}.") for outer in self.again):
            self.again[path] = self.places[module]
        met = self.recognised(module)
        if met.kind is None or (met.origin is None and path and _computes(module)):
            params = placeholders.params_of(module, self.origin, self.parts.get(module, ""))
            if params or met.kind is None:
                return self.placeholder(module, met.title, params, path)
        name = "" if met.title == met.kind.name else met.title
        params, unknown = params_of(module, met.kind)
        if unknown:
            self.note(path, f"{', '.join(unknown)} can't be read from a {type(module).__name__}: the defaults stand in")
        params |= self.function(module, met.kind, path)
        if not met.kind.is_frame:
            self.keep(path, module)
            return Tree(Node("", met.kind.name, name, params))
        for own, _ in chain(module.named_parameters(recurse=False), module.named_buffers(recurse=False)):
            self.note(path, f"the tensor {own} belongs to no layer, so it was left out")
        children = list(_children(module))
        titles = unique_names([self.recognised(child).title for child in children])
        prefix = f"{path}." if path else ""
        trees = [self.tree(child, prefix + title) for child, title in zip(children, titles, strict=True)]
        view = None
        if met.origin is None or type(module).forward is not met.origin.forward:
            why = ONLY_HOLDS if isinstance(module, nn.ModuleList | nn.ModuleDict) else OWN_FORWARD
            self.note(path, why)
            view = View(note=why)
        node = Node("", met.kind.name, name, params, self.contexts(module, path))
        found = Tree(node, view, tuple(trees))
        written = as_template(found, self.catalogue)
        if written is not found and (said := [inner for inner in self.unsaid if inner.startswith(f"{path}.")]):
            self.note(path, f"functions that only Python can say are those of a new {met.kind.name} instead")
            self.unsaid = {inner: reason for inner, reason in self.unsaid.items() if inner not in said}
        return written

    def placeholder(self, module: nn.Module, title: str, params: dict[str, ParamValue] | None, path: str) -> Tree:
        """The leaf that stands for a module which the catalogue has no kind for."""
        self.placeholders[path] = title
        self.keep(path, module)
        view = None
        if params is None:
            self.note(path, NOT_MADE_AGAIN)
            view = View(note=NOT_MADE_AGAIN)
        return Tree(Node("", "Foreign", title, params or defaults(self.catalogue["Foreign"])), view)

    def keep(self, path: str, module: nn.Module) -> None:
        """Take the tensors of a leaf, once wherever it stands."""
        tensors = {f"{path}.{name}": v for name, v in module.state_dict().items() if isinstance(v, Tensor)}
        if tensors:
            self.weights |= tensors if module not in self.layers else {}
            self.layers.setdefault(module, []).append(path)

    def share(self, graph: Graph) -> None:
        """Have leaves that are one module share their weights, which are called as where it stood first."""
        nodes = {path: node for node, path in paths(graph).items()}
        for places in self.layers.values():
            for path in places if len(places) > 1 else ():
                edits.apply(graph, SetShared(nodes[path], nodes[places[0]]))
        for path, first in self.again.items():
            if any(each == path or each.startswith(f"{path}.") for places in self.layers.values() for each in places):
                edits.apply(graph, SetKey(nodes[path], first))

    def function(self, module: nn.Module, kind: NodeKind, path: str) -> dict[str, ParamValue]:
        """The param that holds the function of a Lambda, UseContext or SetContext: its source, else its name."""
        if kind.role not in FUNCTIONS:
            return {}
        param, attribute = FUNCTIONS[kind.role]
        function: Any = getattr(module, attribute)
        if function is None:
            return {param: ""}
        try:
            source = source_of(function, effect=kind.role == "set")
        except NotRecovered as error:
            self.unsaid[path] = f"{param} stays the name of Python code: {error}"
            return {param: name_of(function) if is_importable(function) else f"<{name_of(function)}>"}
        expression = parse(source)
        plain_value = expression.parameters == (getattr(expression.body, "id", None),)
        return {param: "" if kind.role == "use" and plain_value else source}

    def contexts(self, module: Any, path: str) -> Contexts:
        """What a Chain declares."""
        declared: Any = module.init_context() if hasattr(module, "init_context") else {}
        return {
            context: {key: self.source(value, f"{context}.{key}", path) for key, value in entries.items()}
            for context, entries in declared.items()
        }

    def source(self, value: Any, label: str, path: str) -> Source:
        try:
            found = plain(value)
        except Unreadable:
            self.note(path, f"{label} starts as a {type(value).__name__}, which was not imported: it is unset")
            return UnsetSource()
        match found:
            case None:
                return UnsetSource()
            case str():
                return TextSource(found)
            case list():
                return ListSource(found)
            case _:
                return NumberSource(found)

    def declare(self, graph: Graph) -> None:
        """Declare, unset, what only `set_context` would bring about: contexts on the root, keys where their context
        is."""
        found = accesses(graph, self.catalogue)
        written = {leaf.key for leaf in found if leaf.role == "set" and not graph.nodes[leaf.node].params["callback"]}
        for leaf in found:
            provider = leaf.key.provider if leaf.key else graph.root
            contexts = graph.nodes[provider].contexts
            if leaf.name in contexts.get(leaf.context, {}) or (leaf.key and leaf.key in written):
                continue
            entries = {**contexts.get(leaf.context, {}), leaf.name: UnsetSource()}
            edits.apply(graph, SetContexts(provider, {**contexts, leaf.context: entries}))
            self.notes.append(f"{leaf.context}.{leaf.name} is used, but declared nowhere: it is declared unset")


def _computes(module: nn.Module) -> bool:
    """Whether a module that holds others has a `forward` of its own."""
    return type(module).forward is not nn.Module.forward


def _children(module: nn.Module) -> Iterator[nn.Module]:
    """The modules in a module, one that stands there twice included."""
    return (child for child in module._modules.values() if child is not None)
