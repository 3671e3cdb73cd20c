"""Adapters in writing: trees in the words of `nodes.tree`, completed and numbered."""

from itertools import count

from msgspec import Struct

from engine.document.adapters import TARGET, Adapter, Patch, Reach
from engine.document.graph import Tree
from engine.document.kinds import Param
from engine.document.templates import complete, with_ids
from nodes import CATALOGUE
from nodes.tree import node

SCALE = Param(
    name="scale", type="float", default=1.0, low=0, high=2, live=True, doc="Strength; 0 leaves the model as it is."
)


class Written(Struct, frozen=True):
    """A patch whose tree is yet to be completed."""

    selector: str
    tree: Tree
    place: Reach = "around"


def hole() -> Tree:
    """Where the target runs."""
    return node(TARGET)


def before(*trees: Tree) -> Tree:
    """These nodes, then the target."""
    return node("Chain", *trees, hole())


def adapter(id: str, name: str, *patches: Written, params: tuple[Param, ...] = (), doc: str, source: str) -> Adapter:
    """An adapter with the defaults of its nodes filled in; their ids count them through all its trees."""
    ids = (f"a{number}" for number in count(1))
    trees = [Patch(p.selector, with_ids(complete(p.tree, CATALOGUE), ids), p.place) for p in patches]
    return Adapter(id, name, tuple(trees), params, doc=doc, source=source)
