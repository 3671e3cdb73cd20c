"""Commands that lead about the graph: to everything, out of a frame, back and forward."""

from typing import TYPE_CHECKING

from app.action import Action
from app.canvas import travel

if TYPE_CHECKING:
    pass


NAVIGATING: tuple[Action, ...] = (
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
)
