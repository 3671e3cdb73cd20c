"""The graph file of a command, and the session that holds it."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.commands.terminal import UsageError, note
from engine.document import files, kinds
from engine.document.graph import Graph, paths
from engine.document.kinds import Catalogue
from engine.document.references import references
from engine.fitting import lines
from engine.messages import Configure, FromWorker, Load, Loaded
from engine.values import provide

if TYPE_CHECKING:
    from engine.runtime.session import Session

CATALOGUE = "nodes:CATALOGUE"
KEYS_SHOWN = 10


def catalogue() -> Catalogue:
    """The node kinds there are."""
    return cast(Catalogue, kinds.resolve(CATALOGUE))


def opened(options: argparse.Namespace) -> Graph:
    """The graph of the file, with the values that were given for inputs and contexts."""
    graph, _ = files.load(Path(options.file))
    provide(graph, options.input, options.context, Path.cwd())
    return graph


def trusted_in(options: argparse.Namespace, graph: Graph) -> tuple[str, ...]:
    """The names that the graph would import. Raises UsageError, which tells them, unless they are trusted."""
    found = references(graph, catalogue())
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


def started(
    settings: Configure,
    graph: Graph,
    file: Path,
    hear: Callable[[FromWorker], None],
    trusted: tuple[str, ...] = (),
) -> "Session":
    """A session that holds the graph of a file."""
    from engine.runtime.session import Session, devices  # torch takes seconds to import

    if settings.device not in ("auto", *devices()):
        raise UsageError(f"this machine has no device {settings.device}; there are {', '.join(devices())}")
    session = Session(catalogue(), hear)
    session.take(settings)
    session.take(Load(files.dump(graph), str(file.absolute().parent), trusted))
    return session


def note_weights(loaded: Loaded, graph: Graph) -> None:
    """Tell how weights files fit, those apart that can't be read: the run fails with them, and a check lists them."""
    for report in loaded.reports:
        if report.error:
            continue
        told = lines(report, graph)
        more = [f"and {len(told) - KEYS_SHOWN} more"] if len(told) > KEYS_SHOWN else []
        note("\n".join([*told[:KEYS_SHOWN], *more]))
