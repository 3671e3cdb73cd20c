"""Figures of the canvas: layout, an edit, first paint, and frames while panning and zooming. Run it as a script.

QT_QPA_PLATFORM=offscreen python tests/bench/bench_canvas.py
"""

import os
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.canvas.view import Canvas
from app.theme import LIGHT
from engine.document.arrange import Arrangement
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, SetName, apply
from engine.document.graph import Graph, Node, Place, Tree
from engine.document.kinds import defaults
from nodes import CATALOGUE


def big(count: int) -> Graph:
    """A tree of about `count` nodes, of all sorts of frames."""
    chance, made = random.Random(7), [0]

    def build(depth: int) -> Tree:
        made[0] += 1
        frame = depth > 0
        kinds = ["Chain", "Chain", "Residual", "Sum"] if frame else ["Conv2d", "SiLU", "Linear", "GELU"]
        kind = chance.choice(kinds)
        node = Node(f"n{made[0]}", kind, params=defaults(CATALOGUE[kind]))
        below = tuple(build(depth - 1) for _ in range(chance.choice([2, 3, 4, 5]))) if frame else None
        return Tree(node, children=below)

    tops: list[Tree] = []
    while made[0] < count:
        tops.append(build(chance.choice([2, 3, 4])))
    graph = new_graph()
    apply(graph, Insert(Place(graph.root, 0), tuple(tops)))
    return graph


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that an action takes."""
    start = perf_counter()
    action()
    return (perf_counter() - start) * 1e3


def spread(times: list[float]) -> str:
    return f"p50 {statistics.median(times):5.1f}  p95 {sorted(times)[int(len(times) * 0.95)]:5.1f}"


def bench(app: QApplication, count: int) -> None:
    graph = big(count)
    opened = perf_counter()
    canvas = Canvas(Document(graph, CATALOGUE), LIGHT)
    canvas.resize(1920, 1080)
    opening = (perf_counter() - opened) * 1e3
    canvas.show()
    app.processEvents()
    layout = min(
        timed(lambda: Arrangement(graph, CATALOGUE, lambda n: canvas.arrangement.measure(n))) for _ in range(5)
    )
    first = timed(lambda: canvas.set_theme(LIGHT) or canvas.repaint())
    leaf = next(n for n in reversed(list(graph.walk())) if not graph.is_frame(n))
    names = ["Short", "ALongerNameThanBefore"] * 20
    edits = [timed(lambda name=name: canvas.document.apply(SetName(leaf, name), "Rename")) for name in names]
    pans, zooms = [], []
    for zoom in (canvas.zoom, canvas.zoom * 4, 0.4, 1.0):
        canvas.set_zoom(zoom)
        for step in range(40):
            canvas.pan_by(-20 if step < 20 else 20, -8)
            pans.append(timed(canvas.repaint))
    canvas.frame_all()
    for step in range(120):
        canvas.zoom_by(1.07 if step < 60 else 1 / 1.07, QPointF(700, 400))
        zooms.append(timed(canvas.repaint))
    hovers = []
    for _ in range(60):
        canvas.update()
        hovers.append(timed(canvas.repaint))
    print(f"{len(graph):6d} nodes  open {opening:6.1f}  layout {layout:5.1f}  paint {first:5.1f}  edit {spread(edits)}")
    print(f"              pan {spread(pans)}  zoom {spread(zooms)}  overlay only {spread(hovers)}")


if __name__ == "__main__":
    application = QApplication([])
    print("milliseconds, 1920 x 1080")
    for size in (1_000, 3_000, 10_000):
        bench(application, size)
