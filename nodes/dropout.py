"""Layers that act in training alone. Here they pass their input on; they stand for what a model was trained with."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Regularisation"

_P = Param(name="p", type="float", default=0.5, low=0, high=1, doc="Share that training sets to 0.", live=True)

KINDS = [
    NodeKind(
        name="Dropout",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Dropout",
        doc="Returns its input unchanged; in training it sets random elements to 0. Any shape, kept.",
        params=(_P,),
        source="torch.nn.Dropout; arXiv:1207.0580",
    ),
    NodeKind(
        name="Dropout2d",
        category=CATEGORY,
        role="module",
        impl="torch.nn:Dropout2d",
        doc="Returns its input unchanged; in training it sets random channels to 0. (N, C, H, W), kept.",
        params=(_P,),
        source="torch.nn.Dropout2d; arXiv:1411.4280",
    ),
]
