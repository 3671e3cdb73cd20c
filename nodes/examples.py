"""The examples with handwritten digits, as graphs: `python -m nodes.examples` writes them to resources/examples."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from engine.document import edits, files
from engine.document.adapters import Adapter
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree, View, Weights
from engine.document.kinds import ParamValue
from engine.document.sources import ImageSource, NoiseSource, NumberSource, Source
from engine.document.stack import with_sources
from engine.document.templates import complete, with_ids
from nodes import CATALOGUE
from nodes.adapters import digits as adapters
from nodes.models import digits
from nodes.tree import function, node, use

FOLDER = Path(__file__).parents[1] / "resources" / "examples"
WEIGHTS = "../digits"
"""Where the weights are, seen from there."""
COUNT = 16
GUIDE, PICTURE, MASK = "digits-edges.png", "digits-picture.png", "digits-mask.png"
_COLOURS = ("#d3622a", "#2f7fd0")


def written() -> dict[str, bytes]:
    """The text of every example, by the name of its file."""
    return {f"{name}.catenary": files.dump(graph) for name, graph in graphs().items()}


def graphs() -> dict[str, Graph]:
    """Every example, by name."""
    return {"digits": default(), "digits-controlnet": guided(), "digits-inpainting": inpainted(), "digits-lcm": few()}


def default() -> Graph:
    """The base model with two LoRAs."""
    note = (
        "Draws digits from noise, with a model that learned real handwriting. Turn up Bold in the Adapters panel and "
        "watch the digits, or enable Slant; change the class on Sample, or the seed of the noise."
    )
    stack = _stack({"digits-bold": 0.0, "digits-slant": 1.0}, off=("digits-slant",))
    return _graph("Digits", note, [_sample(3), *_sheet()], stack)


def guided() -> Graph:
    """The base model, guided by a drawing of edges."""
    note = (
        f"The edges in {GUIDE} say where strokes go. Scale 0 is the model by itself; the T2I-Adapter does the same "
        "with less."
    )
    stack = _stack({"digits-controlnet": 1.0, "digits-t2i": 1.0}, off=("digits-t2i",))
    stack = tuple(with_sources(each, lambda _, held: _chosen(held, GUIDE)) for each in stack)
    return _graph("GuidedDigits", note, [_sample(7), *_sheet()], stack)


def inpainted() -> Graph:
    """A digit of which a part is painted anew."""
    note = (
        f"The white part of {MASK} is painted anew so that it goes with the rest of {PICTURE}. Class 10 is none: what "
        "the digit is must be seen from what is left of it."
    )
    known: Contexts = {"known": {"picture": ImageSource(PICTURE), "mask": ImageSource(MASK)}}
    kept = node(
        "Chain",
        node("Parallel", node("Identity"), use("known", "picture"), use("known", "mask")),
        function("lambda x, picture, mask: torch.where(mask[:, :1] > 0, x, 2 * picture[:, :1] - 1)", name="Keep"),
        name="KnownPixels",
        contexts=known,
    )
    files = {"inpainting.mask": MASK, "inpainting.image": PICTURE}
    [adapter] = _stack({"digits-inpainting": 1.0})
    adapter = with_sources(adapter, lambda name, held: _chosen(held, files.get(name, "")))
    return _graph("InpaintedDigits", note, [_sample(digits.NO_CLASS), kept, *_sheet()], (adapter,))


def few() -> Graph:
    """The base model in four steps."""
    note = (
        "LCM: the strength of the guidance enters the model, which then needs four steps, without guidance by the "
        "sampler. Eject the adapter to see what four steps are without it."
    )
    sample = _sample(3, solver="LCM", steps=4, guidance=1.0)
    return _graph("FastDigits", note, [sample, *_sheet()], _stack({"digits-lcm": 2.0}))


def _sample(label: int, **params: ParamValue) -> Tree:
    """The trained U-Net in a Sample, which provides its time step and its class."""
    unet = digits.unet()
    contexts = {name: entries for name, entries in unet.node.contexts.items() if name != "diffusion"}
    trained = replace(unet.node, contexts=contexts, weights=Weights(f"{WEIGHTS}/base.safetensors"))
    provided: Contexts = {"diffusion": {"timestep": NumberSource(digits.STEPS - 1.0), "class": NumberSource(label)}}
    about: dict[str, ParamValue] = {
        "steps": 20,
        "guidance": 2.0,
        "condition": "diffusion.class",
        "unconditional": float(digits.NO_CLASS),
        "prediction": "v",
        "schedule": "cosine",
        "train_steps": digits.STEPS,
        "clip": 1.0,
    }
    sampling = node("Sample", Tree(trained, None, unet.children), contexts=provided)
    return replace(sampling, node=replace(sampling.node, params=about | params))


def _sheet() -> tuple[Tree, Tree]:
    """From pixels in [-1, 1] to all pictures side by side, in [0, 1]."""
    return function("lambda x: (x + 1) / 2", name="Levels"), node("Grid", fill=0.5)


def _stack(values: dict[str, float], off: Sequence[str] = ()) -> tuple[Adapter, ...]:
    """These adapters with values of the param that matters most: their last, or the guidance that LCM is told."""
    found = {each.id: each for each in adapters.shipped(WEIGHTS)}
    return tuple(
        replace(
            found[id],
            values=found[id].values | {"condition_scale" if id == "digits-lcm" else "scale": value},
            enabled=id not in off,
            colour=colour,
        )
        for (id, value), colour in zip(values.items(), _COLOURS, strict=False)
    )


def _chosen(source: Source, file: str) -> Source:
    """The source, with the file chosen where it is one of a picture."""
    return ImageSource(file) if isinstance(source, ImageSource) else source


def _graph(name: str, note: str, trees: Sequence[Tree], stack: tuple[Adapter, ...]) -> Graph:
    graph = Graph(Node("root", "Chain", name))
    ids = (f"n{number:03}" for number in count(1))
    edits.apply(graph, edits.SetInputs((Input("noise", NoiseSource([COUNT, 1, digits.SIZE, digits.SIZE], 1)),)))
    run = tuple(with_ids(complete(tree, CATALOGUE), ids) for tree in trees)
    edits.apply(graph, edits.Insert(Place("root", 0), run))
    edits.apply(graph, edits.SetAdapters(stack))
    edits.apply(graph, edits.SetView("root", View(note=note)))
    return graph


if __name__ == "__main__":
    for file, text in written().items():
        (FOLDER / file).write_bytes(text)
