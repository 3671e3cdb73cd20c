"""What may stand in a graph: names that are names, and values that a file keeps exactly. Raises EditError otherwise."""

from msgspec.structs import astuple

from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Input, Node, Tree, View, Weights, misnamed, tree_nodes
from engine.document.kinds import unfit
from engine.document.sources import Source


class EditError(ValueError):
    """An edit that would make an illegal tree; the message says why."""


def require_name(name: str) -> None:
    """Refuse a node's name that is none; empty is fine."""
    if name and (reason := misnamed(name)):
        raise EditError(reason)


def require_values(what: str, *values: object) -> None:
    """Refuse values that no file could keep; `what` says whose they are."""
    for value in values:
        if reason := unfit(value):
            raise EditError(f"{what} {reason}")


def require_source(what: str, source: Source) -> None:
    """Refuse a source with values that no file could keep."""
    require_values(what, *astuple(source))


def require_contexts(what: str, contexts: Contexts) -> None:
    """Refuse contexts and keys without names, and what can't be kept."""
    for context, entries in contexts.items():
        if not context or "" in entries:
            raise EditError(f"{what}: every context and key needs a name")
        for key, source in entries.items():
            require_values(f"{what}: the name of a context or key", context, key)
            require_source(f"{what}: {context}.{key}", source)


def require_view(what: str, view: View) -> None:
    """Refuse a view with values that no file could keep."""
    require_values(f"{what}: its view", view.note, view.colour, *(view.position or ()))


def require_weights(what: str, weights: Weights | None) -> None:
    """Refuse a weights file without a path, or with one that no file could keep."""
    if weights is None:
        return
    require_values(f"{what}: its weights", weights.path, weights.sha256)
    if not weights.path:
        raise EditError(f"{what}: its weights have no path: name a file, or none at all")


def require_node(node: Node) -> None:
    """Refuse a node with a kind, name, params or contexts that can't be."""
    if reason := misnamed(node.kind):
        raise EditError(reason)
    require_name(node.name)
    require_values("the id", node.id)
    for param, value in node.params.items():
        require_values(f"{node.title}.{param}", param, value)
    require_contexts(node.title, node.contexts)
    require_values(f"{node.title}: what it shares and its key", node.shared, node.key)
    require_weights(node.title, node.weights)


def require_inputs(inputs: tuple[Input, ...]) -> None:
    """Refuse inputs without names of their own."""
    names = [i.name for i in inputs]
    for name in names:
        if not name:
            raise EditError("an input needs a name")
        require_name(name)
        if names.count(name) > 1:
            raise EditError(f"two inputs are called {name!r}")
    for given in inputs:
        require_source(f"the input {given.name}", given.source)


def require_adapters(adapters: tuple[Adapter, ...]) -> None:
    """Refuse adapters without ids and names of their own, and with trees or values that can't be."""
    ids = [adapter.id for adapter in adapters]
    for adapter in adapters:
        what = f"the adapter {adapter.name or adapter.id}"
        _require_own_id(what, adapter.id, ids)
        if not adapter.name:
            raise EditError(f"{what} needs a name")
        texts = (adapter.id, adapter.name, adapter.where, adapter.colour, adapter.doc, adapter.source)
        mapped = (text for each in (adapter.values, adapter.keys) for pair in each.items() for text in pair)
        require_values(what, *texts, *mapped, *(p.selector for p in adapter.patches))
        require_weights(what, adapter.weights)
        names = [param.name for param in adapter.params]
        for param in adapter.params:
            if (reason := misnamed(param.name)) or names.count(param.name) > 1:
                raise EditError(f"{what}: {reason or f'two params are called {param.name!r}'}")
            values = (param.default, param.low, param.high, list(param.choices))
            require_values(f"{what}: its param {param.name}", param.doc, param.argument, *values)
        trees = [tree for patch in adapter.patches for tree in tree_nodes(patch.tree)]
        node_ids = [tree.node.id for tree in trees]
        if len(set(node_ids)) < len(node_ids):
            raise EditError(f"{what}: two of its nodes have the same id")
        for tree in trees:
            _require_own_id(f"{what}: {tree.node.title}", tree.node.id, [])
            require_tree(tree)


def _require_own_id(what: str, given: str, others: list[str]) -> None:
    if not given or "." in given or others.count(given) > 1:
        raise EditError(f"{what} has the id {given!r}, but needs one of its own, without dots")


def require_tree(tree: Tree) -> None:
    """Refuse a detached node that can't be, or can't hold what it does; those below it are not looked at."""
    node = tree.node
    require_node(node)
    if tree.view:
        require_view(node.title, tree.view)
    if tree.children is None and (tree.loose or node.contexts):
        raise EditError(f"{node.title} is a leaf: it can't hold other nodes or provide contexts")
    if tree.children is not None and node.shared:
        raise EditError(f"{node.title} is a frame: only leaves share weights")
    if not all(tree.loose):
        raise EditError(f"{node.title} has an empty loose segment")
