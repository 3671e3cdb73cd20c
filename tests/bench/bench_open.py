"""A large model in the real window: opening its file, edits, and how long the GUI thread is held up at most. In ms.

QT_QPA_PLATFORM=offscreen python tests/bench/bench_open.py [MODEL or number of nodes, such as 10,000]

The window (1920 x 1080) and the worker are up already, and the worker has done with what came before. A block is one
turn of the event loop, in which nothing else can happen; its work is the time that the GUI thread had the processor.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep, thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.canvas import picture
from app.canvas.picture import Form, Picture
from app.garbage import Collector
from app.picturing import Painting
from app.theme import LIGHT
from app.window import Window
from engine.document import files
from engine.document.arrange import Arrangement
from engine.document.check import check
from nodes import CATALOGUE
from nodes.models import MODELS, build
from tests.bench.edits import typical
from tests.bench.trees import graph_of

TIMES = 5
PATIENCE = 120.0


class Turns:
    """The turns of the event loop: how long each was, and how long the GUI thread itself worked in it."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def count(self, action: Callable[[], object]) -> None:
        """Do something as a turn of its own, as an event would."""
        worked = thread_time()
        took = timed(action)
        self.times.append((took, (thread_time() - worked) * 1e3))

    def until(self, done: Callable[[], object]) -> None:
        """Turn the event loop until something is so."""
        began = perf_counter()
        while not done():
            self.count(QApplication.processEvents)
            sleep(0.0005)
            if perf_counter() - began > PATIENCE:
                raise SystemExit("this does not end")

    def settle(self, window: Window) -> None:
        """Go on until neither the window nor the worker has anything left to do."""
        self.until(lambda: not window.link.busy)
        for _ in range(10):
            self.count(QApplication.processEvents)

    def longest(self) -> tuple[float, float]:
        """The longest turn since this was last asked, and the most that the GUI thread worked in one."""
        walls, works = zip(*self.times, strict=True) if self.times else ((0.0,), (0.0,))
        self.times = []
        return max(walls), max(works)


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that an action takes."""
    start = perf_counter()
    action()
    return (perf_counter() - start) * 1e3


def opening(window: Window, turns: Turns, path: Path) -> tuple[float, ...]:
    """Open a file: the time until it is painted, until all panels show it as well, and the longest turns."""
    window.files.new()
    turns.settle(window)
    turns.longest()
    before = window.canvas.painted
    began = perf_counter()
    turns.count(lambda: window.files.open(path))
    turns.until(lambda: window.files.path == path and window.canvas.painted is not before)
    painted = (perf_counter() - began) * 1e3
    turns.until(lambda: window.inspector.page and window.windowTitle().startswith(path.name))
    shown = (perf_counter() - began) * 1e3
    turns.settle(window)
    return painted, shown, *turns.longest()


def long(window: Window, turns: Turns, folder: Path) -> None:
    """What takes longer, and how long the window is held up by it at most."""
    area, copy = picture.area_of(window.canvas), folder / "copy.catenary"

    def show(what: str, begin: Callable[[], object], done: Callable[[], object]) -> None:
        began = perf_counter()
        turns.longest()
        turns.count(begin)
        turns.until(done)
        took = (perf_counter() - began) * 1e3
        block, work = turns.longest()
        print(f"  {what:18} after  {took:6.0f}  block {block:6.0f}  work {work:6.0f}")

    def paint(form: Form) -> None:
        made = Picture(area, form, LIGHT, picture.fitting(area, form))
        Painting(window, made, folder / f"picture.{form}").start()

    show("saved", lambda: window.files.save_to(copy), lambda: window.files.path == copy)
    show("in another theme", lambda: window.set_theme_mode("dark"), lambda: window.palette_panel.model.theme.dark)
    for form in picture.FORMS:
        show(f"as {form.upper()}", lambda form=form: paint(form), lambda: not window.findChildren(Painting))


def main(model: str) -> None:
    _ = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.catenary"
        files.save(build(MODELS[model]) if model in MODELS else graph_of(model), path, None)
        window = Window(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat), "light")
        window.resize(1920, 1080)
        window.show()
        window.start()
        window.link.auto = False
        collector = Collector(window.document)
        turns = Turns()
        turns.until(lambda: window.link.is_ready)
        figures = [opening(window, turns, path) for _ in range(TIMES)]
        shown = ("painted", "in all panels", "longest block", "of it work")
        for what, times in zip(shown, zip(*figures, strict=True), strict=True):
            print(f"open, {what:14} median {statistics.median(times):6.0f}  worst {max(times):6.0f}")
        graph, canvas = window.document.graph, window.canvas
        for what, action in {
            "read and decode": lambda: files.load(path),
            "layout": lambda: Arrangement(graph, CATALOGUE, canvas.arrangement.measure),
            "paint": lambda: canvas.set_theme(window.theme) or canvas.repaint(),
            "check": lambda: check(graph, CATALOGUE),
        }.items():
            print(f"  {what:18} median {statistics.median(timed(action) for _ in range(TIMES)):6.1f}")
        long(window, turns, Path(folder))
        for sort, edits in typical(graph):
            spent: list[tuple[float, float]] = []
            for edit in edits:
                for change in (lambda edit=edit: window.document.apply(edit, "Edit"), window.document.undo):
                    turns.longest()
                    turns.count(change)
                    for _ in range(6):
                        turns.count(QApplication.processEvents)
                    spent.append(turns.longest())
            for what, each in zip(("block", "work"), zip(*spent, strict=True), strict=True):
                p50, p95 = statistics.median(each), sorted(each)[int(len(each) * 0.95)]
                print(f"  {what}, {sort:30} p50 {p50:5.1f}  p95 {p95:5.1f}  worst {max(each):5.1f}")
        collector.stop()
        window.document.mark_saved()
        window.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sdxl-unet")
