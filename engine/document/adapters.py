"""Adapters as data: small trees with a hole, the nodes they go to, and the params they share.

A graph holds its adapters as a stack (`Graph.adapters`) and applies them in order: as in Fluxion, of two around one
target the later stands closer to it. They change nothing of its nodes: `engine.document.expand` works out what runs.
"""

from typing import Literal

from msgspec import Struct, field

from engine.document.graph import Tree, Weights, tree_nodes
from engine.document.kinds import Param, ParamValue, complaint

TARGET = "Target"
"""The kind of the leaf that stands for what an adapter is put around: the hole."""

BORROWED = "=target."
"""`shared` of a leaf in a tree starts so when its weights are those of the leaf at this path below the target."""

Reach = Literal["around", "inside", "instead"]


class Patch(Struct, frozen=True, omit_defaults=True):
    """A tree, and which nodes of the graph it goes to (see `engine.document.selectors`).

    With "around", the tree takes a node's place and the node stands in its hole. With "inside", the node is a frame
    that stays, its children are those of the tree, and the hole is a Chain of what the frame held before. With
    "instead", there is no hole: the node does not run.

    A param that starts with "=" is a formula, in checked Python without lambda, of the adapter's params and of
    `target.PARAM` and `parent.PARAM`, those of the node and of the frame around it: "=target.in_features".
    """

    selector: str
    tree: Tree
    place: Reach = "around"


class Adapter(Struct, frozen=True, omit_defaults=True):
    """Patches under one name, applied in order.

    `params` declare what can be set, `values` has what is set, by name; the others are at their defaults. `where`
    narrows what the patches that are "around" or "instead" go to. `weights` names a file whose keys are the path of the
    target, then the path in the tree; `keys` has the nodes of the graph that it calls otherwise than follows from the
    graph as it is now (`engine.document.adapter_keys`), `Node.key` says so in the trees (`engine.document.drawn`).
    `source` is the paper or the Fluxion class it comes from.
    """

    id: str
    name: str
    patches: tuple[Patch, ...] = ()
    params: tuple[Param, ...] = ()
    values: dict[str, ParamValue] = field(default_factory=dict)
    where: str = ""
    enabled: bool = True
    weights: Weights | None = None
    colour: str = ""
    doc: str = ""
    source: str = ""
    keys: dict[str, str] = field(default_factory=dict)


def param_of(adapter: Adapter, name: str) -> Param | None:
    """The declaration of one of the adapter's params."""
    return next((param for param in adapter.params if param.name == name), None)


def values_of(adapter: Adapter) -> dict[str, ParamValue]:
    """The value of every param that the adapter declares; whole numbers become floats where those are declared."""
    return {param.name: _fitted(param, adapter.values.get(param.name, param.default)) for param in adapter.params}


def _fitted(param: Param, value: ParamValue) -> ParamValue:
    return float(value) if param.type == "float" and isinstance(value, int) and not isinstance(value, bool) else value


def flaw(adapter: Adapter) -> str | None:
    """Why the adapter can't be applied to any graph, in plain words, or None when it may."""
    if not adapter.patches:
        return "it has no patch: draw what it puts around its targets"
    for patch in adapter.patches:
        holes = sum(tree.node.kind == TARGET for tree in tree_nodes(patch.tree))
        wanted = 0 if patch.place == "instead" else 1
        if holes != wanted:
            have = f"holds {holes} nodes of kind {TARGET}" if holes else f"holds no node of kind {TARGET}"
            want = f"exactly one, where the node it goes {patch.place} runs" if wanted else "none, since nothing stays"
            return f"its tree for {patch.selector!r} {have}; it needs {want}"
    for name, value in values_of(adapter).items():
        if (param := param_of(adapter, name)) and (wrong := complaint(param, value)):
            return f"{name} {wrong}"
    return None
