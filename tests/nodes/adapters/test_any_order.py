"""Every adapter that comes along, mixed in one stack: however they are injected and ejected, the base is itself again,
to the bit. Through a session, which keeps modules and values between its runs."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import edits, files
from engine.document.adapters import Adapter
from engine.document.document import Document
from engine.document.edits import SetAdapter, SetAdapters, SetInputs
from engine.document.expand import expand
from engine.document.graph import Graph, Input, Place, Tree, unique_names
from engine.document.sources import ImageSource, NoiseSource, Source, TensorSource
from engine.document.stack import with_sources
from engine.messages import Apply, Configure
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build
from tests.engine.runtime.test_session import Ear
from tests.nodes.adapters import base

LATENT = [2, 4, 8, 8]
STACKS = {
    "SD 1.5": ("sd15-unet", ("controlnet", "t2i", "ip-adapter", "inpainting", "freeu", "style-aligned", "lora")),
    "SD 1.5 with a reference": ("sd15-unet", ("lora", "reference-only", "freeu")),
    "SDXL": ("sdxl-unet", ("control-lora", "lcm", "lora")),
}
KEPT = {"sd15-unet": "2", "sdxl-unet": "5"}
"""The one block down that keeps its attention, where most nodes are: their number is the time that this takes."""


def told(name: str, source: Source) -> Source:
    """Something to see for an adapter that is told a picture, a mask or a latent."""
    if isinstance(source, ImageSource):
        return NoiseSource([1, 3, 8 * LATENT[2], 8 * LATENT[3]], 1)
    is_latent = isinstance(source, TensorSource) or name == "reference_only_control.noise"
    return NoiseSource([1, *LATENT[1:]], len(name)) if is_latent else source


def fewer(tree: Tree, kept: str, path: str = "") -> Tree:
    """A tree without attention but for that in one block."""
    if tree.children is None or path.endswith(f"DownBlocks.Chain_{kept}"):
        return tree
    names = unique_names([child.node.title for child in tree.children])
    pairs = zip(tree.children, names, strict=True)
    rest = [fewer(child, kept, f"{path}.{name}") for child, name in pairs if not name.endswith("CrossAttention")]
    return replace(tree, children=tuple(rest))


def small(id: str, model: str) -> Adapter:
    found = with_sources(base.shrunk_adapter(ADAPTERS[id]), told)
    patches = tuple(replace(patch, tree=fewer(patch.tree, KEPT[model])) for patch in found.patches)
    return replace(found, patches=patches, where="in DownBlocks" if id == "lora" else "", enabled=False)


def unet(model: str) -> Graph:
    full = build(MODELS[model])
    tree = fewer(full.tree(full.root), KEPT[model])
    graph = Graph(base.shrunk(tree.node))
    edits.apply(graph, edits.Insert(Place(graph.root, 0), tuple(map(base.shrunk_tree, tree.children or ()))))
    edits.apply(graph, SetInputs((Input(full.inputs[0].name, NoiseSource(LATENT, 3)),)))
    return graph


def result(ear: Ear) -> bytes:
    finished = ear.run()
    assert finished.status == "done", finished.fault
    return ear.result.numpy().tobytes()


def test_every_adapter_is_in_one_of_the_stacks():
    own = {id for id in ADAPTERS if not id.startswith("digits-")}  # those of the digits are in test_digits_stack
    assert own == {id for _, ids in STACKS.values() for id in ids}


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
@pytest.mark.parametrize(("model", "ids"), STACKS.values(), ids=STACKS)
def test_what_runs_says_nothing_of_the_way_there(model: str, ids: tuple[str, ...], data: st.DataObject):
    stack = {id: small(id, model) for id in ids}
    document = Document(unet(model), CATALOGUE)
    order, injected, ejected = (data.draw(st.permutations(ids)) for _ in range(3))
    document.apply(SetAdapters(tuple(map(stack.__getitem__, order))), "")
    alone = files.dump(document.graph)
    for id in injected:
        document.apply(SetAdapter(replace(stack[id], enabled=True)), "")
    for number, id in enumerate(ejected):
        document.apply(SetAdapter(stack[id]), "")
        if number == 0:
            at_once = document.graph.copy()
            edits.apply(at_once, SetAdapters(tuple(each for each in document.graph.adapters if each.enabled)))
            one, other = expand(document.graph, CATALOGUE), expand(at_once, CATALOGUE)
            assert (one.amiss, one.paths, one.graph.nodes) == ((), other.paths, other.graph.nodes)
    assert files.dump(document.graph) == alone
    assert expand(document.graph, CATALOGUE).graph is document.graph


@pytest.mark.parametrize(("model", "ids"), STACKS.values(), ids=STACKS)
def test_with_all_ejected_the_base_is_itself_again_to_the_bit(model: str, ids: tuple[str, ...]):
    ear = Ear(unet(model), Path())
    ear.take(Configure("cpu"))
    plain = result(ear)
    stack = [small(id, model) for id in ids]
    ear.take(Apply(SetAdapters(tuple(stack))))
    for each in stack[::2] + stack[1::2]:
        ear.take(Apply(SetAdapter(replace(each, enabled=True))))
    assert result(ear) != plain
    for each in reversed(stack):
        ear.take(Apply(SetAdapter(each)))
    assert result(ear) == plain
