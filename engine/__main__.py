"""The engine without a window: `python -m engine check|run|format|import`.

Results go to standard output, everything else to standard error. Exit codes: 0 all is well, 1 the graph has errors or
its run failed, 2 the file or the command line can't be used, 130 interrupted.
"""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from engine.attaching import attach
from engine.document import edits, files, kinds
from engine.document.adapters import Adapter
from engine.document.check import check
from engine.document.disk import FileError
from engine.document.graph import Graph, Weights, paths
from engine.document.kinds import Catalogue
from engine.document.problems import Problem, Severity, named
from engine.document.references import references
from engine.document.sources import UnsetSource
from engine.faults import explained, problems_of
from engine.fitting import lines
from engine.messages import (
    CHECKPOINTS,
    ENDINGS,
    EXPORTS,
    Configure,
    Device,
    DType,
    Exported,
    ExportFormat,
    ExportModel,
    Fault,
    Finished,
    FromWorker,
    Load,
    Loaded,
    Log,
    Paused,
    Run,
    Shapes,
)
from engine.values import SYNTAX, ValueSyntaxError, provide

if TYPE_CHECKING:
    from engine.runtime.session import Session

CATALOGUE = "nodes:CATALOGUE"
KEYS_SHOWN = 10
MODELS, BUILD = "nodes.models:MODELS", "nodes.models:build"
ADAPTERS = "nodes.adapters:ADAPTERS"

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """What was asked for can't be done; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
    except (FileError, edits.EditError, ValueSyntaxError, UsageError) as error:
        _note(f"error: {error}")
        return UNUSABLE
    except KeyboardInterrupt:
        _note("interrupted")
        return INTERRUPTED
    return code


def check_file(options: argparse.Namespace) -> int:
    """Print the problems of a graph, one a line."""
    graph = _open(options)
    catalogue = _catalogue()
    path_of = paths(graph)
    found = check(graph, catalogue)
    if not options.no_shapes:
        unread, inferred = _shape_faults(options, graph, catalogue)
        found += [*unread, *problems_of(inferred, found, graph)]
    for node in graph.walk():
        named_file = graph.nodes[node].weights
        weights = Path(options.file).absolute().parent / named_file.path if named_file else None
        if weights and not any(problem.code == "weights" for problem in found) and not weights.exists():
            text = f"there is no file {weights}: choose it where it is now, or another one"
            found.append(Problem("weights", "error", "", text))
    for problem in found:
        place = ""
        if problem.node in graph and not problem.message.startswith(named(graph, problem.node)):
            place = f"{path_of.get(problem.node) or graph.nodes[problem.node].title}: "
        message = " ".join(problem.message.split("\n"))
        print(f"{options.file}: {problem.severity}: {place}{message} [{problem.code}]")
    counts = Counter(problem.severity for problem in found)
    _note(", ".join(_count(counts[each], each) for each in get_args(Severity) if counts[each]) or "no problems")
    return FAILED if counts["error"] else 0


def _count(number: int, severity: Severity) -> str:
    noun = "note" if severity == "info" else severity
    return f"{number} {noun}{'s' * (number != 1)}"


def _shape_faults(
    options: argparse.Namespace, graph: Graph, catalogue: Catalogue
) -> tuple[list[Problem], tuple[Fault, ...]]:
    """What reading the weights and inferring the shapes finds wrong."""
    unset = [i.name for i in graph.inputs if isinstance(i.source, UnsetSource)]
    if unset:
        _note(f"shapes not checked: no value for {', '.join(unset)}; give one with --input {unset[0]}=VALUE")
        return [], ()
    faults: tuple[Fault, ...] = ()
    unread: list[Problem] = []

    def hear(message: FromWorker) -> None:
        nonlocal faults, unread
        match message:
            case Shapes():
                faults = message.faults
            case Loaded():
                _note_weights(message, graph)
                unread = [
                    Problem("weights", "error", r.frame if r.frame != graph.root else "", r.error)
                    for r in message.reports
                    if r.error
                ]
            case _:
                pass

    session = _session(Configure("cpu"), graph, catalogue, Path(options.file), hear)
    session.settle()
    return unread, faults


def run_file(options: argparse.Namespace) -> int:
    """Run a graph; print what it prints, then its value."""
    graph = _open(options)
    if options.weights:
        weights = Path(options.weights).absolute()
        edits.apply(graph, edits.SetWeights(graph.root, Weights(str(weights))))
        if not weights.is_file():
            raise UsageError(f"there is no file {weights}")
    if options.output:
        _check_output(Path(options.output))
    finished: Finished | None = None

    def hear(message: FromWorker) -> None:
        nonlocal finished
        match message:
            case Log(text=text):
                sys.stdout.write(text)
                sys.stdout.flush()
            case Loaded():
                _note_weights(message, graph)
            case Paused(path=path, value=value):
                _note(f"breakpoint {path}: {value}")
            case Finished():
                finished = message
            case _:
                pass

    settings = Configure(options.device, options.dtype, options.seed)
    trusted = _trusted(options, graph)
    session = _session(settings, graph, _catalogue(), Path(options.file), hear, trusted)
    session.take(Run(1, pauses=True))  # with nobody to wait for
    assert finished is not None
    if finished.fault is not None:
        fault = finished.fault
        place = fault.path or graph.nodes[fault.node].title
        _note(f"error: {place}: {explained(fault)}")
        return FAILED
    if session.result is not None:
        print(_text_of(session.result), flush=True)
    if options.output:
        from engine.runtime.value_files import ExportError, export

        try:
            export(session.result, Path(options.output))
        except ExportError as error:
            _note(f"error: {error}")
            return FAILED
        _note(f"wrote {options.output}")
    return 0


def attach_weights(options: argparse.Namespace) -> int:
    """Print how a weights file fits a graph, and have the graph take it."""
    adapters = cast(Mapping[str, Adapter], kinds.resolve(ADAPTERS)) if options.adapter else {}
    return attach(
        options, lambda graph, file, hear: _session(Configure("cpu"), graph, _catalogue(), file, hear), adapters
    )


def format_file(options: argparse.Namespace) -> int:
    """Print the canonical text of a graph file."""
    graph, _ = files.load(Path(options.file))
    sys.stdout.buffer.write(files.dump(graph))
    return 0


def import_model(options: argparse.Namespace) -> int:
    """Write the graph of live modules, or of the tensors in a file; say what could not be brought over."""
    if bool(options.model) == bool(options.structure):
        raise UsageError("import takes either MODULE:ATTRIBUTE or --structure FILE")
    target = Path(options.output)
    if target.suffix != ".catenary":
        raise UsageError(f"can't write {target}: its name must end in .catenary")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"can't write {target}: there is no folder {target.parent}")
    if options.model:
        _note(f"importing and running the code of {options.model}")
    from engine.runtime import foreign, imports, skeleton  # torch takes seconds to import

    try:
        if options.structure:
            found = skeleton.import_structure(Path(options.structure), _catalogue(), options.weights)
        else:
            found = imports.import_named(options.model, options.args, _catalogue(), options.weights)
        imports.save(found, target, options.weights)
    except foreign.ForeignError as error:
        raise UsageError(str(error)) from error
    for note in found.notes:
        _note(note)
    for path, kind in found.placeholders.items():
        _note(f"{path}: {kind} is not in the catalogue, so a placeholder stands for it")
    if names := [each.name for each in references(found.graph, _catalogue())]:
        _note(f"to run it takes --trust, since it then imports {', '.join(names)}")
    _note(f"wrote {target}, {len(found.graph)} nodes")
    if options.weights:
        _note(f"wrote {target.with_suffix('.safetensors')}, {len(found.weights)} tensors")
    return 0


def export_model(options: argparse.Namespace) -> int:
    """Write a graph, or a frame of it, as code or in another program's format."""
    graph = _open(options)
    target = Path(options.output)
    if target.suffix.lower() != EXPORTS[options.to]:
        raise UsageError(f"can't write {target}: its name must end in {EXPORTS[options.to]}")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"can't write {target}: there is no folder {target.parent}")
    frames = {path: node for node, path in paths(graph).items() if graph.is_frame(node)}
    if options.frame not in frames:
        near = get_close_matches(options.frame, [path for path in frames if path])
        raise UsageError(f"there is no frame {options.frame}{f'; did you mean {near[0]}?' if near else ''}")
    answer: Exported | None = None

    def hear(message: FromWorker) -> None:
        nonlocal answer
        if isinstance(message, Loaded):
            _note_weights(message, graph)
        elif isinstance(message, Exported):
            answer = message

    settings = Configure("cpu", options.dtype, options.seed)
    trusted = _trusted(options, graph) if options.trust else ()
    session = _session(settings, graph, _catalogue(), Path(options.file), hear, trusted)
    session.take(ExportModel(options.to, frames[options.frame], str(target), options.weights))
    assert answer is not None
    if answer.error:
        _note(f"error: {answer.error}")
        if not options.trust and (names := [each.name for each in references(graph, _catalogue())]):
            _note(f"with --trust it would import {', '.join(names)}")
        return FAILED
    for name in answer.files:
        _note(f"wrote {name}")
    return 0


