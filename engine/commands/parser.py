"""The command line of `python -m engine`."""

import argparse
from collections.abc import Callable
from typing import get_args

from engine.commands.attaching import attach_weights
from engine.commands.checking import check_file
from engine.commands.exporting import export_model
from engine.commands.making import format_file, import_model, new_model
from engine.commands.running import run_file
from engine.messages import CHECKPOINTS, ENDINGS, EXPORTS, Device, DType, ExportFormat
from engine.values import SYNTAX


def parser() -> argparse.ArgumentParser:
    """All commands with their options; `command` of what it parses is the function to call."""
    found = argparse.ArgumentParser(
        prog="python -m engine", description="Make, check, run, format, import and export graph files."
    )
    commands = found.add_subparsers(required=True, metavar="COMMAND")

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
    return found
