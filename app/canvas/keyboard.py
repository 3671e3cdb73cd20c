"""Keys that only make sense on the canvas; commands with a shortcut are the window's."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from app.canvas import repeats, travel

if TYPE_CHECKING:
    from app.canvas.view import Canvas

_HELD = (Qt.Key.Key_Space, Qt.Key.Key_Y)
_WALK = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


def press(canvas: "Canvas", event: QKeyEvent) -> bool:
    """What a key does on the canvas; False for one that means nothing there."""
    key = event.key()
    if key == Qt.Key.Key_Alt:
        canvas.mouse.turn(Qt.KeyboardModifier.AltModifier)
        return False  # it means something to the menu bar as well
    if key == Qt.Key.Key_Escape:
        if canvas.mouse.busy:
            canvas.mouse.abandon()
        elif canvas.wire_walk.under_way:
            canvas.wire_walk.abandon()
        elif canvas.pinned:
            canvas.pin(None)
        elif canvas.selection:
            canvas.select([])
        else:
            travel.leave(canvas)
    elif canvas.mouse.gesture:
        return False  # it goes on under the pointer, in this view
    elif key in _HELD and not event.modifiers():
        if not event.isAutoRepeat():
            canvas.mouse.hold(Qt.Key(key))
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and canvas.wire_walk.under_way:
        canvas.wire_walk.finish()
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and canvas.selection:
        canvas.activate(canvas.selection[-1])
    elif key in _WALK or key in _PAGES:
        found = _neighbour(canvas, key) if key in _WALK else _next_leaf(canvas, _PAGES[Qt.Key(key)])
        if found:
            _go(canvas, found, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
    else:
        return False
    return True


def release(canvas: "Canvas", event: QKeyEvent) -> bool:
    """The end of `press`, for keys that are held."""
    if event.key() == Qt.Key.Key_Alt:
        canvas.mouse.turn(Qt.KeyboardModifier.NoModifier)
    if event.key() not in _HELD or event.isAutoRepeat():
        return False
    canvas.mouse.hold(None)
    return True


def _neighbour(canvas: "Canvas", key: int) -> str | None:
    """Where arrows lead: left and right to the neighbours, up to the frame around, down to the first child."""
    graph, hidden = canvas.document.graph, canvas.arrangement.hidden
    node = canvas.selection[-1] if canvas.selection else graph.root
    node = hidden.get(node, node)
    found: str | None = node
    if not canvas.selection:
        pass
    elif key == Qt.Key.Key_Up:
        found = graph.parent(node)
    elif key == Qt.Key.Key_Down:
        run = graph.children.get(node, []) if not graph.view(node).collapsed else []
        found = run[0] if run else None
    elif node != graph.root:
        run = [each for each in graph.siblings(node) if each not in hidden]
        index = run.index(node) + (1 if key == Qt.Key.Key_Right else -1)
        found = run[index] if 0 <= index < len(run) else None
    return found


def _go(canvas: "Canvas", node: str, adds: bool) -> None:
    """Select the node; one that `adds` keeps what is selected, but for where it comes from when it goes back."""
    before, chosen = canvas.selection, repeats.meant(canvas.arrangement, node)
    if adds and node in before:
        left = repeats.meant(canvas.arrangement, canvas.arrangement.hidden.get(before[-1], before[-1]))
        before = [each for each in before if each not in left]
    canvas.select([*(each for each in before if adds and each not in chosen), *chosen])
    travel.show(canvas, [node])


def _next_leaf(canvas: "Canvas", step: int) -> str | None:
    """The leaf that runs next (`step` 1) or before (-1), in frames and out of them; a folded one counts as one."""
    graph, hidden = canvas.document.graph, canvas.arrangement.hidden
    node = canvas.selection[-1] if canvas.selection else graph.root
    node = hidden.get(node, node)
    inner = _first_in(canvas, node, step)
    if inner != node and (step > 0 or not canvas.selection):
        return inner
    while node != graph.root:
        run = [each for each in graph.siblings(node) if each not in hidden]
        index = run.index(node) + step
        if 0 <= index < len(run):
            return _first_in(canvas, run[index], step)
        if graph.place_of(node).segment is not None:
            return None  # the end of what is parked together
        node = graph.parents[node]
    return None


def _first_in(canvas: "Canvas", node: str, step: int) -> str:
    """The first leaf in a node, or the last if `step` is -1; the node itself if it is one, is folded, or is empty."""
    graph = canvas.document.graph
    while graph.children.get(node) and not graph.view(node).collapsed:
        run = [each for each in graph.children[node] if each not in canvas.arrangement.hidden]
        node = run[0] if step > 0 else run[-1]
    return node
