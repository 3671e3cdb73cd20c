"""Getting about: into a frame and out of it, and back to where one has been."""

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QRectF

from app.canvas import repeats
from app.canvas import scene as scenes
from app.canvas.camera import Camera

if TYPE_CHECKING:
    from app.canvas.view import Canvas

FILLS = 0.9
"""A frame that takes this much of the view's width or height is the one that one is in."""
MOST = 100


class Stop(Struct, frozen=True):
    """A view of a canvas, and the frame that was entered to have it, if one was."""

    camera: Camera
    frame: str = ""


class Travels:
    """The views of a canvas that one has leapt away from, to go back to, and those gone back from."""

    def __init__(self, canvas: "Canvas") -> None:
        self.canvas = canvas
        self._last = Stop(Camera())
        """The view that was leapt to last."""
        self._behind: list[Stop] = []
        self._ahead: list[Stop] = []

    @property
    def here(self) -> Stop:
        """The present view."""
        return self._last if self._last.camera == self.canvas.camera else Stop(replace(self.canvas.camera))

    def note(self) -> None:
        """The view is about to leap: remember where it is."""
        if not self._behind or self._behind[-1] != self.here:
            self._behind = [*self._behind[-MOST:], self.here]
        self._ahead.clear()

    def arrive(self, frame: str) -> None:
        """The view is now that of a frame."""
        self._last = Stop(replace(self.canvas.camera), frame)

    def forget(self) -> None:
        """Another graph is shown."""
        self._last = Stop(Camera())
        self._behind, self._ahead = [], []

    def back(self) -> None:
        """Look from where one did before the last leap."""
        self._go(self._behind, self._ahead)

    def forward(self) -> None:
        """Take back the last `back`."""
        self._go(self._ahead, self._behind)

    def _go(self, taken: list[Stop], left: list[Stop]) -> None:
        here = self.here
        while taken:
            stop = taken.pop()
            if stop.camera != here.camera:
                left.append(here)
                self._last = stop
                self.canvas.look(replace(stop.camera))
                return


def where(canvas: "Canvas") -> str:
    """The frame that one is in: the one entered, or the innermost open one that fills the view around its middle."""
    graph, entered = canvas.document.graph, canvas.travels.here.frame
    if entered in graph:
        return entered
    x, y = canvas.width() / 2, canvas.height() / 2
    found = graph.root
    for item in canvas.scene.items:  # frames before what they hold
        fills = item.width >= FILLS * canvas.width() or item.height >= FILLS * canvas.height()
        if item.state == "open" and fills and item.rect.contains(x, y):
            found = item.node
    return found


def enter(canvas: "Canvas", frame: str) -> None:
    """Have a frame fill the view, unfolded."""
    graph = canvas.document.graph
    canvas.travels.note()
    for each in (frame, *graph.ancestors(frame)):
        if graph.view(each).collapsed:
            canvas.document.set_collapsed(each, False)
    repeats.unfold(canvas, [frame])
    canvas.fit([canvas.rect_of(frame)], 40)
    canvas.travels.arrive(frame)


def leave(canvas: "Canvas") -> None:
    """Have the frame around the one that one is in fill the view."""
    before = replace(canvas.camera)
    for frame in canvas.document.graph.ancestors(where(canvas)):
        enter(canvas, frame)
        if canvas.camera != before:
            return


def show_all(canvas: "Canvas") -> None:
    """Show everything."""
    canvas.travels.note()
    canvas.frame_all()


def show(canvas: "Canvas", nodes: list[str]) -> None:
    """Open the frames around nodes and bring these into view, large enough to be seen; nothing moves if they are."""
    graph = canvas.document.graph
    for node in nodes:
        for frame in graph.ancestors(node):
            if graph.view(frame).collapsed:
                canvas.document.set_collapsed(frame, False)
    repeats.unfold(canvas, nodes)
    area = scenes.union(canvas.rect_of(n) for n in nodes)
    view = QRectF(canvas.rect()).adjusted(20, 20, -20, -20)
    hidden = any(scenes.shown(canvas.arrangement, n, canvas.scene) != n for n in nodes)
    if view.contains(area) and not hidden and min(area.width(), area.height()) >= 14:
        return
    canvas.travels.note()
    if hidden or area.height() < 30 or area.width() > view.width() or area.height() > view.height():
        around = min(graph.ancestors(nodes[0])[:1] or nodes, key=lambda n: canvas.rect_of(n).width())
        canvas.fit([canvas.rect_of(around), area], 40)
        area = scenes.union(canvas.rect_of(n) for n in nodes)
        if area.height() >= 30:
            return
        canvas.zoom_by(min(40 / area.height(), 1 / canvas.zoom), area.center())
        area = scenes.union(canvas.rect_of(n) for n in nodes)
    if not view.contains(area):
        canvas.pan_by(view.center().x() - area.center().x(), view.center().y() - area.center().y())
