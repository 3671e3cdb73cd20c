"""The headless commands, as a shell sees them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import data

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.sources import ImageSource, NoiseSource, NumberSource, Source
from nodes.models import MODELS, build

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "resources" / "examples"
LONG = 60


def command(*arguments, folder=ROOT):
    """Starts `python -m engine` as a shell would: it heeds Ctrl+C, even where the tests run in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def engine(*arguments, folder=ROOT):
    """Exit code, standard output and standard error of a command."""
    with command(*arguments, folder=folder) as process:
        out, err = process.communicate(timeout=LONG)
    return process.returncode, out, err


def leaf(node, kind, **params):
    return Tree(Node(node, kind, params=params))


def write(path: Path, *trees: Tree, weights: str = "", **inputs: Source) -> Path:
    graph = new_graph()
    edits.apply(graph, edits.SetWeights("root", Weights(weights) if weights else None))
    edits.apply(graph, SetInputs(tuple(Input(name, source) for name, source in inputs.items())))
    if trees:
        edits.apply(graph, Insert(Place("root", 0), trees))
    files.save(graph, path, None)
    return path


@pytest.mark.parametrize(
    ("example", "options", "expected"),
    [
        ("hello-context", (), "6\n"),
        ("hello-context", ("--context", "my context.my key=40"), "42\n"),
        ("nested-residuals", ("--input", "x=2.0"), "2.5547711633552384\n"),
        ("context-residuals", ("--input", "x=2.0"), "2.5547711633552384\n"),
        ("context-residuals", ("--input", "x=2.0", "--device", "cpu", "--dtype", "float16"), "2.5547711633552384\n"),
    ],
)
def test_the_examples_print_their_value_to_the_last_bit(example, options, expected):
    assert engine("run", EXAMPLES / f"{example}.catenary", *options) == (0, expected, "")


def test_a_photograph_in_and_out(tmp_path):
    Image.fromarray(data.coffee()).save(tmp_path / "coffee.png")
    code, out, err = engine(
        "run", EXAMPLES / "unsharp.catenary", "--input", "photo=coffee.png", "--output", "sharp.png", folder=tmp_path
    )
    assert (code, err) == (0, "wrote sharp.png\n")
    assert out.startswith("float32 (1, 3, 400, 600) on cpu, min 0, max 1, mean 0.")
    sharp = np.asarray(Image.open(tmp_path / "sharp.png"), float)
    assert sharp.shape == (400, 600, 3)
    assert np.abs(np.diff(sharp, axis=1)).mean() > 1.5 * np.abs(np.diff(data.coffee().astype(float), axis=1)).mean()


def test_paths_in_the_file_start_at_the_file_and_those_typed_at_the_shell(tmp_path):
    (tmp_path / "deep").mkdir()
    Image.new("RGB", (4, 2)).save(tmp_path / "deep" / "a.png")
    Image.new("RGB", (6, 2)).save(tmp_path / "b.png")
    write(tmp_path / "deep" / "x.catenary", x=ImageSource("a.png"))
    assert engine("run", "deep/x.catenary", folder=tmp_path)[1].startswith("float32 (1, 3, 2, 4)")
    assert engine("run", "deep/x.catenary", "--input", "x=b.png", folder=tmp_path)[1].startswith("float32 (1, 3, 2, 6)")


def test_weights_seeds_and_tensors(tmp_path):
    graph = write(tmp_path / "x.catenary", leaf("lin", "Linear", in_features=4, out_features=3), x=NoiseSource([2, 4]))

    def value(*options):
        out = tmp_path / "y.npy"
        code, _, err = engine("run", graph, "--output", out, *options, folder=tmp_path)
        assert code == 0, err
        return np.load(out), err

    first, _ = value()
    np.testing.assert_array_equal(value()[0], first)
    assert not np.array_equal(value("--seed", "1")[0], first)
    save_file({"Linear.weight": torch.zeros(3, 4), "Linear.offset": torch.ones(3)}, tmp_path / "w.safetensors")
    _, err = value("--weights", "w.safetensors")
    assert "1 tensors from" in err
    assert "missing: Linear.bias (3,)\n" in err
    assert "not used: Linear.offset\n" in err
    noise = value("--input", "x=noise:5x4:3", "--dtype", "float64")[0]
    assert (noise.shape, noise.dtype) == ((5, 3), np.float64)


