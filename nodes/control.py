"""Leaves that decide how far a run goes, as in `refiners.fluxion.layers.chain`."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Control"

KINDS = [
    NodeKind(
        name="Return",
        category=CATEGORY,
        role="return",
        doc="Ends the nearest Chain, Residual or Passthrough around it: what this node receives is the result of its "
        "children, and those after it do not run. From within a branch it leaves the frame of the branches as well.",
        source="fluxion.layers.Return",
    ),
    NodeKind(
        name="Breakpoint",
        category=CATEGORY,
        role="breakpoint",
        doc="Passes its arguments on. A run started with Run pauses after it and shows what the values are; runs that "
        "follow a change, and exported code, go past it.",
        params=(
            Param(
                name="enabled",
                type="bool",
                default=True,
                doc="Whether to pause here.",
                live=True,
            ),
        ),
        source="fluxion.layers.Breakpoint",
    ),
]
