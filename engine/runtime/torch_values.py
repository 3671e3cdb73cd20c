"""Values of a program in the text of plain PyTorch: names of what was computed, and everything else as it is."""

from types import EllipsisType
from typing import Any

import torch
from torch import fx

from engine.export.layout import Bracket, Item
from engine.export.text import literal


class Values:
    """What calls are given, in writing.

    `arguments` are the names of what comes from outside, `names` those of all that is still needed.
    """

    def __init__(self, arguments: dict[fx.Node, str]) -> None:
        self.arguments = arguments
        self.names = dict(arguments)
        self.device = ""
        """The argument whose device new tensors are made on, once there are such."""

    def item(self, value: Any) -> Item:
        match value:
            case tuple() if len(value) != 1:
                return Bracket("(", tuple(map(self.item, value)), ")")
            case list():
                return Bracket("[", tuple(map(self.item, value)), "]")
            case _:
                return self.text(value)

    def text(self, value: Any) -> str:
        match value:
            case fx.Node():
                return self.names[value]
            case tuple():
                return f"({', '.join(map(self.text, value))}{',' * (len(value) == 1)})"
            case list():
                return f"[{', '.join(map(self.text, value))}]"
            case slice():
                bounds = (value.start, value.stop, value.step)
                return f"slice({', '.join(map(self.text, bounds))})"
            case torch.device():
                return self._device(value)
            case torch.dtype():
                return str(value)
            case _:
                return literal(value)

    def _device(self, device: torch.device) -> str:
        """Where new tensors go: where the first tensor given is, so that the module can be moved."""
        self.device = next((name for node, name in self.arguments.items() if is_tensor(node)), "")
        return "device" if self.device else f'torch.device("{device}")'

    def operand(self, value: Any) -> str:
        text = self.text(value)
        return text if isinstance(value, fx.Node) or not text.startswith("-") else f"({text})"

    def index(self, value: Any) -> str:
        match value:
            case tuple() if value:
                return ", ".join(map(self.index, value)) + "," * (len(value) == 1)
            case slice():
                start, stop, step = (
                    "" if part is None else self.text(part) for part in (value.start, value.stop, value.step)
                )
                return f"{start}:{stop}" + (f":{step}" if step else "")
            case EllipsisType():
                return "..."
            case _:
                return self.text(value)


def is_tensor(value: Any) -> bool:
    """Whether a value of the program is a tensor."""
    return isinstance(value, fx.Node) and isinstance(value.meta["example"], torch.Tensor)
