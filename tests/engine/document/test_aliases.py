"""What others call the layers of latent diffusion models, held against keys of files as they are published."""

import pytest

from engine.document.aliases import aliases, namings
from engine.document.graph import paths
from nodes.models import MODELS, build

PUBLISHED = {
    "sd15-unet": {
        "time_embed.2": "time_embedding.linear_2",
        "input_blocks.0.0": "conv_in",
        "input_blocks.3.0.op": "down_blocks.0.downsamplers.0.conv",
        "input_blocks.4.0.skip_connection": "down_blocks.1.resnets.0.conv_shortcut",
        "input_blocks.11.0.out_layers.3": "down_blocks.3.resnets.1.conv2",
        "middle_block.1.transformer_blocks.0.attn2.to_k": "mid_block.attentions.0.transformer_blocks.0.attn2.to_k",
        "middle_block.2.emb_layers.1": "mid_block.resnets.1.time_emb_proj",
        "output_blocks.2.1.conv": "up_blocks.0.upsamplers.0.conv",
        "output_blocks.5.2.conv": "up_blocks.1.upsamplers.0.conv",
        "output_blocks.11.1.transformer_blocks.0.ff.net.0.proj": (
            "up_blocks.3.attentions.2.transformer_blocks.0.ff.net.0.proj"
        ),
        "out.2": "conv_out",
    },
    "sdxl-unet": {
        "label_emb.0.0": "add_embedding.linear_1",
        "input_blocks.6.0.op": "down_blocks.1.downsamplers.0.conv",
        "input_blocks.8.1.transformer_blocks.9.attn1.to_out.0": (
            "down_blocks.2.attentions.1.transformer_blocks.9.attn1.to_out.0"
        ),
        "middle_block.1.proj_in": "mid_block.attentions.0.proj_in",
        "output_blocks.2.2.conv": "up_blocks.0.upsamplers.0.conv",
        "output_blocks.8.0.in_layers.0": "up_blocks.2.resnets.2.norm1",
        "out.0": "conv_norm_out",
    },
    "vae": {
        "encoder.down.1.block.0.nin_shortcut": "encoder.down_blocks.1.resnets.0.conv_shortcut",
        "encoder.mid.attn_1.proj_out": "encoder.mid_block.attentions.0.to_out.0",
        "quant_conv": "Encoder.Chain_3.Conv2d",
        "post_quant_conv": "Decoder.Conv2d_1",
        "decoder.up.3.block.0.norm1": "decoder.up_blocks.0.resnets.0.norm1",
        "decoder.up.1.upsample.conv": "decoder.up_blocks.2.upsamplers.0.conv",
        "decoder.up.0.block.0.nin_shortcut": "decoder.up_blocks.3.resnets.0.conv_shortcut",
    },
    "clip-l": {"text_model.encoder.layers.11.mlp.fc2": "TransformerLayer_12.Residual_2.FeedForward.Linear_2"},
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_same_layer_has_both_names(model):
    named = {alias.names[1]: alias.names for alias in aliases(build(MODELS[model])).values() if len(alias.names) > 1}
    for one, other in PUBLISHED[model].items():
        assert other in named[one]


@pytest.mark.parametrize(
    ("model", "ways"),
    [("sd15-unet", 2), ("sdxl-unet", 2), ("clip-l", 1), ("clip-g", 1), ("vae", 2), ("vae-decoder", 2)],
)
def test_every_layer_with_weights_has_names_that_tell_it_from_all_others(model, ways):
    graph = build(MODELS[model])
    found = list(namings(graph, "root"))
    assert len(found) == ways
    path_of = paths(graph)
    for names in found:
        kinds = {"Linear", "Conv2d", "GroupNorm", "LayerNorm", "Embedding"}
        assert {path_of[n] for n in graph.walk() if graph.nodes[n].kind in kinds} <= {path_of[n] for n in names}
        assert len(set(names.values())) == len(names)


def test_what_is_none_of_these_has_no_other_names():
    assert not list(namings(build(MODELS["bert"]), "root"))
