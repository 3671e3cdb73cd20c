"""Every adapter that comes along, mixed in one stack: however they are injected and ejected, the base is itself again,
to the bit. Through a session, which keeps modules and values between its runs."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import edits
from engine.document.adapters import Adapter
from engine.document.edits import SetAdapter, SetAdapters, SetInputs
from engine.document.graph import Graph, Input, Nodes
from engine.document.sources import ImageSource, NoiseSource, Source, TensorSource
from engine.document.stack import with_sources
from engine.messages import Apply, Configure
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from tests.engine.runtime.test_session import Ear
from tests.nodes.adapters import base

LATENT = [2, 4, 8, 8]
OF_ANY = ("lora", "freeu", "style-aligned")
OF = {
    "sd15-unet": ("controlnet", "t2i", "ip-adapter", "inpainting", *OF_ANY),
    "sdxl-unet": ("control-lora", "lcm", *OF_ANY),
}
NARROW = {"lora": "in UpBlocks", "lcm": ""}


def told(name: str, source: Source) -> Source:
    """Something to see for an adapter that is told a picture, a mask or a latent."""
    if isinstance(source, ImageSource):
        return NoiseSource([1, 3, 8 * LATENT[2], 8 * LATENT[3]], 1)
    return NoiseSource([1, *LATENT[1:]], 2) if isinstance(source, TensorSource) else source


def small(id: str) -> Adapter:
    found = base.shrunk_adapter(ADAPTERS[id])
    return replace(with_sources(found, told), where=NARROW.get(id, ""), enabled=False)


def unet(model: str) -> Graph:
    graph = build(MODELS[model])
    graph.nodes = Nodes({name: base.shrunk(node) for name, node in graph.nodes.items()})
    (given_,) = graph.inputs
    edits.apply(graph, SetInputs((Input(given_.name, NoiseSource(LATENT, 3)),)))
    return graph


def result(ear: Ear) -> bytes:
    finished = ear.run()
    assert finished.status == "done", finished.fault
    return ear.result.numpy().tobytes()


def test_every_adapter_is_in_one_of_the_stacks():
    own = {id for id in ADAPTERS if not id.startswith("digits-")}  # those of the digits are in test_digits_stack
    assert own == {id for ids in OF.values() for id in ids}


@pytest.mark.parametrize("model", OF)
def test_in_any_order_of_injection_and_ejection_the_base_is_itself_again(model: str):
    ear = Ear(unet(model), Path())
    ear.take(Configure("cpu"))
    plain = result(ear)
    seen: set[bytes] = {plain}

    @settings(max_examples=2, suppress_health_check=[*HealthCheck], deadline=None)
    @given(st.permutations([small(id) for id in OF[model]]), st.randoms())
    def check(stack: list[Adapter], random) -> None:
        ear.take(Apply(SetAdapters(tuple(stack))))
        on: set[str] = set()
        for each in random.sample(stack, len(stack)):
            ear.take(Apply(SetAdapter(replace(each, enabled=True))))
            on.add(each.id)
        seen.add(result(ear))
        for each in random.sample(stack, len(stack)):
            ear.take(Apply(SetAdapter(each)))
        assert result(ear) == plain

    check()
    assert len(seen) > 1
