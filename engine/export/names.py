"""Names of arguments in written code."""

import keyword
from collections.abc import Mapping
from typing import TypeVar

from engine.document.allowed import BUILTINS

_OURS = {"Any", "F", "Frame", "Tensor", "build", "device", "getattr", "load", "math", "nn", "self", "super", "torch"}
TAKEN = {*_OURS, *BUILTINS, *keyword.kwlist}
"""Names that mean something else in a module of plain PyTorch."""

Each = TypeVar("Each")


def argument_names(labels: Mapping[Each, str]) -> dict[Each, str]:
    """For each label, which may be any text, a name of its own that Python takes as an argument."""
    names: dict[Each, str] = {}
    for each, label in labels.items():
        stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in label).strip("_") or "value"
        if not stem.isidentifier() or stem in TAKEN:
            stem = f"value_{stem}"
        name, number = stem, 1
        while name in names.values():
            number += 1
            name = f"{stem}_{number}"
        names[each] = name
    return names
