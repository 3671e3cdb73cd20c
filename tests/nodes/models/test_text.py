"""Our text encoders against those of Refiners, and BERT's against torch's own transformer."""

import pytest
import torch
from refiners.foundationals.clip.text_encoder import CLIPTextEncoder, CLIPTextEncoderG, CLIPTextEncoderL
from refiners.foundationals.clip.tokenizer import CLIPTokenizer
from torch import nn

from engine.document.graph import paths
from engine.document.sources import ListSource
from nodes.models import MODELS, build
from tests.nodes.models import oracle

CLIP = {"clip-l": CLIPTextEncoderL, "clip-g": CLIPTextEncoderG}


@pytest.mark.parametrize("name", CLIP)
def test_weights_and_result_are_those_of_refiners_to_the_bit(name: str):
    theirs: CLIPTextEncoder = CLIP[name](device="meta")
    graph = build(MODELS[name])
    assert len(graph) == oracle.count(theirs)
    modules = oracle.same_weights(theirs, graph)
    tokenizer = theirs.ensure_find(CLIPTokenizer)
    ids = tokenizer(["Two birds on a wire, one of them sings", ""]).tolist()
    with torch.no_grad():
        expected = theirs[1:](torch.tensor(ids))
    result = oracle.result(graph, modules, {"ids": ids}, {})
    assert result.shape[:2] == (2, 77)
    assert torch.equal(result, expected)
    (source,) = [given.source for given in graph.inputs]
    assert source == ListSource(tokenizer("a photo of a cat").tolist())


def test_bert_is_torchs_transformer_normalised_after_each_part():
    graph = build(MODELS["bert"])
    modules = oracle.noisy_weights(graph)
    dim, path_of = 768, paths(graph)
    weights = {f"{path_of[node]}.{k}": v for node, module in modules.items() for k, v in module.state_dict().items()}
    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(dim, 12, 4 * dim, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
        theirs = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False).eval()
    for number, each in enumerate(theirs.layers, 1):
        at = f"TransformerLayer_{number}"
        attention, feed = f"{at}.Residual_1.SelfAttention", f"{at}.Residual_2.FeedForward"
        own: dict[str, torch.Tensor] = {}
        for part in ("weight", "bias"):
            projections = [weights[f"{attention}.Distribute.Linear_{i}.{part}"] for i in (1, 2, 3)]
            own |= {
                f"self_attn.in_proj_{part}": torch.cat(projections),
                f"self_attn.out_proj.{part}": weights[f"{attention}.Linear.{part}"],
                f"linear1.{part}": weights[f"{feed}.Linear_1.{part}"],
                f"linear2.{part}": weights[f"{feed}.Linear_2.{part}"],
                f"norm1.{part}": weights[f"{at}.LayerNorm_1.{part}"],
                f"norm2.{part}": weights[f"{at}.LayerNorm_2.{part}"],
            }
        each.load_state_dict(own, assign=True)
    ids = [[101, 7, 30521, 9, 102], [101, 1, 2, 3, 102]]
    tokens = weights["Sum.TokenEncoder.weight"][torch.tensor(ids)]
    positions, types = (
        weights["Sum.PositionalEncoder.Embedding.weight"][:5],
        weights["Sum.TypeEncoder.Embedding.weight"][0],
    )
    norm = (weights["LayerNorm.weight"], weights["LayerNorm.bias"])
    with torch.no_grad():
        expected = theirs(nn.functional.layer_norm(tokens + positions + types, (dim,), *norm, eps=1e-12))
    torch.testing.assert_close(oracle.result(graph, modules, {"ids": ids}, {}), expected, rtol=1e-4, atol=1e-4)
