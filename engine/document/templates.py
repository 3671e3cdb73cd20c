"""Templates: the frames that a kind makes of others out of its params, as the constructors of Fluxion do.

A template is a function of the kind's params, by name, that gives the frame as a tree whose nodes have no ids yet and
only the params worth mentioning. Files hold the children as those of any frame, so whoever reads one needs no template.
"""

from collections.abc import Callable, Iterator
from typing import cast

from msgspec.structs import replace

from engine.document.edits import Batch, Edit, Insert, Remove, SetParam
from engine.document.graph import Graph, Node, Place, Tree, unique_names
from engine.document.ids import new_ids
from engine.document.kinds import Catalogue, NodeKind, ParamValue, complaint, defaults, resolve


def rebuild(graph: Graph, catalogue: Catalogue, node: str, param: str, value: ParamValue) -> Edit:
    """Give a param a value, and have the template of the node's kind follow.

    Children that were changed by hand stay as they are, and so they do when the template can't work with the params.
    """
    setting = SetParam(node, param, value)
    found = graph.nodes[node]
    kind = catalogue.get(found.kind)
    if kind is None or not graph.is_frame(node):
        return setting
    before, after = made(kind, catalogue, found.params), made(kind, catalogue, found.params | {param: value})
    if before is None or after is None or _retuning(graph, node, before) != []:
        return setting
    return Batch((setting, *_change(graph, node, after)))


def build_again(graph: Graph, catalogue: Catalogue, node: str) -> Edit | None:
    """What makes the children of a frame what its kind's template would; None when they are, or nobody can tell."""
    kind = catalogue.get(graph.nodes[node].kind)
    tree = made(kind, catalogue, graph.nodes[node].params) if kind and graph.is_frame(node) else None
    changes = _change(graph, node, tree) if tree else []
    return Batch(tuple(changes)) if changes else None


def made(kind: NodeKind, catalogue: Catalogue, params: dict[str, ParamValue]) -> Tree | None:
    """The frame that a template makes, complete but for ids; None without a template, or when a param does not fit."""
    values = {param.name: params.get(param.name, param.default) for param in kind.params}
    if not kind.template or any(complaint(param, values[param.name]) for param in kind.params):
        return None
    template = cast(Callable[..., Tree], resolve(kind.template))
    tree = template(**values)
    node = replace(tree.node, kind=kind.name, params=values)
    return Tree(node, children=tuple(complete(child, catalogue) for child in tree.children or ()))


def complete(tree: Tree, catalogue: Catalogue) -> Tree:
    """A tree with the defaults of its kinds filled in, and with the children that templates make where it has none."""
    kind = catalogue[tree.node.kind]
    node = replace(tree.node, params=defaults(kind) | tree.node.params, contexts=kind.contexts | tree.node.contexts)
    if tree.children is None and (frame := made(kind, catalogue, node.params)):
        contexts = frame.node.contexts | node.contexts
        return Tree(replace(node, contexts=contexts), tree.view, frame.children)
    children = tuple(complete(child, catalogue) for child in tree.children or ())
    return Tree(node, tree.view, children if kind.is_frame else None)


def with_ids(tree: Tree, ids: Iterator[str]) -> Tree:
    """A tree whose nodes, in the order of running, have the next of `ids`."""
    node = replace(tree.node, id=next(ids))
    children = None if tree.children is None else tuple(with_ids(child, ids) for child in tree.children)
    return replace(tree, node=node, children=children)


def _change(graph: Graph, node: str, wanted: Tree) -> list[Edit]:
    """The edits that give a frame the children of `wanted`: of params alone where that is enough."""
    retuning = _retuning(graph, node, wanted)
    if retuning is not None:
        return list(retuning)
    old, ids = tuple(graph.children[node]), new_ids(graph, node)
    children = _instead(graph, old, wanted.children or (), ids)
    edits: list[Edit] = [Remove(old)] if old else []
    return [*edits, Insert(Place(node, 0), children)] if children else edits


def _instead(graph: Graph, run: tuple[str, ...], trees: tuple[Tree, ...], ids: Iterator[str]) -> tuple[Tree, ...]:
    """Trees in the place of a run. One of the same kind and unique name as a node there goes on as that node, with its
    id, its key and its view, so that it keeps its weights."""
    stood = dict(zip(unique_names([graph.nodes[node].title for node in run]), run, strict=True))
    found: list[Tree] = []
    for tree, name in zip(trees, unique_names([tree.node.title for tree in trees]), strict=True):
        old = stood.get(name)
        if (
            old is None
            or not _goes_on(graph.nodes[old], tree.node)
            or graph.is_frame(old) != (tree.children is not None)
        ):
            found.append(with_ids(tree, ids))
            continue
        wanted = tree.node
        node = replace(graph.nodes[old], name=wanted.name, params=wanted.params, contexts=wanted.contexts)
        below = None if tree.children is None else _instead(graph, tuple(graph.children[old]), tree.children, ids)
        found.append(Tree(node, graph.views.get(old), below))
    return tuple(found)


def _goes_on(old: Node, new: Node) -> bool:
    """Whether a node may be another from now on: one that shares its weights has to stay like the others."""
    return old.kind == new.kind and (not old.shared or old.params == new.params)


def _retuning(graph: Graph, node: str, wanted: Tree) -> list[SetParam] | None:
    """The params to set below a frame so that its children are those of `wanted`; None when it takes other nodes."""
    children, trees = graph.children.get(node), wanted.children
    if children is None or trees is None:
        return [] if children is trees else None
    if len(children) != len(trees):
        return None
    found: list[SetParam] = []
    for child, tree in zip(children, trees, strict=True):
        stands = graph.nodes[child]
        below = _retuning(graph, child, tree) if _alike(stands, tree.node) else None
        if below is None:
            return None
        found += [SetParam(child, k, v) for k, v in tree.node.params.items() if not _equal(stands.params.get(k), v)]
        found += below
    return found


def _alike(left: Node, right: Node) -> bool:
    return left.kind == right.kind and left.name == right.name and left.contexts == right.contexts


def _equal(left: ParamValue, right: ParamValue) -> bool:
    """Equality that tells true from 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)
