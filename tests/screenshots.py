"""Takes the screenshots: examples in the real window, run by the real worker; and those of the guides in docs/.

QT_QPA_PLATFORM=offscreen .venv/bin/python -m tests.screenshots [NAME ...]
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from time import monotonic

import numpy as np
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QPointF, QRect, QSettings, Qt, QTemporaryDir
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.canvas import offered
from app.examples import EXAMPLES
from app.window import Window
from engine.document.edits import Insert, SetInputs
from engine.document.graph import Input, Place
from engine.document.scopes import Key
from engine.document.sources import NoiseSource
from nodes.models import MODELS
from tests.app.canvas.hands import Hand, tree

ROOT = Path(__file__).parent.parent
EXAMPLE_PICTURES = ROOT / "resources" / "screenshots"
GUIDE_PICTURES = ROOT / "docs" / "pictures"
SIZE = (1500, 940)
COLOURS, KEPT = 256, 128
"""So many do for a window, and take half the bytes; so many of them are the most frequent ones."""
PATIENCE = 120
"""Seconds for a run, on a slow machine."""

Shot = Callable[[], None]
THEMES = {
    "digits": "light",
    "hello-context": "light",
    "nested-residuals": "dark",
    "context-residuals": "light",
    "unsharp": "dark",
}
"""The examples that the read-me shows."""


@contextmanager
def opened(theme: str, size: tuple[int, int] = SIZE) -> Iterator[Window]:
    """A window as it is when started for the first time."""
    scratch = QTemporaryDir()
    window = Window(QSettings(scratch.filePath("settings.ini"), QSettings.Format.IniFormat), theme)
    window.resize(*size)
    window.show()
    window.start()
    window.activateWindow()
    yield window
    window.document.mark_saved()
    window.close()
    settle()


def wait(until: Callable[[], object]) -> None:
    """Have the window go on until something is so."""
    end = monotonic() + PATIENCE
    while not until():
        if monotonic() > end:
            raise TimeoutError("the window did not come to what the picture shows")
        QTest.qWait(20)


def settle() -> None:
    """Let everything take its place."""
    QTest.qWait(300)


def ran(window: Window, run: Callable[[], object]) -> None:
    """Do what makes the graph run, and wait for the end."""
    done: list[object] = []
    window.link.finished.connect(done.append)
    run()
    wait(lambda: done and not window.link.running)
    settle()


def take(picture: QPixmap, path: Path) -> None:
    """Write a picture in few bytes."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    path.parent.mkdir(exist_ok=True)
    shrink(BytesIO(buffer.data().data()), path)


def shrink(source: BytesIO | Path, path: Path) -> None:
    """Write a picture with few colours: the most frequent ones as they are, and for all others the nearest."""
    pixels = np.asarray(Image.open(source).convert("RGB"))
    found, places, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    by_count = np.argsort(-counts)
    rest = found[by_count[KEPT:]]
    palette = found[by_count[:KEPT]]
    if len(rest):
        some = Image.fromarray(rest[None]).quantize(COLOURS - KEPT, method=Image.Quantize.MAXCOVERAGE)
        palette = np.concatenate([palette, np.array(some.getpalette(), np.uint8).reshape(-1, 3)])
    vectors = palette.astype(float)
    nearest = ((vectors**2).sum(1) - 2 * found.astype(float) @ vectors.T).argmin(1).astype(np.uint8)
    few = Image.fromarray(nearest[places].reshape(pixels.shape[:2]), "P")
    few.putpalette(palette.ravel().tolist())
    few.save(path, optimize=True)


def grabbed(window: Window, *over: QWidget, part: QRect | None = None) -> QPixmap:
    """The window, or a part of it, with the lists and menus that are open over it."""
    picture = window.grab()
    painter = QPainter(picture)
    for widget in over:
        painter.drawPixmap(window.mapFromGlobal(widget.mapToGlobal(QPoint())), widget.grab())
    painter.end()
    return picture.copy(part) if part else picture


def shoot(example: str, theme: str) -> None:
    """An example opened, run and settled."""
    with opened(theme) as window:
        ran(window, lambda: window.files.open_example(EXAMPLES / f"{example}.catenary", window.link.run))
        window.canvas.frame_all()
        settle()
        take(window.grab(), EXAMPLE_PICTURES / f"{example}-{theme}.png")


def drawn(window: Window) -> Hand:
    """A few layers, a Residual among them, with an input."""
    trees = (
        tree("Conv2d", "first", in_channels=3, out_channels=8, padding=1),
        tree("Residual", "skip", tree("GroupNorm", "norm", num_groups=4, channels=8), tree("SiLU", "silu")),
        tree("Conv2d", "second", in_channels=8, out_channels=8, padding=1),
        tree("ReLU", "relu"),
    )
    window.document.apply(SetInputs((Input("x", NoiseSource([1, 3, 16, 16])),)), "Draw")
    window.document.apply(Insert(Place("root", 0), trees), "Draw")
    window.canvas.frame_all()
    wait(lambda: "relu" in window.canvas.marks.returns)
    settle()
    return Hand(window.canvas)


