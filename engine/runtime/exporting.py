"""Graphs as files of other programs: Refiners and PyTorch code with weights, torch.export archives, ONNX."""

import logging
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from engine.document.graph import Graph, paths
from engine.document.kinds import Catalogue
from engine.export import ExportError
from engine.export.part import part
from engine.export.refiners import refiners_code
from engine.messages import EXPORTS, Code, Exported, ExportFormat, ExportModel, Fault
from engine.runtime.lower import Lowered, lower
from engine.runtime.modules import Modules
from engine.runtime.outcome import RunError
from engine.runtime.piece import Piece, described, piece_of
from engine.runtime.program import Given
from engine.runtime.replay import Replay
from engine.runtime.symbols import nodes_in
from engine.runtime.torch_code import torch_code
from engine.runtime.trusted import Trusted

NO_ONNX = "ONNX files need the packages onnx and onnxscript: python -m pip install 'catenary[onnx]'"


@dataclass(frozen=True)
class Exporting:
    """What an export starts from: a graph, the frame of it that is wanted, and what a session knows of them.

    `faults` are why the graph will not run, as far as that shows before lowering, and `amiss` why its adapters can't be
    applied; `fill` gives the modules their weights.
    """

    graph: Graph
    catalogue: Catalogue
    frame: str
    modules: Modules
    given: Given
    faults: tuple[Fault, ...] = ()
    amiss: str = ""
    fill: Callable[[], object] = lambda: None
    trusted: Trusted | None = None

    @cached_property
    def values(self) -> Given:
        """The values from outside; a list of numbers is a tensor, so that it need not be these numbers for ever."""
        return Given({name: _tensor(value) for name, value in self.given.inputs.items()}, self.given.contexts)

    @cached_property
    def piece(self) -> Piece:
        """The frame's part of a program. Raises ExportError for one that will not run."""
        if self.amiss:
            raise ExportError(self.amiss)
        if self.faults:
            raise ExportError(described(self.graph, self.faults))
        lowered = self._lowered(self.values)
        if lowered.faults and self.values.inputs != self.given.inputs:
            self.__dict__["values"] = self.given
            lowered = self._lowered(self.given)
        return piece_of(self.graph, self.catalogue, lowered, self.frame)

    def _lowered(self, given: Given) -> Lowered:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch.tensor, that its argument is a tensor already
            return lower(
                self.graph, self.catalogue, self.modules.sketches, given, self.modules.fake, trusted=self.trusted
            )

    def filled(self) -> dict[str, nn.Module]:
        """The modules by node, with their weights. Raises ExportError when those can't be had."""
        try:
            self.fill()
        except RunError as error:
            raise ExportError(str(error)) from error
        return self.modules.by_node


def code(exporting: Exporting, to: Literal["refiners", "torch"]) -> Code:
    """The code of a model, or why there is none."""
    try:
        return Code(to, exporting.frame, code_of(exporting, to))
    except ExportError as error:
        return Code(to, exporting.frame, "", str(error))


def export(exporting: Exporting, message: ExportModel) -> Exported:
    """Write what is asked for, and say how that went."""
    try:
        files = export_model(exporting, message.to, Path(message.path), message.weights)
    except ExportError as error:
        return Exported(message.path, error=str(error))
    return Exported(message.path, tuple(map(str, files)))


def code_of(exporting: Exporting, to: Literal["refiners", "torch"], weights: str = "") -> str:
    """The source of a Python module that makes the model; `weights` is the file that it loads. Raises ExportError."""
    if to == "refiners":
        if exporting.amiss:
            raise ExportError(exporting.amiss)
        return refiners_code(part(exporting.graph, exporting.catalogue, exporting.frame), exporting.catalogue, weights)
    return torch_code(exporting.piece, exporting.catalogue, weights, exporting.modules.dtype)


def export_model(exporting: Exporting, to: ExportFormat, path: Path, weights: bool = True) -> list[Path]:
    """Write a model to `path`, all or nothing; gives the files written. Raises ExportError.

    With `weights`, Python code gets a file of them beside it, of the same name; the other formats always hold them.
    """
    if path.suffix.lower() != EXPORTS[to]:
        raise ExportError(f"can't write {path}: its name must end in {EXPORTS[to]}")
    try:
        match to:
            case "refiners" | "torch":
                return _write_code(exporting, to, path, weights)
            case "pt2":
                return _written({path: lambda file: torch.export.save(_exported(exporting), file)})
            case "onnx":
                return _written({path: lambda file: _save_onnx(exporting, file)})
    except (OSError, SafetensorError, RuntimeError) as error:  # the last is torch's own
        raise ExportError(f"{path} can't be written: {error}") from error


