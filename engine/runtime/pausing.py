"""Runs that pause: after a Breakpoint, and from there node by node."""

from collections.abc import Callable

from engine.document import scopes
from engine.document.expand import Expanded, home
from engine.document.graph import Graph, path_of
from engine.document.kinds import Catalogue
from engine.messages import Held, Paused, Resume
from engine.runtime import preview
from engine.runtime.outcome import Moment

Halt = Callable[[Paused, Moment], Resume]
"""Shows where a run has paused and waits for what is to be done. May raise Cancelled."""

WITHHELD = "not known: it needs Python code that you have not trusted"
"""What stands for a value that was withheld."""


def breakpoints(graph: Graph, catalogue: Catalogue) -> frozenset[str]:
    """The Breakpoints among the nodes that run, enabled or not."""
    return frozenset(node for node in graph.walk() if scopes.role_of(graph, catalogue, node) == "breakpoint")


class Pauses:
    """The pauses of one run of a graph, with the nodes that its adapters insert.

    What comes from an adapter is told of the node of the graph itself that it was put at. Whether a Breakpoint of the
    graph is enabled is looked up when it is reached, so that it can be switched during a pause.
    """

    def __init__(self, graph: Graph, whole: Expanded, run: int, stops: frozenset[str], halt: Halt) -> None:
        self.graph = graph
        self.whole = whole
        self.run = run
        self.stops = stops
        self.halt = halt
        self._stepping = False

    def after(self, node: str, look: Callable[[], Moment]) -> None:
        """A node is done: pause there if it is an enabled Breakpoint, or the next one of a step."""
        holder = self.graph if node in self.graph else self.whole.graph
        if self._stepping or (node in self.stops and holder.nodes[node].params.get("enabled", True)):
            moment = look()
            path = path_of(self.whole.graph, node)
            value = preview.text_of(moment.values[node]) if node in moment.values else WITHHELD
            paused = Paused(self.run, home(self.whole, node), path, value, self._held(node, moment))
            self._stepping = self.halt(paused, moment).step

    def _held(self, node: str, moment: Moment) -> tuple[Held, ...]:
        """What the contexts that a node can see hold."""
        visible = (
            (key, value)
            for key, value in moment.contexts.items()
            if scopes.provider_of(self.whole.graph, node, key.context) == key.provider
        )
        return tuple(Held(home(self.whole, key.provider), key.label, preview.text_of(value)) for key, value in visible)
