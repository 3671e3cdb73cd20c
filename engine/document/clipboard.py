"""Nodes as text: a graph file whose root holds them, so that what is copied can be pasted into a file as well."""

import re

from engine.document.answers import RefusedError, answering
from engine.document.disk import FileError
from engine.document.edits import Edit, Insert, apply
from engine.document.files import dump
from engine.document.graph import CANVAS, Graph, Node, Place
from engine.document.ids import new_ids
from engine.document.parsing import parse
from engine.document.plan import Plan, Position, runs
from engine.document.rewrites import copied

_FENCE = re.compile(r"^ *```[^\n`]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def copy(graph: Graph, nodes: list[str]) -> str:
    """The text of these nodes, each with all that is in it, in the order of running; empty for the root alone."""
    order = {node: index for index, node in enumerate(graph.walk(loose=True))}
    found = runs(graph, sorted(nodes, key=order.__getitem__))
    trees = tuple(graph.tree(node) for run in found for node in run)
    if not trees:
        return ""
    held = Graph(Node(next(new_ids(graph)), "Chain"))
    apply(held, Insert(Place(held.root, 0), trees))
    return dump(held).decode()


@answering
def paste(graph: Graph, text: str, place: Place, position: Position | None = None) -> Edit:
    """Nodes from a text at a place, with new ids. On the canvas they stand at `position`, as one segment.

    The text is that of a graph file, or has it in a fence, as Markdown does.
    """
    if not text.lstrip().startswith("{") and (fence := _FENCE.search(text)):
        text = fence[1]
    if not text.lstrip().startswith("{"):
        raise RefusedError("refused", "the clipboard holds no nodes: copy some, or the text of a graph file")
    try:
        held = parse(text.encode(), "the clipboard")
    except FileError as error:
        raise RefusedError("refused", f"the clipboard holds no nodes ({error})") from error
    tops = [held.tree(node) for node in held.children[held.root]]
    if not tops:
        raise RefusedError("refused", "the clipboard holds a graph without nodes")
    with Plan(graph) as plan:
        trees = copied(tops, new_ids(graph))
        if place.frame == CANVAS:
            plan.insert_parked(CANVAS, trees, position)
        else:
            plan.insert(place, trees)
        return plan.edit
