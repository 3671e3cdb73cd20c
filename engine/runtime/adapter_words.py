"""Files of ControlNet, T2I-Adapter, IP-Adapter and Control-LoRA as others write them, in the words of the adapter that
takes them; and files of ours from where the model stood elsewhere in its graph.

Names follow from where a layer stands in the adapter's tree, as `engine.document.aliases` has them for models. LoRAs
have a module of their own (`engine.runtime.lora_files`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from torch import Tensor

from engine.document.adapters import Adapter
from engine.document.aliases import others
from engine.document.drawn import HERE, keys_in
from engine.document.expand import Expanded
from engine.document.keys import below_key
from engine.runtime.checkpoints import Checkpoint
from engine.runtime.near_misses import splits
from engine.runtime.reworded import Piece, Reworded, brought

REFINERS, ORIGINAL, DIFFUSERS = "Refiners", "its authors", "diffusers"
FORMS = (REFINERS, ORIGINAL, DIFFUSERS)

SIDE_NETWORK = re.compile(rf"{HERE}\.(?P<net>Controlnet|ControlLora)\.(?P<path>.+)")
"""The copy of a U-Net's encoder that `nodes.adapters.control` puts in front of it."""
ZERO = re.compile(r"(?:DownBlocks\.Chain_(?P<block>\d+)|MiddleBlock)\.Passthrough\.Conv2d")
HINT = re.compile(
    r"DownBlocks\.Chain_1\.Residual\.(?P<path>ConditionEncoder\.(?:Chain_(?P<step>\d+)\.)?Conv2d(?:_(?P<n>\d))?)"
)
PAIR = re.compile(r"(?P<path>.+)\.Lora\.(?:Linear|Conv2d)_(?P<side>[12])")
SIDES = {"1": "down", "2": "up"}
RANKS = {"down": 0, "up": 1}
"""The dimension that a layer of a LoRA has the rank in."""
FEATURES = re.compile(
    rf"{HERE}\.Passthrough\.ConditionEncoder\.(?P<path>(?:StatefulResidualBlocks_(?P<level>\d)\.ResidualBlocks\.)?"
    r"(?:Chain\.ResidualBlock_(?P<block>\d)\.)?Conv2d(?:_(?P<n>\d))?)"
)
"""The encoder of a T2I-Adapter."""
PROJECTION = re.compile(rf"{HERE}\.Passthrough\.ImageProjection\.(?P<layer>Linear|LayerNorm)")
ATTENTION = re.compile(rf"{HERE}\.ImageCrossAttention\.Distribute\.Chain_(?P<n>[12])\.Linear")
"""What an IP-Adapter adds: to the U-Net, and to each attention to the text."""
LAST_STEP = 4
"""The number of the last pair of convolutions in the encoder of a ControlNet's condition."""
DEEPEST = 10
"""The number of the convolution from zeros behind the middle of Stable Diffusion XL."""
BY_ORDER = re.compile(r"(?P<attention>ip_adapter\.\d{3})\..+")
"""Keys of Refiners for what an IP-Adapter adds to an attention: that of the keys, then that of the values."""


class Spot(Struct, frozen=True):
    """A layer that an adapter adds: its key in the tree, which of its patch's targets it stands at, of how many, and
    whether that is in the middle block of a U-Net or comes after it."""

    key: str
    number: int = 0
    count: int = 1
    middle: bool = False
    after_middle: bool = False


class Wanted(Struct, frozen=True):
    """A tensor that an adapter looks for: the node that it is of, its name there, its shape."""

    node: str
    name: str
    shape: tuple[int, ...]


