"""What commands share of the terminal: exit codes, notes on standard error, and refusals."""

import sys
from pathlib import Path

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
"""Exit codes: the graph has errors or its run failed, the file or the command line can't be used, interrupted."""


class UsageError(Exception):
    """What was asked for can't be done; the message says why."""


def note(text: str) -> None:
    """Tell the user something that is no result."""
    print(text, file=sys.stderr, flush=True)


def check_output(path: Path, *endings: str) -> None:
    """Raise UsageError for a file that can't be written, before anything has been computed."""
    if path.suffix.lower() not in endings:
        raise UsageError(f"can't write {path}: its name must end in {', '.join(endings)}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"can't write {path}: there is no folder {path.parent}")
