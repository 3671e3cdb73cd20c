"""How good the trained models are: figures, with the targets they should meet."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from engine.document.adapters import Adapter
from nodes.adapters import digits as built_in
from nodes.models.digits import NO_CLASS, SIZE
from nodes.training import base, digits, judge
from nodes.training.adapted import Adapted
from nodes.training.adapters import guides, shown
from nodes.training.bench import Bench
from nodes.training.digits import Digits
from nodes.training.report import Figure
from nodes.training.schedule import Keep, Predict, consistency, ddim, guided, noised

SAMPLES = 500
STEPS = 20
GUIDANCE = 2.0
TO_TEACH = 1000
"""Generated pictures that a classifier learns from, for real ones to test."""
SCALES = (0.0, 0.5, 1.0, 1.5)


def everything(bench: Bench) -> Iterator[Figure]:
    """All measurements."""
    for measurement in (judges, base_model, styles, guided_by_edges, inpainting, few_steps):
        yield from measurement(bench)


def judges(bench: Bench) -> Iterator[Figure]:
    """The judges on digits that they have not seen."""
    pictures, labels = bench.held_out.pictures, bench.held_out.labels
    for name, each in zip(("first", "second"), bench.judges, strict=True):
        yield Figure(f"{name} judge: held-out digits", each.share_recognised(pictures, labels), least=0.985)
        yield Figure(f"{name} judge: held-out digits, bold", each.share_recognised(digits.bold(pictures), labels))
        yield Figure(f"{name} judge: held-out digits, slanted", each.share_recognised(digits.sheared(pictures), labels))
    yield Figure("real training digits: Frechet distance", bench.distance(bench.train.pictures[:SAMPLES]))


def base_model(bench: Bench) -> Iterator[Figure]:
    """The base model: DDIM in 20 steps."""
    predict = base.sampler(base.load(bench.out, bench.device))
    labels = bench.labels(SAMPLES)
    for scale in (1.0, GUIDANCE, 3.0):
        name, aimed = f"base, guidance {scale:g}", scale == GUIDANCE
        pictures = ddim(guided(predict, scale), labels, bench.generator(), STEPS)
        yield Figure(f"{name}: recognised", bench.recognised(pictures, labels), least=0.97 if aimed else None)
        yield Figure(f"{name}: Frechet distance", bench.distance(pictures), most=8 if aimed else None)
        yield Figure(f"{name}: diversity", bench.diversity(pictures, labels), least=0.75 if aimed else None)
        yield Figure(f"{name}: distance to the nearest training digit, of held-out digits'", bench.copying(pictures))
    labels = bench.labels(TO_TEACH)
    pictures = ddim(guided(predict, GUIDANCE), labels, bench.generator(2), STEPS).clone()
    pupil = judge.taught(Digits(pictures, labels), seed=3, styles=False)
    seen = pupil.share_recognised(bench.held_out.pictures, bench.held_out.labels)
    yield Figure("classifier trained on generated digits: held-out ones", seen, least=0.95)


def styles(bench: Bench) -> Iterator[Figure]:
    """The LoRAs: ink and slant by scale."""
    yield from _style(bench, built_in.bold(), digits.ink, digits.bold, "ink")
    yield from _style(bench, built_in.slant(), digits.slant, digits.sheared, "slant")


def guided_by_edges(bench: Bench) -> Iterator[Figure]:
    """ControlNet and T2I-Adapter: how well the edges of what is generated agree with those of the guide's source."""
    for adapter in (built_in.edges_controlnet(), built_in.edges_t2i()):
        adapted = Adapted(bench.out, adapter, bench.device).load(bench.out)
        real, labels = bench.held_out.pictures, bench.held_out.labels
        predict, without = adapted.predict(guides(real)), torch.full_like(labels, NO_CLASS)
        agreement: list[float] = []
        for scale in SCALES[:3]:
            adapted.set("scale", scale)
            agreement.append(_agreement(ddim(guided(predict, GUIDANCE), labels, bench.generator(), STEPS), real))
            least = 0.85 if scale == 1 else None
            yield Figure(f"{adapter.name}, scale {scale:g}: edge correlation", agreement[-1], least=least)
        yield Figure(f"{adapter.name}: gain in edge correlation", agreement[2] - agreement[0], least=0.25)
        seen = bench.recognised(ddim(predict, without, bench.generator(), STEPS), labels)
        yield Figure(f"{adapter.name}, without class: recognised", seen)
        yield _unchanged(bench, adapted, predict)


