"""The engine without a window: `python -m engine check|run|format|new|import|export|weights`.

Results go to standard output, everything else to standard error. Exit codes: 0 all is well, 1 the graph has errors or
its run failed, 2 the file or the command line can't be used, 130 interrupted.
"""

import signal
import sys

from engine.commands.parser import parser
from engine.commands.terminal import INTERRUPTED, UNUSABLE, UsageError, note
from engine.document.edits import EditError
from engine.document.files import FileError
from engine.values import ValueSyntaxError


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
    except (FileError, EditError, ValueSyntaxError, UsageError) as error:
        note(f"error: {error}")
        return UNUSABLE
    except KeyboardInterrupt:
        note("interrupted")
        return INTERRUPTED
    return code


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly, as other commands do, in `... | head`
    sys.exit(main())