def _write_code(exporting: Exporting, to: Literal["refiners", "torch"], path: Path, weights: bool) -> list[Path]:
    beside = path.with_suffix(".safetensors" if to == "refiners" else ".pt")
    tensors = _tensors(exporting, to) if weights else {}
    text = code_of(exporting, to, beside.name if tensors else "")
    writers: dict[Path, Callable[[Path], object]] = {}
    if tensors:
        save = save_file if to == "refiners" else torch.save
        writers[beside] = lambda file: save(tensors, file)
    writers[path] = lambda file: file.write_text(text, encoding="utf-8")
    return list(reversed(_written(writers)))


def _tensors(exporting: Exporting, to: ExportFormat) -> dict[str, torch.Tensor]:
    """Weights by the names that the code gives them: for Refiners, a shared one under each of its places."""
    modules = exporting.filled()
    if to == "refiners":
        path_of = paths(exporting.graph)
        start = len(path_of[exporting.frame])
        below = [*exporting.graph.walk(exporting.frame)]
        for node in below:
            kind = exporting.catalogue.get(exporting.graph.nodes[node].kind)
            if kind and kind.role in ("module", "foreign") and node not in modules:
                raise ExportError(
                    f"{path_of[node]} can't be made at present, so it has no weights to write: see Problems"
                )
        named = {path_of[node][start:].removeprefix("."): modules[node] for node in below if node in modules}
    else:
        piece = exporting.piece
        named = {piece.inside(path): modules[node] for path, node in piece.modules.items()}
    return {
        f"{path}.{name}": tensor.detach().cpu().clone().contiguous()
        for path, module in named.items()
        for name, tensor in module.state_dict().items()
    }


def _written(writers: dict[Path, Callable[[Path], object]]) -> list[Path]:
    """Let each writer write a file; only when all of them have are the files put in place."""
    parts = {path: path.with_name(f".{path.stem}.part{path.suffix}") for path in writers}
    try:
        for path, write in writers.items():
            write(parts[path])
        for path, made in parts.items():
            made.replace(path)
    finally:
        for made in parts.values():
            made.unlink(missing_ok=True)
    return list(writers)


def _replayed(exporting: Exporting) -> tuple[Replay, dict[str, Any]]:
    """A piece of a program as a module with weights, and the values it was made for, by argument."""
    piece = exporting.piece
    if not any(isinstance(node.meta["example"], torch.Tensor) for node in nodes_in(piece.result)):
        raise ExportError(f"{piece.place(piece.frame)} gives no tensor: export it as Python code")
    replay = Replay(piece, exporting.filled())
    known: dict[Any, Any] = {**exporting.values.inputs, **exporting.values.contexts}
    origins = {node: piece.origins.get(node) for node in replay.names}
    return replay, {
        name: known[origins[node]] if origins[node] in known else _like(node.meta["example"])
        for node, name in replay.names.items()
    }


def _tensor(value: Any) -> Any:
    """A list of numbers, or of such lists, as a tensor where it can be one."""
    if isinstance(value, list) and value:
        try:
            return torch.tensor(value)
        except (ValueError, TypeError):
            return value
    return value


def _like(example: Any) -> Any:
    """A value such as one that only a run of the whole graph would know."""
    if isinstance(example, torch.Tensor):
        return torch.zeros(example.shape, dtype=example.dtype, device=example.device)
    return example


def _exported(exporting: Exporting) -> torch.export.ExportedProgram:
    replay, values = _replayed(exporting)
    return _quietly(lambda: torch.export.export(replay, (), kwargs=values, strict=False), "torch.export")


def _save_onnx(exporting: Exporting, file: Path) -> None:
    if find_spec("onnx") is None or find_spec("onnxscript") is None:
        raise ExportError(NO_ONNX)
    replay, values = _replayed(exporting)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # of packages that it would know operators of
    _quietly(
        lambda: torch.onnx.export(
            replay, (), str(file), kwargs=values, dynamo=True, external_data=False, verbose=False
        ),
        "ONNX",
    )


def _quietly(export: Callable[[], Any], name: str) -> Any:
    """Export without torch's remarks; what it refuses becomes an ExportError."""
    try:
        with torch.no_grad(), warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            return export()
    except Exception as error:  # whatever torch makes of a graph
        reason = str(error).strip().split("\n")[0]
        raise ExportError(f"{name} can't take this graph: {type(error).__name__}: {reason}") from error
