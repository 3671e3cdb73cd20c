"""Who may import whom: each layer is imported in a fresh process, and what came along is looked at.

What is imported only inside functions does not show there, so the sources are looked at as well.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent

LIGHT = frozenset({"networkx", "msgspec"})
DOCUMENT = frozenset({"engine.document"})
TORCH = frozenset({"torch", "numpy", "PIL", "safetensors"})

LAYERS: dict[str, tuple[str, frozenset[str]]] = {
    "engine.document": ("engine/document/*.py", LIGHT | DOCUMENT),
    "engine.messages": ("engine/messages/*.py", LIGHT | DOCUMENT),
    "engine.faults": ("engine/faults.py", LIGHT | DOCUMENT | {"engine.messages"}),
    "engine.fitting": ("engine/fitting.py", LIGHT | DOCUMENT | {"engine.messages"}),
    "engine.export": ("engine/export/*.py", LIGHT | DOCUMENT),
    # The client names the worker inside the function that the other process runs.
    "engine.client": ("engine/client.py", LIGHT | DOCUMENT | {"engine.messages", "engine.runtime.worker"}),
    "nodes": ("nodes/*.py", LIGHT | DOCUMENT),
    "nodes.models": ("nodes/models/*.py", LIGHT | DOCUMENT | {"nodes"}),
    "nodes.ops": ("nodes/ops/*.py", TORCH),
    "nodes.training": (
        "nodes/training/*.py",
        LIGHT | DOCUMENT | TORCH | {"sklearn", "engine.runtime", "nodes"},
    ),
    "nodes.adapters": ("nodes/adapters/*.py", LIGHT | DOCUMENT | {"nodes"}),
    "engine.runtime": ("engine/runtime/*.py", LIGHT | DOCUMENT | TORCH | {"engine.messages", "engine.export"}),
    "app": (
        "app/**/*.py",
        LIGHT
        | DOCUMENT
        | {"engine.messages", "engine.faults", "engine.fitting", "engine.client", "nodes"}
        | {"PySide6", "shiboken6", "numpy", "PIL", "platformdirs", "rapidfuzz", "resources"},
    ),
}
"""By layer, the files and what they may name beside themselves and the standard library."""

HEAVY = {
    "engine.document": ("torch", "numpy", "PySide6"),
    "engine.messages": ("torch", "numpy", "PySide6"),
    "engine.faults": ("torch", "numpy", "PySide6"),
    "engine.fitting": ("torch", "numpy", "PySide6"),
    "engine.export": ("torch", "numpy", "PySide6", "nodes"),
    "engine.client": ("torch", "PySide6", "nodes", "app", "engine.runtime"),
    "nodes": ("torch", "numpy", "PySide6", "nodes.ops"),
    "nodes.models": ("torch", "numpy", "PySide6", "nodes.ops"),
    "nodes.adapters": ("torch", "numpy", "PySide6", "nodes.ops"),
    "nodes.ops": ("PySide6", "app", "engine.runtime", "engine.client"),
    "nodes.training": ("PySide6", "app"),
    "engine.runtime": ("PySide6", "nodes", "app"),
    "app": ("torch", "engine.runtime", "nodes.ops"),
}
"""By layer, what must not come along, by whichever way."""


def files_of(layer: str) -> list[Path]:
    found = sorted(ROOT.glob(LAYERS[layer][0]))
    assert found, f"{layer} has no files"
    return found


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def named_in(file: Path) -> set[str]:
    """Every module that the file's import statements name, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(module: str, packages: frozenset[str] | tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_sources_name_only_what_the_layer_may_import(layer):
    allowed = LAYERS[layer][1] | {layer} | sys.stdlib_module_names
    strangers = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in files_of(layer)
        for module in named_in(file)
        if not within(module, allowed)
    }
    assert not strangers


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_heavy_comes_along_in_a_fresh_process(layer):
    modules = [module_name(file) for file in files_of(layer) if file.name != "__main__.py"]
    program = f"""
import importlib, json, sys
for name in {modules}:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    loaded = json.loads(result.stdout)
    assert layer in loaded
    assert [module for module in loaded if within(module, HEAVY[layer])] == []


def test_the_document_needs_only_networkx_and_msgspec():
    program = """
import importlib, json, pathlib, sys
before = set(sys.modules)
for file in sorted(pathlib.Path("engine/document").glob("*.py")):
    importlib.import_module(f"engine.document.{file.stem}")
packages = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(packages - set(sys.stdlib_module_names))))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {name for name in json.loads(result.stdout) if not name.startswith("_")}
    assert found - {"typing_extensions"} == {"engine", "msgspec", "networkx"}, "msgspec takes the extensions if there"


def test_opening_the_editor_loads_no_torch():
    program = """
import sys
import app.__main__
assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "nodes.ops")], "torch came along"
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_any_module_can_be_imported_first():
    """No module is imported, on a line of its own file, by one that it imports so itself."""
    files = {module_name(file): file for layer in LAYERS for file in files_of(layer)}
    found: nx.DiGraph[str] = nx.DiGraph()
    for module, file in files.items():
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Import):
                found.add_edges_from((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
                found.add_edges_from((module, name if name in files else str(node.module)) for name in inner.values())
    assert list(nx.simple_cycles(found)) == []
