"""Frames: the containers a model is made of, as in `refiners.fluxion.layers.chain`."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Structure"

KINDS = [
    NodeKind(
        name="Chain",
        category=CATEGORY,
        role="chain",
        doc="Runs its children in order; what one returns is what the next receives, a tuple as several arguments. "
        "A frame that declares contexts is a provider for everything inside it.",
        source="fluxion.layers.Chain",
    ),
    NodeKind(
        name="Sum",
        category=CATEGORY,
        role="sum",
        doc="Gives every child the same input and adds up what they return. A child that returns a tuple adds the "
        "sum of its elements.",
        children=(1, None),
        source="fluxion.layers.Sum",
    ),
    NodeKind(
        name="Residual",
        category=CATEGORY,
        role="residual",
        doc="Runs its children in order and adds its own single input to the result.",
        source="fluxion.layers.Residual",
    ),
    NodeKind(
        name="Parallel",
        category=CATEGORY,
        role="parallel",
        doc="Gives every child the same input and returns a tuple of their outputs, in order.",
        children=(1, None),
        source="fluxion.layers.Parallel",
    ),
    NodeKind(
        name="Distribute",
        category=CATEGORY,
        role="distribute",
        doc="Gives each child its own argument and returns a tuple of their outputs: as many children as arguments.",
        children=(1, None),
        source="fluxion.layers.Distribute",
    ),
    NodeKind(
        name="Passthrough",
        category=CATEGORY,
        role="passthrough",
        doc="Runs its children in order for what they do to contexts and returns its own inputs.",
        source="fluxion.layers.Passthrough",
    ),
    NodeKind(
        name="Concatenate",
        category=CATEGORY,
        role="concatenate",
        doc="Gives every child the same input and concatenates their outputs along `dim`; sizes must agree in all "
        "other dimensions. A child that returns nothing is left out.",
        params=(
            Param(name="dim", type="int", default=0, doc="Dimension to join along; 1 is channels in (N, C, H, W)."),
        ),
        children=(1, None),
        source="fluxion.layers.Concatenate",
    ),
    NodeKind(
        name="Matmul",
        category=CATEGORY,
        role="matmul",
        doc="Gives both children the same input and multiplies their outputs as matrices: (..., n, m) by (..., m, p).",
        children=(2, 2),
        source="fluxion.layers.Matmul",
    ),
]
