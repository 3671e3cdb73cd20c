"""LoRA files as others write them (kohya, diffusers and PEFT, Refiners), in the words of the adapter that takes them.

Layers are found by name (`engine.document.aliases`). What such a file says of strength, alpha over rank, goes into the
second of the two layers; a rank below the adapter's is filled up with zeros.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import torch
from msgspec import Struct
from msgspec.structs import replace
from torch import Tensor

from engine.document.adapters import Adapter
from engine.document.aliases import aliases
from engine.document.drawn import HERE, keys_in
from engine.document.expand import Expanded
from engine.document.graph import Graph, Weights
from engine.document.keys import below_key
from engine.document.stack import narrowed
from engine.runtime.adapter_words import rank_of
from engine.runtime.checkpoints import Checkpoint, CheckpointError
from engine.runtime.reworded import Piece, Reworded, brought

PART = re.compile(
    r"(?P<layer>.+?)[._](?:(?:lora[._]|lora_linear_layer\.)?(?P<side>down|up)|lora_(?P<letter>[AB]))"
    r"(?:\.default(?:_\d+)?)?(?:\.weight)?"
)
ALPHA = re.compile(r"(?P<layer>.+?)(?:\.lora)?\.alpha")
MORE = re.compile(r"(?P<layer>.+?)\.(?:lora_mid\.weight|dora_scale|lora_magnitude_vector(?:\.\w+)*|diff(?:_b)?)")
"""What has a layer be more than two matrices and a strength, which is all that is read here."""
PREFIXES = {
    "lora_unet_": "unet",
    "lora_te1_": "te1",
    "lora_te2_": "te2",
    "lora_te_": "te1",
    "unet.": "unet",
    "unet_": "unet",
    "diffusion_model.": "unet",
    "text_encoder_2.": "te2",
    "text_encoder.": "te1",
}
"""What a key starts with, and the part of a pipeline that it then is in. Without any, it may be in each."""
RANKS = {"down": 0, "up": 1}
"""The dimension that a layer has the rank in."""
SIDES = {
    f"{HERE}.Lora.{kind}_{number}": side
    for kind in ("Linear", "Conv2d")
    for number, side in enumerate(("down", "up"), 1)
}
"""The two layers of a LoRA by their keys in the tree of `nodes.adapters.lora`."""


class Layer(Struct):
    """A layer's LoRA: its keys in the file by side, and that of its alpha."""

    keys: dict[str, str]
    alpha: str = ""

    @property
    def used(self) -> set[str]:
        """All its keys."""
        return {*self.keys.values(), self.alpha} - {""}


def layers_in(keys: Iterable[str]) -> dict[str, Layer]:
    """The LoRAs in a file, by what it calls their layers; only those that are two matrices and a strength."""
    keys = list(keys)
    found: dict[str, Layer] = {}
    alphas: dict[str, str] = {}
    other = {more["layer"] for key in keys if (more := MORE.fullmatch(key))}
    for key in keys:
        if alpha := ALPHA.fullmatch(key):
            alphas[alpha["layer"]] = key
        elif part := PART.fullmatch(key):
            side = part["side"] or {"A": "down", "B": "up"}[part["letter"]]
            found.setdefault(part["layer"], Layer({})).keys[side] = key
    whole = {name: layer for name, layer in found.items() if len(layer.keys) == len(RANKS) and name not in other}
    for name, layer in whole.items():
        layer.alpha = alphas.get(name, "")
    return whole


def attached(graph: Graph, layers: Mapping[str, Layer]) -> dict[str, Layer]:
    """The LoRAs that are for leaves of this graph, by leaf."""
    known: dict[str, list[tuple[str, str]]] = {}
    for node, alias in aliases(graph).items():
        for name in alias.names:
            plain = name.replace(".", "_")
            for each in {plain, plain.removesuffix("_0") if plain.endswith("to_out_0") else plain}:
                known.setdefault(each, []).append((alias.part, node))
    found: dict[str, Layer] = {}
    for name, layer in layers.items():
        part, plain = _place(name)
        found |= {node: layer for own, node in known.get(plain, ()) if part in ("", own) or not own}
    return found


def _place(name: str) -> tuple[str, str]:
    """The part of a pipeline, and the name there with "_" for every dot."""
    name = name.removeprefix("base_model.model.")
    prefix = next((each for each in PREFIXES if name.startswith(each)), "")
    plain = name.removeprefix(prefix).replace(".processor.", ".").replace(".", "_")
    return PREFIXES.get(prefix, ""), plain


