"""Activations, element by element but for the softmaxes and GLU. Live numbers are read at every run."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Activation"


def _plain(name: str, doc: str, source: str, *params: Param) -> NodeKind:
    """An activation that torch.nn has under this name, for input of any shape."""
    return NodeKind(
        name=name,
        category=CATEGORY,
        role="module",
        impl=f"torch.nn:{name}",
        doc=f"{doc} Any shape, kept.",
        params=params,
        source=source,
    )


_DIM = Param(name="dim", type="int", default=-1, doc="Dimension along which the results add up to 1; -1 is the last.")

KINDS = [
    _plain("ReLU", "max(x, 0).", "fluxion.layers.ReLU"),
    _plain("SiLU", "x times sigmoid(x), also called swish.", "fluxion.layers.SiLU; arXiv:1702.03118"),
    _plain(
        "GELU",
        "x times the normal distribution function of x, as torch.nn names it; GeLU is Fluxion's name.",
        "torch.nn.GELU; arXiv:1606.08415",
        Param(
            name="approximate",
            type="choice",
            default="none",
            choices=("none", "tanh"),
            doc="none is exact; tanh is the cheaper approximation.",
        ),
    ),
    NodeKind(
        name="GeLU",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.activation:GeLU",
        doc="x times the normal distribution function of x, or an approximation of it. Any shape, kept.",
        params=(
            Param(
                name="approximation",
                type="choice",
                default="none",
                choices=("none", "tanh", "sigmoid"),
                doc="none is exact; tanh is cheaper; sigmoid, x * sigmoid(1.702 * x), is the cheapest (CLIP's "
                "QuickGELU, once ApproximateGeLU in Fluxion).",
            ),
        ),
        source="fluxion.layers.GeLU; arXiv:1606.08415",
    ),
    NodeKind(
        name="GLU",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.activation:GLU",
        doc="Gated linear unit: the first half of the last dimension times the activation of the second half. "
        "(..., 2 * n) to (..., n).",
        params=(
            Param(
                name="activation",
                type="choice",
                default="GeLU",
                choices=("GeLU", "GeLU(tanh)", "GeLU(sigmoid)", "SiLU", "ReLU", "Sigmoid"),
                doc="What the gate goes through; approximations of GeLU in brackets.",
            ),
        ),
        source="fluxion.layers.GLU; arXiv:2002.05202",
    ),
    _plain("Sigmoid", "1 / (1 + exp(-x)), between 0 and 1.", "fluxion.layers.Sigmoid"),
    _plain("Tanh", "Hyperbolic tangent, between -1 and 1.", "torch.nn.Tanh"),
    NodeKind(
        name="Softmax",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Softmax",
        doc="exp(x) divided by its sum along one dimension. Any shape, kept.",
        params=(_DIM,),
        source="torch.nn.Softmax",
    ),
    NodeKind(
        name="LogSoftmax",
        category=CATEGORY,
        role="module",
        impl="torch.nn:LogSoftmax",
        doc="Logarithm of Softmax, computed without loss of precision. Any shape, kept.",
        params=(Param(name="dim", type="int", default=-1, doc="Dimension of the sum; -1 is the last."),),
        source="torch.nn.LogSoftmax",
    ),
    _plain(
        "LeakyReLU",
        "x where it is positive, else negative_slope * x.",
        "torch.nn.LeakyReLU",
        Param(name="negative_slope", type="float", default=0.01, doc="Slope below 0.", live=True),
    ),
    NodeKind(
        name="PReLU",
        category=CATEGORY,
        role="module",
        impl="torch.nn:PReLU",
        weights=True,
        doc="x where it is positive, else a learned slope times x. (N, C, ...), kept; with a single slope any shape.",
        params=(
            Param(name="num_parameters", type="int", default=1, low=1, doc="One slope for all, or one per channel."),
            Param(name="init", type="float", default=0.25, doc="First value of the slopes."),
        ),
        source="torch.nn.PReLU; arXiv:1502.01852",
    ),
    _plain(
        "ELU",
        "x where it is positive, else alpha * (exp(x) - 1).",
        "torch.nn.ELU; arXiv:1511.07289",
        Param(name="alpha", type="float", default=1.0, doc="Negative values approach -alpha.", live=True),
    ),
    _plain(
        "CELU",
        "x where it is positive, else alpha * (exp(x / alpha) - 1): smooth for every alpha.",
        "torch.nn.CELU; arXiv:1704.07483",
        Param(name="alpha", type="float", default=1.0, low=1e-3, doc="Negative values approach -alpha.", live=True),
    ),
    _plain("SELU", "Scaled ELU with fixed constants that keep activations normalised.", "torch.nn.SELU"),
    _plain("Mish", "x * tanh(softplus(x)).", "torch.nn.Mish; arXiv:1908.08681"),
    _plain(
        "Softplus",
        "log(1 + exp(beta * x)) / beta, a smooth ReLU.",
        "torch.nn.Softplus",
        Param(name="beta", type="float", default=1.0, low=1e-3, doc="Sharpness of the bend.", live=True),
        Param(name="threshold", type="float", default=20.0, doc="Where beta * x is larger, x itself.", live=True),
    ),
    _plain("Hardswish", "x * clamp(x + 3, 0, 6) / 6, a cheap SiLU.", "torch.nn.Hardswish; arXiv:1905.02244"),
    _plain(
        "Hardtanh",
        "x held between two limits.",
        "torch.nn.Hardtanh",
        Param(name="min_val", type="float", default=-1.0, doc="Lower limit, below the upper one.", live=True),
        Param(name="max_val", type="float", default=1.0, doc="Upper limit.", live=True),
    ),
]
