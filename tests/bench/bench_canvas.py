"""What hands feel at the canvas, at four sizes of graph, in the real window (1920 x 1080, software raster).

QT_QPA_PLATFORM=offscreen python tests/bench/bench_canvas.py [SIZE...]

Each size has a process of its own. The worker is not started: it has its own processor. All figures are milliseconds,
by the clock and, behind the stroke, those in which the process had a processor (Qt paints large areas on all of them).
"""

import gc
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time, thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QPoint, QPointF, QSettings, Qt, qInstallMessageHandler
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas import commands
from app.canvas.view import Canvas
from app.garbage import Collector
from app.theme import LIGHT
from app.window import Window
from engine.document import files
from engine.document.document import Document
from engine.document.edits import Insert
from engine.document.graph import Graph, Node, Place, Tree
from nodes import CATALOGUE
from tests.bench.trees import graph_of

SIZES = ("SD1.5", "SDXL", "10,000", "100,000")
PASTED = 500


class Times:
    """How long something took, each time: by the clock, and on the processor, in all threads or in this one."""

    def __init__(self, processor: Callable[[], float] = process_time) -> None:
        self.processor = processor
        self.walls: list[float] = []
        self.works: list[float] = []

    def of(self, action: Callable[[], object]) -> None:
        wall, work = perf_counter(), self.processor()
        action()
        self.walls.append((perf_counter() - wall) * 1e3)
        self.works.append((self.processor() - work) * 1e3)

    def at(self, share: float) -> str:
        """The time that this share of all stays within."""
        return " / ".join(
            f"{sorted(each)[min(len(each) - 1, int(len(each) * share))]:.4g}" for each in (self.walls, self.works)
        )