def new_model(options: argparse.Namespace) -> int:
    """Print the graph of a model; without a name, the models there are."""
    models = cast(Mapping[str, Any], kinds.resolve(MODELS))
    if options.model is None:
        for name, model in models.items():
            print(f"{name}: {model.title}. {model.doc}")
    elif model := models.get(options.model):
        build = cast(Callable[[Any], Graph], kinds.resolve(BUILD))
        sys.stdout.buffer.write(files.dump(build(model)))
    else:
        raise UsageError(f"there is no model {options.model}; there are {', '.join(models)}")
    return 0


def _open(options: argparse.Namespace) -> Graph:
    graph, _ = files.load(Path(options.file))
    provide(graph, options.input, options.context, Path.cwd())
    return graph


def _trusted(options: argparse.Namespace, graph: Graph) -> tuple[str, ...]:
    """The names that the graph would import. Raises UsageError, which tells them, unless they are trusted."""
    found = references(graph, _catalogue())
    if found and not options.trust:
        path_of = paths(graph)
        listed = "".join(
            f"\n  {each.name}, for {', '.join([*(path_of.get(node) or node for node in each.nodes), *each.adapters])}"
            for each in found
        )
        raise UsageError(
            f"{options.file} would import Python code, which can do whatever you can; if you know where it comes from, "
            f"add --trust:{listed}"
        )
    return tuple(each.name for each in found)


