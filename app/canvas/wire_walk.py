"""Wiring by key: W begins at the selected node, walking or finding chooses the other end, Enter connects."""

from typing import TYPE_CHECKING

from app.canvas.brushes import Brushes
from app.canvas.drawing import DrawWire
from engine.document.flow import Port

if TYPE_CHECKING:
    from app.canvas.view import Canvas


class WireWalk:
    """The wire of one canvas that keys draw, while there is one."""

    def __init__(self, canvas: "Canvas") -> None:
        self.canvas = canvas
        self._source = ""
        self._wire: DrawWire | None = None
        canvas.selection_changed.connect(lambda _: self.aim())

    @property
    def under_way(self) -> bool:
        return bool(self._source)

    def begin(self) -> None:
        """Draw from the node selected last."""
        self._source = self.canvas.selection[-1]
        self.aim()
        title = self.canvas.document.graph.nodes[self._source].title
        self.canvas.hint.emit(f"Go to the node that is to receive what {title} returns, then Enter; Esc gives it up")

    def finish(self) -> None:
        """Connect to the node that one has come to, or say why not and offer what could be done."""
        wire = self._wire
        self.abandon()
        if wire and wire.answer:
            end = wire.over or wire.port
            self.canvas.perform(wire.answer, "Connect", self.canvas.port_of(*end), [wire.port[0], end[0]])

    def abandon(self) -> None:
        """Draw no more."""
        self._source, self._wire = "", None
        self.canvas.hint.emit("")
        self.canvas.update()

    def paint(self, b: Brushes) -> None:
        if self._wire:
            self._wire.at = self.canvas.port_of(*(self._wire.over or self._wire.port))  # the camera may have moved
            self._wire.paint(b)

    def aim(self) -> None:
        """The wire ends at the node selected last, wherever the camera is by now, in the graph as it is now."""
        if not self._source:
            return
        if self._source not in self.canvas.document.graph or not self.canvas.selection:
            self.abandon()
            return
        target = self.canvas.selection[-1]
        if target != self._source:  # of folded repeats, the first has the inlet that one sees
            target = self.canvas.arrangement.hidden.get(target, target)
        start, end = self._ends(target)
        self._wire = DrawWire(self.canvas, self.canvas.port_of(*start), start)
        if target != self._source:
            self._wire.aim(end, "Enter connects")

    def _ends(self, target: str) -> tuple[Port, Port]:
        """From an outlet to an inlet; into a frame from its inlet, out of one to its outlet."""
        if self.canvas.holds(self._source, target):
            return (self._source, "in"), (target, "in")
        return (self._source, "out"), (target, "out" if self.canvas.holds(target, self._source) else "in")
