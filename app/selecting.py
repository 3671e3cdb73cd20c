"""Commands that select and find: nodes by what they are, by where values go, by name."""

from app import finding
from app.action import Action
from app.canvas import repeats
from engine.document import flow
from nodes import CATALOGUE

SELECTING: tuple[Action, ...] = (
    Action(
        id="select-all",
        menu="Edit",
        title="Select all",
        keys=("Ctrl+A",),
        scope="canvas",
        run=lambda w: w.canvas.select_all(),
        separated=True,
    ),
    Action(
        id="select-upstream",
        menu="Edit",
        title="Select what leads here",
        tip="Everything whose result can reach the selected node, through wires or contexts",
        run=lambda w: w.canvas.select(flow.upstream(w.canvas.document.graph, CATALOGUE, w.canvas.selection[0])),
        enabled=lambda w: len(w.canvas.selection) == 1,
    ),
    Action(
        id="select-downstream",
        menu="Edit",
        title="Select what follows",
        tip="Everything that the selected node's result can reach, through wires or contexts",
        run=lambda w: w.canvas.select(flow.downstream(w.canvas.document.graph, CATALOGUE, w.canvas.selection[0])),
        enabled=lambda w: len(w.canvas.selection) == 1,
    ),
    Action(
        id="select-by",
        menu="Edit",
        title="Select by kind, place or params…",
        keys=("Ctrl+L",),
        tip="A line such as Linear in CrossAttention* selects what it takes",
        run=lambda w: w.selector.open(),
    ),
    Action(
        id="select-repeats",
        menu="Edit",
        title="Select in all repeats",
        tip="What stands in each repeat where the selected nodes stand in theirs, to change all of them at once",
        run=lambda w: repeats.select_counterparts(w.canvas),
        enabled=lambda w: bool(w.canvas.selection),
    ),
    Action(
        id="find-node",
        menu="Edit",
        title="Find a node…",
        keys=("Ctrl+F", "/"),
        tip="By its name, path or kind",
        run=lambda w: finding.find_node(w),
        separated=True,
    ),
    Action(
        id="find-next",
        menu="Edit",
        title="Find the next",
        keys=("F3",),
        run=lambda w: finding.find_next(w, 1),
        enabled=lambda w: bool(w.sought),
    ),
    Action(
        id="find-previous",
        menu="Edit",
        title="Find the previous",
        keys=("Shift+F3",),
        run=lambda w: finding.find_next(w, -1),
        enabled=lambda w: bool(w.sought),
    ),
    Action(
        id="find-kind",
        menu="Edit",
        title="Search the palette",
        keys=("Ctrl+Shift+F",),
        tip="Type what you look for, Enter adds it",
        run=lambda w: w.find_kind(),
    ),
)
