"""Losses: two arguments, what a model said and what was wanted, to one number or, unreduced, one per element."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Loss"


def _reduction(*choices: str) -> Param:
    doc = "none keeps one loss per element, mean and sum make one number"
    more = ", batchmean a mean over the batch alone" if "batchmean" in choices else ""
    return Param(name="reduction", type="choice", default=choices[0], choices=choices, doc=f"{doc}{more}.")


def _loss(name: str, doc: str, *params: Param, source: str = "") -> NodeKind:
    """A loss that torch.nn has under this name."""
    return NodeKind(
        name=name,
        category=CATEGORY,
        role="module",
        impl=f"torch.nn:{name}",
        doc=doc,
        params=params,
        source=f"torch.nn.{name}{source}",
    )


_MEAN = _reduction("mean", "sum", "none")
_IGNORE = Param(name="ignore_index", type="int", default=-100, doc="Class that counts for nothing.")

KINDS = [
    _loss("MSELoss", "Squared difference of input and target, two tensors of one shape.", _MEAN),
    _loss("L1Loss", "Absolute difference of input and target, two tensors of one shape.", _MEAN),
    _loss(
        "SmoothL1Loss",
        "Absolute difference of input and target, two tensors of one shape, squared where it is small.",
        _MEAN,
        Param(name="beta", type="float", default=1.0, low=0, doc="Difference at which squares end.", live=True),
        source="; arXiv:1504.08083",
    ),
    _loss(
        "CrossEntropyLoss",
        "How unlikely the input makes the target: scores (N, C, ...) before any softmax, and classes (N, ...) as whole "
        "numbers below C, or probabilities (N, C, ...).",
        _IGNORE,
        _MEAN,
        Param(
            name="label_smoothing",
            type="float",
            default=0.0,
            low=0,
            high=1,
            doc="Share of the target spread evenly over all classes.",
            live=True,
        ),
    ),
    _loss(
        "NLLLoss",
        "How unlikely the input makes the target: log-probabilities (N, C, ...), LogSoftmax's say, and classes "
        "(N, ...) as whole numbers below C.",
        _IGNORE,
        _MEAN,
    ),
    _loss(
        "BCEWithLogitsLoss",
        "Cross-entropy of yes and no: scores of any shape before any sigmoid, and targets of that shape between 0 and "
        "1.",
        _MEAN,
    ),
    _loss(
        "KLDivLoss",
        "Divergence of the input, log-probabilities, from the target, probabilities, two tensors of one shape.",
        _reduction("batchmean", "mean", "sum", "none"),
        Param(name="log_target", type="bool", default=False, doc="Whether the target holds log-probabilities too."),
    ),
]
