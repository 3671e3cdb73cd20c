"""`catenary`, or `python -m app`: the editor; without a display, a run of the example that writes pictures.

Qt is imported inside the functions: the worker's process imports this module and must not bring Qt along.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

YIELD = 0.001
"""Seconds after which a thread that reads gives way to the window: Python's own 5 ms are a third of a frame."""


def arguments() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(
        prog="catenary",
        description="Edit neural networks drawn as Fluxion trees. Without a display, run the file and write pictures.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a .catenary file, an example when left out; or the word keys: print the page of keys and end",
    )
    parser.add_argument("--theme", choices=("light", "dark"), help="instead of the theme chosen last, or the system's")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="OUT",
        help="only draw FILE into OUT, which ends in .png, .svg or .pdf; needs no display and runs nothing",
    )
    parser.add_argument("--version", action="store_true", help="say which version this is and end")
    return parser


def has_display() -> bool:
    """Whether there is a screen to open a window on, or a platform was asked for by name."""
    if os.environ.get("QT_QPA_PLATFORM") or not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; gives its exit code."""
    options = arguments().parse_args(argv)
    if options.version:
        from importlib.metadata import version

        print("catenary", version("catenary"))
        return 0
    if options.file == Path("keys"):
        from app.actions import ACTIONS
        from app.canvas.guide import GESTURES
        from app.reference import page

        print(page(ACTIONS, GESTURES), end="")
        return 0
    if options.picture:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from app.headless import draw

        return draw(options.file, options.picture, options.theme or "light")
    if has_display():
        return edit(options.file, options.theme or "")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.headless import run

    return run(options.file, options.theme or "light")


def edit(file: Path | None, theme: str) -> int:
    """Open the window on a file, or on the default example."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app import layout
    from app.garbage import Collector
    from app.recovery import Recovery, home
    from app.settings import settings
    from app.window import Window

    sys.setswitchinterval(YIELD)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop would keep Python from seeing Ctrl+C
    app = QApplication(sys.argv[:1])
    app.setApplicationName("catenary")
    app.setApplicationDisplayName("Catenary")
    window = Window(settings(), theme)
    layout.make_room(window)
    if file:
        window.files.open(file)
    else:
        window.open_default()
    window.show()
    collector = Collector(window.document)
    app.aboutToQuit.connect(collector.stop)
    recovery = Recovery(window, home())
    app.aboutToQuit.connect(recovery.close)
    QTimer.singleShot(0, recovery.offer)
    QTimer.singleShot(0, window.start)  # after the first paint: the window comes before torch
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