def _catalogue() -> Catalogue:
    return cast(Catalogue, kinds.resolve(CATALOGUE))


def _session(
    settings: Configure,
    graph: Graph,
    catalogue: Catalogue,
    file: Path,
    hear: Callable[[FromWorker], None],
    trusted: tuple[str, ...] = (),
) -> "Session":
    """A session that holds the graph of a file."""
    from engine.runtime.session import Session, devices  # torch takes seconds to import

    if settings.device not in ("auto", *devices()):
        raise UsageError(f"this machine has no device {settings.device}; there are {', '.join(devices())}")
    session = Session(catalogue, hear)
    session.take(settings)
    session.take(Load(files.dump(graph), str(file.absolute().parent), trusted))
    return session


def _text_of(value: object) -> str:
    """A value in one line: tensors with their figures, everything else as Python prints it."""
    import torch

    from engine.runtime import preview

    text = preview.text_of(value, longest=None)
    if isinstance(value, torch.Tensor) and value.dim():
        found = preview.figures(value)
        text += f" on {found.device}"
        if value.numel() > found.not_finite:
            text += f", min {found.low:.6g}, max {found.high:.6g}, mean {found.mean:.6g}, std {found.std:.6g}"
        if found.not_finite:
            text += f", {found.not_finite} not finite"
    return text


