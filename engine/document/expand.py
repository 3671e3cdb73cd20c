"""Expanding: what runs of a graph with adapters. The graph stays as it is; ejecting an adapter is expanding without it.

Adapters are applied in the order of the stack, their patches in theirs, each to what those before have made. Nodes that
are put there have ids made of the adapter's, their own and the target's, so that they are the same at every expansion.
A context that an adapter declares, and that the graph itself does not know, is its own: another adapter's of that name,
or the same adapter added once more, has another.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from engine.document import formulas, selectors
from engine.document.adapters import BORROWED, TARGET, Adapter, Patch, flaw, values_of
from engine.document.expressions import ExpressionError
from engine.document.graph import Graph, Node, Tree, paths, tree_nodes, unique_names
from engine.document.kinds import SEQUENCES, Catalogue, ParamValue, defaults
from engine.document.selection import Scope, selected, why_nothing
from engine.document.selectors import SelectorError


class Site(Struct, frozen=True):
    """Where a node that an adapter put there comes from: the adapter, the node in its tree, the target's id."""

    adapter: str
    node: str
    target: str


class Amiss(Struct, frozen=True):
    """Why an enabled adapter is not applied; `code` is one of `engine.document.problems.CODES`."""

    adapter: str
    code: str
    message: str


Owners = Mapping[str, Mapping[str, ParamValue]]
"""The params of a target and of the frame around it, as formulas call them (`formulas.OWNERS`)."""


class Drive(Struct, frozen=True):
    """A param of an inserted node that is worked out, from these params of its target among others."""

    node: str
    param: str
    formula: str
    owners: Owners


class Expanded(Struct):
    """What runs. `graph` is the very graph given where no adapter is enabled.

    `origin` says of inserted nodes where they come from, `paths` names every node's weights: those of the graph's own
    nodes are as without adapters. `targets` has, by adapter and patch, the nodes gone to; `idle` tells of patches that
    find no node, while others of their adapter do. `drives` says by adapter and param what a change of its value
    reaches; `borrowed` has inserted leaves whose weights are those of a node of the graph itself, with that node;
    `looked_at` are the params of nodes that decide what the adapters do.
    """

    graph: Graph
    paths: Mapping[str, str]
    origin: dict[str, Site] = field(default_factory=dict)
    targets: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    amiss: tuple[Amiss, ...] = ()
    idle: tuple[Amiss, ...] = ()
    drives: dict[tuple[str, str], list[Drive]] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)


class _Paths(Mapping[str, str]):
    """The paths of a graph, worked out when they are first asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def _found(self) -> dict[str, str]:
        return paths(self._graph)

    def __getitem__(self, node: str) -> str:
        return self._found[node]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._graph)


def expand(graph: Graph, catalogue: Catalogue) -> Expanded:
    """Apply the enabled adapters of a graph. One that can't be applied is left out as a whole, and `amiss` says why."""
    found = Expanded(graph, _Paths(graph))
    for adapter in graph.adapters:
        if adapter.enabled:
            found = _applied(found, adapter, catalogue)
            found.looked_at |= _looked_at(adapter)
    return found


def home(expanded: Expanded, node: str) -> str:
    """The node of the graph itself where an inserted one was put; any other node is its own."""
    while node in expanded.origin:
        node = expanded.origin[node].target
    return node


def driven(expanded: Expanded, adapter: Adapter, param: str) -> list[tuple[str, str, ParamValue]]:
    """What a param of an adapter sets, for the values that the adapter has now: nodes, their params, the values.

    Raises ExpressionError.
    """
    values = values_of(adapter)
    drives = expanded.drives.get((adapter.id, param), ())
    return [(d.node, d.param, formulas.evaluate(formulas.parse(d.formula), values, d.owners)) for d in drives]


class _Misplaced(ValueError):
    """A patch that can't go to a node; the message says why."""


def _applied(before: Expanded, adapter: Adapter, catalogue: Catalogue) -> Expanded:
    def left_out(code: str, why: str) -> Expanded:
        return replace(before, amiss=(*before.amiss, Amiss(adapter.id, code, f"The adapter {adapter.name} {why}.")))

    if reason := flaw(adapter):
        return left_out("adapter-flawed", f"can't be applied: {reason}")
    try:
        after, why = _Application(before, adapter, catalogue).run()
    except SelectorError as error:
        return left_out("adapter-selector", f"has no selector that can be read: {error}")
    except ExpressionError as error:
        return left_out("adapter-formula", f"has a formula that can't be worked out: {error}")
    except _Misplaced as error:
        return left_out("adapter-flawed", f"can't be applied: {error}")
    return left_out("adapter-unmatched", f"goes to no node: {why}") if why else after


