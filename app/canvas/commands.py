"""Commands on the canvas's selection. Each performs one edit and selects what came of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.canvas import targets
from engine.document import clipboard, modes, rewrites, routes, scopes, wiring
from engine.document.answers import Answer, Refusal
from engine.document.document import Change, new_tree
from engine.document.edits import Insert
from engine.document.flow import Port
from engine.document.graph import CANVAS, Mode, Place
from engine.document.kinds import ParamValue

if TYPE_CHECKING:
    from app.canvas.view import Canvas


def add(canvas: "Canvas", kind: str) -> str | None:
    """A new node after the selected one, in it if it is an empty frame, else in the frame in view; its id."""
    tree = new_tree(canvas.document.graph, canvas.document.catalogue, kind)
    if not canvas.perform(Insert(place_for_new(canvas), (tree,)), f"Add {kind}"):
        return None
    canvas.reveal(tree.node.id)
    return tree.node.id


def place_for_new(canvas: "Canvas") -> Place:
    """After the selected node, in it if it is an empty frame, else in the frame in view."""
    graph = canvas.document.graph
    chosen = canvas.selection[-1] if canvas.selection else None
    if chosen and graph.is_frame(chosen) and (chosen == graph.root or not graph.children[chosen]):
        return Place(chosen, len(graph.children[chosen]))
    if chosen:
        place = graph.place_of(chosen)
        return Place(place.frame, place.index + 1, place.segment)
    frame = _frame_in_view(canvas)
    return Place(frame, len(graph.children[frame]))


def _frame_in_view(canvas: "Canvas") -> str:
    """The deepest open frame at the middle of the view, or the root."""
    middle = QPointF(canvas.width() / 2, canvas.height() / 2)
    frames = [i for i in canvas.scene.items if i.state == "open" and not i.loose and i.rect.contains(middle)]
    return max(frames, key=lambda i: i.depth).node if frames else canvas.document.graph.root


def add_at(canvas: "Canvas", kind: str, at: QPointF) -> None:
    """A new node where the pointer is: on the wire, in the frame, or parked on the canvas."""
    document = canvas.document
    target = targets.target_at(canvas.scene, canvas.arrangement, at.x(), at.y())
    tree = new_tree(document.graph, document.catalogue, kind)
    answer = targets.drop_new(document.graph, document.catalogue, target, (tree,))
    _perform(canvas, answer, f"Add {kind}", at)


def add_after(canvas: "Canvas", kind: str, port: Port, params: dict[str, ParamValue], at: QPointF) -> None:
    """A new node at the end of a wire drawn from `port`."""
    document = canvas.document
    tree = new_tree(document.graph, document.catalogue, kind, **params)
    _perform(canvas, wiring.continue_with(document.graph, document.catalogue, port, (tree,)), f"Add {kind}", at)


def wrap(canvas: "Canvas", kind: str) -> None:
    """Put the selected neighbours into a new frame."""
    document = canvas.document
    _perform(canvas, rewrites.wrap(document.graph, document.catalogue, canvas.selection, kind), f"Wrap in {kind}")


def unwrap(canvas: "Canvas") -> None:
    """Put what is in the selected frame into its place."""
    document, frame = canvas.document, canvas.selection[-1]
    inside = list(document.graph.children.get(frame, ()))
    title = document.graph.nodes[frame].title
    if canvas.perform(rewrites.unwrap(document.graph, document.catalogue, frame), f"Unwrap {title}", _corner(canvas)):
        canvas.select(inside)


def duplicate(canvas: "Canvas") -> None:
    """Copies of the selected nodes right after them."""
    document = canvas.document
    _perform(canvas, rewrites.duplicate(document.graph, document.catalogue, canvas.selection), "Duplicate")


def duplicate_beside(canvas: "Canvas") -> None:
    """A copy of the selected neighbours that is given the same input."""
    document = canvas.document
    answer = rewrites.duplicate_beside(document.graph, document.catalogue, canvas.selection)
    _perform(canvas, answer, "Duplicate as a branch")


def swap(canvas: "Canvas", kind: str) -> None:
    """Another kind in the place of the selected node."""
    document, node = canvas.document, canvas.selection[-1]
    label = f"Replace {document.graph.nodes[node].title} by {kind}"
    _perform(canvas, rewrites.swap(document.graph, document.catalogue, node, kind), label)


def switch(canvas: "Canvas", mode: Mode) -> None:
    """Bypass or mute the selected nodes, or have them run again."""
    document, nodes = canvas.document, canvas.selection
    again = all(document.graph.nodes[node].mode == mode for node in nodes)
    label = f"{mode.capitalize()} no longer" if again else mode.capitalize()
    canvas.perform(modes.switch(document.graph, document.catalogue, nodes, mode), label)


def extract(canvas: "Canvas") -> None:
    """Take the selected nodes out of the run, parked below where they stood; their neighbours close up."""
    document, nodes = canvas.document, canvas.selection
    area = canvas.rect_of(canvas.document.graph.root)
    zoom, scene = canvas.zoom, canvas.scene
    corner = canvas.rect_of(nodes[0])
    at = ((corner.x() - scene.x) / zoom, (area.bottom() - scene.y) / zoom + 40)
    answer = wiring.park(document.graph, document.catalogue, nodes, CANVAS, (round(at[0]), round(at[1])))
    canvas.perform(answer, "Extract", _corner(canvas))


def copy(canvas: "Canvas") -> bool:
    """Put the selected nodes on the clipboard, as the text of a graph file."""
    text = clipboard.copy(canvas.document.graph, canvas.document.catalogue, canvas.selection)
    if text:
        QApplication.clipboard().setText(text)
    else:
        canvas.refused.emit("The root can't be copied: select what is in it")
    return bool(text)


def cut(canvas: "Canvas") -> None:
    """Copy the selected nodes and delete them."""
    if copy(canvas):
        document = canvas.document
        canvas.perform(wiring.delete(document.graph, document.catalogue, canvas.selection), "Cut")


def paste(canvas: "Canvas", parked: bool = False) -> None:
    """Put the nodes of the clipboard after the selected one, or into the frame in view; `parked`: on the canvas."""
    graph = canvas.document.graph
    place = Place(CANVAS, 0) if parked else place_for_new(canvas)
    bottom = canvas.arrangement.boxes[graph.root]
    answer = clipboard.paste(graph, QApplication.clipboard().text(), place, (0.0, round(bottom.height + 60)))
    _perform(canvas, answer, "Paste")


def paste_beside(canvas: "Canvas") -> None:
    """Give the nodes of the clipboard the same input as the selected neighbours; a Sum adds what both return."""
    document, text = canvas.document, QApplication.clipboard().text()
    answer = clipboard.paste_beside(document.graph, document.catalogue, text, canvas.selection)
    _perform(canvas, answer, "Paste as a branch")


def route_through_context(canvas: "Canvas") -> None:
    """Turn the skip of the selected Residual or Sum into a SetContext and a UseContext."""
    document = canvas.document
    answer = routes.through_context(document.graph, document.catalogue, canvas.selection[-1])
    _perform(canvas, answer, "Route through context")


def inline_context(canvas: "Canvas") -> None:
    """Turn the context that the selected leaf reads or writes back into a skip."""
    document, node = canvas.document, canvas.selection[-1]
    found = scopes.access(document.graph, document.catalogue, node)
    if found is None or found.key is None:
        answer: Answer = Refusal("Select the SetContext or UseContext of the key that is to become a skip")
    else:
        answer = routes.inline_context(document.graph, document.catalogue, found.key)
    _perform(canvas, answer, "Inline context")


def _perform(canvas: "Canvas", answer: Answer, label: str, at: QPointF | None = None) -> None:
    """Perform an answer and select the new nodes, without those inside them."""
    document, graph = canvas.document, canvas.document.graph
    new: set[str] = set()

    def hear(change: Change) -> None:
        new.update(change.touched.added & graph.nodes.keys() if change.touched else ())

    document.listeners.append(hear)
    try:
        done = canvas.perform(answer, label, at or _corner(canvas))
    finally:
        document.listeners.remove(hear)
    if done:
        tops = graph.in_order(n for n in new if graph.parents.get(n) not in new)
        if tops:
            canvas.select(tops, reveal=True)


def _corner(canvas: "Canvas") -> QPointF:
    """Where offers open when a command was given by key: below what is selected."""
    return canvas.rect_of(canvas.selection[-1]).bottomLeft() if canvas.selection else QPointF(40, 40)
