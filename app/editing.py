"""The commands that change the graph: what is selected on the canvas, and back again."""

from typing import TYPE_CHECKING

from app import quick_add
from app.action import Action
from app.canvas import commands, repeats
from app.canvas.renaming import NameField
from engine.document import scopes
from engine.document.graph import Mode
from nodes import CATALOGUE

if TYPE_CHECKING:
    from app.window import Window

WRAPS = ("Chain", "Residual", "Sum", "Parallel", "Concatenate", "Passthrough", "Distribute", "Matmul")


def _some(window: "Window") -> bool:
    """Something but the root is selected."""
    return any(node != window.canvas.document.graph.root for node in window.canvas.selection)


def _one(window: "Window") -> bool:
    return len(window.canvas.selection) == 1 and _some(window)


def _frame(window: "Window") -> bool:
    return _one(window) and window.canvas.document.graph.is_frame(window.canvas.selection[0])


def _skip(window: "Window") -> bool:
    role = (
        scopes.role_of(window.canvas.document.graph, CATALOGUE, window.canvas.selection[0]) if _frame(window) else None
    )
    return role in ("residual", "sum")


def _access(window: "Window") -> bool:
    graph, selected = window.canvas.document.graph, window.canvas.selection
    return len(selected) == 1 and scopes.access(graph, CATALOGUE, selected[0]) is not None


def _all_are(window: "Window", mode: Mode) -> bool:
    nodes = window.canvas.document.graph.nodes
    return _some(window) and all(nodes[node].mode == mode for node in window.canvas.selection)


def _wrap(kind: str) -> Action:
    return Action(
        id=f"wrap-{kind.lower()}",
        menu="Edit/Wrap in",
        title=kind,
        keys=("Ctrl+G",) if kind == "Chain" else (),
        scope="canvas",
        run=lambda w: commands.wrap(w.canvas, kind),
        enabled=_some,
    )


def _undo_title(window: "Window") -> str:
    undos = window.document.history.undos
    return f"Undo {undos[-1].label}" if undos else "Undo"


def _redo_title(window: "Window") -> str:
    redos = window.document.history.redos
    return f"Redo {redos[-1].label}" if redos else "Redo"


def _write_note(window: "Window") -> None:
    window.show_inspector()
    window.inspector.focus_note()


