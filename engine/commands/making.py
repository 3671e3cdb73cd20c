"""`python -m engine new`, `import` and `format`: graph files of models, of code of others, and in order."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from engine.commands.holding import catalogue
from engine.commands.terminal import UsageError, check_output, note
from engine.document import files, kinds
from engine.document.graph import Graph
from engine.document.references import references

MODELS, BUILD = "nodes.models:MODELS", "nodes.models:build"


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


def import_model(options: argparse.Namespace) -> int:
    """Write the graph of live modules, or of the tensors in a file; say what could not be brought over."""
    if bool(options.model) == bool(options.structure):
        raise UsageError("import takes either MODULE:ATTRIBUTE or --structure FILE")
    target = Path(options.output)
    check_output(target, ".catenary")
    if options.model:
        note(f"importing and running the code of {options.model}")
    from engine.runtime import foreign, imports, skeleton  # torch takes seconds to import

    try:
        if options.structure:
            found = skeleton.import_structure(Path(options.structure), catalogue(), options.weights)
        else:
            found = imports.import_named(options.model, options.args, catalogue(), options.weights)
        imports.save(found, target, options.weights)
    except foreign.ForeignError as error:
        raise UsageError(str(error)) from error
    for text in found.notes:
        note(text)
    for path, kind in found.placeholders.items():
        note(f"{path}: {kind} is not in the catalogue, so a placeholder stands for it")
    if names := [each.name for each in references(found.graph, catalogue())]:
        note(f"to run it takes --trust, since it then imports {', '.join(names)}")
    note(f"wrote {target}, {len(found.graph)} nodes")
    if options.weights:
        note(f"wrote {target.with_suffix('.safetensors')}, {len(found.weights)} tensors")
    return 0


def format_file(options: argparse.Namespace) -> int:
    """Print the canonical text of a graph file."""
    graph, _ = files.load(Path(options.file))
    sys.stdout.buffer.write(files.dump(graph))
    return 0