class _Application:
    """One adapter being applied, to copies."""

    def __init__(self, before: Expanded, adapter: Adapter, catalogue: Catalogue) -> None:
        self.adapter = adapter
        self.catalogue = catalogue
        self.values = values_of(adapter)
        self.names = {each.id: each.name for each in before.graph.adapters}
        self.graph = before.graph.copy()
        self.own_contexts = _own_contexts(before, adapter)
        self.paths = dict(before.paths)
        self.after = replace(
            before,
            graph=self.graph,
            paths=self.paths,
            origin=dict(before.origin),
            drives={key: list(drives) for key, drives in before.drives.items()},
            borrowed=dict(before.borrowed),
        )

    def run(self) -> tuple[Expanded, str]:
        """What the adapter makes, and why that is no difference, if it is none."""
        targets: list[tuple[str, ...]] = []
        why = ""
        idle: list[Amiss] = []
        for patch in self.adapter.patches:
            where = self.adapter.where if patch.place != "inside" else ""
            inserted = {node: self.names[site.adapter] for node, site in self.after.origin.items()}
            scope = Scope(self.graph, self.paths, inserted)
            chosen = selected(scope, patch.selector, where)
            if not chosen:
                why = why or why_nothing(scope, f"({patch.selector}) & ({where})" if where else patch.selector)
                idle += self._idle(scope, patch)
            inner = _paths_in(patch.tree)
            for target in chosen:
                self._put(patch, inner, target)
            targets.append(tuple(chosen))
        self.after.targets = self.after.targets | {self.adapter.id: tuple(targets)}
        self.after.idle = (*self.after.idle, *idle)
        return self.after, "" if any(targets) else why

    def _idle(self, scope: Scope, patch: Patch) -> Iterator[Amiss]:
        """What is to be said of a patch that finds no node, unless that is because of what narrows the adapter."""
        if not self.adapter.where or not selected(scope, patch.selector):
            what = f"A part of the adapter {self.adapter.name}, which is for {patch.selector}, goes to no node"
            yield Amiss(self.adapter.id, "adapter-idle", f"{what}: {why_nothing(scope, patch.selector)}.")

    def _put(self, patch: Patch, inner: Mapping[str, str], target: str) -> None:
        """Put the tree of a patch where it belongs."""
        graph = self.graph
        frame = graph.parents.get(target)
        owners = {"target": self._params(target), "parent": self._params(frame) if frame else {}}
        held = self._taken_out(patch, inner, target) if patch.place == "inside" else target
        top = self._built(patch.tree, inner, target, held, owners)
        if patch.place == "inside":
            self._adopt(target, [top])
            return
        if frame is None:
            graph.root = top
        else:
            siblings = graph.children[frame]
            siblings[siblings.index(target)] = top
            graph.parents[top] = frame
        if patch.place == "instead":
            for node in list(graph.walk(target)):
                graph.parents.pop(node, None)
                graph.children.pop(node, None)
                del graph.nodes[node]

    def _taken_out(self, patch: Patch, inner: Mapping[str, str], frame: str) -> str:
        """Put what a frame holds into a Chain, which is to stand in the hole; gives the Chain's id."""
        kind = self.catalogue.get(self.graph.nodes[frame].kind)
        if kind is None or kind.role not in SEQUENCES:
            what = f"{self.paths[frame] or 'the root'}, a {self.graph.nodes[frame].kind}"
            raise _Misplaced(f"{patch.selector!r} takes {what}; trees go inside a Chain, Residual or Passthrough only")
        hole = next(tree.node for tree in tree_nodes(patch.tree) if tree.node.kind == TARGET)
        rest = self._insert(Node(hole.id, "Chain", hole.name), inner, frame)
        self._adopt(rest, self.graph.children[frame])
        return rest

    def _built(self, tree: Tree, inner: Mapping[str, str], target: str, held: str, owners: Owners) -> str:
        """Insert a tree with `held` in its hole; gives the id of its top."""
        if tree.node.kind == TARGET:
            return held
        drawn = tree.node
        found = {p: v for p, v in drawn.params.items() if formulas.is_formula(v)}
        worked_out = {p: formulas.evaluate(formulas.parse(v), self.values, owners) for p, v in found.items()}
        params = drawn.params | worked_out
        if isinstance(context := params.get("context"), str):
            params["context"] = self.own_contexts.get(context, context)
        contexts = {self.own_contexts.get(name, name): entries for name, entries in drawn.contexts.items()}
        node = self._insert(replace(drawn, params=params, contexts=contexts), inner, target)
        for param, source in found.items():
            formula = formulas.parse(source)
            for name in formula.names:
                drives = self.after.drives.setdefault((self.adapter.id, name), [])
                drives.append(Drive(node, param, source, owners))
        if tree.children is not None:
            self._adopt(node, [self._built(child, inner, target, held, owners) for child in tree.children])
        return node

    def _insert(self, drawn: Node, inner: Mapping[str, str], target: str) -> str:
        node = f"{self.adapter.id}.{drawn.id}.{target}"
        if node in self.graph:
            raise _Misplaced(f"the graph has a node {node!r} already: give the adapter another id")
        self.graph.nodes[node] = replace(drawn, id=node, shared=self._group(drawn, node, target), key="")
        self.after.origin[node] = Site(self.adapter.id, drawn.id, target)
        self.paths[node] = ".".join(filter(None, (self.paths[target], inner[drawn.id])))
        return node

    def _group(self, drawn: Node, node: str, target: str) -> str:
        """What an inserted leaf shares its weights with: others of its tree, or a leaf below the target."""
        if not drawn.shared.startswith(BORROWED):
            return f"{self.adapter.id}.{drawn.shared}.{target}" if drawn.shared else ""
        path = ".".join(filter(None, (self.paths[target], drawn.shared.removeprefix(BORROWED))))
        lender = self.graph.nodes.get(self.own.get(path, ""))
        if lender is None or lender.kind != drawn.kind:
            raise _Misplaced(f"it uses the weights of {path}, a {drawn.kind}, but there is no such node")
        group = lender.shared or lender.id
        self.graph.nodes[lender.id] = replace(lender, shared=group)
        self.after.borrowed[node] = lender.id
        return group

    @cached_property
    def own(self) -> dict[str, str]:
        """The nodes of the graph itself, by path."""
        return {path: node for node, path in self.paths.items() if node not in self.after.origin}

    def _adopt(self, frame: str, children: list[str]) -> None:
        self.graph.children[frame] = children
        self.graph.parents.update(dict.fromkeys(children, frame))

    def _params(self, node: str) -> Mapping[str, ParamValue]:
        data = self.graph.nodes[node]
        kind = self.catalogue.get(data.kind)
        return (defaults(kind) if kind else {}) | data.params


