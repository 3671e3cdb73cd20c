"""Graphs that name Python code of others, as a shell sees them: nothing of it is imported without --trust."""

import pytest
import torch
from safetensors.torch import load_file

from tests.engine.test_import_command import engine

MINE = """
import pathlib, sys
import torch

print("hello from the module")
pathlib.Path(__file__).with_name("imported").touch()


def double(x):
    print("doubling")
    return x * 2


def leave(x):
    sys.exit(4)


class Shift(torch.nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.shift = torch.nn.Parameter(torch.arange(float(size)))

    def forward(self, x):
        return x + self.shift


class Net(torch.nn.Sequential):
    def __init__(self) -> None:
        super().__init__(torch.nn.Linear(3, 3), Shift(3))
"""

GRAPH = """{"catenary": 2, "root": "root", "inputs": [{"name": "x", "source": {"type": "number", "value": 4}}],
"nodes": [
{"id": "one", "kind": "Lambda", "params": {"func": "mine:FUNCTION"}},
{"id": "root", "kind": "Chain", "children": ["one"]}], "view": []}"""

SHIFT = """{"catenary": 2, "root": "root", "inputs": [{"name": "x", "source": {"type": "noise", "shape": [3]}}],
"nodes": [
{"id": "one", "kind": "Foreign", "params": {"constructor": "mine:Shift", "arguments": "{\\"size\\": 3}"}},
{"id": "root", "kind": "Chain", "children": ["one"]}], "view": []}"""


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "mine.py").write_text(MINE)
    for name in ("double", "leave"):
        (home / f"{name}.catenary").write_text(GRAPH.replace("FUNCTION", name))
    return tmp_path


def test_without_trust_a_run_says_what_it_would_import_and_stops(folder):
    code, out, err = engine("run", "home/double.catenary", folder=folder)
    assert (code, out) == (2, "")
    assert "add --trust:\n  mine:double, for Lambda\n" in err
    assert not (folder / "home" / "imported").exists()


def test_a_check_imports_nothing_and_says_so(folder):
    code, out, err = engine("check", "home/double.catenary", folder=folder)
    assert (code, err) == (0, "1 warning\n")
    assert out == (
        "home/double.catenary: warning: Lambda: mine:double is Python code of others: "
        "nothing of it is imported before you trust it [untrusted]\n"
    )
    assert not (folder / "home" / "imported").exists()


def test_with_trust_it_runs_and_what_it_prints_is_printed(folder):
    code, out, _ = engine("run", "home/double.catenary", "--trust", folder=folder)
    assert (code, out) == (0, "hello from the module\ndoubling\n8\n")


def test_code_that_exits_ends_the_run_and_nothing_else(folder):
    code, _, err = engine("run", "home/leave.catenary", "--trust", folder=folder)
    assert code == 1
    assert err == "error: Lambda: mine:leave: it calls sys.exit(4) (received int)\n"


def test_a_placeholder_runs_with_its_weights(folder):
    home = folder / "home"
    code, _, err = engine("import", "mine:Net", "--weights", "-o", "net.catenary", folder=home)
    assert code == 0
    assert "to run it takes --trust, since it then imports mine:Shift\n" in err
    (home / "imported").unlink()
    code, _, err = engine("run", "home/net.catenary", "--input", "x=noise:2x3", folder=folder)
    assert code == 2
    assert "mine:Shift, for Shift" in err
    assert not (home / "imported").exists()
    code, out, err = engine("run", "home/net.catenary", "--input", "x=noise:2x3", "--trust", folder=folder)
    assert (code, out.splitlines()[1][:15]) == (0, "float32 (2, 3) ")


@pytest.mark.parametrize("to", ["torch", "refiners"])
def test_an_export_that_needs_the_code_says_so_and_writes_nothing(folder, to):
    (folder / "home" / "shift.catenary").write_text(SHIFT)
    options = ("export", "home/shift.catenary", "--to", to, "-o", "shift.py", "--weights")
    code, _, err = engine(*options, folder=folder)
    assert code == 1
    assert "with --trust it would import mine:Shift\n" in err
    assert not (folder / "home" / "imported").exists()
    assert not (folder / "shift.py").exists()


def test_with_trust_modules_of_others_are_exported_with_their_weights(folder):
    (folder / "home" / "shift.catenary").write_text(SHIFT)
    options = ("export", "home/shift.catenary", "--trust", "--to")
    code, _, err = engine(*options, "refiners", "-o", "shift.py", "--weights", folder=folder)
    assert (code, err) == (0, "wrote shift.py\nwrote shift.safetensors\n")
    assert torch.equal(load_file(folder / "shift.safetensors")["Foreign.shift"], torch.arange(3.0))
    code, _, _ = engine(*options, "pt2", "-o", "shift.pt2", folder=folder)
    assert code == 0
    assert torch.equal(torch.export.load(folder / "shift.pt2").module()(x=torch.ones(3)), torch.arange(1.0, 4.0))
