"""The adapters that come along: data, each documented with its source. `engine.document.expand` applies them."""

from pathlib import Path

from engine.document.adapters import Adapter
from nodes.adapters import digits
from nodes.adapters.control import controlnet_sd15
from nodes.adapters.control_lora import control_lora_sdxl
from nodes.adapters.freeu import freeu
from nodes.adapters.image_prompt import ip_adapter_sd15
from nodes.adapters.inpainting import inpainting_sd15
from nodes.adapters.lcm import lcm_sdxl
from nodes.adapters.lora import lora
from nodes.adapters.reference import reference_only_sd15
from nodes.adapters.style import style_aligned
from nodes.adapters.t2i import t2i_sd15

WEIGHTS = Path(__file__).parents[2] / "resources" / "digits"
"""Where the weights are that come along. A graph names them by their full path, so that it may be saved anywhere."""

ADAPTERS: dict[str, Adapter] = {
    adapter.id: adapter
    for adapter in (
        lora(),
        controlnet_sd15(),
        control_lora_sdxl(),
        t2i_sd15(),
        ip_adapter_sd15(),
        inpainting_sd15(),
        lcm_sdxl(),
        freeu(),
        style_aligned(),
        reference_only_sd15(),
        *digits.shipped(WEIGHTS.as_posix()),
    )
}
"""By id. A copy goes into a graph's stack under an id of its own (`engine.document.stack.apart`)."""
