"""Trees that have the weights of a model's layers: a second look at what the model has learned costs no memory."""

from collections.abc import Callable

from msgspec.structs import replace

from engine.document.adapters import BORROWED
from engine.document.graph import Tree, unique_names
from nodes import CATALOGUE


def borrowing(tree: Tree, path: str, wrapped: Callable[[Tree], Tree] = lambda layer: layer) -> Tree:
    """A tree whose layers have the weights of those of the target at the same path, which starts at `path`; each of
    them is then `wrapped`."""
    if tree.children is not None:
        names = unique_names([child.node.title for child in tree.children])
        pairs = zip(tree.children, names, strict=True)
        return replace(tree, children=tuple(borrowing(child, f"{path}.{name}", wrapped) for child, name in pairs))
    if not CATALOGUE[tree.node.kind].weights:
        return tree
    return wrapped(replace(tree, node=replace(tree.node, shared=f"{BORROWED}{path}")))
