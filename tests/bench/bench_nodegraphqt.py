"""NodeGraphQt at the sizes of `bench_canvas.py`: a chain of so many nodes on a grid, 1920 x 1080, software raster.

pip install -e .[bench]; QT_QPA_PLATFORM=offscreen python tests/bench/bench_nodegraphqt.py [SIZE...]

It has no nested frames, so its nodes are all leaves, each wired to the next. The file it opens is like one that it
saves. Each size has a process of its own and five minutes.
"""

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")
sys.path.insert(0, str(Path(__file__).parents[2]))

try:
    from NodeGraphQt import BaseNode, NodeGraph  # pyright: ignore[reportMissingImports]
except ImportError:
    print("NodeGraphQt is not there: pip install -e .[bench]")
    raise SystemExit(0) from None
from PySide6.QtCore import QPoint, Qt, qInstallMessageHandler
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.bench.bench_canvas import Times, resident, settle, show

COUNTS = {"SD1.5": 1265, "SDXL": 2813, "10,000": 10_000, "100,000": 100_000}
PATIENCE = 300.0


class Layer(BaseNode):
    """A node with a title, an inlet and an outlet."""

    __identifier__ = "bench"
    NODE_NAME = "Layer"

    def __init__(self) -> None:
        super().__init__()
        self.add_input("in")
        self.add_output("out")


def empty() -> NodeGraph:
    graph = NodeGraph()
    graph.register_node(Layer)
    graph.widget.resize(1920, 1080)
    graph.widget.show()
    settle()
    return graph


def write(path: Path, count: int) -> None:
    """A file of so many nodes, like that which it makes of one."""
    graph, wide = empty(), int((1.6 * count) ** 0.5)
    graph.create_node("bench.Layer")
    session = graph.serialize_session()
    [node] = session["nodes"].values()
    session["nodes"] = {
        f"n{i}": {**node, "name": f"Layer {i}", "pos": [220.0 * (i % wide), 120.0 * (i // wide)]} for i in range(count)
    }
    session["connections"] = [{"out": [f"n{i}", "out"], "in": [f"n{i + 1}", "in"]} for i in range(count - 1)]
    path.write_text(json.dumps(session))


def bench(path: Path) -> None:
    settle(20)
    gc.collect()
    graph = empty()
    memory, began = resident(), perf_counter()
    graph.load_session(str(path))
    view = graph.viewer()
    view.grab()
    show("open: first paint", f"{(perf_counter() - began) * 1e3:.0f}")
    gc.collect()
    show("memory over empty (MB)", f"{resident() - memory:.0f}")
    gc.freeze()
    graph.select_all()
    graph.fit_to_selection()
    graph.clear_selection()
    settle()
    whole, moved = Times(), Times()
    for _ in range(3):
        whole.of(view.viewport().repaint)
    show("whole graph in view p50", whole.at(0.5))
    chance, area = random.Random(1), view.scene().itemsBoundingRect()
    for zoom in (1.0, 0.5, 0.25):
        view.resetTransform()
        view.scale(zoom, zoom)
        for _ in range(10):
            x, y = chance.uniform(area.left(), area.right()), chance.uniform(area.top(), area.bottom())
            view.centerOn(x, y)
            moved.of(view.viewport().repaint)
    show("frame p50, p95, longest", moved.at(0.5), moved.at(0.95), moved.at(1))
    drag(graph)


def drag(graph: NodeGraph) -> None:
    view, moves = graph.viewer(), Times()
    node = graph.all_nodes()[len(graph.all_nodes()) // 2].view
    view.resetTransform()
    view.centerOn(node)
    settle()
    port, left, none = view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = view.mapFromScene(node.sceneBoundingRect().center())
    QTest.mousePress(port, left, none, at)
    for step in range(1, 31):
        to = at + QPoint(10 * step, 5 * step)
        moves.of(lambda to=to: (QTest.mouseMove(port, to), port.repaint()))
    QTest.mouseRelease(port, left, none, at + QPoint(300, 150))
    show("drag: move p95", moves.at(0.95))


def main(sizes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            print(f"\n{size}  clock / processor", flush=True)
            path = str(Path(folder) / f"{size}.json")
            subprocess.run([sys.executable, __file__, "--write", path, size], check=True)
            began = perf_counter()
            try:
                subprocess.run([sys.executable, __file__, "--open", path, size], check=True, timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                print(f"stopped after {perf_counter() - began:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("--"):
        qInstallMessageHandler(lambda *_: None)
        application = QApplication([])
        if sys.argv[1] == "--write":
            write(Path(sys.argv[2]), COUNTS[sys.argv[3]])
        else:
            bench(Path(sys.argv[2]))
    else:
        main(sys.argv[1:] or list(COUNTS))
