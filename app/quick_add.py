"""Adding nodes at the pointer: a list of kinds that opens where one is wanted, narrowed by typing and by the wire."""

import re
from collections.abc import Callable

from PySide6.QtCore import QPointF
from PySide6.QtGui import QCursor

from app import search
from app.canvas import commands
from app.canvas.view import Canvas
from app.icons import kind_icon
from app.panels.palette import tooltip
from app.picker import Entry, Picker
from engine.document.flow import Port
from engine.document.intake import sizes
from engine.document.kinds import Catalogue, NodeKind, ParamValue

_WORD = re.compile(r"[A-Za-z_]\w*")


def at_pointer(canvas: Canvas) -> Picker:
    """A list of all kinds, opened at the pointer if it is over the canvas, else in its middle.

    What is chosen goes after the selected node; with nothing selected, to where the list opened.
    """
    at = QPointF(canvas.mapFromGlobal(QCursor.pos()))
    if not canvas.rect().contains(at.toPoint()):
        at = QPointF(canvas.rect().center())
    if canvas.selection:
        return _open(canvas, at, canvas.document.catalogue, lambda kind: canvas.add_kind(kind.name), "Add a node")
    return here(canvas, at)


def here(canvas: Canvas, at: QPointF) -> Picker:
    """A list of all kinds; what is chosen goes to this point of the canvas."""
    return _open(
        canvas, at, canvas.document.catalogue, lambda kind: commands.add_at(canvas, kind.name, at), "Add a node"
    )


def on_wire(canvas: Canvas, port: Port, at: QPointF) -> Picker:
    """A list of the kinds that can take what comes out of `port`; the one chosen is wired to it."""
    node, side = port
    marks = canvas.marks
    shapes = marks.returns.get(node, ()) if side == "out" else marks.receives.get(node, ())
    shape = sizes(shapes[0]) if len(shapes) == 1 else None
    fitting = {kind.name: kind for kind in canvas.document.catalogue.values() if takes(kind, shape) is not None}

    def chosen(kind: NodeKind) -> None:
        commands.add_after(canvas, kind.name, port, takes(kind, shape) or {}, at)

    what = f" for {shapes[0]}" if shape is not None else ""
    return _open(canvas, at, fitting, chosen, f"Add a node{what}")


def instead(canvas: Canvas) -> Picker:
    """A list of the kinds that the selected node could become."""
    node = canvas.selection[-1]
    is_frame = canvas.document.graph.is_frame(node)
    alike = {k.name: k for k in canvas.document.catalogue.values() if k.is_frame == is_frame}
    at = QPointF(canvas.rect_of(node).bottomLeft())
    title = canvas.document.graph.nodes[node].title
    return _open(canvas, at, alike, lambda kind: commands.swap(canvas, kind.name), f"Replace {title} by")


def takes(kind: NodeKind, shape: tuple[int, ...] | None) -> dict[str, ParamValue] | None:
    """Params with which a kind takes a tensor of these sizes; None when it takes only another number of dimensions."""
    layout = [part.strip() for part in kind.takes.strip("()").split(",") if part.strip()]
    if shape is None or not layout:
        return {}
    open_ended = "..." in layout
    if len(layout) != len(shape) and not (open_ended and len(shape) >= len(layout) - 1):
        return None
    after = layout[layout.index("...") + 1 :] if open_ended else layout
    pairs = zip(reversed(after), reversed(shape), strict=False)
    return {name: size for name, size in pairs if _WORD.fullmatch(name) and kind.param(name) is not None}


def _open(canvas: Canvas, at: QPointF, catalogue: Catalogue, take: Callable[[NodeKind], object], hint: str) -> Picker:
    def find(text: str) -> list[Entry]:
        found = search.kinds(catalogue, text) if text.strip() else list(catalogue.values())
        return [Entry(k.name, k, k.category, kind_icon(k, canvas.theme), tooltip(k)) for k in found]

    def chosen(kind: object) -> None:
        assert isinstance(kind, NodeKind)
        take(kind)
        canvas.setFocus()

    picker = Picker(find, hint, canvas)
    picker.chosen.connect(chosen)
    picker.open_at(canvas.mapToGlobal(at.toPoint()))
    return picker
