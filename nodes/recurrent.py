"""Recurrent layers: sequences in, sequences and last states out."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Recurrent"

_PARAMS = (
    Param(name="input_size", type="int", default=64, low=1, doc="Features of each step of the input."),
    Param(name="hidden_size", type="int", default=64, low=1, doc="Features of the state, and of each step returned."),
    Param(name="num_layers", type="int", default=1, low=1, doc="Layers, each fed with the outputs of the one before."),
    Param(name="bias", type="bool", default=True, doc="Whether to add learned offsets."),
    Param(
        name="batch_first",
        type="bool",
        default=True,
        doc="Whether sequences are (N, L, features), not (L, N, features), which is torch's own default.",
    ),
    Param(
        name="dropout",
        type="float",
        default=0.0,
        low=0,
        high=1,
        doc="Share that training sets to 0 between layers.",
        live=True,
    ),
    Param(name="bidirectional", type="bool", default=False, doc="Whether to read backwards too; doubles the features."),
)

KINDS = [
    NodeKind(
        name="LSTM",
        category=CATEGORY,
        role="module",
        impl="torch.nn:LSTM",
        weights=True,
        takes="(N, L, input_size)",
        doc="Long short-term memory: (N, L, input_size) to two values, the outputs (N, L, hidden_size) and the pair of "
        "last hidden and cell states, each (num_layers, N, hidden_size). GetArg 0 takes the outputs, GetArg 1 the "
        "pair. A second argument, such a pair, is where it starts; else from zeros.",
        params=_PARAMS,
        source="torch.nn.LSTM; doi:10.1162/neco.1997.9.8.1735",
    ),
    NodeKind(
        name="GRU",
        category=CATEGORY,
        role="module",
        impl="torch.nn:GRU",
        weights=True,
        takes="(N, L, input_size)",
        doc="Gated recurrent unit: (N, L, input_size) to two values, the outputs (N, L, hidden_size) and the last "
        "hidden state (num_layers, N, hidden_size). GetArg 0 takes the outputs. A second argument, such a state, is "
        "where it starts; else from zeros.",
        params=_PARAMS,
        source="torch.nn.GRU; arXiv:1406.1078",
    ),
]