def resident() -> float:
    """Megabytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def settle(turns: int = 8) -> None:
    """Let everything follow that comes in later turns of the event loop."""
    for _ in range(turns):
        QApplication.processEvents()


def show(name: str, *figures: str) -> None:
    print(f"{name:28}", *(f"{figure:>17}" for figure in figures), flush=True)


def frames(canvas: Canvas) -> None:
    """Frames while panning, zooming, and looking at random places."""
    chance, times = random.Random(1), Times()
    canvas.frame_all()
    fitting = canvas.zoom
    for zoom in (fitting, fitting * 4, 0.4, 1.0):
        canvas.set_zoom(zoom)
        for step in range(30):
            canvas.pan_by(-25 if step < 15 else 25, -9)
            times.of(canvas.repaint)
    canvas.frame_all()
    for step in range(120):
        canvas.zoom_by(1.08 if step < 60 else 1 / 1.08, QPointF(700, 400))
        times.of(canvas.repaint)
    left, top, right, bottom = canvas.arrangement.bounds()
    for _ in range(100):
        canvas.camera.zoom = fitting ** chance.random()
        canvas.camera.x = canvas.width() / 2 - chance.uniform(left, right) * canvas.zoom
        canvas.camera.y = canvas.height() / 2 - chance.uniform(top, bottom) * canvas.zoom
        canvas.pan_by(0, 0)
        times.of(canvas.repaint)
    show("frame p50, p95, longest", times.at(0.5), times.at(0.95), times.at(1))


def whole(canvas: Canvas) -> None:
    """Repaint with everything in view; the first one is left out."""
    times = Times()
    for _ in range(20):
        canvas.frame_all()
        times.of(canvas.repaint)
    show("whole graph in view p50", times.at(0.5))


def first(graph: Graph) -> None:
    """A new canvas, to its first paint."""

    def paint() -> None:
        canvas = Canvas(Document(graph, CATALOGUE), LIGHT)
        canvas.resize(1920, 1080)
        canvas.grab()

    times = Times()
    for _ in range(3):
        times.of(paint)
    show("first paint with layout", times.at(0.5))


def inserts(window: Window) -> None:
    """A leaf into frames deep inside, and out again: until it is painted and checked, and until everything shows it."""
    graph, shown, rest = window.document.graph, Times(), Times()
    depths = {node: len(graph.ancestors(node)) for node in graph.children}
    deep = sorted(depths, key=depths.__getitem__)[-len(depths) // 3 :]

    def show_it(edit: Insert) -> None:
        painted, problems = window.canvas.painted, window.problems
        window.document.apply(edit, "Insert")
        while window.canvas.painted is painted or window.problems is problems:
            QApplication.processEvents()

    for index, frame in enumerate(random.Random(2).sample(deep, 40)):
        edit = Insert(Place(frame, 0), (Tree(Node(f"new{index}", "SiLU")),))
        window.canvas.reveal(frame)
        settle()
        rest.of(lambda edit=edit: (shown.of(lambda: show_it(edit)), settle()))
        window.document.undo()
        settle()
    show("insert a leaf p50, p95", shown.at(0.5), shown.at(0.95))
    show("the same, until at rest", rest.at(0.5), rest.at(0.95))


def pastes(window: Window) -> None:
    """Paste some hundred nodes, and undo that."""
    graph, canvas = window.document.graph, window.canvas
    sizes: dict[str, int] = {}
    for node in reversed(list(graph.walk())):
        sizes[node] = 1 + sum(sizes[child] for child in graph.children.get(node, ()))
    frame = min(sizes, key=lambda node: abs(sizes[node] - PASTED))
    canvas.select([frame])
    commands.copy(canvas)
    pasting, undoing = Times(), Times()
    for _ in range(5):
        canvas.select([frame])
        settle()
        pasting.of(lambda: (commands.paste(canvas), settle()))
        undoing.of(lambda: (window.document.undo(), settle()))
    show(f"paste {sizes[frame]} nodes, undo", pasting.at(0.5), undoing.at(0.5))


def drags(canvas: Canvas) -> None:
    """Drag a leaf over the canvas with the mouse; each move is painted."""
    starts, moves = Times(), Times()
    graph = canvas.document.graph
    leaves = [node for node in graph.walk() if not graph.is_frame(node)]
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    for leaf in random.Random(3).sample(leaves, 8):
        canvas.reveal(leaf)
        settle()
        at = canvas.rect_of(leaf).center().toPoint()
        QTest.mousePress(canvas, left, none, at)
        settle()
        starts.of(lambda at=at: (QTest.mouseMove(canvas, at + QPoint(12, 9)), canvas.repaint()))
        for step in range(30):
            to = QPoint(300 + 40 * step, 200 + 20 * step)
            moves.of(lambda to=to: (QTest.mouseMove(canvas, to), canvas.repaint()))
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
        QTest.mouseRelease(canvas, left, none, at)
        settle()
    show("drag: start p95, move p95", starts.at(0.95), moves.at(0.95))


def hits(canvas: Canvas) -> None:
    """What is under the pointer, all over the canvas, in millionths of a second."""
    chance, times = random.Random(4), Times()
    canvas.frame_all()
    for zoom in (canvas.zoom, 0.2, 0.5, 1.0):
        canvas.set_zoom(zoom)
        canvas.hit(0, 0)
        for _ in range(250):
            x, y = chance.uniform(0, canvas.width()), chance.uniform(0, canvas.height())
            times.of(lambda x=x, y=y: canvas.hit(x, y))
    microseconds = Times()
    microseconds.walls, microseconds.works = [t * 1e3 for t in times.walls], [t * 1e3 for t in times.works]
    show("hit test p95 (us)", microseconds.at(0.95))


def links(canvas: Canvas) -> None:
    """Frames with everything in view and the links of one key shown, that whose chip the pointer is on."""
    times = Times()
    canvas.frame_all()
    for zoom in (canvas.zoom, 1.0):
        canvas.set_zoom(zoom)
        chip = next((c for i in canvas.scene.items if i.header for c in i.header.chips), None)
        if chip:
            break
    if chip is None:
        return
    QTest.mouseMove(canvas, chip[2].center().toPoint())
    for _ in range(20):
        canvas.update()
        times.of(canvas.repaint)
    show("links of one key p95", times.at(0.95))


def opening(window: Window, path: Path) -> None:
    """Open a file in the window: to its first paint, and until all panels show it."""
    before, longest = window.canvas.painted, Times(thread_time)
    began = perf_counter()
    longest.of(lambda: window.files.open(path))
    while window.files.path != path or window.canvas.painted is before:
        longest.of(QApplication.processEvents)
    painted = perf_counter()
    while not window.windowTitle().startswith(path.name):
        longest.of(QApplication.processEvents)
    show("open: first paint, all", f"{(painted - began) * 1e3:.0f}", f"{(perf_counter() - began) * 1e3:.0f}")
    show("open: longest turn", longest.at(1))


def bench(size: str, folder: Path) -> None:
    """All figures of one size, in this process."""
    path = folder / f"{size}.catenary"
    if not path.exists():
        files.save(graph_of(size), path, None)
    window = Window(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat), "light")
    window.resize(1920, 1080)
    window.show()
    collector = Collector(window.document)
    settle(20)
    gc.collect()
    empty = resident()
    opening(window, path)
    settle(20)
    gc.collect()
    show("memory over empty (MB)", f"{resident() - empty:.0f}")
    gc.freeze()
    graph = window.document.graph
    show("nodes", str(len(graph)))
    canvas = Canvas(window.document, LIGHT)
    canvas.resize(1920, 1080)
    canvas.show()
    settle()
    for measure in (frames, whole, hits, links):
        measure(canvas)
    window.document.listeners.remove(canvas._changed)
    canvas.close()
    del canvas
    if QApplication.primaryScreen().devicePixelRatio() == 1:
        first(graph)
        inserts(window)
        pastes(window)
        drags(window.canvas)
    collector.stop()
    window.document.mark_saved()
    window.close()


def runs(sizes: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """What is measured, and the surroundings of the process that does."""
    for size in sizes:
        yield size, {}
    if "SDXL" in sizes:
        yield "SDXL", {"QT_SCALE_FACTOR": "2"}


def main(sizes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for size, surroundings in runs(sizes):
            print(f"\n{size}", *surroundings.items(), " clock / processor", flush=True)
            subprocess.run(
                [sys.executable, __file__, "--in", folder, size], env={**os.environ, **surroundings}, check=False
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        qInstallMessageHandler(lambda *_: None)  # the offscreen platform has something to say at every turn
        application = QApplication([])
        bench(sys.argv[3], Path(sys.argv[2]))
    else:
        main(sys.argv[1:] or list(SIZES))
