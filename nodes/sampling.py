"""Frames that run their children many times: sampling from diffusion models."""

from engine.document.kinds import NodeKind, Param
from engine.document.sources import NumberSource

CATEGORY = "Sampling"

KINDS = [
    NodeKind(
        name="Sample",
        category=CATEGORY,
        role="sample",
        impl="nodes.ops.sampling:Sampler",
        doc="Noise (N, ...) to samples of the same shape: asks its children, at one time step after another, what the "
        "noise in their input is, and takes it away bit by bit. They read the time step as diffusion.timestep, a "
        "tensor (1) in float32. Each step starts with the contexts as they are; what the children write to them holds "
        "to its end. What does not depend on the step runs once.",
        contexts={"diffusion": {"timestep": NumberSource(999.0)}},
        params=(
            Param(
                name="solver",
                type="choice",
                default="DDIM",
                choices=("DDIM", "Euler", "LCM"),
                live=True,
                doc="How one step leads to the next: DDIM, Euler's steps over sigma / alpha, or those of a consistency "
                "model, with fresh noise.",
            ),
            Param(name="steps", type="int", default=20, low=1, high=1000, live=True, doc="Steps from noise to sample."),
            Param(
                name="guidance",
                type="float",
                default=2.0,
                low=0,
                high=20,
                live=True,
                doc="Weight of what the condition changes. 1 is the condition alone, and half the work.",
            ),
            Param(
                name="condition",
                type="text",
                default="",
                doc='What guidance varies, as "context.key"; empty for no guidance. A number reaches the children as a '
                "tensor (1).",
            ),
            Param(
                name="unconditional",
                type="float",
                default=0.0,
                live=True,
                doc="What fills the condition when there is to be none.",
            ),
            Param(
                name="prediction",
                type="choice",
                default="epsilon",
                choices=("epsilon", "v"),
                live=True,
                doc="What the children predict: the noise, or v = alpha * noise - sigma * sample (arXiv:2202.00512).",
            ),
            Param(
                name="schedule",
                type="choice",
                default="scaled-linear",
                choices=("scaled-linear", "cosine"),
                live=True,
                doc="How noise grows over the time steps of the training: as in Stable Diffusion (arXiv:2112.10752), "
                "or by a cosine (arXiv:2102.09672).",
            ),
            Param(
                name="train_steps",
                type="int",
                default=1000,
                low=2,
                high=100_000,
                live=True,
                doc="Time steps of the training.",
            ),
            Param(
                name="clip",
                type="float",
                default=None,
                low=0,
                optional=True,
                live=True,
                doc="How far values of a sample may lie from 0; none for any distance.",
            ),
            Param(
                name="seed",
                type="int",
                default=0,
                low=0,
                high=2**32,
                live=True,
                doc="Of the noise that LCM adds between its steps. The first noise is the input.",
            ),
        ),
        source="foundationals.latent_diffusion.solvers (DDIM, Euler, LCMSolver); arXiv:2207.12598 (guidance)",
    )
]
