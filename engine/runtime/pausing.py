"""Runs that pause: after a Breakpoint, and from there node by node."""

from collections.abc import Callable

from engine.document import scopes
from engine.document.graph import Graph, path_of
from engine.document.kinds import Catalogue
from engine.messages import Held, Paused, Resume
from engine.runtime import preview
from engine.runtime.program import Moment

Halt = Callable[[Paused, Moment], Resume]
"""Shows where a run has paused and waits for what is to be done. May raise Cancelled."""


def breakpoints(graph: Graph, catalogue: Catalogue) -> frozenset[str]:
    """The Breakpoints among the nodes that run, enabled or not."""
    return frozenset(node for node in graph.walk() if scopes.role_of(graph, catalogue, node) == "breakpoint")


class Pauses:
    """The pauses of one run."""

    def __init__(self, graph: Graph, run: int, stops: frozenset[str], halt: Halt) -> None:
        self.graph = graph
        self.run = run
        self.stops = stops
        self.halt = halt
        self._stepping = False

    def after(self, node: str, look: Callable[[], Moment]) -> None:
        """A node is done: pause there if it is an enabled Breakpoint, or the next one of a step."""
        if self._stepping or (node in self.stops and self.graph.nodes[node].params.get("enabled", True)):
            moment = look()
            path = path_of(self.graph, node)
            value = preview.text_of(moment.values.get(node))
            paused = Paused(self.run, node, path, value, self._held(node, moment))
            self._stepping = self.halt(paused, moment).step

    def _held(self, node: str, moment: Moment) -> tuple[Held, ...]:
        """What the contexts that a node can see hold."""
        visible = (
            (key, value)
            for key, value in moment.contexts.items()
            if scopes.provider_of(self.graph, node, key.context) == key.provider
        )
        return tuple(Held(key.provider, key.label, preview.text_of(value)) for key, value in visible)
