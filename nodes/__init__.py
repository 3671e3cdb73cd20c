"""The catalogue: every node kind, declared without torch. The torch side lives in `nodes.ops`."""

from engine.document.kinds import Catalogue, catalogue_of
from nodes import activation, arithmetic, context, conv, dense, image, shape, structure

CATALOGUE: Catalogue = catalogue_of(
    [
        *structure.KINDS,
        *context.KINDS,
        *dense.KINDS,
        *conv.KINDS,
        *activation.KINDS,
        *arithmetic.KINDS,
        *shape.KINDS,
        *image.KINDS,
    ]
)
