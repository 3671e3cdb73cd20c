"""Linear and bilinear layers, and tables of vectors."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Linear"

_BIAS = Param(name="bias", type="bool", default=True, doc="Whether to add a learned offset.")

KINDS = [
    NodeKind(
        name="Linear",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Linear",
        weights=True,
        takes="(..., in_features)",
        doc="Affine map of the last dimension: (..., in_features) to (..., out_features).",
        params=(
            Param(name="in_features", type="int", default=64, low=1, doc="Size of the last dimension of the input."),
            Param(name="out_features", type="int", default=64, low=1, doc="Size of the last dimension of the output."),
            _BIAS,
        ),
        source="fluxion.layers.Linear",
    ),
    NodeKind(
        name="Bilinear",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Bilinear",
        weights=True,
        doc="A learned product of two arguments: (..., in1_features) and (..., in2_features) to (..., out_features).",
        params=(
            Param(name="in1_features", type="int", default=64, low=1, doc="Last size of the first argument."),
            Param(name="in2_features", type="int", default=64, low=1, doc="Last size of the second argument."),
            Param(name="out_features", type="int", default=64, low=1, doc="Last size of the output."),
            _BIAS,
        ),
        source="torch.nn.Bilinear",
    ),
    NodeKind(
        name="Embedding",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Embedding",
        weights=True,
        doc="Looks up a learned vector for each whole number: (...) to (..., embedding_dim).",
        params=(
            Param(
                name="num_embeddings",
                type="int",
                default=1000,
                low=1,
                doc="Vectors in the table, for numbers from 0 up.",
            ),
            Param(name="embedding_dim", type="int", default=64, low=1, doc="Size of each vector."),
        ),
        source="fluxion.layers.Embedding",
    ),
]
