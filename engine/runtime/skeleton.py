"""A starting tree for the weights of a bare .safetensors file: frames from the keys, layers guessed from the shapes."""

import math
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.document import edits
from engine.document.edits import SetWeights
from engine.document.graph import Node, Tree, View, Weights, unique_names
from engine.document.kinds import Catalogue, ParamValue, defaults
from engine.document.legal import EditError
from engine.runtime.foreign import ForeignError
from engine.runtime.importing import Imported, graph_of

Shape = tuple[int, ...]
Branch = dict[str, "Branch | Shape"]
"""What lies below a prefix, by the next part of the key; a shape where the key ends."""

GROUPS = 32
"""Groups of a GroupNorm, which no shape tells."""


def import_structure(file: Path, catalogue: Catalogue, with_weights: bool = False, in_place: bool = False) -> Imported:
    """A graph whose layers could hold the tensors of `file`; what was guessed stands in the notes of the nodes.

    Only names and shapes are read, unless `with_weights`. With `in_place` the graph names the file, as one in its own
    folder. Raises ForeignError for a file that can't be read.
    """
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(file, framework="pt") as opened:
            shapes = {key: tuple(opened.get_slice(key).get_shape()) for key in opened.keys()}  # noqa: SIM118
            if with_weights:
                tensors = {key: opened.get_tensor(key) for key in shapes}
    except FileNotFoundError:
        raise ForeignError(f"there is no file {file}: check its name") from None
    except (OSError, SafetensorError) as error:
        raise ForeignError(f"{file} can't be read as a .safetensors file: {error}") from error
    if not shapes:
        raise ForeignError(f"{file} holds no tensors, so there is nothing to make a tree of")
    guessing = _Guessing(catalogue, in_place)
    try:
        graph = graph_of(guessing.frame(_branches(shapes), "Chain", "", ""))
    except EditError as error:
        raise ForeignError(f"{file} can't be a graph: {error}") from error
    if in_place:
        edits.apply(graph, SetWeights(graph.root, Weights(file.name)))
    weights = {guessing.keys[key]: tensor for key, tensor in tensors.items()}
    return Imported(graph, weights, guessing.placeholders, [])


def _branches(shapes: Mapping[str, Shape]) -> Branch:
    """The keys as a tree, siblings in the order of their numbers where they have some."""
    top: Branch = {}
    for key in sorted(shapes, key=_natural):
        at = top
        *prefix, last = key.split(".")
        for part in prefix:
            below = at.setdefault(part, {})
            if not isinstance(below, dict):  # "a" and "a.b" both: the tensor at "a" goes inside
                below = at[part] = {"": below}
            at = below
        at[last] = shapes[key]
    return top


def _natural(key: str) -> list[list[tuple[int, str]]]:
    """Sorts "a_2" before "a_10", and "9" before "10"."""
    return [
        [(int(word), "") if word.isdecimal() else (-1, word) for word in part.split("_")] for part in key.split(".")
    ]


class _Guessing:
    """One tree being guessed. `keys` gives, for each key of the file, that of the same tensor in the graph."""

    def __init__(self, catalogue: Catalogue, in_place: bool) -> None:
        self.catalogue = catalogue
        self.in_place = in_place
        self.keys: dict[str, str] = {}
        self.placeholders: dict[str, str] = {}

    def frame(self, branch: Branch, name: str, key: str, path: str) -> Tree:
        """The Chain of all below the prefix `key`, which ends in a dot unless it is empty, as `path` does."""
        names = [
            part if part.isidentifier() else "_" + "".join(c if c.isalnum() else "_" for c in part) for part in branch
        ]
        trees: list[Tree] = []
        for (part, below), title, unique in zip(branch.items(), names, unique_names(names), strict=True):
            inside: Branch = below if isinstance(below, dict) else {"": below}
            shapes = {tensor: shape for tensor, shape in inside.items() if isinstance(shape, tuple)}
            if len(shapes) == len(inside):
                trees.append(self.layer(title, shapes, key + part, path + unique))
            else:
                trees.append(self.frame(inside, title, f"{key}{part}.", f"{path}{unique}."))
        return Tree(Node("", "Chain", "" if name == "Chain" else name), children=tuple(trees))

    def layer(self, name: str, shapes: dict[str, Shape], key: str, path: str) -> Tree:
        """The layer that tensors of these shapes most likely belong to, or a placeholder that tells them."""
        found, params = guess(name, shapes)
        kind = self.catalogue.get(found)
        for tensor in shapes:
            alone = "weight" if len(shapes) == 1 else "tensor"
            self.keys[f"{key}.{tensor}" if tensor else key] = f"{path}.{tensor or alone}"
        told = ", ".join(f"{tensor or 'a tensor'} {shape}" for tensor, shape in shapes.items())
        if kind is None:
            self.placeholders[path] = name
            said: dict[str, ParamValue] = {tensor: list(shape) for tensor, shape in shapes.items()}
            return Tree(Node("", name, params=said), View(note=f"No layer guessed for {key}: {told}."))
        own = key if self.in_place and key != path else ""
        node = Node("", found, "" if name == found else name, defaults(kind) | params, key=own)
        return Tree(node, View(note=f"Guessed from {key}: {told}."))


def guess(name: str, shapes: Mapping[str, Shape]) -> tuple[str, dict[str, ParamValue]]:
    """The kind of layer whose tensors have these names and shapes, and its params; no kind when nothing fits.

    What shapes leave open (strides, groups, whether a norm is one of groups) is decided by the name or left as usual.
    """
    says = name.lower()
    weight, bias = shapes.get("weight", ()), "bias" in shapes
    if "running_mean" in shapes:
        return "BatchNorm2d", {"num_features": shapes["running_mean"][0], "affine": bool(weight)}
    if not shapes.keys() <= {"weight", "bias"}:
        return ("Parameter", {"dims": list(shapes[""])}) if shapes.keys() == {""} and shapes[""] else ("", {})
    match weight:
        case (channels,) if "group" in says:
            return "GroupNorm", {"channels": channels, "num_groups": math.gcd(channels, GROUPS)}
        case (channels,) if says.startswith("layernorm2d"):
            return "LayerNorm2d", {"channels": channels}
        case (size,):
            return ("LayerNorm" if bias else "RMSNorm"), {"normalized_shape": size}
        case (count, size) if not bias and any(word in says for word in ("emb", "token", "vocab")):
            return "Embedding", {"num_embeddings": count, "embedding_dim": size}
        case (outs, ins):
            return "Linear", {"in_features": ins, "out_features": outs, "bias": bias}
        case (first, second, *window) if len(window) <= 3:
            turned = "transpose" in says
            ins, outs = (first, second) if turned else (second, first)
            size = window[0] if len(set(window)) == 1 else list(window)
            kind = f"Conv{'Transpose' if turned else ''}{len(window)}d"
            offset = "use_bias" if len(window) == 2 else "bias"  # Fluxion's name in its own layers, else torch's
            return kind, {"in_channels": ins, "out_channels": outs, "kernel_size": size, offset: bias}
    return "", {}
