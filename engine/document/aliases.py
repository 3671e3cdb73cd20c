"""What others call the layers of latent diffusion models: names as in the original files, and as in diffusers.

Fluxion's tree says where each layer stands, so the other names follow from its path: nothing is guessed from shapes.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from engine.document.graph import Graph, paths

PARTS = {"unet": r"\w*UNet", "te1": "CLIPTextEncoderL", "te2": "CLIPTextEncoderG", "vae": "Encoder|Decoder"}
"""Which part of a pipeline a frame of this name is."""


class Alias(Struct, frozen=True):
    """A layer by other names: the part of the pipeline it is in ("" for none known), its names from there."""

    part: str
    names: tuple[str, ...]


def aliases(graph: Graph) -> dict[str, Alias]:
    """The names of every leaf that runs: its path below its part of the pipeline, then what others call it."""
    path_of = paths(graph)
    within: dict[str, tuple[str, str]] = {}
    found: dict[str, Alias] = {}
    for node in graph.walk():
        title = graph.nodes[node].title
        part = next((part for part, pattern in PARTS.items() if re.fullmatch(pattern, title)), "")
        top = path_of[node] if part != "vae" else path_of[node].removesuffix(title).removesuffix(".")
        within[node] = (part, top) if part else within.get(graph.parents.get(node, ""), ("", ""))
        if not graph.is_frame(node):
            part, top = within[node]
            path = path_of[node].removeprefix(f"{top}.") if top else path_of[node]
            if part == "vae" and not path.startswith(("Encoder.", "Decoder.")):
                path = f"{graph.nodes[graph.root].title}.{path}"  # it is the root, which paths leave out
            found[node] = Alias(part, (path, *others(part, path, _place(graph, node))))
    return found


def namings(graph: Graph, frame: str) -> Iterator[dict[str, str]]:
    """How others name the leaves below a frame, where these are of one part: the original's way, and diffusers'."""
    below = set(graph.walk(frame))
    others = {node: alias for node, alias in aliases(graph).items() if node in below and len(alias.names) > 1}
    if len({alias.part for alias in others.values()}) == 1:
        for number in range(1, max(len(alias.names) for alias in others.values())):
            yield {node: alias.names[min(number, len(alias.names) - 1)] for node, alias in others.items()}


def others(part: str, path: str, place: int = 0) -> Iterator[str]:
    """What others call the layer at a path below its part of the pipeline: in the original, and in diffusers.

    `place` is where the frame of the layer stands in that around it.
    """
    for rule in RULES.get(part, ()):
        if found := rule.pattern.fullmatch(path):
            values = {name: int(text or 1) for name, text in found.groupdict().items()}
            numbers = _numbers(values) | {"last": place - 1}  # what takes the skip has no name there
            yield from (name.format_map(numbers) for name in rule.names)
            return


def _place(graph: Graph, leaf: str) -> int:
    """Where the frame of a leaf stands in that around it."""
    frame = graph.parents.get(leaf, "")
    around = graph.children.get(graph.parents.get(frame, ""), [])
    return around.index(frame) if frame in around else 0


def _numbers(values: dict[str, int]) -> dict[str, int]:
    """Fluxion counts from 1 and has one row of blocks; the original counts from 0, and diffusers has them in threes."""
    found = {name: value - 1 for name, value in values.items()}
    for name, first in (("down", 1), ("up", 0)):
        if name in found:
            level, place = divmod(found[name] - first, 3)
            found |= {"level": level, "place": place}
    if "above" in found:  # the first block is the one in the middle
        found |= {"level": found["above"] - 1, "left": 4 - found["above"]}
    return found


class Rule(Struct, frozen=True):
    """A path, and its other names: the original's first."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]


def _rule(path: str, *names: str) -> Rule:
    """`{down}` in a path is the number that a name ends in, if it has one; `*` any word."""
    pattern = re.escape(path).replace(r"\*", r"\w*")
    return Rule(re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?:_(?P<\1>\\d+))?", pattern)), names)


RESIDUAL = {
    "Chain.GroupNorm_1": ("in_layers.0", "norm1"),
    "Chain.RangeAdapter2d.Conv2d": ("in_layers.2", "conv1"),
    "Chain.RangeAdapter2d.Chain.Linear": ("emb_layers.1", "time_emb_proj"),
    "Chain.GroupNorm_2": ("out_layers.0", "norm2"),
    "Chain.Conv2d": ("out_layers.3", "conv2"),
    "Conv2d": ("skip_connection", "conv_shortcut"),
}
"""Layers of a ResidualBlock."""

