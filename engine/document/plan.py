"""A plan: several edits worked out one after another on the graph itself, then taken back and given as one edit.

Each step sees what the steps before it did, so nobody has to foresee how indices shift.
"""

from engine.document.edits import Batch, Edit, Insert, Move, Remove, SetView, apply
from engine.document.graph import CANVAS, Graph, Place, Tree, View

Position = tuple[float, float]


class Plan:
    """Use in a `with` block; `edit` is what was done. Leaving the block restores the graph, whatever happened."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._edits: list[Edit] = []
        self._inverses: list[Edit] = []

    def __enter__(self) -> "Plan":
        return self

    def __exit__(self, *_: object) -> None:
        for inverse in reversed(self._inverses):
            apply(self.graph, inverse)

    @property
    def edit(self) -> Edit:
        """All steps as one edit."""
        return self._edits[0] if len(self._edits) == 1 else Batch(tuple(self._edits))

    def do(self, edit: Edit) -> None:
        """Take one step. Raises EditError when it can't be taken."""
        self._inverses.append(apply(self.graph, edit))
        self._edits.append(edit)

    def insert(self, place: Place, trees: tuple[Tree, ...]) -> list[str]:
        """Insert trees; gives the ids of their tops."""
        self.do(Insert(place, trees))
        return [tree.node.id for tree in trees]

    def insert_parked(self, frame: str, trees: tuple[Tree, ...], position: Position | None = None) -> list[str]:
        """Insert trees as a loose segment of their own."""
        run = self.insert(Place(frame, 0, len(self.graph.segments(frame)), new=True), trees)
        self.put(run, position if frame == CANVAS else None)
        return run

    def move(self, run: list[str], place: Place) -> None:
        """Take neighbours to a place, whose indices count with the run still where it is."""
        origin = self.graph.place_of(run[0])
        slot = self.graph.slot(origin)
        whole = origin.segment is not None and len(slot) == len(run)
        position = self.graph.view(slot[0]).position
        index, segment = place.index, place.segment
        if (origin.frame, origin.segment) == (place.frame, segment) and not place.new and origin.index < index:
            index -= min(len(run), index - origin.index)
        if whole and origin.frame == place.frame and segment is not None and origin.segment < segment:  # pyright: ignore[reportOptionalOperand]
            segment -= 1  # the segment left behind closes, and the later ones move up
        target = Place(place.frame, index, segment, place.new)
        self.do(Move(tuple(run), target))
        self.put(run, None)
        if place.frame == CANVAS and index == 0 and not place.new:  # the new head stands where the old one stood
            old = self.graph.slot(target)[len(run)]
            self.put(run, self.graph.view(old).position)
            self.put([old], None)
        if origin.frame == CANVAS and not whole and origin.index == 0:
            self.put([self.graph.slot(origin)[0]], position)

    def park(self, run: list[str], frame: str, position: Position | None = None) -> None:
        """Make neighbours a loose segment of their own, in a frame or (at `position`) on the canvas."""
        self.move(run, Place(frame, 0, len(self.graph.segments(frame)), new=True))
        self.put(run, position if frame == CANVAS else None)

    def remove(self, run: list[str]) -> None:
        """Take out neighbours with all below them."""
        origin = self.graph.place_of(run[0])
        slot = self.graph.slot(origin)
        position, rest = self.graph.view(slot[0]).position, slot[origin.index + len(run) :]
        self.do(Remove(tuple(run)))
        if origin.frame == CANVAS and origin.index == 0 and rest:
            self.put(rest[:1], position)

    def put(self, run: list[str], position: Position | None) -> None:
        """Say where on the canvas a parked run stands: its head holds the position, the others follow."""
        for index, node in enumerate(run):
            view = self.graph.view(node)
            wanted = position if index == 0 else None
            if view.position != wanted:
                self.do(SetView(node, View(note=view.note, colour=view.colour, position=wanted)))


def runs(graph: Graph, nodes: list[str]) -> list[list[str]]:
    """The nodes as runs of neighbours; the root, and nodes inside another of the nodes, are left out."""
    chosen = set(nodes)
    tops = {n for n in chosen if n != graph.root and not chosen.intersection(graph.ancestors(n))}
    found: list[list[str]] = []
    done: set[str] = set()
    for node in nodes:
        if node not in tops or node in done:
            continue
        current: list[str] = []
        for sibling in [*graph.siblings(node), ""]:
            if sibling in tops:
                current.append(sibling)
            elif current:
                found.append(current)
                done.update(current)
                current = []
    return found
