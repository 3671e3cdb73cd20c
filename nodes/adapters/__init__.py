"""The adapters that come along: data, each documented with its source. `engine.document.expand` applies them."""

from engine.document.adapters import Adapter
from nodes.adapters.control import controlnet_sd15
from nodes.adapters.image_prompt import ip_adapter_sd15
from nodes.adapters.lcm import lcm_sdxl
from nodes.adapters.lora import lora
from nodes.adapters.t2i import t2i_sd15

ADAPTERS: dict[str, Adapter] = {
    adapter.id: adapter for adapter in (lora(), controlnet_sd15(), t2i_sd15(), ip_adapter_sd15(), lcm_sdxl())
}
"""By id. A copy goes into a graph's stack under an id of its own (`engine.document.stack.apart`)."""
