"""A starting tree from nothing but the names and shapes of tensors."""

import pytest
import torch
from refiners.foundationals.clip.text_encoder import TransformerLayer
from safetensors.torch import load_file, save_file

from engine.document import files, parsing
from engine.document.graph import paths, same
from engine.runtime.foreign import ForeignError
from engine.runtime.imports import save
from engine.runtime.skeleton import guess, import_structure
from nodes import CATALOGUE


def stored(folder, **shapes):
    file = folder / "weights.safetensors"
    save_file({key.replace("__", "."): torch.randn(shape) for key, shape in shapes.items()}, file)
    return file


def titles(graph):
    path_of = paths(graph)
    return [(path_of[node], graph.nodes[node].kind) for node in graph.walk()]


def test_paths_of_a_fluxion_checkpoint_stay_as_they_are(tmp_path):
    live = TransformerLayer(8, 16)
    save_file(live.state_dict(), tmp_path / "layer.safetensors")
    found = import_structure(tmp_path / "layer.safetensors", CATALOGUE, with_weights=True)
    assert found.placeholders == {}
    assert set(found.weights) == set(live.state_dict())
    weighted = {path for path, kind in titles(found.graph) if kind != "Chain"}
    assert weighted == {key.rpartition(".")[0] for key in live.state_dict()}
    linear = next(node for node in found.graph.nodes.values() if node.kind == "Linear" and node.name == "Linear_1")
    assert linear.params["bias"] is True
    assert all("Guessed from" in view.note for view in found.graph.views.values())
    assert same(parsing.parse(files.dump(found.graph)), found.graph)


def test_numbers_in_keys_become_names_and_weights_follow(tmp_path):
    file = stored(tmp_path, blocks__10__weight=(2, 3), blocks__9__weight=(3, 3), scale=(3,))
    found = import_structure(file, CATALOGUE, with_weights=True)
    assert titles(found.graph) == [
        ("", "Chain"),
        ("blocks", "Chain"),
        ("blocks._9", "Linear"),
        ("blocks._10", "Linear"),
        ("scale", "Parameter"),
    ]
    save(found, tmp_path / "model.catenary", with_weights=True)
    assert set(load_file(tmp_path / "model.safetensors")) == {"blocks._9.weight", "blocks._10.weight", "scale.weight"}
    notes = [view.note for view in found.graph.views.values()]
    assert "Guessed from blocks.10: weight (2, 3)." in notes


def test_without_weights_no_tensor_is_read(tmp_path):
    assert import_structure(stored(tmp_path, a__weight=(2, 2)), CATALOGUE).weights == {}


@pytest.mark.parametrize(
    ("name", "shapes", "kind", "params"),
    [
        ("Linear_1", {"weight": (4, 3), "bias": (4,)}, "Linear", {"in_features": 3, "out_features": 4, "bias": True}),
        ("token_embedding", {"weight": (9, 3)}, "Embedding", {"num_embeddings": 9, "embedding_dim": 3}),
        (
            "conv",
            {"weight": (8, 3, 5, 5)},
            "Conv2d",
            {"in_channels": 3, "out_channels": 8, "kernel_size": 5, "use_bias": False},
        ),
        (
            "ConvTranspose2d",
            {"weight": (8, 3, 1, 3), "bias": (3,)},
            "ConvTranspose2d",
            {"in_channels": 8, "out_channels": 3, "kernel_size": [1, 3], "use_bias": True},
        ),
        (
            "audio",
            {"weight": (8, 3, 5)},
            "Conv1d",
            {"in_channels": 3, "out_channels": 8, "kernel_size": 5, "bias": False},
        ),
        ("GroupNorm", {"weight": (48,), "bias": (48,)}, "GroupNorm", {"channels": 48, "num_groups": 16}),
        ("norm", {"weight": (48,), "bias": (48,)}, "LayerNorm", {"normalized_shape": 48}),
        ("norm", {"weight": (48,)}, "RMSNorm", {"normalized_shape": 48}),
        ("LayerNorm2d_2", {"weight": (8,), "bias": (8,)}, "LayerNorm2d", {"channels": 8}),
        (
            "bn",
            {"weight": (6,), "bias": (6,), "running_mean": (6,), "running_var": (6,), "num_batches_tracked": ()},
            "BatchNorm2d",
            {"num_features": 6, "affine": True},
        ),
        ("cls", {"": (1, 4)}, "Parameter", {"dims": [1, 4]}),
        ("odd", {"weight_g": (4,), "weight_v": (4, 4)}, "", {}),
        ("deep", {"weight": (1, 2, 3, 4, 5, 6)}, "", {}),
    ],
)  # fmt: skip
def test_guesses(name, shapes, kind, params):
    assert guess(name, shapes) == (kind, params)
    assert not kind or set(params) <= {param.name for param in CATALOGUE[kind].params}


def test_what_fits_nothing_is_a_placeholder_that_tells_its_shapes(tmp_path):
    found = import_structure(stored(tmp_path, odd__weight_g=(4,), odd__weight_v=(4, 4)), CATALOGUE)
    assert found.placeholders == {"odd": "odd"}
    assert found.graph.nodes["n0001"].params == {"weight_g": [4], "weight_v": [4, 4]}


def test_a_tensor_beside_a_prefix_of_the_same_name_is_kept(tmp_path):
    found = import_structure(stored(tmp_path, a=(2,), a__weight=(2, 2), b__c__weight=(2, 2)), CATALOGUE, True)
    assert len(found.weights) == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "there is no file"), (b"not tensors", "can't be read"), (b"", "can't be read")],
)
def test_files_that_hold_no_tensors_are_refused(content, why, tmp_path):
    file = tmp_path / "bad.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ForeignError, match=why):
        import_structure(file, CATALOGUE)


def test_an_empty_file_of_tensors_is_refused(tmp_path):
    save_file({}, tmp_path / "empty.safetensors")
    with pytest.raises(ForeignError, match="holds no tensors"):
        import_structure(tmp_path / "empty.safetensors", CATALOGUE)


def test_a_truncated_file_is_refused(tmp_path):
    file = stored(tmp_path, a__weight=(20, 20))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ForeignError, match="can't be read"):
        import_structure(file, CATALOGUE)