def names(spot: Spot) -> dict[str, str]:
    """What others call a layer, by form."""
    if found := SIDE_NETWORK.fullmatch(spot.key):
        known = _of_side_network(found["path"])
        return known if found["net"] == "Controlnet" else known | {REFINERS: _in_control_lora(found["path"])}
    if found := FEATURES.fullmatch(spot.key):
        return _of_features(found)
    if found := PROJECTION.fullmatch(spot.key):
        layer = found["layer"]
        plain = f"image_proj.{'proj' if layer == 'Linear' else 'norm'}"
        return {REFINERS: f"image_proj.{layer}", ORIGINAL: plain}
    if found := ATTENTION.fullmatch(spot.key):
        # Theirs are counted down, up, then the one in the middle, with the attentions to the picture itself between.
        place = spot.count - 1 if spot.middle else spot.number - spot.after_middle
        n = int(found["n"])
        name = f"ip_adapter.{2 * place + 1}.to_{'kv'[n - 1]}_ip"
        return {REFINERS: f"ip_adapter.{spot.number:03d}.{n}", ORIGINAL: name}
    return {}


def _of_side_network(path: str) -> dict[str, str]:
    if found := ZERO.fullmatch(path):
        block = int(found["block"] or 0)
        return {
            REFINERS: path,
            ORIGINAL: f"zero_convs.{block - 1}.0" if block else "middle_block_out.0",
            DIFFUSERS: f"controlnet_down_blocks.{block - 1}" if block else "controlnet_mid_block",
        }
    if found := HINT.fullmatch(path):
        step, n = int(found["step"] or LAST_STEP + 1), int(found["n"] or 1)
        at = 0 if step == 1 else 2 * (step - 1) + n - 2
        name = "conv_in" if step == 1 else "conv_out" if step > LAST_STEP else f"blocks.{at - 1}"
        return {
            REFINERS: path,
            ORIGINAL: f"input_hint_block.{2 * at}",
            DIFFUSERS: f"controlnet_cond_embedding.{name}",
        }
    if found := PAIR.fullmatch(path):
        side = SIDES[found["side"]]
        return {form: f"{name}.{side}" for form, name in _of_side_network(found["path"]).items()}
    return dict(zip(FORMS, (path, *others("unet", path)), strict=False))


def _in_control_lora(path: str) -> str:
    """What Refiners calls a layer of a Control-LoRA."""
    if found := ZERO.fullmatch(path):
        return f"ZeroConvolution_{int(found['block'] or DEEPEST):02d}.Conv2d"
    if found := HINT.fullmatch(path):
        return found["path"]
    found = PAIR.fullmatch(path)
    return f"ControlLora.{found['path']}.{SIDES[found['side']]}" if found else path


def _of_features(found: re.Match[str]) -> dict[str, str]:
    if not found["level"]:
        return {REFINERS: found["path"], ORIGINAL: "conv_in", DIFFUSERS: "conv_in"}
    level, block, layer = int(found["level"]) - 1, int(found["block"] or 1) - 1, "in_conv"
    if found["block"]:
        layer = f"block{found['n']}"
    inside = f"resnets.{block}.{layer}" if found["block"] else layer
    return {
        REFINERS: found["path"],
        ORIGINAL: f"body.{2 * level + block}.{layer}",
        DIFFUSERS: f"body.{level}.{inside}",
    }


