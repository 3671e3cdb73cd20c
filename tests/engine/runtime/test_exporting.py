"""Exported files, asked for as a window does and as a shell does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from msgspec import structs
from safetensors import safe_open

from engine.document import edits, files
from engine.document.graph import Contexts, Graph, Input, Weights
from engine.document.sources import ListSource, NoiseSource, NumberSource
from engine.messages import EXPORTS, Code, Configure, Exported, ExportModel, FromWorker, Load, Run, WriteCode
from engine.runtime import exporting
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.adapters.digits import bold
from nodes.models import MODELS, build
from nodes.tree import conv, function, linear, node, put, use
from tests.engine.export.test_refiners import EXAMPLE_FILES, graph_of
from tests.engine.export.written import complaints, imported, run_alone
from tests.engine.runtime.test_oracle import exactly

DIGITS = Path("resources/digits").absolute()


def net() -> Graph:
    """A convnet with a skip that travels by context, a strength and a frame with a name."""
    block = node("Residual", conv(4, 4), node("SiLU"), name="Block")
    root = node(
        "Chain",
        conv(3, 4),
        put("net", "skip"),
        block,
        node("Sum", node("Identity"), use("net", "skip")),
        function("lambda x: x.mean((2, 3))"),
        linear(4, 2),
        node("Sum", node("Identity"), use("net", "strength")),
        contexts={"net": {"strength": NumberSource(0.5)}},
        name="Net",
    )
    graph = graph_of(root)
    edits.apply(graph, edits.SetInputs((Input("x", NoiseSource([1, 3, 8, 8], 1)),)))
    return graph


class Asked:
    """A session on a graph, and what it has answered."""

    def __init__(self, graph: Graph, folder: Path = Path(), settings: Configure | None = None) -> None:
        self.heard: list[FromWorker] = []
        self.session = Session(CATALOGUE, self.heard.append)
        self.session.take(settings or Configure("cpu"))
        self.session.take(Load(files.dump(graph), str(folder)))

    def export(self, to: Any, path: Path, frame: str = "root", weights: bool = True) -> Exported:
        self.session.take(ExportModel(to, frame, str(path), weights))
        answer = self.heard[-1]
        assert isinstance(answer, Exported)
        return answer

    def result(self) -> Any:
        self.session.take(Run(1))
        return self.session.result


def noise() -> torch.Tensor:
    return torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_code_for_refiners_comes_with_weights_by_the_same_paths(tmp_path: Path) -> None:
    asked = Asked(net())
    answer = asked.export("refiners", tmp_path / "net.py")
    assert answer.files == (str(tmp_path / "net.py"), str(tmp_path / "net.safetensors"))
    with safe_open(tmp_path / "net.safetensors", "pt") as opened:
        assert "Block.Conv2d.weight" in opened.keys()  # noqa: SIM118 - it is no dictionary
    module = imported((tmp_path / "net.py").read_text())
    assert module.load.__defaults__ == ("net.safetensors",)
    model = module.load(str(tmp_path / "net.safetensors")).requires_grad_(False)
    with torch.no_grad():
        assert exactly(model(noise())) == exactly(asked.result())


def test_code_for_torch_comes_with_weights_that_are_loaded_as_weights_only(tmp_path: Path) -> None:
    asked = Asked(net())
    answer = asked.export("torch", tmp_path / "model.py")
    assert answer.files == (str(tmp_path / "model.py"), str(tmp_path / "model.pt"))
    assert exactly(run_alone(tmp_path, (noise(),), {})) == exactly(asked.result())


def test_code_in_half_precision_has_weights_in_half_precision(tmp_path: Path) -> None:
    asked = Asked(net(), settings=Configure("cpu", "bfloat16"))
    asked.export("torch", tmp_path / "model.py")
    found = run_alone(tmp_path, (noise().bfloat16(),), {})
    assert found.dtype == torch.bfloat16
    assert exactly(found) == exactly(asked.result())


def test_weights_can_be_left_out(tmp_path: Path) -> None:
    assert Asked(net()).export("refiners", tmp_path / "net.py", weights=False).files == (str(tmp_path / "net.py"),)
    assert not hasattr(imported((tmp_path / "net.py").read_text()), "load")
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_an_archive_of_torch_export_gives_the_same(tmp_path: Path) -> None:
    asked = Asked(net())
    assert asked.export("pt2", tmp_path / "net.pt2").error == ""
    again = torch.export.load(tmp_path / "net.pt2").module()
    with torch.no_grad():
        assert exactly(again(x=noise(), strength=0.5)) == exactly(asked.result())


def test_onnx_gives_nearly_the_same(tmp_path: Path) -> None:
    asked = Asked(net())
    assert asked.export("onnx", tmp_path / "net.onnx").error == ""
    running = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (found,) = running.run(None, {"x": noise().numpy()})
    torch.testing.assert_close(torch.from_numpy(found), asked.result(), rtol=1e-4, atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize("to", ["pt2", "onnx"])
@pytest.mark.parametrize("file", EXAMPLE_FILES, ids=lambda file: file.stem)
def test_the_example_that_computes_a_picture_is_an_archive_and_the_others_are_told_why_not(
    file: Path, to: Any, tmp_path: Path
) -> None:
    graph, _ = files.load(file)
    error = Asked(graph, file.parent.absolute()).export(to, tmp_path / f"model.{to}").error
    assert error == "" if file.stem == "unsharp" else "gives no tensor" in error


def test_ids_that_are_a_list_here_are_a_tensor_there(tmp_path: Path) -> None:
    graph = graph_of(node("Chain", function("lambda ids: torch.tensor(ids)"), node("Embedding"), name="Encoder"))
    edits.apply(graph, edits.SetInputs((Input("ids", ListSource([[1, 2, 3]])),)))
    asked = Asked(graph)
    asked.export("torch", tmp_path / "model.py")
    assert exactly(run_alone(tmp_path, (torch.tensor([[1, 2, 3]]),), {})) == exactly(asked.result())
    assert run_alone(tmp_path, ([[4, 5, 6]],), {}).shape == (1, 3, 64)


def test_a_list_that_only_a_list_will_do_for_stays_as_it_is() -> None:
    graph = graph_of(node("Chain", function("lambda values: values.pop() * 2")))
    edits.apply(graph, edits.SetInputs((Input("values", ListSource([1.0, 2.0])),)))
    asked = Asked(graph)
    asked.session.take(WriteCode("torch", "root"))
    answer = asked.heard[-1]
    assert isinstance(answer, Code)
    assert imported(answer.text).build()() == 4.0


def test_a_frame_is_exported_by_itself(tmp_path: Path) -> None:
    graph = net()
    frame = next(n for n in graph.walk() if graph.nodes[n].name == "Block")
    asked = Asked(graph)
    for to in EXPORTS:
        assert asked.export(to, tmp_path / f"block_{to}{EXPORTS[to]}", frame).error == ""
    x = torch.randn(1, 4, 8, 8)
    refiners = imported((tmp_path / "block_refiners.py").read_text()).load(str(tmp_path / "block_refiners.safetensors"))
    plain = imported((tmp_path / "block_torch.py").read_text()).load(str(tmp_path / "block_torch.pt"))
    with torch.no_grad():
        assert torch.equal(refiners.requires_grad_(False)(x), plain.requires_grad_(False)(x))


def test_a_graph_that_will_not_run_is_told_of_and_nothing_is_written(tmp_path: Path) -> None:
    graph = graph_of(node("Chain", node("Chain", linear(3, 3), name="Inner")))
    edits.apply(graph, edits.SetInputs((Input("x", NoiseSource([1, 2])),)))
    asked = Asked(graph)
    for to in ("torch", "pt2", "onnx"):
        answer = asked.export(to, tmp_path / f"model{EXPORTS[to]}")
        assert answer.error.startswith("Inner.Linear will not run: ")
        assert answer.files == ()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_written_is_told_of_and_the_old_one_stays(tmp_path: Path) -> None:
    asked = Asked(net())
    assert "must end in .py" in asked.export("torch", tmp_path / "model.txt").error
    assert "can't be written" in asked.export("torch", tmp_path / "nowhere" / "model.py").error
    (tmp_path / "model.py").write_text("mine")
    (tmp_path / "model.pt").mkdir()
    assert "can't be written" in asked.export("torch", tmp_path / "model.py").error
    assert {path.name for path in tmp_path.iterdir()} == {"model.py", "model.pt"}
    assert (tmp_path / "model.py").read_text() == "mine"


def test_onnx_without_its_packages_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    answer = Asked(net()).export("onnx", tmp_path / "net.onnx")
    assert answer.error == exporting.NO_ONNX
    assert "pip install" in answer.error


# As a shell sees it.


def shell(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "engine", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_the_command_writes_what_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "net.catenary"
    files.save(net(), file, None)
    code, text = shell("export", file, "--to", "torch", "-o", tmp_path / "model.py", "--weights")
    assert (code, text) == (0, f"wrote {tmp_path / 'model.py'}\nwrote {tmp_path / 'model.pt'}\n")
    assert run_alone(tmp_path, (noise(),), {}).shape == (1, 2)
    code, text = shell("export", file, "--to", "refiners", "-o", tmp_path / "block.py", "--frame", "Block")
    assert (code, text) == (0, f"wrote {tmp_path / 'block.py'}\n")
    assert "class Block(fl.Residual)" in (tmp_path / "block.py").read_text()


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "net.catenary"
    files.save(net(), file, None)
    assert shell("export", file, "--to", "pt2", "-o", tmp_path / "net.py")[0] == 2
    code, text = shell("export", file, "--to", "torch", "-o", tmp_path / "net.py", "--frame", "Blok")
    assert (code, text) == (2, "error: there is no frame Blok; did you mean Block?\n")
    code, text = shell("export", file, "--to", "torch", "-o", tmp_path / "net.py", "--input", "x=2")
    assert code == 1
    assert text.startswith("error: Conv2d will not run: ")


# Adapters.


@pytest.mark.parametrize("to", ["refiners", "torch"])
def test_enabled_adapters_are_part_of_what_is_written(to: Any, tmp_path: Path) -> None:
    graph = build(MODELS["digits"])
    told: Contexts = {"diffusion": {"timestep": NumberSource(500), "class": NumberSource(3)}}
    edits.apply(graph, edits.SetContexts("root", graph.nodes["root"].contexts | told))
    edits.apply(graph, edits.SetWeights("root", Weights(str(DIGITS / "base.safetensors"))))
    plain = Asked(graph).result()
    weights = Weights(str(DIGITS / "bold.safetensors"))
    edits.apply(graph, edits.SetAdapters((structs.replace(bold(), weights=weights),)))
    asked = Asked(graph)
    expected = asked.result()
    assert not torch.equal(plain, expected)
    assert asked.export(to, tmp_path / "model.py").error == ""
    beside = tmp_path / ("model.safetensors" if to == "refiners" else "model.pt")
    model = imported((tmp_path / "model.py").read_text()).load(str(beside)).requires_grad_(False)
    x = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(model(x), expected)
    assert complaints(tmp_path) == ""


@pytest.mark.parametrize("to", EXPORTS)
def test_an_adapter_that_can_not_be_applied_is_told_of(to: Any, tmp_path: Path) -> None:
    graph = build(MODELS["digits"])
    broken = structs.replace(bold(), patches=(structs.replace(bold().patches[0], selector="(("),))
    edits.apply(graph, edits.SetAdapters((broken,)))
    assert "Bold" in Asked(graph).export(to, tmp_path / f"model{EXPORTS[to]}").error