def test_a_breakpoint_is_told_and_passed(tmp_path):
    down = Tree(Node("down", "Chain", "Down"), None, (leaf("stop", "Breakpoint"),))
    path = write(tmp_path / "g.catenary", down, leaf("half", "Lambda", func="lambda x: x / 2"), x=NumberSource(3))
    assert engine("run", path) == (0, "1.5\n", "breakpoint Down.Breakpoint: 3\n")


def test_a_run_that_fails_names_the_node(tmp_path):
    graph = write(
        tmp_path / "x.catenary",
        leaf("say", "Lambda", func="lambda x: print(x)"),
        leaf("lin", "Linear"),
        x=NumberSource(3),
    )
    code, out, err = engine("run", graph)
    assert code == 1
    assert err.startswith("error: Linear: ")
    assert "takes a tensor (..., in_features), but receives nothing" in err
    code, out, err = engine("run", write(tmp_path / "y.catenary", leaf("lin", "Linear"), x=NoiseSource([2, 3])))
    assert (code, out) == (1, "")
    words, original = err.splitlines()
    assert words.startswith("error: Linear: takes (..., in_features) with in_features = 64, but receives 3 there")
    assert words.endswith("(received float32 (2, 3))")
    assert "mat1 and mat2 shapes cannot be multiplied" in original


def test_check_lists_problems_one_a_line(tmp_path):
    good = write(tmp_path / "good.catenary", leaf("mul", "Multiply"), x=NoiseSource([2]))
    assert engine("check", good) == (0, "", "no problems\n")
    odd = write(tmp_path / "odd.catenary", leaf("a", "Mystery"), leaf("b", "Conv2d", groups=0), x=NumberSource(1))
    code, out, err = engine("check", odd)
    assert code == 1
    lines = out.splitlines()
    assert [line.rpartition(" ")[2] for line in lines if ": error: " in line] == ["[unknown-kind]", "[bad-param]"]
    assert all(line.startswith(f"{odd}: ") for line in lines)
    assert all(f"{node}: {node}" not in out for node in ("Mystery", "Conv2d"))
    assert err == "2 errors\n"


def test_check_infers_shapes_unless_told_not_to(tmp_path):
    file = write(tmp_path / "x.catenary", leaf("lin", "Linear"), x=NoiseSource([2, 3]))
    code, out, _ = engine("check", file)
    assert code == 1
    assert ": error: Linear: " in out
    assert "(received float32 (2, 3)) (" in out
    assert out.count("\n") == 1
    assert engine("check", "--no-shapes", file)[0] == 0
    assert engine("check", file, "--input", "x=noise:2x64") == (0, "", "no problems\n")


def test_check_infers_shapes_beside_other_errors(tmp_path):
    tree = (leaf("bad", "Linear", in_features=3), leaf("odd", "Mystery"))
    code, out, err = engine("check", write(tmp_path / "x.catenary", *tree, x=NoiseSource([2, 5])))
    assert (code, err) == (1, "2 errors\n")
    assert "Linear: takes (..., in_features) with in_features = 3, but receives 5 there" in out
    assert "[shape]\n" in out
    assert "[unknown-kind]\n" in out


@pytest.mark.parametrize("options", [(), ("--no-shapes",)])
def test_check_misses_the_weights_file(tmp_path, options):
    file = write(tmp_path / "x.catenary", leaf("lin", "Linear", in_features=4), x=NoiseSource([2, 4]), weights="gone")
    code, out, err = engine("check", file, *options)
    what = f"there is no file {tmp_path / 'gone'}: choose it where it is now, or another one"
    assert (code, out) == (1, f"{file}: error: {what} [weights]\n")
    assert err == "1 error\n"


def test_check_reads_the_weights_file(tmp_path):
    (tmp_path / "odd.safetensors").write_text("weights, honestly")
    file = write(tmp_path / "x.catenary", leaf("lin", "Linear"), x=NoiseSource([2, 64]), weights="odd.safetensors")
    code, out, _ = engine("check", file)
    assert (code, out.count("\n")) == (1, 1)
    assert "odd.safetensors is damaged, or no .safetensors file" in out


def test_the_value_is_printed_whole(tmp_path):
    file = write(tmp_path / "x.catenary", leaf("many", "Lambda", func="lambda x: list(range(x))"), x=NumberSource(1000))
    assert engine("run", file) == (0, f"{list(range(1000))}\n", "")


