"""Written code, as a reader of it would use it: formatted, imported, run where only torch can be imported."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

ROOT = Path(__file__).parents[3]
RUFF = Path(sys.executable).with_name("ruff")
ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"engine", "nodes", "app", "refiners", "safetensors", "msgspec", "PySide6"}:
            raise ImportError(f"{name} can't be imported here")

sys.meta_path.insert(0, Refuse())
import torch

sys.path.insert(0, ".")
import model

made = model.load() if hasattr(model, "load") else model.build()
arguments, keywords = torch.load("inputs.pt", weights_only=True)
with torch.no_grad():
    torch.save(made(*arguments, **keywords), "result.pt")
"""
"""What runs model.py in a fresh Python that has neither Catenary nor Refiners."""


def imported(code: str) -> Any:
    """The module that a source makes."""
    module = ModuleType("written")
    exec(compile(code, "written.py", "exec"), module.__dict__)
    return module


def complaints(folder: Path) -> str:
    """What ruff has to say about the layout, the imports and the names of the Python files in a folder."""
    config = ["--config", str(ROOT / "pyproject.toml")]
    commands = (["format", "--diff", "--quiet"], ["check", "--quiet", "--select", "F,I,W,UP"])
    ruff = [subprocess.run([RUFF, *c, *config, folder], capture_output=True, text=True, check=False) for c in commands]
    return "".join(done.stdout + done.stderr for done in ruff)


def run_alone(folder: Path, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """What model.py in a folder makes of these arguments where only torch can be imported."""
    torch.save((arguments, keywords), folder / "inputs.pt")
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "result.pt", weights_only=True)