_BLOCK = "Chain_2.CrossAttentionBlock{block}"
_INNER = {
    "Residual_1.LayerNorm": "norm1",
    **{f"Residual_1.SelfAttention.Distribute.Linear_{n}": f"attn1.to_{to}" for n, to in enumerate("qkv", 1)},
    "Residual_1.SelfAttention.Linear": "attn1.to_out.0",
    "Residual_2.LayerNorm": "norm2",
    **{f"Residual_2.Attention.Distribute.Linear_{n}": f"attn2.to_{to}" for n, to in enumerate("qkv", 1)},
    "Residual_2.Attention.Linear": "attn2.to_out.0",
    "Residual_3.LayerNorm": "norm3",
    "Residual_3.Linear_1": "ff.net.0.proj",
    "Residual_3.Linear_2": "ff.net.2",
}
ATTENTION = {
    "Chain_1.GroupNorm": "norm",
    "Chain_1.Conv2d": "proj_in",
    "Chain_1.Linear": "proj_in",
    **{f"{_BLOCK}.{path}": f"transformer_blocks.{{block}}.{name}" for path, name in _INNER.items()},
    "Chain_3.Conv2d": "proj_out",
    "Chain_3.Linear": "proj_out",
}
"""Layers of a CrossAttention, which both call alike."""


def _blocks() -> Iterator[Rule]:
    """The blocks of a U-Net, in threes: a convolution that makes smaller or larger ends each three but the last."""
    for path, original, diffusers in (
        ("DownBlocks.Chain{down}.ResidualBlock", "input_blocks.{down}.0", "down_blocks.{level}.resnets.{place}"),
        ("*.MiddleBlock.ResidualBlock_1", "middle_block.0", "mid_block.resnets.0"),
        ("*.MiddleBlock.ResidualBlock_2", "middle_block.2", "mid_block.resnets.1"),
        ("UpBlocks.Chain{up}.ResidualBlock", "output_blocks.{up}.0", "up_blocks.{level}.resnets.{place}"),
    ):
        for place in {path, path.removeprefix("*.")}:
            for inner, (one, other) in RESIDUAL.items():
                yield _rule(f"{place}.{inner}", f"{original}.{one}", f"{diffusers}.{other}")
    for path, original, diffusers in (
        ("DownBlocks.Chain{down}", "input_blocks.{down}.1", "down_blocks.{level}.attentions.{place}"),
        ("*.MiddleBlock", "middle_block.1", "mid_block.attentions.0"),
        ("UpBlocks.Chain{up}", "output_blocks.{up}.1", "up_blocks.{level}.attentions.{place}"),
    ):
        for place in {path, path.removeprefix("*.")}:
            for inner, name in ATTENTION.items():
                yield _rule(f"{place}.*CrossAttention.{inner}", f"{original}.{name}", f"{diffusers}.{name}")


UNET = (
    _rule("DownBlocks.Chain_1.Conv2d", "input_blocks.0.0", "conv_in"),
    *_blocks(),
    _rule(
        "DownBlocks.Chain{down}.Downsample.Conv2d",
        "input_blocks.{down}.0.op",
        "down_blocks.{level}.downsamplers.0.conv",
    ),
    _rule(
        "UpBlocks.Chain{up}.Upsample.Conv2d",
        "output_blocks.{up}.{last}.conv",
        "up_blocks.{level}.upsamplers.0.conv",
    ),
    *(
        rule
        for n, (one, other) in enumerate((("0", "1"), ("2", "2")), 1)
        for rule in (
            _rule(f"TimestepEncoder.RangeEncoder.Linear_{n}", f"time_embed.{one}", f"time_embedding.linear_{other}"),
            _rule(
                f"TimestepEncoder.Sum.Chain.RangeEncoder.Linear_{n}",
                f"time_embed.{one}",
                f"time_embedding.linear_{other}",
            ),
            _rule(
                f"TimestepEncoder.Sum.TextTimeEmbedding.Linear_{n}",
                f"label_emb.0.{one}",
                f"add_embedding.linear_{other}",
            ),
        )
    ),
    *(
        rule
        for place in ("Chain", "OutputBlock")
        for rule in (
            _rule(f"{place}.GroupNorm", "out.0", "conv_norm_out"),
            _rule(f"{place}.Conv2d", "out.2", "conv_out"),
        )
    ),
)

