"""Commands that lead about the graph: nearer and farther, to everything, out of a frame, back and forward."""

from app.action import Action
from app.canvas import repeats, travel

NAVIGATING: tuple[Action, ...] = (
    Action(
        id="zoom-in",
        menu="View",
        title="Zoom in",
        keys=("Ctrl++", "Ctrl+="),
        run=lambda w: w.canvas.zoom_by(1.25),
    ),
    Action(id="zoom-out", menu="View", title="Zoom out", keys=("Ctrl+-",), run=lambda w: w.canvas.zoom_by(0.8)),
    Action(id="zoom-actual", menu="View", title="100 %", keys=("Ctrl+0",), run=lambda w: w.canvas.set_zoom(1.0)),
    Action(
        id="frame-all",
        menu="View",
        title="Show everything",
        keys=("Home",),
        scope="canvas",
        icon="fit",
        run=lambda w: travel.show_all(w.canvas),
        separated=True,
    ),
    Action(
        id="leave",
        menu="View",
        title="Out to the frame around",
        keys=("U",),
        scope="canvas",
        tip="Esc does so too, when nothing is selected; Enter or a double click goes into a frame",
        run=lambda w: travel.leave(w.canvas),
    ),
    Action(
        id="view-back",
        menu="View",
        title="Back",
        keys=("Alt+Left",),
        tip="To what the canvas showed before the last leap",
        run=lambda w: w.canvas.travels.back(),
    ),
    Action(
        id="view-forward",
        menu="View",
        title="Forward",
        keys=("Alt+Right",),
        run=lambda w: w.canvas.travels.forward(),
    ),
    Action(
        id="frame-selection",
        menu="View",
        title="Show the selection",
        keys=("F",),
        scope="canvas",
        tip="Everything when nothing is selected",
        run=lambda w: w.canvas.frame_selection(),
    ),
    Action(
        id="collapse",
        menu="View",
        title="Fold or unfold",
        keys=("H", "Alt+C"),
        scope="canvas",
        run=lambda w: w.canvas.toggle_collapsed(),
        enabled=lambda w: any(w.canvas.document.graph.is_frame(node) for node in w.canvas.selection),
    ),
    Action(
        id="fold-repeats",
        menu="View",
        title="Fold or unfold repeats",
        keys=("Shift+H",),
        scope="canvas",
        tip="Frames in a row that are built alike become one, × N: in what is selected, or everywhere",
        run=lambda w: repeats.fold(w.canvas),
    ),
)