def inpainting(bench: Bench) -> Iterator[Figure]:
    """Inpainting against DDIM that only puts the known pixels back at every step."""
    real, labels = bench.held_out.pictures, bench.held_out.labels
    masks = digits.masks(len(real), SIZE, bench.generator())
    adapted = Adapted(bench.out, built_in.inpainting(), bench.device).load(bench.out)
    trained = adapted.predict(masks, shown(real))
    untrained = base.sampler(base.load(bench.out, bench.device))
    errors: dict[str, float] = {}
    for name, predict, keep in (
        ("untrained blending", untrained, _blending(real, masks, bench)),
        ("inpainting", trained, None),
    ):
        pictures = _filled(ddim(guided(predict, GUIDANCE), labels, bench.generator(), STEPS, keep), real, masks)
        errors[name] = (((pictures - real).abs() / 2 * masks).sum() / masks.sum()).item()
        without = torch.full_like(labels, NO_CLASS)
        unnamed = _filled(ddim(predict, without, bench.generator(), STEPS, keep), real, masks)
        most, least = (errors["untrained blending"], 0.65) if keep is None else (None, None)
        yield Figure(f"{name}: masked error", errors[name], most=most)
        yield Figure(f"{name}, without class: recognised", bench.recognised(unnamed, labels), least=least)
        if keep is None:
            kept = ((pictures == real) | (masks > 0)).float().mean().item()
            yield Figure(f"{name}: kept pixels that are exactly kept", kept, least=1)
    yield _unchanged(bench, adapted, trained)


def few_steps(bench: Bench) -> Iterator[Figure]:
    """The consistency model in 4 steps against DDIM."""
    labels = bench.labels(SAMPLES)
    predict = guided(base.sampler(base.load(bench.out, bench.device)), GUIDANCE)
    long = bench.distance(ddim(predict, labels, bench.generator(), STEPS))
    short = bench.distance(ddim(predict, labels, bench.generator(), 4))
    adapted = Adapted(bench.out, built_in.four_steps(), bench.device).load(bench.out)
    adapted.set("condition_scale", GUIDANCE)
    pictures = consistency(adapted.predict(), labels, bench.generator(), 4)
    yield Figure("DDIM, 4 steps: Frechet distance", short)
    yield Figure("LCM, 4 steps: Frechet distance", bench.distance(pictures), most=min(1.25 * long, 0.75 * short))
    yield Figure("LCM, 4 steps: recognised", bench.recognised(pictures, labels))
    yield Figure("LCM, 4 steps: diversity", bench.diversity(pictures, labels), least=0.75)


def _style(
    bench: Bench,
    adapter: Adapter,
    statistic: Callable[[Tensor], Tensor],
    restyled: Callable[[Tensor], Tensor],
    name: str,
) -> Iterator[Figure]:
    real = statistic(restyled(bench.held_out.pictures)).mean() - statistic(bench.held_out.pictures).mean()
    yield Figure(f"held-out digits: shift of {name} by {adapter.name}", real.item())
    adapted = Adapted(bench.out, adapter, bench.device).load(bench.out)
    labels = bench.labels(SAMPLES)
    found: list[float] = []
    for scale in SCALES:
        adapted.set("scale", scale)
        pictures = ddim(guided(adapted.predict(), GUIDANCE), labels, bench.generator(), STEPS)
        found.append(statistic(pictures).mean().item())
        yield Figure(f"{adapter.name}, scale {scale:g}: {name}", found[-1])
        least = 0.95 if scale == 1 else None
        yield Figure(f"{adapter.name}, scale {scale:g}: recognised", bench.recognised(pictures, labels), least=least)
    yield Figure(
        f"{adapter.name}: least rise of {name} from scale to scale", min(b - a for a, b in pairwise(found)), 0.01
    )
    share = (found[SCALES.index(1)] - found[0]) / real.item()
    yield Figure(f"{adapter.name}: shift at scale 1, of the real one", share, least=0.75, most=1.2)
    yield _unchanged(bench, adapted, adapted.predict())


def _unchanged(bench: Bench, adapted: Adapted, predict: Predict) -> Figure:
    """Whether the model with the adapter at scale 0 is the base model."""
    adapted.set("scale", 0.0)
    count = len(bench.held_out)
    labels = bench.labels(count)
    plain = base.sampler(base.load(bench.out, bench.device))
    pictures = [ddim(each, labels, bench.generator(), 2) for each in (plain, predict)]
    same = (pictures[0] == pictures[1]).float().mean().item()
    return Figure(f"{adapted.adapter.name}, scale 0: pixels equal to the base's", same, least=1)


def _agreement(pictures: Tensor, real: Tensor) -> float:
    """The correlation of the edges of two pictures, in the mean."""
    sides = [digits.edge_strength(part).flatten(1) for part in (pictures, real)]
    left, right = (side - side.mean(1, keepdim=True) for side in sides)
    return ((left * right).sum(1) / (left.norm(dim=1) * right.norm(dim=1)).clamp(min=1e-6)).mean().item()


def _blending(real: Tensor, masks: Tensor, bench: Bench) -> Keep:
    """The known pixels with noise of each step, in the place of what was generated there."""
    generator = bench.generator(2)

    def keep(x: Tensor, steps: Tensor) -> Tensor:
        noise = torch.randn(real.shape, generator=generator, device=real.device)
        return masks * x + (1 - masks) * noised(real, noise, steps)

    return keep


def _filled(pictures: Tensor, real: Tensor, masks: Tensor) -> Tensor:
    """What was generated under the masks, the real picture elsewhere."""
    return torch.where(masks > 0, pictures, real)
