"""The session on a CUDA device. These tests need one, and are left out where there is none."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.document import edits, files
from engine.document.graph import Node, Tree, Weights
from engine.document.sources import NoiseSource
from engine.messages import Configure, Configured, DType, Finished, Load, Run
from nodes import examples
from nodes.models import MODELS, build
from tests.engine.runtime.test_session import Ear, graph, leaf

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

EXAMPLES = Path("resources/examples")


def result_on(ear, device, dtype: DType = "float32"):
    configured = ear.take(Configure(device, dtype))[0]
    assert isinstance(configured, Configured)
    assert configured.device == device
    finished = ear.run()
    assert finished.status == "done", finished
    return ear.result


@pytest.fixture
def no_tf32(monkeypatch):
    """Products in full float32, so that the two devices may be compared."""
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def test_every_leaf_gives_on_the_device_what_it_gives_on_the_cpu(no_tf32):
    found = graph(
        leaf("conv", "Conv2d", in_channels=3, out_channels=8, kernel_size=3),
        leaf("norm", "GroupNorm", channels=8, num_groups=2),
        leaf("act", "SiLU"),
        leaf("flat", "Flatten", start_dim=1),
        leaf("lin", "Linear", in_features=8 * 30 * 30, out_features=5),
        x=NoiseSource([1, 3, 32, 32]),
    )
    ear = Ear(found)
    ours = result_on(ear, "cpu")
    theirs = result_on(ear, "cuda")
    assert theirs.device.type == "cuda"
    torch.testing.assert_close(theirs.cpu(), ours, rtol=1e-4, atol=1e-5)
    half = result_on(ear, "cuda", "float16")
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.cpu().float(), ours, rtol=0.05, atol=0.01)
    again = result_on(ear, "cpu")
    assert torch.equal(again, ours), "the same weights are drawn on every device"


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_runs_in_half_precision(model):
    ear = Ear(build(MODELS[model]))
    value = result_on(ear, "cuda", "float16")
    value = value[0] if isinstance(value, tuple) else value
    assert value.device.type == "cuda"
    assert value.dtype == torch.float16


def test_out_of_memory_is_told_and_the_next_run_works():
    large = graph(Tree(Node("twice", "Residual"), children=(leaf("id", "Identity"),)), x=NoiseSource([1 << 36]))
    ear = Ear(large)
    ear.take(Configure("cuda"))
    finished = ear.run()
    assert isinstance(finished, Finished)
    assert finished.status == "failed"
    assert finished.fault is not None
    assert finished.fault.code in ("out-of-memory", "source")
    small = graph(leaf("id", "Identity"), x=NoiseSource([4]))
    ear.take(Load(files.dump(small), ""))
    assert ear.run().status == "done"


def test_a_layer_that_needs_too_much_is_named():
    found = graph(leaf("big", "ZeroPad2d", padding=[300_000] * 4), x=NoiseSource([1, 1, 4, 4]))
    ear = Ear(found)
    ear.take(Configure("cuda"))
    finished = ear.run()
    assert finished.fault is not None
    assert (finished.fault.node, finished.fault.code) == ("big", "out-of-memory")
    assert "CUDA device has run out of memory" in finished.fault.message
    assert torch.cuda.memory_allocated() < 1 << 30


def test_the_digits_with_their_weights_and_adapters_are_the_same_on_the_device(no_tf32):
    path = EXAMPLES / "digits.catenary"
    ear = Ear()
    ear.take(Load(path.read_bytes(), str(EXAMPLES)))
    ours = result_on(ear, "cpu")
    theirs = result_on(ear, "cuda")
    assert theirs.device.type == "cuda"
    apart = (theirs.cpu() - ours).abs()
    assert apart.mean() < 0.01, "twenty steps of sampling, apart by rounding only"
    assert (apart > 0.1).float().mean() < 0.02
    half = result_on(ear, "cuda", "float16")
    assert (half.cpu().float() - ours).abs().mean() < 0.05


def test_weights_go_from_the_file_to_the_device(tmp_path):
    file = tmp_path / "big.safetensors"
    save_file({"Linear.weight": torch.randn(8192, 16384), "Linear.bias": torch.zeros(8192)}, file)  # 512 MiB
    found = graph(leaf("lin", "Linear", in_features=16384, out_features=8192), x=NoiseSource([1, 16384]))
    edits.apply(found, edits.SetWeights("root", Weights(file.name)))
    ear = Ear(found, tmp_path)
    torch.cuda.reset_peak_memory_stats()
    result_on(ear, "cuda", "float16")
    held = torch.cuda.max_memory_allocated() / 2**20
    assert held < 1.2 * 512, f"{held:.0f} MiB on the device, for 256 MiB of weights read one by one"


def test_a_run_is_cancelled_on_the_device():
    asked = 0

    def interrupted():
        nonlocal asked
        asked += 1
        return asked > 50

    ear = Ear(build(MODELS["sd15-unet"]), interrupted=interrupted)
    ear.take(Configure("cuda", "float16"))
    (*_, finished) = ear.take(Run(1))
    assert finished.status == "cancelled"


def test_sampling_gives_on_the_device_what_it_gives_on_the_cpu(no_tf32):
    ear = Ear(examples.graphs()["digits"], examples.FOLDER)
    ours = result_on(ear, "cpu")
    theirs = result_on(ear, "cuda")
    assert theirs.device.type == "cuda"
    torch.testing.assert_close(theirs.cpu(), ours, rtol=1e-3, atol=1e-3)
    assert result_on(ear, "cuda", "float16").isfinite().all()