EDITING: tuple[Action, ...] = (
    Action(
        id="undo",
        menu="Edit",
        title=_undo_title,
        keys=("Ctrl+Z",),
        icon="undo",
        run=lambda w: w.document.undo(),
        enabled=lambda w: bool(w.document.history.undos),
    ),
    Action(
        id="redo",
        menu="Edit",
        title=_redo_title,
        keys=("Ctrl+Y", "Ctrl+Shift+Z"),
        icon="redo",
        run=lambda w: w.document.redo(),
        enabled=lambda w: bool(w.document.history.redos),
    ),
    Action(
        id="add-node",
        menu="Edit",
        title="Add a node…",
        keys=("Tab", "Shift+A"),
        scope="canvas",
        tip="A list at the pointer: type a few letters, Enter adds",
        run=lambda w: quick_add.at_pointer(w.canvas),
        separated=True,
    ),
    Action(
        id="replace",
        menu="Edit",
        title="Replace by another kind…",
        keys=("Ctrl+R",),
        scope="canvas",
        tip="Keeps the place, the name and the params that fit",
        run=lambda w: quick_add.instead(w.canvas),
        enabled=_one,
    ),
    Action(
        id="rename",
        menu="Edit",
        title="Rename",
        keys=("F2",),
        scope="canvas",
        run=lambda w: NameField(w.canvas, w.canvas.selection[-1]),
        enabled=lambda w: len(w.canvas.selection) == 1,
    ),
    Action(
        id="note",
        menu="Edit",
        title="Write a note",
        keys=("Shift+P",),
        scope="canvas",
        tip="A remark that is shown with the node",
        run=_write_note,
        enabled=_one,
    ),
    Action(
        id="bypass",
        menu="Edit",
        title="Bypass",
        keys=("D", "Ctrl+B"),
        scope="canvas",
        tip="Have the selected nodes pass their input on, or do their work again",
        run=lambda w: commands.switch(w.canvas, "bypass"),
        enabled=_some,
        checked=lambda w: _all_are(w, "bypass"),
    ),
    Action(
        id="mute",
        menu="Edit",
        title="Mute",
        keys=("Ctrl+M",),
        scope="canvas",
        tip="Have the graph run as if the selected nodes were not there",
        run=lambda w: commands.switch(w.canvas, "mute"),
        enabled=_some,
        checked=lambda w: _all_are(w, "mute"),
    ),
    *(_wrap(kind) for kind in WRAPS),
    Action(
        id="unwrap",
        menu="Edit",
        title="Unwrap",
        keys=("Ctrl+Shift+G",),
        scope="canvas",
        tip="Put what is in the frame into its place",
        run=lambda w: commands.unwrap(w.canvas),
        enabled=_frame,
    ),
    Action(
        id="route",
        menu="Edit",
        title="Route through context",
        tip="The skip of a Residual or Sum becomes a SetContext and a UseContext; the result stays the same",
        run=lambda w: commands.route_through_context(w.canvas),
        enabled=_skip,
    ),
    Action(
        id="inline",
        menu="Edit",
        title="Inline context",
        tip="A key that is written once and summed in once becomes a Residual; the result stays the same",
        run=lambda w: commands.inline_context(w.canvas),
        enabled=_access,
    ),
    Action(
        id="cut",
        menu="Edit",
        title="Cut",
        keys=("Ctrl+X", "Shift+Delete"),
        scope="canvas",
        run=lambda w: commands.cut(w.canvas),
        enabled=_some,
        separated=True,
    ),
    Action(
        id="copy",
        menu="Edit",
        title="Copy",
        keys=("Ctrl+C", "Ctrl+Insert"),
        scope="canvas",
        tip="As the text of a graph file",
        run=lambda w: commands.copy(w.canvas),
        enabled=_some,
    ),
    Action(
        id="paste",
        menu="Edit",
        title="Paste",
        keys=("Ctrl+V", "Shift+Insert"),
        scope="canvas",
        tip="After the selected node, or into the frame in view",
        run=lambda w: commands.paste(w.canvas),
    ),
    Action(
        id="paste-beside",
        menu="Edit",
        title="Paste as a branch",
        keys=("Ctrl+Shift+V",),
        scope="canvas",
        tip="It gets the same input as what is selected, and a Sum adds what both return",
        run=lambda w: commands.paste_beside(w.canvas),
        enabled=_some,
    ),
    Action(
        id="paste-parked",
        menu="Edit",
        title="Paste beside the graph",
        keys=("Ctrl+Alt+V",),
        scope="canvas",
        tip="Parked on the canvas, not wired",
        run=lambda w: commands.paste(w.canvas, parked=True),
    ),
    Action(
        id="delete",
        menu="Edit",
        title="Delete",
        keys=("Delete", "Backspace"),
        scope="canvas",
        run=lambda w: w.canvas.delete_selection(),
        enabled=lambda w: bool(w.canvas.selection),
    ),
    Action(
        id="duplicate",
        menu="Edit",
        title="Duplicate",
        keys=("Ctrl+D", "Shift+D"),
        scope="canvas",
        run=lambda w: commands.duplicate(w.canvas),
        enabled=_some,
        separated=True,
    ),
    Action(
        id="duplicate-beside",
        menu="Edit",
        title="Duplicate as a branch",
        keys=("Ctrl+Shift+D",),
        scope="canvas",
        tip="The copy gets the same input, and a Sum adds what both return",
        run=lambda w: commands.duplicate_beside(w.canvas),
        enabled=_some,
    ),
    Action(
        id="wire-to",
        menu="Edit",
        title="Wire to…",
        keys=("W",),
        scope="canvas",
        tip="A wire from the selected node to the one that you then go to; Enter connects them",
        run=lambda w: w.canvas.wire_walk.begin(),
        enabled=_some,
        separated=True,
    ),
    Action(
        id="extract",
        menu="Edit",
        title="Take out of the run",
        keys=("Ctrl+Shift+X",),
        scope="canvas",
        tip="Park it beside the graph; its neighbours close up",
        run=lambda w: commands.extract(w.canvas),
        enabled=_some,
    ),
    Action(
        id="even-out",
        menu="Edit",
        title="Make its repeats equal to it",
        tip="Frames in a row with it that are built or called like it become what it is; their weights stay",
        run=lambda w: repeats.even_out(w.canvas),
        enabled=lambda w: _some(w) and w.canvas.document.graph.is_frame(w.canvas.selection[0]),
    ),
)