def _looked_at(adapter: Adapter) -> set[str]:
    """The params of nodes that decide where an adapter goes and what its formulas give."""
    found: set[str] = set()
    for patch in adapter.patches:
        for selector in (patch.selector, adapter.where):
            with suppress(SelectorError):
                found |= selectors.compared(selector)
        for value in (value for tree in tree_nodes(patch.tree) for value in tree.node.params.values()):
            with suppress(ExpressionError):
                found |= {name for _, name in formulas.parse(value).looked_up} if formulas.is_formula(value) else set()
    return found


def _own_contexts(before: Expanded, adapter: Adapter) -> dict[str, str]:
    """The contexts that an adapter alone knows, and what they are called in the graph."""
    drawn = [tree.node for patch in adapter.patches for tree in tree_nodes(patch.tree)]
    others = (node for node in before.graph.nodes.values() if node.id not in before.origin)
    known = {context for node in others for context in _contexts(node)}
    declared = {context for node in drawn for context in node.contexts}
    return {context: f"{context}@{adapter.id}" for context in declared - known}


def _contexts(node: Node) -> Iterator[str]:
    """The contexts that a node declares or reaches."""
    yield from node.contexts
    if isinstance(context := node.params.get("context"), str):
        yield context


def _paths_in(tree: Tree) -> dict[str, str]:
    """The path of every node of a tree, without that of its top."""
    found = {tree.node.id: ""}
    stack = [tree]
    while stack:
        top = stack.pop()
        children = top.children or ()
        for child, name in zip(children, unique_names([c.node.title for c in children]), strict=True):
            found[child.node.id] = ".".join(filter(None, (found[top.node.id], name)))
        stack.extend(children)
    return found