def _check_output(path: Path) -> None:
    """Raise UsageError for a file that can't be written, before anything has been computed."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"can't write {path}: its name must end in {', '.join(ENDINGS)}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"can't write {path}: there is no folder {path.parent}")


def _note_weights(loaded: Loaded, graph: Graph) -> None:
    for report in loaded.reports:
        if report.error:
            continue  # the run fails with it, and a check lists it
        told = lines(report, graph)
        more = [f"and {len(told) - KEYS_SHOWN} more"] if len(told) > KEYS_SHOWN else []
        _note("\n".join([*told[:KEYS_SHOWN], *more]))


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Make, check, run, format, import and export graph files."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name, help=text, description=text, epilog=SYNTAX, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        added.add_argument("file", metavar="FILE", help="the graph file (.catenary)")
        added.set_defaults(command=function)
        return added

    checking = command("check", check_file, "Print the problems of a graph, one a line; exit code 1 for errors.")
    checking.add_argument("--no-shapes", action="store_true", help="leave out what takes torch to find out")
    running = command("run", run_file, "Run a graph; print what it prints, then its value.")
    text = "Write a graph as Python code for Refiners or PyTorch, as a torch.export archive or as an ONNX file."
    exporting = command("export", export_model, text)
    for adding in (checking, running, exporting):
        adding.add_argument(
            "--input", action="append", default=[], metavar="NAME=VALUE", help="a value for an input of the graph"
        )
        adding.add_argument(
            "--context",
            action="append",
            default=[],
            metavar="CONTEXT.KEY=VALUE",
            help="a value for what a provider declares",
        )
    running.add_argument("--output", metavar="FILE", help=f"write the value to a file ({', '.join(ENDINGS)})")
    running.add_argument("--weights", metavar="FILE", help="weights to use instead of the graph's own (.safetensors)")
    running.add_argument(
        "--device", choices=get_args(Device), default="auto", help="where to run (default: %(default)s)"
    )
    for adding in (running, exporting):
        adding.add_argument("--trust", action="store_true", help="import the Python code that the graph names")
        adding.add_argument(
            "--dtype", choices=get_args(DType), default="float32", help="precision (default: %(default)s)"
        )
        adding.add_argument("--seed", type=int, default=0, help="seed of the initial weights (default: %(default)s)")
    exporting.add_argument("--to", choices=get_args(ExportFormat), required=True, help="what to write")
    exporting.add_argument("--frame", default="", metavar="PATH", help="a frame to write instead of the whole graph")
    exporting.add_argument("--weights", action="store_true", help="write the weights beside the code as well")
    endings = ", ".join(sorted(set(EXPORTS.values())))
    exporting.add_argument("-o", "--output", required=True, metavar="FILE", help=f"the file to write ({endings})")
    fitting = command("weights", attach_weights, "Print how a weights file fits a graph, and have the graph take it.")
    fitting.epilog = None
    fitting.add_argument("weights", metavar="WEIGHTS", help=f"the weights file ({', '.join(CHECKPOINTS)})")
    fitting.add_argument("--frame", default="", metavar="PATH", help="the frame it is for, instead of the whole graph")
    fitting.add_argument(
        "--adapter", metavar="NAME", help="the adapter it is for: of the graph, or one that comes along, such as lora"
    )
    fitting.add_argument("--prefix", metavar="PREFIX", help="where they start in the file (default: where most fit)")
    either = fitting.add_mutually_exclusive_group()
    either.add_argument("--strict", action="store_true", help="take all of it or nothing")
    either.add_argument("--near", action="store_true", help="take near misses as well")
    fitting.add_argument("--dry-run", action="store_true", help="only print the report")
    formatting = command("format", format_file, "Print the canonical text of a graph file.")
    formatting.epilog = None
    text = "Print the graph of a model that comes with the program; without a name, the models there are."
    making = commands.add_parser("new", help=text, description=text)
    making.add_argument("model", nargs="?", metavar="MODEL", help="the model's name")
    making.set_defaults(command=new_model)
    text = "Make a graph of a model in Python, whose code is run for it, or of the tensors in a file."
    bringing = commands.add_parser("import", help=text, description=text)
    bringing.set_defaults(command=import_model)
    bringing.add_argument(
        "model", nargs="?", metavar="MODULE:ATTRIBUTE", help="a module, its class or a function that makes one"
    )
    bringing.add_argument("--args", default="", metavar="JSON", help='its arguments, such as {"in_channels": 4}')
    bringing.add_argument("--structure", metavar="FILE", help="guess a tree from the tensors of a .safetensors file")
    bringing.add_argument("--weights", action="store_true", help="write the weights beside the graph as well")
    bringing.add_argument("-o", "--output", required=True, metavar="FILE", help="the graph file (.catenary)")
    return parser


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly, as other commands do, in `... | head`
    sys.exit(main())
