"""FreeU: at the first blocks up, the backbone counts more and the slow waves of the skips less (arXiv:2309.11497).

As `refiners.foundationals.latent_diffusion.freeu.SDFreeUAdapter`. It is not trained: it has no weights.
"""

from engine.document.adapters import Adapter
from engine.document.graph import Tree
from engine.document.kinds import Param
from nodes.adapters.writing import Written, adapter, hole
from nodes.tree import function, node

STRENGTHS = {"backbone_1": 1.5, "backbone_2": 1.6, "skip_1": 0.9, "skip_2": 0.2}
"""Those that its authors recommend for Stable Diffusion 1.5."""


def freeu() -> Adapter:
    """For U-Nets whose blocks up start with a ResidualConcatenator, as those of `nodes.models`."""
    patches = [
        Written(f"UpBlocks.Chain_{block}.ResidualConcatenator.Concatenate.{child}", tree)
        for block in (1, 2)
        for child, tree in (("Identity", _backbone(block)), ("UseContext", _skip(block)))
    ]
    return adapter(
        "freeu",
        "FreeU",
        *patches,
        params=tuple(_strength(name, default) for name, default in STRENGTHS.items()),
        doc="Weighs what comes from below and what the skips bring anew: often more detail, without training. With all "
        "strengths at 1, the model is as it was but for rounding.",
        source="foundationals.latent_diffusion.freeu.SDFreeUAdapter; arXiv:2309.11497",
    )


def _strength(name: str, default: float) -> Param:
    what, _, block = name.partition("_")
    place = {"1": "first", "2": "second"}[block]
    counts = {"backbone": "half of the channels from below", "skip": "slow waves of the skip"}[what]
    doc = f"Factor of the {counts}, in the {place} block up."
    return Param(name=name, type="float", default=default, low=0, high=2, live=True, doc=doc)


def _backbone(block: int) -> Tree:
    """Half of the channels times a factor."""
    half = node("Chain", function("lambda x: x[:, : x.shape[1] // 2]"), node("Multiply", scale=f"=backbone_{block}"))
    rest = function("lambda x: x[:, x.shape[1] // 2 :]")
    return node("Chain", hole(), node("Concatenate", half, rest, dim=1), name="FreeUBackboneFeatures")


def _skip(block: int) -> Tree:
    return node("Chain", hole(), node("FourierFilter", scale=f"=skip_{block}"), name="FreeUSkipFeatures")
