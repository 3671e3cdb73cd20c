"""The catalogue: every node kind, declared without torch. The torch side lives in `nodes.ops`."""

from engine.document.kinds import Catalogue, catalogue_of
from nodes import (
    activation,
    adapting,
    arithmetic,
    attention,
    composites,
    context,
    control,
    conv,
    dense,
    dropout,
    foreign,
    image,
    loss,
    norm,
    padding,
    pooling,
    recurrent,
    sampling,
    shape,
    structure,
    values,
)

CATALOGUE: Catalogue = catalogue_of(
    [
        *structure.KINDS,
        *context.KINDS,
        *control.KINDS,
        *values.KINDS,
        *dense.KINDS,
        *conv.KINDS,
        *norm.KINDS,
        *activation.KINDS,
        *attention.KINDS,
        *composites.KINDS,
        *recurrent.KINDS,
        *pooling.KINDS,
        *padding.KINDS,
        *dropout.KINDS,
        *shape.KINDS,
        *arithmetic.KINDS,
        *image.KINDS,
        *loss.KINDS,
        *foreign.KINDS,
        *sampling.KINDS,
        *adapting.KINDS,
    ]
)