def model(window: Window, name: str) -> None:
    """A model, as File > New from model has it, not run."""
    window.link.set_auto(False)
    window.files.new_from(MODELS[name])
    wait(lambda: window.canvas.marks.returns)
    settle()


def zoom_to(window: Window, node: str, zoom: float) -> None:
    """Have a node in the middle, so large."""
    canvas = window.canvas
    canvas.set_zoom(zoom)
    by = QPointF(canvas.rect().center()) - canvas.rect_of(node).center()
    canvas.pan_by(by.x(), by.y())
    settle()


def named(window: Window, name: str) -> str:
    """The first node with this name."""
    graph = window.document.graph
    return next(node for node in graph.walk() if graph.nodes[node].title == name)


def wiring() -> None:
    """A wire under way, with the ports lit that could take it; one that was refused; one let go where nothing is."""
    with opened("light", (1700, 800)) as window:
        hand = drawn(window)
        canvas = window.canvas
        start, end = canvas.port_of("first", "out"), canvas.port_of("second", "in")
        area = canvas.rect_of("root").toRect().adjusted(-230, -60, 110, 140).intersected(canvas.rect())
        part = area.translated(canvas.mapTo(window, QPoint()))
        hand.drag(start, end + QPointF(-70, 90), release=False)
        settle()
        take(grabbed(window, part=part), GUIDE_PICTURES / "canvas-wire.png")
        canvas.mouse.abandon()
        hand.drag(start, canvas.port_of("silu", "in"))
        menu = QApplication.activePopupWidget()
        assert menu
        at, screen = canvas.mapToGlobal(canvas.port_of("silu", "in").toPoint()), QRect(window.pos(), window.size())
        about = [canvas.sight_of(node) for node in ("first", "silu")]
        menu.move(offered.corner(menu.size(), at, about, screen))  # the screen offscreen is a small one
        settle()
        take(grabbed(window, menu, part=part), GUIDE_PICTURES / "canvas-refused.png")
        menu.close()


def finding() -> None:
    """A U-Net whose cross-attentions are selected by a line, with what they have in common in the inspector."""
    with opened("light") as window:
        model(window, "sd15-unet")
        window.canvas.frame_all()
        window.actions_by_id["select-by"].trigger()
        QTest.keyClicks(window.selector.line, "Linear in CrossAttention*")
        settle()
        take(window.grab(), GUIDE_PICTURES / "canvas-selector.png")


def heat() -> None:
    """Where the parameters of a U-Net are, with the minimap."""
    with opened("light") as window:
        model(window, "sd15-unet")
        window.actions_by_id["heat-parameters"].trigger()
        zoom_to(window, named(window, "MiddleBlock"), 0.3)
        take(window.grab(), GUIDE_PICTURES / "canvas-heat.png")


def repeats() -> None:
    """The twelve layers of a text encoder as one."""
    with opened("dark") as window:
        model(window, "clip-l")
        window.actions_by_id["fold-repeats"].trigger()
        window.canvas.frame_all()
        settle()
        take(window.grab(), GUIDE_PICTURES / "canvas-repeats.png")


def contexts() -> None:
    """A key that is pinned, and the timeline of a run."""
    with opened("dark") as window:
        window.actions_by_id["panel-timeline"].trigger()
        window.actions_by_id["panel-log"].trigger()
        ran(window, lambda: window.files.open_example(EXAMPLES / "digits.catenary", window.link.run))
        window.canvas.frame_all()
        window.canvas.pin(Key(named(window, "DigitsUNet"), "unet", "residuals"))
        view = window.timeline.view
        while "residuals" not in window.timeline.value.toPlainText():
            QTest.keyClick(view, Qt.Key.Key_Down)
        for _ in range(5):
            QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
        settle()
        take(window.grab(), GUIDE_PICTURES / "canvas-contexts.png")


def thumbnails() -> None:
    """What nodes made, on them."""
    with opened("dark") as window:
        ran(window, lambda: window.files.open_example(EXAMPLES / "unsharp.catenary", window.link.run))
        zoom_to(window, named(window, "FineDetail"), 1.25)
        wait(lambda: window.canvas.marks.pictures and not window.link.running)
        settle()
        take(window.grab(), GUIDE_PICTURES / "canvas-thumbnails.png")


GUIDE: tuple[Shot, ...] = (wiring, finding, heat, repeats, contexts, thumbnails)


def follow_guide() -> None:
    """Those of docs/first-adapter.md, taken while its steps are followed."""
    environment = os.environ | {"CATENARY_PICTURES": str(GUIDE_PICTURES)}
    command = [sys.executable, "-m", "pytest", "-q", "tests/app/test_first_adapter.py"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    for path in GUIDE_PICTURES.glob("first-adapter-*.png"):
        shrink(path, path)


def main(names: list[str]) -> None:
    """Those that are named, or all of them."""
    shots: dict[str, Shot] = {shot.__name__: shot for shot in (follow_guide, *GUIDE)}
    shots |= {example: partial(shoot, example, theme) for example, theme in THEMES.items()}
    app = QApplication([])
    for name in names or shots:
        shots[name]()
    app.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
