"""Draws what the examples with handwritten digits read: one that the model has not seen, the edges of another, a mask.

Run it with `python resources/examples/draw_digits.py`; the same pictures come out every time. Needs scikit-learn.
"""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from nodes.examples import GUIDE, MASK, PICTURE
from nodes.models.digits import SIZE
from nodes.training import digits

FOLDER = Path(__file__).parent
GUIDED_BY, PAINTED_OVER = 7, 5


def main() -> None:
    """Write the pictures beside this file."""
    _, held_out = digits.load(torch.device("cpu"))

    def first(label: int) -> Tensor:
        return held_out.pictures[held_out.labels == label][:1]

    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., SIZE // 2 :, :] = 1
    _save(digits.edges(first(GUIDED_BY)), GUIDE)
    _save((first(PAINTED_OVER) + 1) / 2, PICTURE)
    _save(mask, MASK)


def _save(picture: Tensor, name: str) -> None:
    """One picture (1, 1, H, W) in [0, 1] as a grey PNG."""
    Image.fromarray((picture[0, 0] * 255).round().to(torch.uint8).numpy()).save(FOLDER / name)


if __name__ == "__main__":
    main()
