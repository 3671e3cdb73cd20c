"""Fixed image operations on (N, C, H, W) tensors; nothing in them is learned."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Image"

KINDS = [
    NodeKind(
        name="Blur",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:Blur",
        doc="Gaussian blur with a fixed, normalised kernel, each channel by itself; borders are mirrored. Shape kept.",
        params=(
            Param(name="radius", type="int", default=3, low=1, high=64, doc="Reach of the kernel, in pixels."),
            Param(
                name="sigma",
                type="float",
                default=1.5,
                low=0.05,
                high=64,
                doc="Standard deviation, in pixels.",
                live=True,
            ),
        ),
        source="fluxion.utils.gaussian_blur",
    ),
    NodeKind(
        name="Grayscale",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:Grayscale",
        doc="Luma of an RGB picture, weighted as in ITU-R BT.601: (N, 3, H, W) to (N, channels, H, W).",
        params=(
            Param(
                name="channels",
                type="choice",
                default="3",
                choices=("1", "3"),
                doc="1 for a single channel, 3 to repeat it so that it still adds to RGB.",
            ),
        ),
        source="ITU-R BT.601",
    ),
    NodeKind(
        name="Resize",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:Resize",
        doc="Resamples to a new size: (N, C, H, W) to (N, C, height, width).",
        params=(
            Param(name="height", type="int", default=256, low=1, high=16384, doc="New height, in pixels."),
            Param(name="width", type="int", default=256, low=1, high=16384, doc="New width, in pixels."),
            Param(
                name="mode",
                type="choice",
                default="bilinear",
                choices=("nearest", "bilinear", "bicubic", "area"),
                doc="How new pixels are made from old ones.",
            ),
        ),
        source="torch.nn.functional.interpolate",
    ),
    NodeKind(
        name="Grid",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:Grid",
        doc="Lays the pictures of a batch out in rows: (N, C, H, W) to one picture (1, C, ...) of them all.",
        params=(
            Param(name="columns", type="int", default=0, low=0, high=1024, doc="Pictures in a row; 0 for a square."),
            Param(name="gap", type="int", default=1, low=0, high=1024, doc="Pixels between two pictures."),
            Param(name="fill", type="float", default=0.0, doc="What gaps and left-over places are.", live=True),
        ),
        source="torchvision.utils.make_grid",
    ),
    NodeKind(
        name="Interpolate",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:Interpolate",
        doc="Repeats or drops pixels: a tensor (N, C, ...), and as second argument the sizes after the channels, to "
        "(N, C, *sizes). A single number instead is a factor.",
        source="fluxion.layers.Interpolate",
    ),
    NodeKind(
        name="FourierFilter",
        category=CATEGORY,
        role="module",
        impl="nodes.ops.image:FourierFilter",
        doc="Makes the slow waves of a picture stronger or weaker, each channel by itself: (N, C, H, W), shape kept.",
        params=(
            Param(name="scale", type="float", default=1.0, doc="Factor of the slow waves.", live=True),
            Param(
                name="threshold",
                type="int",
                default=1,
                low=1,
                doc="Periods in height and width up to which a wave is slow.",
                live=True,
            ),
        ),
        source="foundationals.latent_diffusion.freeu.fourier_filter; arXiv:2309.11497",
    ),
    NodeKind(
        name="PixelShuffle",
        category=CATEGORY,
        role="module",
        impl="torch.nn:PixelShuffle",
        doc="Turns channels into pixels: (N, C * factor * factor, H, W) to (N, C, H * factor, W * factor).",
        params=(Param(name="upscale_factor", type="int", default=2, low=1, doc="Factor of height and width."),),
        source="torch.nn.PixelShuffle; arXiv:1609.05158",
    ),
    NodeKind(
        name="PixelUnshuffle",
        category=CATEGORY,
        role="module",
        impl="torch.nn:PixelUnshuffle",
        doc="Turns pixels into channels: (N, C, H * factor, W * factor) to (N, C * factor * factor, H, W).",
        params=(Param(name="downscale_factor", type="int", default=2, low=1, doc="Divisor of height and width."),),
        source="fluxion.layers.PixelUnshuffle",
    ),
]