def taking(graph: Graph, adapter: Adapter, weights: Weights, file: Checkpoint) -> Adapter:
    """The adapter as it takes its weights from a file.

    Of a LoRA, the rank becomes the file's, and an adapter that went wherever it fits goes to the layers of the file.
    """
    is_lora, values, where = _is_lora(keys_in(adapter)), adapter.values, adapter.where
    found = attached(graph, layers_in(file.tensors)) if is_lora else {}
    rank = max((_rank(file, layer) for layer in found.values()), default=0) if is_lora else rank_of(file)
    if rank and any(param.name == "rank" for param in adapter.params):
        values = values | {"rank": rank}
    if found:
        where = where or _where(graph, found)
    return replace(adapter, weights=weights, values=values, where=where)


def _is_lora(drawn: Mapping[str, str]) -> bool:
    """Whether an adapter with these keys in its trees has the layers of a LoRA."""
    return not SIDES.keys().isdisjoint(drawn.values())


def _where(graph: Graph, nodes: Mapping[str, Layer]) -> str:
    """A selector of these leaves: frames by name where that says it, else every leaf by its id."""
    below: dict[str, set[str]] = {}
    for node in graph.walk():
        if graph.nodes[node].kind in ("Linear", "Conv2d"):
            for frame in graph.ancestors(node):
                below.setdefault(graph.nodes[frame].title, set()).add(node)
    left, names = set(nodes), list[str]()
    for name in sorted(below, key=lambda name: (-len(below[name]), name)):
        if name.isidentifier() and below[name] <= nodes.keys() and below[name] & left:
            names.append(f"in {name}")
            left -= below[name]
    return narrowed(graph, sorted(nodes)) if left else ", ".join(names)


def in_own_words(
    file: Checkpoint,
    graph: Graph,
    whole: Expanded,
    adapter: str,
    keys: Mapping[str, str],
    tensors: Mapping[str, Mapping[str, Tensor]],
) -> Checkpoint:
    """The file of an adapter in which a LoRA's layers have the `keys` of what the adapter adds (by node, as for
    `tensors`); the very file where it holds no LoRA of others."""
    drawn = next((keys_in(each) for each in graph.adapters if each.id == adapter), {})
    layers = layers_in(file.tensors) if _is_lora(drawn) else {}
    found = attached(graph, layers) if layers else {}
    if not found:
        return file
    try:
        factors = {id(layer): _factor(file, layer) for layer in layers.values()}
    except CheckpointError:  # it has changed, so it is looked at again
        return file
    pieces: dict[str, Piece] = {}
    used: set[str] = set()
    for node, key in keys.items():
        site = whole.origin[node]
        layer = found.get(site.target) if site.adapter == adapter else None
        side = SIDES.get(drawn[site.node]) if layer else None
        if layer and side and "weight" in tensors.get(node, {}):
            at = layer.keys[side]
            shape = brought(file.tensors[at].shape, tuple(tensors[node]["weight"].shape), RANKS[side])
            pieces[below_key(key, "weight")] = Piece(at, factors[id(layer)] if side == "up" else 1.0, shape)
            used |= layer.used
    return Reworded(file, pieces, used, _notes(file, layers, found, set(factors.values())))


def _rank(file: Checkpoint, layer: Layer) -> int:
    return file.tensors[layer.keys["down"]].shape[RANKS["down"]]


def _factor(file: Checkpoint, layer: Layer) -> float:
    """Alpha over rank; 1 where there is no alpha."""
    if not layer.alpha:
        return 1.0
    return file.read(layer.alpha, torch.device("cpu"), torch.float64).item() / _rank(file, layer)


def _notes(file: Checkpoint, layers: Mapping[str, Layer], found: Mapping[str, Layer], factors: set[float]) -> list[str]:
    """What the file is, and what of it is for others."""
    ranks = sorted({_rank(file, layer) for layer in layers.values()})
    rank = f"rank {ranks[0]}" if len(ranks) == 1 else f"ranks {ranks[0]} to {ranks[-1]}"
    notes = [f"a LoRA of {len(layers)} layers, {rank}"]
    if factors != {1.0}:
        texts = [f"{factor:g}" for factor in sorted(factors)]
        counted = texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"
        notes.append(f"alpha over rank is {counted}: at scale 1, it counts so much")
    taken = {id(layer) for layer in found.values()}
    elsewhere = Counter(_place(name)[0] for name, layer in layers.items() if id(layer) not in taken)
    notes += [f"{n} layers{WHERE[part]} are not in this graph" for part, n in elsewhere.items()]
    if others := sum(bool(MORE.fullmatch(key) or OTHERS.search(key)) for key in file.tensors):
        notes.append(f"{others} tensors are of other methods (LoHa, LoKr, DoRA, ...), whose layers are left out")
    return notes


WHERE = {"": "", "unet": " of a U-Net", "te1": " of a text encoder", "te2": " of a second text encoder"}
OTHERS = re.compile(r"\.(?:hada_|lokr_|oft_|glora_|w_norm|b_norm)")
