"""`python -m engine import`, as a shell sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.__main__ import main
from engine.document import files

ROOT = Path(__file__).parents[2]
LONG = 60

MODELS = """
import sys
import refiners.fluxion.layers as fl
import torch

print("hello from the module")


class Small(fl.Chain):
    def __init__(self, size: int = 2, device=None, dtype=None) -> None:
        print("hello from the constructor")
        super().__init__(fl.Linear(size, 3, device=device, dtype=dtype), fl.Lambda(lambda x: x + size))


class Nested:
    small = Small(4)


def failing(device=None):
    raise RuntimeError("no luck\\ntoday")


def leaving():
    sys.exit(3)


def nothing():
    return 7


def unset():
    return fl.Chain(fl.Lambda(print), fl.Linear(1, 1, device="meta"))


class Providing(fl.Chain):
    def init_context(self):
        if len(self):
            sys.exit("no context")
        return {}


def providing():
    made = Providing()
    made.append(fl.Identity())
    return made


number = 7
"""


def engine(*arguments, folder):
    """Exit code, standard output and standard error of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "leaver.py").write_text("import sys\nsys.exit('bye')\n")
    return tmp_path


def test_a_class_is_made_on_the_meta_device(folder):
    code, out, err = engine("import", "models:Small", "--args", '{"size": 5}', "-o", "small.catenary", folder=folder)
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "importing and running the code of models:Small",
        "hello from the module",
        "hello from the constructor",
        "hello from the constructor",
        "wrote small.catenary, 3 nodes",
    ]
    graph, _ = files.load(folder / "small.catenary")
    assert graph.nodes["n0002"].params == {"func": "lambda x: x + 5"}
    assert graph.nodes["n0001"].params["in_features"] == 5
    assert not (folder / "small.safetensors").exists()


def test_an_instance_with_its_weights_runs(folder):
    code, _, err = engine("import", "models:Nested.small", "--weights", "-o", "small.catenary", folder=folder)
    assert code == 0
    assert err.endswith("wrote small.catenary, 3 nodes\nwrote small.safetensors, 2 tensors\n")
    assert set(load_file(folder / "small.safetensors")) == {"Linear.weight", "Linear.bias"}
    code, out, err = engine("run", "small.catenary", "--input", "x=noise:1x4", folder=folder)
    assert (code, out[:15]) == (0, "float32 (1, 3) ")
    assert err.endswith("2 tensors from small.safetensors\n")


def test_a_starting_tree_from_a_file_of_tensors(folder):
    assert engine("import", "models:Small", "--weights", "-o", "small.catenary", folder=folder)[0] == 0
    code, out, err = engine(
        "import", "--structure", "small.safetensors", "--weights", "-o", "tree.catenary", folder=folder
    )
    assert (code, out) == (0, "")
    assert err == "wrote tree.catenary, 2 nodes\nwrote tree.safetensors, 2 tensors\n"
    assert set(load_file(folder / "tree.safetensors")) == {"Linear.weight", "Linear.bias"}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["no_such_module:Model"], "there is no Python module no_such_module"),
        (["models.inner:Model"], "there is no Python module models.inner"),
        (["models:Missing"], "models has no Missing"),
        (["models"], "must name a module and what is in it"),
        (["broken:Model"], "broken can't be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        (["wrong:f"], "wrong can't be imported: SyntaxError"),
        (["leaver:f"], "leaver can't be imported: it calls sys.exit('bye')"),
        (["models:failing"], "models:failing can't be made: RuntimeError: no luck\ntoday"),
        (["models:leaving"], "models:leaving can't be made: it calls sys.exit(3)"),
        (["models:nothing"], "models:nothing made something of type int, but must make a torch module"),
        (["models:number"], "models:number is of type int, but must be a torch module"),
        (["models:providing"], "Providing can't be imported: it calls sys.exit('no context')"),
        (["models:Nested.small", "--args", '{"a": 1}'], "is a Small already: leave out the arguments"),
        (["models:Small", "--args", "size=3"], "are no JSON"),
        (["models:Small", "--args", "[3]"], "must be an object"),
        (["models:Small", "--args", '{"colour": 3}'], "unexpected keyword argument 'colour'"),
        (["models:unset", "--weights"], "on the meta device"),
        (["--structure", "nowhere.safetensors"], "there is no file nowhere.safetensors"),
        (["models:Small", "--structure", "nowhere.safetensors"], "either MODULE:ATTRIBUTE or --structure"),
        ([], "either MODULE:ATTRIBUTE or --structure"),
    ],
)
def test_what_can_t_be_imported_says_why_and_writes_nothing(options, why, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    sys.modules.pop("models", None)  # each test imports its own
    before = {path.name for path in folder.iterdir()}
    assert main(["import", *options, "-o", "made.catenary"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err
    assert why in err
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == before


@pytest.mark.parametrize(
    ("output", "why"), [("made.json", "must end in .catenary"), ("nowhere/made.catenary", "there is no folder nowhere")]
)
def test_nothing_is_run_for_a_file_that_can_t_be_written(output, why, folder):
    code, out, err = engine("import", "models:Small", "-o", output, folder=folder)
    assert (code, out) == (2, "")
    assert why in err
    assert "hello" not in err
