"""A run without a display: the same window, never shown, runs its graph and writes what can be seen."""

# ruff: noqa: T201 - this is where the program speaks to a terminal
import contextlib
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTemporaryDir
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.canvas import picture
from app.canvas.view import Canvas
from app.examples import DEFAULT_EXAMPLE
from app.panels.picture import image_of
from app.theme import DARK, LIGHT
from app.window import Window
from engine.document.disk import FileError
from engine.document.document import Document
from engine.document.files import load
from engine.messages import Finished
from nodes import CATALOGUE

FOLDER = Path("build")
"""Where the pictures go, below the current folder."""


def run(file: Path | None, theme: str) -> int:
    """Run a file, or the default example, and write pictures of its result and of the canvas; gives the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop would keep Python from seeing Ctrl+C
    app = QApplication(sys.argv[:1])
    if file:
        try:
            load(file)
        except FileError as error:
            print(error, file=sys.stderr)
            return 1
    scratch = QTemporaryDir()
    window = Window(QSettings(scratch.filePath("settings.ini"), QSettings.Format.IniFormat), theme)
    loop = QEventLoop()
    ends: list[Finished | str] = []
    window.link.finished.connect(lambda message: (ends.append(message), loop.quit()))
    window.link.died.connect(lambda reason, _: (ends.append(reason), loop.quit()))
    window.link.paused.connect(
        lambda at: (print(f"breakpoint {at.path}: {at.value}", file=sys.stderr), window.link.resume())
    )
    window.link.logged.connect(lambda line: print(line.text, end=""))
    window.start()
    window.files.moved.connect(lambda: print(f"no display: running {window.files.title} off screen", file=sys.stderr))
    if file:
        window.files.moved.connect(lambda: window.link.run(pauses=True))  # a large file is read on a thread
        window.files.open(file)
    else:
        window.open_default()
    loop.exec()
    app.processEvents()
    code = _report(window, ends[0])
    window.link.close()
    return code


def draw(file: Path | None, out: Path, theme: str) -> int:
    """Draw a file, or the default example, into a picture; gives the exit code."""
    form = picture.form_of(out)
    if form is None:
        print(f"{out} is no name for a picture: end it in .png, .svg or .pdf", file=sys.stderr)
        return 2
    app = QApplication(sys.argv[:1])
    try:
        canvas = Canvas(Document(load(file or DEFAULT_EXAMPLE)[0], CATALOGUE), DARK if theme == "dark" else LIGHT)
        area = picture.area_of(canvas)
        made = picture.Picture(area, form, canvas.theme, picture.fitting(area, form))
        for _ in picture.write(canvas, made, out):
            pass
    except FileError as error:
        print(error, file=sys.stderr)
        return 1
    app.processEvents()
    print(f"wrote {out.resolve()}: {picture.told(made, 1.0, len(canvas.document.graph))}", file=sys.stderr)
    return 0


def _report(window: Window, end: Finished | str) -> int:
    written = _write(picture.image(window.canvas, 2.0, longest=4000), FOLDER / "catenary-canvas.png")
    if isinstance(end, str):
        print(f"the engine stopped: {end}", file=sys.stderr)
        return 1
    if end.status != "done":
        fault = end.fault
        where = f" at {fault.path}" if fault and fault.path else ""
        print(f"the run failed{where}: {fault.message if fault else end.text}", file=sys.stderr)
        return 1
    preview = window.preview.previews.get(window.document.graph.root)
    if preview and preview.picture:
        written &= _write(image_of(preview.picture), FOLDER / "catenary-preview.png")
    print(end.text)
    return 0 if written else 1


def _write(image: QImage, path: Path) -> bool:
    """Write a picture and say so, or that it can't be written; gives whether it was."""
    with contextlib.suppress(OSError):  # without its folder the picture isn't written either
        path.parent.mkdir(exist_ok=True)
    written = image.save(str(path))
    print(f"wrote {path.resolve()}" if written else f"{path.resolve()} can't be written", file=sys.stderr)
    return written
