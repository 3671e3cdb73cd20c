"""The commands that share weights: a second place for a node with the same weights, and weights of its own again."""

from typing import TYPE_CHECKING

from app.action import Action
from engine.document import sharing
from engine.document.answers import answering
from engine.document.graph import Place
from engine.document.keys import sources_of
from nodes import CATALOGUE

if TYPE_CHECKING:
    from app.window import Window


def place_again(window: "Window") -> None:
    """Put the selected node into a second place, right after the one it has."""
    canvas, graph = window.canvas, window.canvas.document.graph
    node = canvas.selection[-1]
    here = graph.place_of(node)
    there = Place(here.frame, here.index + 1, here.segment)
    answer = answering(sharing.place_again)(graph, CATALOGUE, node, there)
    if canvas.perform(answer, _title(window), canvas.rect_of(node).bottomLeft()):
        canvas.select([graph.slot(there)[there.index]], reveal=True)


def unshare(window: "Window", node: str) -> None:
    """Give a node weights of its own, and say which they are."""
    canvas, graph = window.canvas, window.canvas.document.graph
    title = graph.nodes[node].title
    answer = answering(sharing.unshare)(graph, node)
    if canvas.perform(answer, f"Unshare {title}", canvas.rect_of(node).bottomLeft()):
        owners = {origin.owner for leaf, origin in sources_of(graph).items() if leaf in set(graph.walk(node))}
        files = ", ".join(weights.path for owner in sorted(owners) if (weights := graph.nodes[owner].weights))
        window.say(f"{title} has weights of its own now: {f'still those of {files}' if files else 'new initial ones'}")


def _title(window: "Window") -> str:
    selected, graph = window.canvas.selection, window.canvas.document.graph
    is_frame = len(selected) == 1 and graph.is_frame(selected[0])
    return "Structural copy" if is_frame else "Place again with the same weights"


def _has_layers(window: "Window") -> bool:
    selected, graph = window.canvas.selection, window.canvas.document.graph
    return len(selected) == 1 and selected[0] != graph.root and sharing.has_layers(graph, CATALOGUE, selected[0])


def _shares(window: "Window") -> bool:
    selected, graph = window.canvas.selection, window.canvas.document.graph
    return len(selected) == 1 and sharing.shares_outside(graph, selected[0])


SHARING: tuple[Action, ...] = (
    Action(
        id="place-again",
        menu="Edit",
        title=_title,
        keys=("Alt+D",),
        scope="canvas",
        tip="A second place right after this one; of a frame, new frames with the same layers",
        run=place_again,
        enabled=_has_layers,
    ),
    Action(
        id="unshare",
        menu="Edit",
        title="Unshare",
        tip="Give it weights of its own from now on",
        run=lambda w: unshare(w, w.canvas.selection[-1]),
        enabled=_shares,
    ),
)