def in_own_words(
    file: Checkpoint,
    whole: Expanded,
    adapter: Adapter,
    keys: Mapping[str, str],
    tensors: Mapping[str, Mapping[str, Tensor]],
) -> Checkpoint:
    """The file of an adapter under the `keys` of what the adapter adds (by node, as for `tensors`); the very file where
    it fits best as it is."""
    own = [
        node
        for node, site in whole.origin.items()
        if site.adapter == adapter.id and node not in whole.borrowed and tensors.get(node)
    ]
    spots = _spots(whole, adapter, own)
    wanted = {
        below_key(keys[node], name): Wanted(node, name, tuple(tensor.shape))
        for node in own
        for name, tensor in tensors[node].items()
    }
    best = {key: key for key in wanted if key in file.tensors}
    if len(best) == len(wanted):
        return file

    def piece(key: str, at: str) -> Piece:
        """A tensor as the adapter takes it; one that does not fit has the shape that it has."""
        shape, room = file.tensors[at].shape, wanted[key].shape
        pair = PAIR.fullmatch(spots[wanted[key].node].key)
        return Piece(at, 1.0, brought(shape, room, RANKS[SIDES[pair["side"]]]) if pair else shape)

    def fitting(found: Mapping[str, str]) -> int:
        return sum(piece(key, at).shape[:2] == wanted[key].shape[:2] for key, at in found.items())

    note, most = "", fitting(best)
    index = _index(file.tensors)
    for form, called in _namings({node: keys[node] for node in own}, spots):
        theirs = {key: below_key(called[each.node], each.name) for key, each in wanted.items() if each.node in called}
        plain = {_plain(key) for key in theirs.values()}
        below = Counter(prefix for key in index for prefix, rest in (("", key), *splits(key)) if rest in plain)
        prefix = max(below, key=lambda prefix: (below[prefix], -len(prefix)), default="")
        found = {key: index[at] for key, name in theirs.items() if (at := below_key(prefix, _plain(name))) in index}
        if (count := fitting(found)) > most:
            best, most = found, count
            note = f"names as {form} has them" if form else "names as where the model stood elsewhere"
            note += f", below {prefix}" if prefix else ""
    if not note:
        return file
    return Reworded(file, {key: piece(key, at) for key, at in best.items()}, set(best.values()), [note])


def rank_of(file: Checkpoint) -> int:
    """The highest rank of the layers of a Control-LoRA in a file; 0 where there are none."""
    shapes = [stored.shape for key, stored in file.tensors.items() if _plain(key).endswith(".down")]
    return max((shape[RANKS["down"]] for shape in shapes if shape), default=0)


def _spots(whole: Expanded, adapter: Adapter, nodes: list[str]) -> dict[str, Spot]:
    """Where the nodes that an adapter adds stand."""
    drawn = keys_in(adapter)
    places: dict[str, tuple[int, int, bool, bool]] = {}
    for targets in whole.targets[adapter.id]:
        parts = [whole.paths[target].split(".") for target in targets]
        for number, (target, path) in enumerate(zip(targets, parts, strict=True)):
            middle, after = "MiddleBlock" in path, "UpBlocks" in path
            places[target] = (number, len(targets), middle, after and any("MiddleBlock" in each for each in parts))
    sites = {node: whole.origin[node] for node in nodes}
    return {node: Spot(drawn[site.node], *places[site.target]) for node, site in sites.items()}


def _namings(own: Mapping[str, str], spots: Mapping[str, Spot]) -> Iterator[tuple[str, dict[str, str]]]:
    """What the nodes may be called in a file: by others, or by us where the model stood elsewhere in its graph."""
    top = min((key.removesuffix(spots[node].key.removeprefix(f"{HERE}.")) for node, key in own.items()), key=len)
    yield "", dict(own)
    for above, _ in splits(top):
        if all(key.startswith(f"{above}.") for key in own.values()):
            yield "", {node: key.removeprefix(f"{above}.") for node, key in own.items()}
    known = {node: names(spot) for node, spot in spots.items()}
    for form in FORMS:
        yield form, {node: called[form] for node, called in known.items() if form in called}


def _index(keys: Iterable[str]) -> dict[str, str]:
    """The keys of a file by what is looked for."""
    found = {_plain(key): key for key in keys}
    attentions: dict[str, list[str]] = {}
    for key in sorted(found):
        if pair := BY_ORDER.fullmatch(key):
            attentions.setdefault(pair["attention"], []).append(key)
    return found | {f"{name}.{n}": found[key] for name, pair in attentions.items() for n, key in enumerate(pair, 1)}


def _plain(key: str) -> str:
    """A key without what the tensors of a LoRA go without in some files."""
    return key.removesuffix(".weight")