def test_format_prints_the_canonical_text(tmp_path):
    canonical = (EXAMPLES / "unsharp.catenary").read_text()
    messy = tmp_path / "messy.catenary"
    messy.write_text(canonical.replace("\n", " \n\t"))
    assert engine("format", messy) == (0, canonical, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "gone.catenary"), "error: gone.catenary"),
        (("check", "broken.catenary"), "error: broken.catenary, line 1"),
        (("format", "."), "error: . is a folder"),
        (("run", "x.catenary", "--input", "y=1"), "error: there is no input 'y'; the graph has x"),
        (("run", "x.catenary", "--context", "a.b=1"), "error: there is no context 'a.b'; the graph has none"),
        (("run", "x.catenary", "--input", "x=noise:1xa"), "error: noise:1xa is no noise"),
        (("run", "x.catenary", "--input", "x=noise:99999999999999999999"), "whole number of more than 64 bits"),
        (("run", "x.catenary", "--input", "x=\udcff.png"), "half a character"),
        (("run", "x.catenary", "--weights", "\udcff"), "half a character"),
        (("run", "x.catenary", "--weights", "gone.safetensors"), "error: there is no file /"),
        (("run", "x.catenary", "--input", "x=/gone.png"), "error: x: there is no file /gone.png"),
        (("check", "x.catenary", "--input", "x=/gone.npy"), "error: x: there is no file /gone.npy"),
        (("run", "x.catenary", "--input", "x=abc"), "x must be a number, such as x=2.0"),
        (("run", "x.catenary", "--output", "y.jpg"), "error: can't write y.jpg: its name must end in .png, .npy"),
        (("run", "x.catenary", "--output", "no/y.png"), "error: can't write no/y.png: there is no folder no"),
        (("run", "x.catenary", "--dtype", "int8"), "invalid choice: 'int8'"),
        (("paint", "x.catenary"), "invalid choice: 'paint'"),
        ((), "required: COMMAND"),
    ],
)
def test_what_cannot_be_used_is_exit_code_two(tmp_path, arguments, message):
    write(tmp_path / "x.catenary", x=NumberSource(1))
    (tmp_path / "broken.catenary").write_text("{")
    code, out, err = engine(*arguments, folder=tmp_path)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device that the test lacks")
def test_a_device_that_is_not_there(tmp_path):
    code, _, err = engine("run", write(tmp_path / "x.catenary", x=NumberSource(1)), "--device", "cuda")
    assert (code, err) == (2, "error: this machine has no device cuda; there are cpu\n")


def test_a_value_that_does_not_fit_its_file(tmp_path):
    code, out, err = engine("run", write(tmp_path / "x.catenary", x=NumberSource(1)), "--output", tmp_path / "y.png")
    assert (code, out) == (1, "1\n")
    assert err.startswith("error: a .png holds one picture")
    assert not (tmp_path / "y.png").exists()


def test_ctrl_c_ends_a_run_cleanly(tmp_path):
    says = leaf("say", "Lambda", func="lambda x: [print('started'), x][1]")
    blurs = [leaf(f"blur{i}", "Blur", radius=64, sigma=20.0) for i in range(100)]
    file = write(tmp_path / "x.catenary", says, *blurs, x=NoiseSource([1, 3, 1024, 1024]))
    with command("run", file) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LONG)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_a_reader_that_has_had_enough_is_no_error(tmp_path):
    says = [leaf(f"say{i}", "Lambda", func="lambda x: [print('line'), x][1]") for i in range(50)]
    with command("run", write(tmp_path / "x.catenary", *says, x=NumberSource(1))) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(LONG) in (-signal.SIGPIPE, 0)


def test_new_lists_the_models_and_prints_one():
    code, listed, err = engine("new")
    assert (code, err) == (0, "")
    assert [line.partition(":")[0] for line in listed.splitlines()] == list(MODELS)
    assert engine("new", "vae") == (0, files.dump(build(MODELS["vae"])).decode(), "")
    code, out, err = engine("new", "gpt")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: there is no model gpt; there are {', '.join(MODELS)}")


@pytest.mark.parametrize("arguments", [("format",), ("check", "--no-shapes")])
def test_torch_is_imported_only_when_needed(tmp_path, arguments):
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')\n")
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments, str(EXAMPLES / "hello-context.catenary")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        _, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
