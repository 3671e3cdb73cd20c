"""Variants of the graph, run one at a time while nothing else runs, and taken up again where a run came first.

While runs follow each other without a gap, as in a drag over a slow graph, a variant has a turn now and then.
"""

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QObject

from app.link import Link
from engine.document.document import Change
from engine.document.edits import Edit, EditError
from engine.document.graph import Graph
from engine.messages import Variant, Varied

Make = Callable[[Graph], Edit]
"""The edit that makes the variant of a graph. May raise EditError."""


class Asked(Struct, frozen=True):
    """One variant that somebody waits for."""

    whose: object
    node: str
    make: Make
    then: Callable[[Varied], object]


class Variants(QObject):
    """What waits for the worker. A run goes before; a variant that it ended is asked for again."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._link = link
        self._waiting: list[Asked] = []
        self._asked: Asked | None = None
        self._number = 0
        link.varied.connect(self._answered)
        link.died.connect(lambda reason, _: self._lost(reason))
        link.ready.connect(self._next)
        link.state_changed.connect(self._next)
        link.document.listeners.append(self._changed)

    def ask(self, whose: object, node: str, make: Make, then: Callable[[Varied], object]) -> None:
        """Have `then` told what a node makes in a variant of the graph, once there is time."""
        self._waiting.append(Asked(whose, node, make, then))
        self._next()

    def forget(self, whose: object) -> None:
        """What they asked for is not wanted any more."""
        self._waiting = [each for each in self._waiting if each.whose is not whose]
        if self._asked and self._asked.whose is whose:
            self._asked = None  # its answer says nothing to anybody

    def cancel(self, whose: object) -> None:
        """What they asked for is not wanted any more, and what the worker is at for them is to stop."""
        under_way = self._asked is not None and self._asked.whose is whose
        self.forget(whose)
        if under_way and not self._link.running:
            self._link.client.cancel()

    def _next(self, *_: object) -> None:
        link = self._link
        if self._asked or not self._waiting or not link.is_ready or link.busy:
            return
        if link.pace.waits and not link.pace.yields():
            return
        asked = self._waiting.pop(0)
        try:
            edit = asked.make(link.document.graph)
        except EditError as error:
            asked.then(Varied(0, "failed", error=str(error)))
            self._next()
            return
        self._asked = asked
        self._number += 1
        link.ask(Variant(self._number, asked.node, edit))

    def _answered(self, answer: Varied) -> None:
        asked, self._asked = self._asked, None
        if asked and answer.number == self._number:
            if answer.status == "cancelled" and self._link.running:
                self._waiting.insert(0, asked)
            else:
                asked.then(answer)
            self._link.pace.hurry()
        elif asked:
            self._asked = asked
        self._next()

    def _lost(self, reason: str) -> None:
        asked, self._asked = self._asked, None
        if asked:
            asked.then(Varied(0, "failed", error=reason))

    def _changed(self, change: Change) -> None:
        if change.edit is None:
            self._waiting.clear()
            self._asked = None
