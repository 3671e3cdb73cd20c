"""Nodes as text: a graph file whose root holds them, so that what is copied can be pasted into a file as well."""

import re

from engine.document import offers, scopes
from engine.document.answers import RefusedError, answering
from engine.document.disk import FileError
from engine.document.edits import Edit, Insert, SetContexts, apply
from engine.document.files import dump
from engine.document.graph import CANVAS, Contexts, Graph, Node, Place, Tree
from engine.document.ids import new_ids
from engine.document.kinds import Catalogue
from engine.document.parsing import parse
from engine.document.plan import Plan, Position, runs
from engine.document.rewrites import branches, copied
from engine.document.sources import UnsetSource

_FENCE = re.compile(r"^ *```[^\n`]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def copy(graph: Graph, catalogue: Catalogue, nodes: list[str]) -> str:
    """The text of these nodes, each with all that is in it, in the order of running; empty for the root alone.

    Its root provides what the nodes have from providers around them, so that the text runs as a graph of its own.
    """
    found = runs(graph, graph.in_order(nodes))
    trees = tuple(graph.tree(node) for run in found for node in run)
    if not trees:
        return ""
    held = Graph(Node(next(new_ids(graph)), "Chain", contexts=_reached(graph, catalogue, trees)))
    apply(held, Insert(Place(held.root, 0), trees))
    return dump(held).decode()


def _reached(graph: Graph, catalogue: Catalogue, trees: tuple[Tree, ...]) -> Contexts:
    """What the nodes of trees have from providers that are not among them."""
    inside = dict.fromkeys(node for tree in trees for node in graph.walk(tree.node.id, loose=True))
    found: Contexts = {}
    for node in inside:
        key = reached.key if (reached := scopes.reach(graph, catalogue, node)) else None
        if key and key.provider not in inside:
            given = found.setdefault(key.context, {})
            source = graph.nodes[key.provider].contexts[key.context].get(key.key)
            if source is not None:
                itself = key.key in scopes.told(graph, catalogue, key.provider, key.context)
                given[key.key] = UnsetSource() if itself else source
    return found


@answering
def paste(graph: Graph, text: str, place: Place, position: Position | None = None) -> Edit:
    """Nodes from a text at a place, with new ids. On the canvas they stand at `position`, as one segment.

    The text is that of a graph file, or has it in a fence, as Markdown does. What its root provides and nobody around
    the place does is provided by the frame there from now on.
    """
    held = _held(text)
    with Plan(graph) as plan:
        trees = copied([held.tree(node) for node in held.children[held.root]], new_ids(graph))
        if place.frame == CANVAS:
            plan.insert_parked(CANVAS, trees, position)
        else:
            plan.insert(place, trees)
            _provide(plan, held, trees)
        return plan.edit


@answering
def paste_beside(graph: Graph, catalogue: Catalogue, text: str, nodes: list[str]) -> Edit:
    """Nodes from a text as one branch beside these neighbours: given the same input, and a Sum adds what both return.

    Beside branches they are another branch of the frame that is there.
    """
    held = _held(text)
    with Plan(graph) as plan:
        trees = copied([held.tree(node) for node in held.children[held.root]], new_ids(graph))
        place = graph.place_of(branches(plan, catalogue, nodes)[-1])
        plan.insert(Place(place.frame, place.index + 1, place.segment), trees)
        if len(trees) > 1:
            offers.wrap_run(plan, catalogue, [tree.node.id for tree in trees], "Chain")
        _provide(plan, held, trees)
        return plan.edit


def _provide(plan: Plan, held: Graph, trees: tuple[Tree, ...]) -> None:
    """Have the frame around what was pasted provide what nobody else around it does; nothing to what is parked."""
    graph, top = plan.graph, trees[0].node.id
    frame, given = graph.parents[top], held.nodes[held.root].contexts
    missing = {name: keys for name, keys in given.items() if scopes.provider_of(graph, top, name) is None}
    if missing and not graph.is_loose(top):
        plan.do(SetContexts(frame, graph.nodes[frame].contexts | missing))


def _held(text: str) -> Graph:
    """The graph that a text holds; it has nodes.

    Raises:
        RefusedError: It holds none.
    """
    if not text.lstrip().startswith("{") and (fence := _FENCE.search(text)):
        text = fence[1]
    if not text.lstrip().startswith("{"):
        raise RefusedError("refused", "the clipboard holds no nodes: copy some, or the text of a graph file")
    try:
        held = parse(text.encode(), "the clipboard")
    except FileError as error:
        raise RefusedError("refused", f"the clipboard holds no nodes ({error})") from error
    if not held.children[held.root]:
        raise RefusedError("refused", "the clipboard holds a graph without nodes")
    return held