_LAYER = "text_model.encoder.layers.{layer}"
CLIP = (
    _rule("Sum.TokenEncoder", "text_model.embeddings.token_embedding"),
    _rule("Sum.PositionalEncoder.Embedding", "text_model.embeddings.position_embedding"),
    _rule("LayerNorm", "text_model.final_layer_norm"),
    *(
        _rule(f"TransformerLayer{{layer}}.{path}", f"{_LAYER}.{name}")
        for path, name in {
            "Residual_1.LayerNorm": "layer_norm1",
            **{
                f"Residual_1.SelfAttention.Distribute.Linear_{n}": f"self_attn.{to}_proj"
                for n, to in enumerate("qkv", 1)
            },
            "Residual_1.SelfAttention.Linear": "self_attn.out_proj",
            "Residual_2.LayerNorm": "layer_norm2",
            "Residual_2.FeedForward.Linear_1": "mlp.fc1",
            "Residual_2.FeedForward.Linear_2": "mlp.fc2",
        }.items()
    ),
)

SIDES = {"Encoder": 5, "Decoder": 1}
"""The two halves of the autoencoder, and which of its blocks is the one in the middle."""
RESNET = {
    "Chain.GroupNorm_1": ("norm1", "norm1"),
    "Chain.Conv2d_1": ("conv1", "conv1"),
    "Chain.GroupNorm_2": ("norm2", "norm2"),
    "Chain.Conv2d_2": ("conv2", "conv2"),
    "Conv2d": ("nin_shortcut", "conv_shortcut"),
}
MIDDLE = {
    **{
        f"Resnet_{n}.{path}": (f"block_{n}.{one}", f"resnets.{n - 1}.{other}")
        for n in (1, 2)
        for path, (one, other) in RESNET.items()
    },
    "Residual.GroupNorm": ("attn_1.norm", "attentions.0.group_norm"),
    **{
        f"Residual.SelfAttention2d.Distribute.Linear_{n}": (f"attn_1.{to}", f"attentions.0.to_{to}")
        for n, to in enumerate("qkv", 1)
    },
    "Residual.SelfAttention2d.Linear": ("attn_1.proj_out", "attentions.0.to_out.0"),
}
"""Layers of the block in the middle of an encoder or decoder."""

VAE = (
    _rule("Decoder.Conv2d_1", "post_quant_conv"),
    _rule("Decoder.Conv2d_2", "decoder.conv_in"),
    _rule("Encoder.Conv2d", "encoder.conv_in"),
    _rule("Encoder.Chain_3.Conv2d", "quant_conv"),
    *(
        _rule(f"{side}.Chain_2.GroupNorm", f"{side.lower()}.norm_out", f"{side.lower()}.conv_norm_out")
        for side in SIDES
    ),
    *(_rule(f"{side}.Chain_2.Conv2d", f"{side.lower()}.conv_out") for side in SIDES),
    *(
        _rule(f"{side}.Chain_1.Chain_{middle}.{path}", f"{side.lower()}.mid.{one}", f"{side.lower()}.mid_block.{other}")
        for side, middle in SIDES.items()
        for path, (one, other) in MIDDLE.items()
    ),
    *(
        _rule(f"{path}.Resnet{{resnet}}.{inner}", f"{one}.block.{{resnet}}.{a}", f"{other}.resnets.{{resnet}}.{b}")
        for path, one, other in (
            ("Decoder.Chain_1.Chain{above}", "decoder.up.{left}", "decoder.up_blocks.{level}"),
            ("Encoder.Chain_1.Chain{block}", "encoder.down.{block}", "encoder.down_blocks.{block}"),
        )
        for inner, (a, b) in RESNET.items()
    ),
    _rule(
        "Decoder.Chain_1.Chain{above}.Upsample.Conv2d",
        "decoder.up.{left}.upsample.conv",
        "decoder.up_blocks.{level}.upsamplers.0.conv",
    ),
    _rule(
        "Encoder.Chain_1.Chain{block}.Downsample.Conv2d",
        "encoder.down.{block}.downsample.conv",
        "encoder.down_blocks.{block}.downsamplers.0.conv",
    ),
)

RULES = {"unet": UNET, "te1": CLIP, "te2": CLIP, "vae": VAE}
